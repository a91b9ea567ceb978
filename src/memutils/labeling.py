"""Where a run's training labels come from: a matrix, or a label set, as it is or shuffled."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memutils import data, label_sets, noise
from memutils.data import Dataset
from memutils.errors import UserError, unknown_name
from memutils.label_sets import LABEL_SETS, file_sha256
from memutils.noise import NoisyLabels

DRAWN = ("others", "all", "pair", "asymmetric", "random", "matrix")
"""Noise that is drawn from a transition matrix."""

GIVEN = ("given", "shuffled")
"""Noise of a label set: its labels as they are, or permuted within each true class."""

NAMED = (*GIVEN, "matrix")
"""Noise that needs the setting ``labels``: the name of a label set, or of a matrix's file."""

RATE_TOLERANCE = 0.01
"""By how much eta may differ from the noise rate of a label set or of a matrix."""


def check_setting(kind: str, name: str, dataset: str) -> None:
    """Raises a UserError where a run's noise, labels and dataset do not go together."""
    if kind not in NAMED:
        if name:
            raise UserError(
                f"The setting labels ({name!r}) goes with noise: {', '.join(NAMED)}, "
                f"not with {kind!r}."
            )
    elif not name:
        wanted = "a matrix" if kind == "matrix" else "a label set"
        raise UserError(f"Noise {kind!r} needs the setting labels: {wanted}.")
    elif kind in GIVEN:
        if name not in LABEL_SETS:
            raise unknown_name("label set", name, LABEL_SETS)
        if LABEL_SETS[name].dataset not in ("", dataset):
            raise UserError(
                f"The label set {name} belongs to {LABEL_SETS[name].dataset}, not to {dataset}."
            )
    elif name.endswith((".csv", ".npy")):
        raise UserError(f"A noise matrix is named without its ending: {name[:-4]!r}.")
    elif not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,99}", name):
        raise UserError(
            f"A noise matrix's name is made of letters, digits and . _ + - only, not {name!r}."
        )


def redistributable(kind: str, name: str) -> bool:
    """Whether a record of such a run may hold its labels, and what was predicted for them."""
    return kind not in GIVEN or LABEL_SETS[name].redistributable


@dataclass(frozen=True)
class Source:
    """Where a run's labels come from, settled before training: nothing is read from a file later.

    Attributes:
        kind: of the noise.
        matrix: its transition matrix, float64 (K, K); of given labels the empirical one of the
            whole set.
        given: the label set, int64 (N,) in the order of the training split, or None where labels
            are drawn.
        facts: what a record says of it: file and labels by sha256, source, license, noise rate of
            the whole set.
    """

    kind: str
    matrix: np.ndarray
    given: np.ndarray | None
    facts: dict

    def label(
        self, true: np.ndarray, index: np.ndarray, seed: int, shuffle_seed: int
    ) -> NoisyLabels:
        """The labels of training images.

        Args:
            true: their true labels, (n,).
            index: their places in the training split, (n,).
            seed, shuffle_seed: of what is drawn from the matrix, and of how given labels are
                shuffled.
        """
        if self.given is None:
            return noise.apply_noise(true, self.matrix, seed)
        labels = NoisyLabels(self.given[index], np.array(true))
        if self.kind == "given":
            return labels
        return noise.shuffle_within_classes(labels, shuffle_seed)


def settle(kind: str, eta: float, name: str, dataset: Dataset, root: Path | None = None) -> Source:
    """Where labels of this noise come from, with all that has to be read.

    Args:
        kind: one of ``DRAWN`` or ``GIVEN``.
        eta: noise rate; of labels or a matrix that are there already, to within .01.
        name: the setting ``labels``: a key of ``LABEL_SETS``, or for 'matrix' the name of a file,
            else ''.
        root: the data root, by default ``data.data_root()``.

    Raises:
        UserError: a file that is not there, damaged or of another data set; an eta that is not the
            noise rate.
    """
    check_setting(kind, name, dataset.name)
    root, k = root or data.data_root(), dataset.num_classes
    if kind in GIVEN:
        return given_labels(kind, eta, name, dataset, root)
    facts = {"label_file_sha256": None}
    if kind == "matrix":
        matrix, facts["label_file_sha256"] = read_matrix(name, k, root)
        counts = np.bincount(dataset.train.labels, minlength=k)
        facts["set_rate"] = float(1 - counts @ matrix.diagonal() / counts.sum())
        check_rate(f"The noise matrix {name!r} on {dataset.name}", facts["set_rate"], eta)
    elif kind == "random":
        matrix = noise.random_matrix(k)
        check_rate(f"A label drawn at random from {k} classes", 1 - 1 / k, eta)
    elif kind == "asymmetric":
        matrix = noise.asymmetric_matrix(eta, dataset.classes)
    elif kind == "pair":
        matrix = noise.pair_matrix(eta, k)
    else:
        matrix = noise.symmetric_matrix(eta, k, kind)
    return Source(kind, matrix, None, facts)


def changed(kind: str, name: str, dataset: str, then: dict, num_classes: int) -> bool:
    """Whether labels or matrix of this name are other ones than those that a record tells of.

    False where nothing is there to compare with: whoever reads records needs no data.

    Args:
        kind, name: the settings ``noise`` and ``labels``.
        dataset: the data set's name.
        then: the ``facts`` of the record.
        num_classes: K of the record.
    """
    if kind not in NAMED:
        return False
    own = data.DATASETS.get(dataset) is data.OWN.get(dataset)
    try:
        if kind == "matrix":
            found = read_matrix(name, num_classes, data.data_root())[1]
            return found != then.get("label_file_sha256")
        if own and LABEL_SETS.get(name) is label_sets.OWN.get(name):
            return False
        labels, _ = LABEL_SETS[name].read(data.data_root(), data.load(dataset))
        return then.get("labels_sha256") not in (None, digest(np.asarray(labels)))
    except (UserError, KeyError, OSError, ValueError):
        return False


def digest(labels: np.ndarray) -> str:
    """sha256 of labels, integers below 256."""
    return hashlib.sha256(labels.astype(np.uint8).tobytes()).hexdigest()


def given_labels(kind: str, eta: float, name: str, dataset: Dataset, root: Path) -> Source:
    """A label set, checked against its data set and eta."""
    entry, n, k = LABEL_SETS[name], len(dataset.train), dataset.num_classes
    labels, sha256 = entry.read(root, dataset)
    labels = np.asarray(labels)
    whole = labels.dtype.kind in "iu" and labels.shape == (n,)
    if not whole or labels.min() < 0 or labels.max() >= k:
        raise UserError(
            f"The label set {name} must have one integer from 0 to {k - 1} for each of the "
            f"{n} training images of {dataset.name}."
        )
    labels = NoisyLabels(labels.astype(np.int64), dataset.train.labels)
    check_rate(f"The label set {name}", labels.rate, eta)
    facts = {
        "label_file_sha256": sha256,
        "labels_sha256": digest(labels.noisy),
        "source": entry.source,
        "license": entry.license,
        "set_rate": labels.rate,
    }
    matrix = noise.empirical_matrix(noise.transition_counts(labels, k))
    return Source(kind, matrix, labels.noisy, facts)


def check_rate(what: str, rate: float, eta: float) -> None:
    """Raises a UserError where eta is not the noise rate to within .01."""
    if abs(rate - eta) > RATE_TOLERANCE + 1e-9:
        raise UserError(
            f"{what} has a noise rate of {rate:.4f}: set eta to {rate:.2g}, not {eta:g}."
        )


def read_matrix(name: str, num_classes: int, root: Path) -> tuple[np.ndarray, str]:
    """A noise matrix, float64 (K, K), and the sha256 of its file.

    Read from ``root/noise/<name>.csv`` (a line for each true class, commas) or ``<name>.npy``.

    Raises:
        UserError: no such file, or one that does not hold a row-stochastic matrix of that size.
    """
    folder = root / "noise"
    path = next((p for p in (folder / f"{name}.csv", folder / f"{name}.npy") if p.exists()), None)
    if path is None:
        raise UserError(
            f"There is no noise matrix {name}.csv or {name}.npy in {folder}. "
            "Put it there, a row for each true class."
        )
    try:
        if path.suffix == ".npy":
            rows = np.load(path, allow_pickle=False)
        else:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
            rows = [[float(cell) for cell in line.split(",")] for line in lines if line.strip()]
        matrix = np.asarray(rows, dtype=np.float64)
        noise.check_matrix(matrix)
    except (OSError, ValueError, TypeError, EOFError) as error:
        wanted = (
            " It needs a line for each true class, with a number for each label, commas between "
            "them, and no header."
        )
        raise UserError(
            f"The noise matrix {path} cannot be read: {' '.join(str(error).split())[:200]}."
            f"{wanted if path.suffix == '.csv' else ''}"
        ) from error
    except UserError as error:
        raise UserError(f"{path}: {error}") from error
    if len(matrix) != num_classes:
        raise UserError(
            f"The noise matrix {path} is for {len(matrix)} classes, the data set has {num_classes}."
        )
    return matrix, file_sha256(path)
