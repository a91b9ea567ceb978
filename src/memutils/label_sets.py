"""Labels of training images that people gave, say: found in files, in an order that is checked.

A label set is only used in an order that was found and checked: its own clean labels must be the
true labels of the training images. Nothing in a label file is executed.
"""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from memutils import data, sources
from memutils.data import Dataset
from memutils.errors import UserError


@dataclass(frozen=True)
class LabelSet:
    """Labels of a data set's training images that are not drawn here.

    Attributes:
        dataset: the name of the data set they belong to; '' for any.
        read: from the data root and the data set to labels, integers (N,) in the order of its
            training split, and the sha256 of their file (None without a file).
        source, license: whose they are and what may be done with them.
        redistributable: whether a record may hold them, or what a network that memorizes them
            predicts.
    """

    dataset: str
    read: Callable[[Path, Dataset], tuple[np.ndarray, str | None]]
    source: str
    license: str
    redistributable: bool


def own(root: Path, dataset: Dataset) -> tuple[np.ndarray, None]:
    """The labels that the data set itself came with."""
    if dataset.noisy is None:
        raise UserError(
            f"The data set {dataset.name} has no labels of its own; "
            "hand them to data.from_arrays as noisy=..."
        )
    return dataset.noisy, None


OFFICIAL = {
    "clean": "clean_label",
    "aggre": "aggre_label",
    "worse": "worse_label",
    "random1": "random_label1",
    "random2": "random_label2",
    "random3": "random_label3",
}
"""CIFAR-10N's labelings: the name here, and the one in the official file."""


def cifar10n(which: str, root: Path, dataset: Dataset) -> tuple[np.ndarray, str]:
    """One of CIFAR-10N's labelings in canonical order, and the sha256 of its file.

    Read from ``root/CIFAR-10N``: ``cifar10n.npz`` (canonical order, arrays named as here), else the
    official ``CIFAR-10_human.pt`` (torchvision's order).

    Raises:
        UserError: neither is there; it is damaged; or its order is not the one claimed, or cannot
            be established.
    """
    ours, official = (root / "CIFAR-10N" / name for name in ("cifar10n.npz", "CIFAR-10_human.pt"))
    arrays = read_arrays(ours) if ours.exists() else {}
    if {"clean", which} <= arrays.keys():
        if not np.array_equal(arrays["clean"], dataset.train.labels):
            raise UserError(
                f"The labels in {ours} are not in the canonical order of {dataset.name}: their "
                "clean labels are not the true labels of its training images. Fetch the file again."
            )
        return arrays[which], file_sha256(ours)
    if official.exists():
        arrays = read_arrays(official)
        for name in ("clean", which):
            if OFFICIAL[name] not in arrays:
                raise UserError(
                    f"The label file {official} has no array {OFFICIAL[name]}. Fetch it again."
                )
        index = torchvision_index(arrays[OFFICIAL["clean"]], dataset, root)
        return arrays[OFFICIAL[which]][index], file_sha256(official)
    raise UserError(
        f"The labels of CIFAR-10N are not in {ours.parent}. Put cifar10n.npz or the official "
        "CIFAR-10_human.pt (github.com/UCSC-REAL/cifar-10-100n, CC BY-NC 4.0) there."
    )


def torchvision_index(clean: np.ndarray, dataset: Dataset, root: Path) -> np.ndarray:
    """For each training image, its place in torchvision's order, int64 (N,).

    An array in torchvision's order is ``array[index]`` beside the training split.

    Args:
        clean: the true labels in torchvision's order, (N,), against which every order that is found
            is checked.

    Raises:
        UserError: no order that is known here makes them the true labels of the training images.
    """
    n = len(dataset.train)
    if len(clean) == n and np.count_nonzero(np.diff(clean)) < n // 2:
        raise UserError(
            "The clean labels are sorted by class, so that they cannot tell in which order the "
            "labels are; bring labels in torchvision's order."
        )
    for index in torchvision_candidates(dataset, root):
        permutation = len(index) == len(clean) == n and np.array_equal(np.sort(index), np.arange(n))
        if permutation and np.array_equal(clean[index], dataset.train.labels):
            return index
    raise UserError(
        "The order of the labels in CIFAR-10_human.pt cannot be established: put cifar10n.npz "
        f"beside it, whose torchvision_index tells it, or {sources.RAW['cifar10']} into {root}."
    )


def torchvision_candidates(dataset: Dataset, root: Path) -> Iterator[np.ndarray]:
    """What may be torchvision's order, each (N,): of the npz, the data's file, the archive."""
    ours = root / "CIFAR-10N" / "cifar10n.npz"
    if ours.exists() and "torchvision_index" in (arrays := read_arrays(ours)):
        yield arrays["torchvision_index"]
    if "train" in dataset.order:
        yield dataset.order["train"]
    if dataset.source != "torchvision" and (root / sources.RAW["cifar10"]).exists():
        images, labels, *_ = sources.fetch("cifar10", root, sources.cifar_binary)
        order = data.canonical_order(images, labels)
        if np.array_equal(images[order], dataset.train.images):
            yield order


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """The integer vectors, as int64, of an npz file or of a dictionary that torch saved.

    No code in it is run: of what a pickle can name, numpy's arrays and integer types are allowed.

    Raises:
        UserError: the file is damaged, or holds anything else.
    """
    reconstruct = np.empty(0).__reduce__()[0]
    allowed = [np.ndarray, np.dtype, *{type(np.dtype(code)) for code in "bBhHiIlLqQ"}]
    allowed += [
        (reconstruct, f"numpy.{core}.multiarray._reconstruct") for core in ("core", "_core")
    ]
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                arrays = dict(file.items())
        else:
            with torch.serialization.safe_globals(allowed):
                arrays = torch.load(path, map_location="cpu", weights_only=True)
        vectors = {name: np.asarray(array) for name, array in arrays.items()}
    except pickle.UnpicklingError as error:
        raise UserError(
            f"The label file {path} holds more than integer arrays and is not read. Fetch it again."
        ) from error
    except Exception as error:  # parsers of foreign files raise nearly anything
        raise UserError(
            f"The label file {path} cannot be read ({type(error).__name__}). Fetch it again."
        ) from error
    for name, array in vectors.items():
        if array.dtype.kind not in "iu" or array.ndim != 1:
            raise UserError(f"The label file {path} must hold vectors of integers; {name} is none.")
    return {name: array.astype(np.int64) for name, array in vectors.items()}


def file_sha256(path: Path) -> str:
    """sha256 hex digest of a file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


CIFAR10N = "CIFAR-10N (Wei et al., Learning with Noisy Labels Revisited, ICLR 2022)"
"""Whose the labels are."""


def of_cifar10n(which: str) -> LabelSet:
    """One of CIFAR-10N's labelings as a label set."""
    return LabelSet("cifar10", partial(cifar10n, which), CIFAR10N, "CC BY-NC 4.0", False)


LABEL_SETS: dict[str, LabelSet] = {
    "own": LabelSet("", own, "the data set's own", "the data set's", True),
    **{f"cifar10n-{which}": of_cifar10n(which) for which in OFFICIAL if which != "clean"},
}
"""Label sets by name. Add yours here."""

OWN = dict(LABEL_SETS)
"""What the package itself registers; on its own data sets their labels never change."""
