"""Packs the full-size data losslessly for a machine without network, and unpacks it there.

    python workflow/gpu/pack.py pack FOLDER mnist cifar10.1 cifar10.2
    python workflow/gpu/pack.py unpack FOLDER DATA

MNIST becomes its four idx files, gzipped (12 MB), which ``memutils.data`` reads as they are;
CIFAR-10 two zip files of 50 MB, lossless WebP sheets, in the order of the source. ``unpack`` brings
everything into DATA and checks the fingerprints; half of CIFAR-10 waits there for the other half.
"""

import argparse
import gzip
import io
import shutil
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from memutils import data, sources
from memutils.errors import UserError, command
from memutils.runs.files import write_whole

PARTS = ("mnist", "cifar10.1", "cifar10.2")
SHEET = 500
"""Images in one WebP file, one below the other."""

Arrays = tuple[np.ndarray, ...]
"""x_train, y_train, x_test, y_test."""


def read(name: str, root: Path) -> Arrays:
    """The arrays of MNIST or CIFAR-10 in the order of their source.

    Raises:
        UserError: they are not there, or damaged.
    """
    data.load(name, root)  # checks the fingerprints
    if (path := root / f"{name}.npz").exists():
        return sources.read_npz(path)
    return sources.mnist_raw(root) if name == "mnist" else sources.cifar_binary(root)


def pack_mnist(arrays: Arrays, folder: Path) -> None:
    """Writes MNIST/raw/*.gz: idx files, a header of type and shape before the bytes."""
    for name, array in zip(sources.MNIST_FILES, arrays, strict=True):
        header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
        content = gzip.compress(header + array.astype(np.uint8).tobytes(), mtime=0)
        write_whole(folder / sources.RAW["mnist"] / f"{name}.gz", content)


def pack_cifar10(arrays: Arrays, folder: Path, number: int) -> None:
    """Writes cifar10.1.zip or cifar10.2.zip: half of the images each, all labels in both."""
    x_train, y_train, x_test, y_test = arrays
    images = np.concatenate([x_train, x_test])
    starts = range(0, len(images), SHEET)
    with ThreadPoolExecutor() as pool:
        sheets = pool.map(
            lambda start: encoded(images[start : start + SHEET]), starts[number - 1 :: 2]
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for start, sheet in zip(starts[number - 1 :: 2], sheets, strict=True):
            archive.writestr(f"{start:05d}.webp", sheet)
        for name, labels in (("y_train", y_train), ("y_test", y_test)):
            archive.writestr(name, labels.astype(np.uint8).tobytes())
    write_whole(folder / f"cifar10.{number}.zip", buffer.getvalue())


def encoded(images: np.ndarray) -> bytes:
    """Images uint8 (n, H, W, 3) as one lossless WebP file."""
    file = io.BytesIO()
    sheet = Image.fromarray(images.reshape(-1, *images.shape[2:]))
    sheet.save(file, "WEBP", lossless=True, quality=100, method=4)
    return file.getvalue()


def decoded(sheet: bytes) -> np.ndarray:
    """The images (n, W, W, 3) of a sheet; they are squares."""
    pixels = np.asarray(Image.open(io.BytesIO(sheet)))
    return pixels.reshape(-1, pixels.shape[1], pixels.shape[1], 3)


def unpack_cifar10(parts: list[Path], target: Path) -> None:
    """Writes the npz file out of both parts.

    Raises:
        UserError: a part is damaged.
    """
    sheets, labels = {}, {}
    try:
        for part in parts:
            with zipfile.ZipFile(part) as archive:
                found = {name: archive.read(name) for name in archive.namelist()}
            labels |= {
                name: np.frombuffer(found.pop(name), np.uint8) for name in ("y_train", "y_test")
            }
            sheets |= found
        with ThreadPoolExecutor() as pool:
            images = np.concatenate(
                list(pool.map(decoded, (sheets[name] for name in sorted(sheets))))
            )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise UserError(f"{part} is damaged ({error}); send it again.") from error
    n = len(labels["y_train"])
    buffer = io.BytesIO()
    np.savez(buffer, x_train=images[:n], x_test=images[n:], **labels)
    write_whole(target, buffer.getvalue())


def pack(folder: Path, names: list[str], root: Path) -> None:
    """Packs the parts of these names into a folder."""
    for name in names:
        arrays = read(name.partition(".")[0], root)
        if name == "mnist":
            pack_mnist(arrays, folder)
        else:
            pack_cifar10(arrays, folder, int(name[-1]))


def unpack(folder: Path, root: Path) -> list[str]:
    """Brings what came into the data folder; returns the names of the data sets that are whole.

    Raises:
        UserError: a file is damaged, or the data are not what their name says.
    """
    whole, raw = [], folder / sources.RAW["mnist"]
    root.mkdir(parents=True, exist_ok=True)
    for path in (*raw.glob("*.gz"), *folder.glob("cifar10.[12].zip")):
        target = root / path.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (target.exists() and target.samefile(path)):
            shutil.copyfile(path, target)
    if any((root / sources.RAW["mnist"]).glob("train-images*")):
        whole.append("mnist")
    parts = [root / f"cifar10.{number}.zip" for number in (1, 2)]
    if all(part.exists() for part in parts) and not (root / "cifar10.npz").exists():
        unpack_cifar10(parts, root / "cifar10.npz")
    if (root / "cifar10.npz").exists():
        whole.append("cifar10")
    for name in whole:
        data.load(name, root)  # checks the fingerprints
    return whole


@command
def main(arguments: list[str] | None = None) -> int:
    """The command; 1 where something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="what", required=True)
    packing = commands.add_parser("pack", help="data into a folder that travels")
    packing.add_argument("folder", type=Path)
    packing.add_argument("names", nargs="+", choices=PARTS)
    unpacking = commands.add_parser("unpack", help="what came into a data folder")
    unpacking.add_argument("folder", type=Path)
    unpacking.add_argument("data", type=Path)
    options = parser.parse_args(arguments)
    if options.what == "pack":
        pack(options.folder, options.names, data.data_root())
    else:
        print(f"Whole: {', '.join(unpack(options.folder, options.data)) or 'nothing yet'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
