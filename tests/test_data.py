"""Data: one canonical order whatever the source, and an error that helps for everything that can be wrong."""

import fcntl
import gzip
import hashlib
import io
import os
import struct
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from conftest import full_size
from hypothesis import given
from hypothesis import strategies as st

from memutils import data
from memutils.errors import UserError

GOOD = (np.arange(32, dtype=np.uint8).reshape(2, 4, 4), np.array([0, 1]))


def images(n: int, seed: int = 0, shape=(4, 4)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, *shape), dtype=np.uint8)


@given(n=st.integers(2, 40), seed=st.integers(0, 1000))
def test_canonical_order_does_not_depend_on_the_order_given(n, seed):
    rng = np.random.default_rng(seed)
    x, y = images(n, seed), rng.integers(0, 3, n)
    x[: n // 2] = x[0]  # ties are broken by label
    shuffle = rng.permutation(n)
    one, two = data.canonical(x, y), data.canonical(x[shuffle], y[shuffle])
    np.testing.assert_array_equal(one.images, two.images)
    np.testing.assert_array_equal(one.labels, two.labels)
    digests = [hashlib.sha256(i.tobytes()).hexdigest() for i in one.images]
    assert digests == sorted(digests) and one.images.shape == (n, 4, 4, 1)
    expected = hashlib.sha256(one.images.tobytes() + bytes(one.labels.tolist())).hexdigest()
    assert data.fingerprint(one) == expected == data.fingerprint(two)


@given(counts=st.lists(st.integers(1, 30), min_size=1, max_size=6), share=st.floats(0, 1), seed=st.integers(0, 2**63))
def test_stratified_subsets_keep_proportions(counts, share, seed):
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    n = max(1, round(share * len(labels)))
    chosen = data.stratified(labels, n, seed)
    assert len(chosen) == n == len(np.unique(chosen)) and (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, data.stratified(labels, n, seed))
    drawn = np.bincount(labels[chosen], minlength=len(counts))
    assert (np.abs(drawn - n * np.array(counts) / len(labels)) <= 1 + 1e-9).all()


@given(seed=st.integers(0, 2**63), sizes=st.tuples(st.integers(1, 10), st.integers(1, 10)))
def test_a_smaller_subset_lies_in_a_larger_one(seed, sizes):
    labels, (small, large) = np.repeat(np.arange(10), 10), sorted(10 * s for s in sizes)
    assert set(data.stratified(labels, small, seed)) <= set(data.stratified(labels, large, seed))


def test_stratified_draws_by_its_seed_and_refuses_impossible_sizes():
    labels = np.repeat(np.arange(10), 50)
    assert not np.array_equal(data.stratified(labels, 100, 0), data.stratified(labels, 100, 1))
    for n in (0, -1, 501):
        with pytest.raises(UserError, match="1 to 500"):
            data.stratified(labels, n, 0)


GOLDEN = {0: [2, 4, 5, 6, 8, 11, 12, 13, 23], 7: [5, 9, 11, 12, 14, 16, 18, 24, 31]}
"""Subsets of a seed, the same on every platform."""


@pytest.mark.parametrize("seed", GOLDEN)
def test_golden_subsets(seed):
    assert data.stratified(np.arange(40) % 4, 9, seed).tolist() == GOLDEN[seed]


def test_mnist5k_is_split_once_and_stratified(mnist5k):
    assert mnist5k.train.images.shape == (4000, 28, 28, 1) and mnist5k.test.images.shape == (1000, 28, 28, 1)
    assert np.bincount(mnist5k.train.labels).tolist() == [400] * 10
    assert np.bincount(mnist5k.test.labels).tolist() == [100] * 10
    assert mnist5k.train.images.dtype == np.uint8 and mnist5k.train.labels.dtype == np.int64
    both = np.concatenate([mnist5k.train.images, mnist5k.test.images]).reshape(5000, -1)
    assert len(np.unique(both, axis=0)) == 5000
    assert mnist5k.num_classes == 10 and len(mnist5k.train[:7]) == 7
    assert {k: v[:16] for k, v in mnist5k.fingerprints.items()} == MNIST5K


MNIST5K = {"train": "81bf266ef81cac9a", "test": "98c0a3b6e6a69b61"}


@pytest.mark.parametrize(("name", "sizes"), [("mnist", (60_000, 10_000)), ("cifar10", (50_000, 10_000))])
def test_full_size_data_has_its_published_fingerprint(name, sizes):
    dataset = full_size(name)
    assert (len(dataset.train), len(dataset.test)) == sizes
    assert dataset.fingerprints == {part: data.FINGERPRINTS[name, part] for part in ("train", "test")}
    assert np.bincount(dataset.test.labels).min() > 800 and dataset.num_classes == 10


def test_data_of_ones_own_from_arrays():
    x, y = images(12), np.arange(12) % 3
    dataset = data.from_arrays("own", x, y[:, None], x[:4, ..., None], y[:4].astype(np.uint8), classes=["a", "b", "c"])
    assert dataset.num_classes == 3 and dataset.classes == ("a", "b", "c") and dataset.train.images.shape == (12, 4, 4, 1)
    assert sorted(dataset.train.labels) == sorted(y)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x_train": GOOD[0].astype(np.float32)}, "scale floats"),
        ({"x_test": GOOD[0].reshape(2, 16)}, "test images must be uint8"),
        ({"y_train": np.array([0.0, 1.0])}, "training labels must be one integer"),
        ({"y_train": np.array([0])}, "training labels must be one integer"),
        ({"x_test": GOOD[0][:0], "y_test": GOOD[1][:0]}, "at least one"),
        ({"x_test": images(2, shape=(5, 4))}, "differ in size"),
        ({"y_train": np.array([0, 2])}, "every class"),
        ({"y_train": np.array([0, 0])}, "every class"),
        ({"y_train": np.array([-1, 0])}, "every class"),
        ({"y_test": np.array([0, 2])}, "a test label lies outside"),
        ({"y_test": np.array([-1, 0])}, "a test label lies outside"),
        ({"x_train": images(257), "y_train": np.arange(257)}, "at most 256"),
        ({"classes": ["one"]}, "1 class names for 2"),
    ],
)
def test_arrays_that_are_no_data_set(change, message):
    good = dict(zip(("x_train", "y_train", "x_test", "y_test"), GOOD * 2, strict=True))
    data.from_arrays("own", **good)
    with pytest.raises(UserError, match=message):
        data.from_arrays("own", **(good | change))


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(UserError, match="Did you mean 'cifar10'"):
        data.load("cifar-10")


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


KERAS = dict(x_train=images(20, 1, (28, 28)), y_train=np.arange(20) % 10, x_test=images(10, 2, (28, 28)), y_test=np.arange(10))


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def cifar_archive() -> bytes:
    buffer, rng = io.BytesIO(), np.random.default_rng(0)
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
            record = np.concatenate([[[3]], rng.integers(0, 256, (1, 3072))], 1).astype(np.uint8).tobytes()
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            member.size = len(record)
            tar.addfile(member, io.BytesIO(record))
    return buffer.getvalue()


def test_a_readable_archive_of_other_images_is_noticed(tmp_path):
    (tmp_path / "mnist.npz").write_bytes(npz(**KERAS))
    with pytest.raises(UserError, match="its fingerprint differs"):
        data.load("mnist", tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        npz(**KERAS)[:3000],
        npz(**{k: v for k, v in KERAS.items() if k != "y_test"}),
        npz(**(KERAS | {"x_train": KERAS["x_train"].astype(float)})),
        npz(**(KERAS | {"y_test": KERAS["y_test"][:3]})),
        npz(**(KERAS | {"y_test": np.array([{}] * 10)})),  # pickled objects are never read
    ],
    ids=["empty", "text", "truncated", "no y_test", "floats", "labels missing", "pickle"],
)
def test_a_damaged_npz_is_an_error_that_names_the_file(tmp_path, content):
    (tmp_path / "mnist.npz").write_bytes(content)
    with pytest.raises(UserError, match=r"mnist\.npz"):
        data.load("mnist", tmp_path)


def test_labels_that_only_look_right_in_their_low_byte_are_refused(tmp_path, monkeypatch):
    """The fingerprint takes labels as bytes: 256 more would pass it."""
    for part in ("train", "test"):
        split = data.canonical(KERAS[f"x_{part}"], KERAS[f"y_{part}"])
        monkeypatch.setitem(data.FINGERPRINTS, ("mnist", part), data.fingerprint(split))
    for wrong in (KERAS["y_test"] + 256, KERAS["y_test"] - 256):
        (tmp_path / "mnist.npz").write_bytes(npz(**KERAS | {"y_test": wrong}))
        with pytest.raises(UserError, match="a label from 0 to 255 each"):
            data.load("mnist", tmp_path)


def write_raw(root, **change) -> None:
    files = {"train-images-idx3": KERAS["x_train"], "train-labels-idx1": KERAS["y_train"],
             "t10k-images-idx3": KERAS["x_test"], "t10k-labels-idx1": KERAS["y_test"]}  # fmt: skip
    (root / "MNIST" / "raw").mkdir(parents=True)
    for name, array in files.items():
        content = idx(array)
        (root / "MNIST" / "raw" / f"{name}-ubyte").write_bytes(change.get(name, lambda c: c)(content))


@pytest.mark.parametrize(
    "damage", [lambda c: b"", lambda c: c[:-5], lambda c: b"\1" + c[1:], lambda c: c[:9], lambda c: c + b"x"]
)
def test_damaged_raw_mnist_is_an_error(tmp_path, damage):
    write_raw(tmp_path, **{"train-images-idx3": damage})
    with pytest.raises(UserError, match="The (train )?data of mnist in .*MNIST/raw is damaged"):
        data.load("mnist", tmp_path)


def test_raw_mnist_is_read_in_the_same_order_as_the_npz(tmp_path, monkeypatch):
    write_raw(tmp_path)
    for part in ("train", "test"):
        split = data.canonical(KERAS[f"x_{part}"], KERAS[f"y_{part}"])
        monkeypatch.setitem(data.FINGERPRINTS, ("mnist", part), data.fingerprint(split))
    raw = data.load("mnist", tmp_path)
    (tmp_path / "mnist.npz").write_bytes(npz(**KERAS))
    archive = data.load("mnist", tmp_path)
    assert (raw.source, archive.source) == ("torchvision", "npz") and raw.fingerprints == archive.fingerprints


def test_an_incomplete_raw_folder_says_what_to_put_where(tmp_path, monkeypatch):
    write_raw(tmp_path)
    (tmp_path / "MNIST/raw/train-labels-idx1-ubyte").unlink()
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    with pytest.raises(UserError, match="Put MNIST/raw/ with MNIST's four idx files or mnist.npz"):
        data.load("mnist")


def test_cifar_without_a_network_says_what_to_put_where(tmp_path, monkeypatch):
    from torchvision.datasets import utils

    def offline(*args):
        raise OSError("no route to host")

    monkeypatch.setattr(utils, "download_url", offline)
    with pytest.raises(UserError, match=r"cannot be downloaded \(no route to host\). Put cifar-10-binary.tar.gz"):
        data.load("cifar10", tmp_path)


def test_a_download_that_is_cut_off_does_not_look_like_an_archive(tmp_path, monkeypatch):
    from torchvision.datasets import utils

    def cut_off(url, root, filename, md5):
        (tmp_path / filename).write_bytes(b"half")
        raise OSError("reset by peer")

    monkeypatch.setattr(utils, "download_url", cut_off)
    for _ in range(2):
        with pytest.raises(UserError, match="cannot be downloaded"):
            data.load("cifar10", tmp_path)


def test_nobody_reads_a_folder_while_another_process_fills_it(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"half")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(data.fetch, "cifar10", tmp_path, data.cifar_binary)
        with pytest.raises(TimeoutError):
            reading.result(timeout=0.3)
        (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive())
        os.close(folder)
        assert len(reading.result(timeout=300)[0]) == 5


def test_the_binary_archive_of_cifar_is_read(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive())
    x_train, y_train, x_test, y_test = data.cifar_binary(tmp_path)
    assert x_train.shape == (5, 32, 32, 3) and x_test.shape == (1, 32, 32, 3) and set(y_train) | set(y_test) == {3}
    with gzip.open(tmp_path / "cifar-10-binary.tar.gz") as file:
        first = file.read()[512 + 1 :][:3072]  # a tar header, the label, then the planes R, G, B
    assert x_train[0].transpose(2, 0, 1).tobytes() == first
    with pytest.raises(UserError, match="its fingerprint differs"):
        data.load("cifar10", tmp_path)


@given(seed=st.integers(0, 10_000), cut=st.booleans())
def test_a_damaged_archive_of_cifar_never_ends_in_a_traceback(tmp_path_factory, seed, cut):
    root, rng, content = tmp_path_factory.mktemp("cifar"), np.random.default_rng(seed), bytearray(cifar_archive())
    place = int(rng.integers(10, len(content)))
    if cut:
        content = content[:place]
    else:
        content[place] ^= 1 << rng.integers(8)
    (root / "cifar-10-binary.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match="cifar10"):
        data.load("cifar10", root)
