"""Files of data: what is whole is read, what is not is fetched, and the advice fits the case."""

import fcntl
import gzip
import io
import os
import struct
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_data import images

from memutils import data, sources
from memutils.errors import UserError

DOWNLOAD_MNIST, DOWNLOAD_CIFAR = sources.download_mnist, sources.download_cifar
"""What no other test may call."""


def npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


KERAS = dict(
    x_train=images(20, 1, (28, 28)),
    y_train=np.arange(20) % 10,
    x_test=images(10, 2, (28, 28)),
    y_test=np.arange(10),
)


def idx(array: np.ndarray) -> bytes:
    return (
        struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
        + array.astype(np.uint8).tobytes()
    )


def cifar_archive() -> bytes:
    buffer, rng = io.BytesIO(), np.random.default_rng(0)
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
            record = (
                np.concatenate([[[3]], rng.integers(0, 256, (1, 3072))], 1)
                .astype(np.uint8)
                .tobytes()
            )
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
    files = {
        "train-images-idx3": KERAS["x_train"],
        "train-labels-idx1": KERAS["y_train"],
        "t10k-images-idx3": KERAS["x_test"],
        "t10k-labels-idx1": KERAS["y_test"],
    }
    (root / "MNIST" / "raw").mkdir(parents=True)
    for name, array in files.items():
        content = idx(array)
        (root / "MNIST" / "raw" / f"{name}-ubyte").write_bytes(
            change.get(name, lambda c: c)(content)
        )


DAMAGE = {
    "empty": lambda c: b"",
    "cut off": lambda c: c[:-5],
    "another type": lambda c: b"\1" + c[1:],
    "half a header": lambda c: c[:9],
    "more": lambda c: c + b"x",
    "a page of HTML": lambda c: b"<html>not found</html>",
    "no images": lambda c: idx(np.zeros((0, 28, 28))),
    "fewer images": lambda c: idx(KERAS["x_train"][:7]),
    "labels": lambda c: idx(KERAS["y_train"]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_raw_mnist_that_is_not_whole_is_fetched_and_the_advice_fits_the_case(tmp_path, damage):
    write_raw(tmp_path, **{"train-images-idx3": DAMAGE[damage]})
    with pytest.raises(
        UserError,
        match=r"what is in .*MNIST/raw is not whole, and it cannot be downloaded \(no route",
    ):
        data.load("mnist", tmp_path)


def expect(monkeypatch, name: str = "mnist", arrays=None) -> None:
    """Lets made-up images pass for the original ones."""
    arrays = arrays or KERAS
    for part in ("train", "test"):
        split = data.canonical(arrays[f"x_{part}"], arrays[f"y_{part}"])
        monkeypatch.setitem(data.FINGERPRINTS, (name, part), data.fingerprint(split))


class Torchvisions:
    """Stands for torchvision's MNIST: leaves the four files, or some of them and an error."""

    error, roots = None, []

    def __init__(self, root, train=True, download=False):
        Torchvisions.roots.append(Path(root))
        write_raw(Path(root))
        if Torchvisions.error:
            (Path(root) / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
            raise Torchvisions.error


@pytest.fixture
def download(monkeypatch):
    monkeypatch.setattr("torchvision.datasets.MNIST", Torchvisions)
    monkeypatch.setattr(Torchvisions, "error", None)
    monkeypatch.setattr(Torchvisions, "roots", [])
    monkeypatch.setattr(sources, "download_mnist", DOWNLOAD_MNIST)
    expect(monkeypatch)
    return Torchvisions


@pytest.mark.parametrize("before", ["nothing", "an empty folder", "a missing file", *DAMAGE])
def test_whatever_is_not_whole_is_completed_by_a_download(tmp_path, download, before):
    if before == "an empty folder":
        (tmp_path / "MNIST/raw").mkdir(parents=True)
    elif before != "nothing":
        write_raw(tmp_path, **{"train-images-idx3": DAMAGE.get(before, lambda c: c)})
    if before == "a missing file":
        (tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte").unlink()
    assert len(data.load("mnist", tmp_path).train) == 20 and len(download.roots) == 1
    assert (
        len(data.load("mnist", tmp_path).train) == 20 and len(download.roots) == 1
    )  # it is there now
    assert [p.name for p in tmp_path.iterdir()] == ["MNIST"]


def test_a_download_of_mnist_that_fails_is_tried_again(tmp_path, download):
    download.error = OSError("reset by peer")
    for attempt in (1, 2):
        with pytest.raises(
            UserError, match=r"it is not in .*, and it cannot be downloaded \(reset by peer\)"
        ):
            data.load("mnist", tmp_path)
        assert len(download.roots) == attempt and list(tmp_path.iterdir()) == []
    download.error = None
    assert len(data.load("mnist", tmp_path).train) == 20


@pytest.mark.parametrize("beside", ["nothing", "half"])
def test_packed_files_of_mnist_are_read_where_they_lie(tmp_path, monkeypatch, beside):
    expect(monkeypatch)
    write_raw(tmp_path)
    for path in list((tmp_path / "MNIST/raw").iterdir()):
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.write_bytes(path.read_bytes()[:20]) if beside == "half" else path.unlink()
    assert len(data.load("mnist", tmp_path).train) == 20
    (tmp_path / "MNIST/raw/train-images-idx3-ubyte.gz").write_bytes(b"\x1f\x8b half")
    with pytest.raises(UserError, match="is not whole"):
        data.load("mnist", tmp_path)


def test_raw_mnist_is_read_in_the_same_order_as_the_npz(tmp_path, monkeypatch):
    write_raw(tmp_path)
    expect(monkeypatch)
    raw = data.load("mnist", tmp_path)
    (tmp_path / "mnist.npz").write_bytes(npz(**KERAS))
    archive = data.load("mnist", tmp_path)
    assert (raw.source, archive.source) == ("torchvision", "npz")
    assert raw.fingerprints == archive.fingerprints
    for dataset in (raw, archive):
        images = KERAS["x_train"][dataset.order["train"]]
        np.testing.assert_array_equal(images, dataset.train.images[..., 0])


def test_an_incomplete_raw_folder_says_what_to_put_where(tmp_path, monkeypatch):
    write_raw(tmp_path)
    (tmp_path / "MNIST/raw/train-labels-idx1-ubyte").unlink()
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    with pytest.raises(UserError, match="Put MNIST/raw/ with MNIST's four idx files or mnist.npz"):
        data.load("mnist")


def test_cifar_without_a_network_says_what_to_put_where(tmp_path):
    with pytest.raises(
        UserError, match=r"cannot be downloaded \(no route to host\). Put cifar-10-binary.tar.gz"
    ):
        data.load("cifar10", tmp_path)


def test_a_download_of_cifar_that_is_cut_off_does_not_look_like_an_archive(tmp_path, monkeypatch):
    def cut_off(url, root, filename, md5):
        (tmp_path / filename).write_bytes(b"half")
        raise OSError("reset by peer")

    monkeypatch.setattr(sources, "download_cifar", DOWNLOAD_CIFAR)
    monkeypatch.setattr("torchvision.datasets.utils.download_url", cut_off)
    for _ in range(2):
        with pytest.raises(UserError, match="it is not in .* cannot be downloaded"):
            data.load("cifar10", tmp_path)


@pytest.mark.parametrize("before", [b"", b"half", None])
def test_an_archive_of_cifar_that_is_not_whole_is_fetched_anew(tmp_path, monkeypatch, before):
    archive = tmp_path / "cifar-10-binary.tar.gz"
    archive.write_bytes(cifar_archive()[:2000] if before is None else before)
    with pytest.raises(
        UserError,
        match=r"what is in .*cifar-10-binary.tar.gz is not whole, and it cannot be downloaded",
    ):
        data.load("cifar10", tmp_path)

    def whole(url, root, filename, md5):
        (Path(root) / filename).write_bytes(cifar_archive())

    monkeypatch.setattr(sources, "download_cifar", DOWNLOAD_CIFAR)
    monkeypatch.setattr("torchvision.datasets.utils.download_url", whole)
    assert len(sources.fetch("cifar10", tmp_path, sources.cifar_binary)[0]) == 5
    assert [p.name for p in tmp_path.iterdir()] == [archive.name]


def test_nobody_reads_a_folder_while_another_process_fills_it(tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(b"half")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(sources.fetch, "cifar10", tmp_path, sources.cifar_binary)
        with pytest.raises(TimeoutError):
            reading.result(timeout=0.3)
        (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive())
        os.close(folder)
        assert len(reading.result(timeout=300)[0]) == 5


def test_the_binary_archive_of_cifar_is_read(tmp_path):
    (tmp_path / "cifar-10-binary.tar.gz").write_bytes(cifar_archive())
    x_train, y_train, x_test, y_test = sources.cifar_binary(tmp_path)
    assert (
        x_train.shape == (5, 32, 32, 3)
        and x_test.shape == (1, 32, 32, 3)
        and set(y_train) | set(y_test) == {3}
    )
    with gzip.open(tmp_path / "cifar-10-binary.tar.gz") as file:
        first = file.read()[512 + 1 :][:3072]  # a tar header, the label, then the planes R, G, B
    assert x_train[0].transpose(2, 0, 1).tobytes() == first
    with pytest.raises(UserError, match="its fingerprint differs"):
        data.load("cifar10", tmp_path)


@given(seed=st.integers(0, 10_000), cut=st.booleans())
def test_a_damaged_archive_of_cifar_never_ends_in_a_traceback(tmp_path_factory, seed, cut):
    root, rng, content = (
        tmp_path_factory.mktemp("cifar"),
        np.random.default_rng(seed),
        bytearray(cifar_archive()),
    )
    place = int(rng.integers(10, len(content)))
    if cut:
        content = content[:place]
    else:
        content[place] ^= 1 << rng.integers(8)
    (root / "cifar-10-binary.tar.gz").write_bytes(content)
    with pytest.raises(UserError, match="cifar10"):
        data.load("cifar10", root)
