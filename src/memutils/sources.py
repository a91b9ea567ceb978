"""MNIST and CIFAR-10 at full size as arrays: from their files under the data root, or downloaded.

What is not whole is completed or fetched anew, and takes its place only when it is whole. Nothing
is unpickled.
"""

import contextlib
import gzip
import math
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from memutils.errors import UserError

try:
    import fcntl
except ImportError:  # Windows: two first downloads at once are not kept apart
    fcntl = None

RAW = {"mnist": "MNIST/raw", "cifar10": "cifar-10-binary.tar.gz"}
"""Where torchvision leaves the original files under the data root."""

MNIST_FILES = tuple(
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
)
"""Training images and labels, test images and labels."""


def read_npz(path: Path) -> tuple[np.ndarray, ...]:
    """The four arrays of a Keras-style npz file: x_train, y_train, x_test, y_test."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = tuple(file[key] for key in ("x_train", "y_train", "x_test", "y_test"))
    except Exception as error:  # zip, zlib, header and key errors all mean the same to the user
        raise UserError(
            f"The data file {path} cannot be read ({error}). Delete it and fetch it again."
        ) from error
    for x, y in (arrays[:2], arrays[2:]):
        if (
            x.dtype != np.uint8
            or x.ndim < 3
            or y.dtype.kind not in "iu"
            or y.size != len(x)
            or ((y < 0) | (y > 255)).any()
        ):
            raise UserError(
                f"The data file {path} does not hold uint8 images and a label from 0 to 255 each. "
                "Fetch it again."
            )
    return arrays


def mnist_raw(root: Path) -> tuple[np.ndarray, ...]:
    """MNIST from its four idx files, packed or not;
    downloaded where one is missing or not whole.
    """
    arrays = [read_idx(root / RAW["mnist"] / name) for name in MNIST_FILES]
    if not are_mnist(*arrays):
        download_mnist(root)
        arrays = [read_idx(root / RAW["mnist"] / name) for name in MNIST_FILES]
    return tuple(arrays)


def are_mnist(*arrays: np.ndarray | None) -> bool:
    """Whether four arrays are all there, and images (N, H, W) and labels (N,) belong together."""
    if any(array is None for array in arrays):
        return False
    pairs = (arrays[:2], arrays[2:])
    return all(x.ndim == 3 and y.ndim == 1 and len(x) == len(y) for x, y in pairs)


def download_mnist(root: Path) -> None:
    """MNIST's four files through torchvision, each put in its place when all are there."""
    from torchvision.datasets import MNIST

    with tempfile.TemporaryDirectory(dir=root, prefix=".mnist-") as fresh:
        MNIST(fresh, download=True)
        for name in MNIST_FILES:
            content = (Path(fresh) / RAW["mnist"] / name).read_bytes()
            replace_whole(root / RAW["mnist"] / name, content)


def read_idx(path: Path) -> np.ndarray | None:
    """The uint8 array of an idx file or of its .gz beside it;
    None where neither is whole (a header tells the size)."""
    for file, unpack in ((path, bytes), (path.with_name(f"{path.name}.gz"), gzip.decompress)):
        with contextlib.suppress(FileNotFoundError, gzip.BadGzipFile, EOFError, zlib.error):
            content = unpack(file.read_bytes())
            ndim = content[3] if len(content) > 3 and content[:3] == b"\0\0\x08" else 0
            start = 4 + 4 * ndim
            shape = np.frombuffer(content[4:start], ">u4").tolist() if len(content) >= start else []
            if shape and math.prod(shape) and len(content) == start + math.prod(shape):
                return np.frombuffer(content, np.uint8, offset=start).reshape(shape)
    return None


def replace_whole(path: Path, content: bytes) -> None:
    """Writes a file that takes its place only when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def cifar_binary(root: Path) -> tuple[np.ndarray, ...]:
    """CIFAR-10 from its binary archive, which is downloaded where it is missing or not whole."""
    archive = root / RAW["cifar10"]
    with contextlib.suppress(Exception):  # parsers of foreign files raise nearly anything
        return read_cifar(archive)
    download_cifar(root)
    return read_cifar(archive)


def download_cifar(root: Path) -> None:
    """CIFAR-10's binary archive, checked by its md5 and put in its place when it is whole."""
    from torchvision.datasets.utils import download_url

    archive = root / RAW["cifar10"]
    part = archive.with_name(f".{archive.name}")
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
    download_url(url, str(root), part.name, "c32a1d4ab5d03f1284b67883e8d87530")
    part.replace(archive)


def read_cifar(archive: Path) -> tuple[np.ndarray, ...]:
    """The four arrays of CIFAR-10's binary archive: a record is a label and the planes R, G,
    B, 3,073 bytes."""
    parts = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            if member.name.endswith(".bin"):
                content = tar.extractfile(member).read()
                parts[Path(member.name).name] = np.frombuffer(content, np.uint8)
    train = np.concatenate([parts[f"data_batch_{i}.bin"] for i in range(1, 6)]).reshape(-1, 3073)
    test = parts["test_batch.bin"].reshape(-1, 3073)
    images = [part[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1) for part in (train, test)]
    return images[0], train[:, 0], images[1], test[:, 0]


@contextlib.contextmanager
def one_at_a_time(root: Path) -> Iterator[None]:
    """Waits until no other process loads from that folder: it may be downloading,
    and what is half there looks damaged."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):  # it cannot be made, or its file system has no locks
            root.mkdir(parents=True, exist_ok=True)
            folder = os.open(root, os.O_RDONLY)
            stack.callback(os.close, folder)  # which gives the lock back
            if fcntl:
                fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def fetch(
    name: str, root: Path, load: Callable[[Path], tuple[np.ndarray, ...]]
) -> tuple[np.ndarray, ...]:
    """Runs a loader and turns its failures into one sentence that says what to put where."""
    raw = "MNIST/raw/ with MNIST's four idx files" if name == "mnist" else RAW[name]
    arrays = f"{name}.npz (x_train, y_train, x_test, y_test)"
    where = f"Put {raw} or {arrays} into {root}, or set MEMUTILS_DATA to a folder that has it"
    try:
        with one_at_a_time(root):
            return load(root)
    except Exception as error:  # parsers of foreign files and downloads raise nearly anything
        why = " ".join(str(error).split())[:200] or type(error).__name__
        state = f"it is not in {root}"
        if (root / RAW[name]).exists():
            state = f"what is in {root / RAW[name]} is not whole"
        raise UserError(
            f"No data for {name}: {state}, and it cannot be downloaded ({why}). {where}."
        ) from error
