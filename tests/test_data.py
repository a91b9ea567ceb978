"""Data: one canonical order whatever the source, and subsets that a seed decides."""

import hashlib

import numpy as np
import pytest
from conftest import full_size
from hypothesis import given
from hypothesis import strategies as st

from memutils import data, paths
from memutils.errors import UserError
from memutils.runs import merge, records, specs


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


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    share=st.floats(0, 1),
    seed=st.integers(0, 2**63),
)
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
    assert mnist5k.train.images.shape == (4000, 28, 28, 1) and mnist5k.test.images.shape == (
        1000,
        28,
        28,
        1,
    )
    assert np.bincount(mnist5k.train.labels).tolist() == [400] * 10
    assert np.bincount(mnist5k.test.labels).tolist() == [100] * 10
    assert mnist5k.train.images.dtype == np.uint8 and mnist5k.train.labels.dtype == np.int64
    both = np.concatenate([mnist5k.train.images, mnist5k.test.images]).reshape(5000, -1)
    assert len(np.unique(both, axis=0)) == 5000
    assert mnist5k.num_classes == 10 and len(mnist5k.train[:7]) == 7
    assert {k: v[:16] for k, v in mnist5k.fingerprints.items()} == MNIST5K


MNIST5K = {"train": "81bf266ef81cac9a", "test": "98c0a3b6e6a69b61"}


@pytest.mark.parametrize(
    ("name", "sizes"), [("mnist", (60_000, 10_000)), ("cifar10", (50_000, 10_000))]
)
def test_full_size_data_has_its_published_fingerprint(name, sizes):
    dataset = full_size(name)
    assert (len(dataset.train), len(dataset.test)) == sizes
    assert dataset.fingerprints == {
        part: data.FINGERPRINTS[name, part] for part in ("train", "test")
    }
    assert np.bincount(dataset.test.labels).min() > 800 and dataset.num_classes == 10


def test_data_of_ones_own_from_arrays():
    x, y = images(12), np.arange(12) % 3
    dataset = data.from_arrays(
        "own", x, y[:, None], x[:4, ..., None], y[:4].astype(np.uint8), classes=["a", "b", "c"]
    )
    assert (
        dataset.num_classes == 3
        and dataset.classes == ("a", "b", "c")
        and dataset.train.images.shape == (12, 4, 4, 1)
    )
    assert sorted(dataset.train.labels) == sorted(y)


def test_an_unknown_name_gets_the_nearest_one():
    with pytest.raises(UserError, match="Did you mean 'cifar10'"):
        data.load("cifar-10")


def test_data_of_ones_own_that_cannot_be_loaded_are_one_sentence(monkeypatch):
    x, y = images(6), np.arange(6) % 2
    good = data.from_arrays("mine", x, y, x, y)
    wrong = {
        "KeyError: 'x'": lambda root: {}["x"],
        "must be a Dataset, which data.from_arrays makes, not a tuple": lambda root: (x, y, x, y),
        "must be a Dataset, .* not a type": lambda root: data.Dataset,
        "TypeError": lambda: good,
        "uint8 images .*data.from_arrays makes": lambda root: data.Dataset(
            "mine", data.Split(x, y), good.test, "mine", ("a", "b")
        ),
        "these are float64": lambda root: data.Dataset(
            "mine", data.Split(x / 1, y), good.test, "mine", ("a", "b")
        ),
        "AttributeError": lambda root: data.Dataset("mine", (x, y), good.test, "mine", ("a", "b")),
        "2 distinct names": lambda root: data.Dataset(
            "mine", good.train, good.test, "mine", ("a", "a")
        ),
        "lie from 0 to 1, these lie from 0 to 2": lambda root: data.Dataset(
            "mine",
            good.train,
            data.Split(good.test.images, good.test.labels + (good.test.labels == 1)),
            "mine",
            ("a", "b"),
        ),
    }
    for message, load in wrong.items():
        monkeypatch.setitem(data.DATASETS, "mine", load)
        with pytest.raises(UserError, match=message) as error:
            data.load("mine")
        assert "mine" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["MEMUTILS_DATA", "an argument"])
def test_a_tilde_is_the_home_folder(monkeypatch, tmp_path, name):
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "mnist.npz").write_bytes(b"")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MEMUTILS_DATA", "~/data" if name == "MEMUTILS_DATA" else "")
    with pytest.raises(UserError, match=f"{home}/data/mnist.npz cannot be read"):
        data.load("mnist", None if name == "MEMUTILS_DATA" else "~/data")
    assert sorted(p.name for p in tmp_path.iterdir() if p.name != "results") == ["home"]


def test_every_folder_that_the_environment_names_may_begin_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    roots = {
        "MEMUTILS_DATA": data.data_root,
        "MEMUTILS_RESULTS": records.results_root,
        "MEMUTILS_CONFIGS": specs.configs_root,
    }
    for variable, root in roots.items():
        monkeypatch.setenv(variable, "~/there")
        assert root() == tmp_path / "there"
        monkeypatch.setenv(variable, "~nobody-of-this-name/there")
        with pytest.raises(UserError, match="No home folder is known for '~nobody"):
            root()
        monkeypatch.setenv(variable, "")
        assert root().parent == paths.REPOSITORY
    with pytest.raises(UserError, match=f"There is no folder {tmp_path}/elsewhere"):
        merge.merge("~/elsewhere")
