"""Label noise that does not look at the images: a row-stochastic matrix T, T[i, j] = P(label j
given true class i).

The noise rate eta of the paper is the probability that a label is replaced by a *different* class,
each of the K - 1 others equally likely (paper, section 2). Other work draws over all K classes, so
that its eta is a true rate of eta (K - 1) / K: ``symmetric_matrix(..., convention="all")``.

Labels drawn at random from all K classes (``random_matrix``) are both at once: 'all' at rate 1 and
'others' at rate (K - 1) / K, .9 for ten classes. Labels that people gave do depend on the image.
``memutils.labeling`` has the names of all these settings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memutils.errors import UserError, unknown_name
from memutils.values import as_python


@dataclass(frozen=True)
class NoisyLabels:
    """Labels before and after noise, each int64 (N,).

    Attributes:
        noisy: the labels to train on.
        true: the labels given.

    Raises:
        UserError: they are not two vectors of as many integers.
    """

    noisy: np.ndarray
    true: np.ndarray

    def __post_init__(self):
        noisy, true = np.asarray(self.noisy), np.asarray(self.true)
        integers = {noisy.dtype.kind, true.dtype.kind} <= {"i", "u"}
        if noisy.ndim != 1 or noisy.shape != true.shape or not integers:
            raise UserError(
                "Noisy and true labels must be two vectors of as many integers, "
                f"not {noisy.dtype} {noisy.shape} and {true.dtype} {true.shape}."
            )
        object.__setattr__(self, "noisy", noisy.astype(np.int64, copy=False))
        object.__setattr__(self, "true", true.astype(np.int64, copy=False))

    @property
    def mislabeled(self) -> np.ndarray:
        """Boolean (N,): where the noisy label differs from the true one."""
        return self.noisy != self.true

    @property
    def rate(self) -> float:
        """The empirical noise rate, the fraction of labels that differ."""
        return float(self.mislabeled.mean())


def symmetric_matrix(eta: float, num_classes: int, convention: str = "others") -> np.ndarray:
    """Symmetric noise as a matrix, float64 (K, K).

    Args:
        eta: in [0, 1].
        num_classes: K >= 2.
        convention: 'others' spreads eta over the K - 1 other classes (the paper's), 'all' over all
            K classes, the true one included, so that labels differ with probability eta (K - 1) /
            K.

    Raises:
        UserError: eta outside [0, 1], fewer than 2 classes or an unknown convention.
    """
    eta, num_classes = check_eta(eta), check_classes(num_classes)
    if convention not in ("others", "all"):
        raise unknown_name("noise convention", convention, ("others", "all"))
    rate = eta if convention == "others" else eta * (num_classes - 1) / num_classes
    matrix = np.full((num_classes, num_classes), rate / (num_classes - 1))
    np.fill_diagonal(matrix, 1 - rate)
    return matrix


def pair_matrix(eta: float, num_classes: int) -> np.ndarray:
    """Pair noise: class i becomes i + 1 (mod K) with probability eta in [0, 1]. Float64 (K, K)."""
    eta, num_classes = check_eta(eta), check_classes(num_classes)
    return (1 - eta) * np.eye(num_classes) + eta * np.roll(np.eye(num_classes), 1, axis=1)


def random_matrix(num_classes: int) -> np.ndarray:
    """Labels drawn uniformly from all classes, the true one too: 1/K everywhere, float64 (K, K)."""
    return symmetric_matrix(1, num_classes, "all")


SUM_TOLERANCE = 1e-5
"""By how much the sum of a row of a noise matrix may differ from 1: files round."""

CIFAR_CONFUSIONS = (
    ("truck", "automobile"),
    ("bird", "airplane"),
    ("deer", "horse"),
    ("cat", "dog"),
    ("dog", "cat"),
)
"""CIFAR-10's asymmetric noise (Patrini et al., CVPR 2017, section 5): true class,
class it is taken for."""


def asymmetric_matrix(eta: float, classes: Sequence[str]) -> np.ndarray:
    """Each class of ``CIFAR_CONFUSIONS`` becomes its look-alike with probability eta; the others
    stay. Float64 (K, K).

    So eta is the noise rate *within* those five classes; over ten equally frequent ones it is eta /
    2.

    Raises:
        UserError: eta outside [0, 1], or a class of CIFAR-10 that is not among the names.
    """
    eta, classes = check_eta(eta), list(classes)
    if absent := sorted({name for pair in CIFAR_CONFUSIONS for name in pair} - set(classes)):
        raise UserError(
            f"Asymmetric noise is defined for CIFAR-10's classes, and {', '.join(absent)} are not "
            "among this data set's; write a matrix of your own and use noise: matrix."
        )
    matrix = np.eye(len(classes))
    for true, other in CIFAR_CONFUSIONS:
        i, j = classes.index(true), classes.index(other)
        matrix[i, [i, j]] = 1 - eta, eta
    return matrix


def transition_counts(labels: NoisyLabels, num_classes: int) -> np.ndarray:
    """How many examples of true class i have label j, int64 (K, K)."""
    pairs = labels.true * num_classes + labels.noisy
    return np.bincount(pairs, minlength=num_classes**2).reshape(num_classes, num_classes)


def empirical_matrix(counts: np.ndarray) -> np.ndarray:
    """Transition counts (K, K) as a row-stochastic matrix;
    a class without examples keeps its label."""
    totals = counts.sum(1, keepdims=True)
    return np.where(totals, counts / np.maximum(totals, 1), np.eye(len(counts)))


def shuffle_within_classes(labels: NoisyLabels, seed: int) -> NoisyLabels:
    """The same noisy labels, permuted among the examples of each true class.

    The transition counts stay exactly what they are, and a label no longer depends on the image
    beyond its class.

    Args:
        labels: not changed.
        seed: of a generator of its own (PCG64), the same on every platform.
    """
    generator, noisy = np.random.Generator(np.random.PCG64(check_seed(seed))), labels.noisy.copy()
    for k in np.unique(labels.true):
        members = np.flatnonzero(labels.true == k)
        noisy[members] = labels.noisy[members[generator.random(len(members)).argsort()]]
    return NoisyLabels(noisy, labels.true)


def check_eta(eta: float) -> float:
    """eta as a float, or a UserError when it is not a number in [0, 1]."""
    eta = as_python(eta)
    if isinstance(eta, bool) or not isinstance(eta, int | float) or not 0 <= eta <= 1:
        raise UserError(f"The noise rate eta must be a number from 0 to 1, not {eta!r}.")
    return float(eta)


def check_classes(num_classes: int) -> int:
    """The number of classes as an int, or a UserError when it is no whole number of at least 2."""
    whole = isinstance(num_classes, int | np.integer) and not isinstance(num_classes, bool)
    if not whole or not 2 <= num_classes <= 10_000:
        raise UserError(
            "Label noise needs at least 2 classes, at most 10,000, as a whole number, "
            f"not {num_classes!r}."
        )
    return int(num_classes)


def check_seed(seed: int) -> int:
    """The seed, or a UserError when it is not a whole number of at least 0."""
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UserError(
            f"The seed of the noise must be a whole number of at least 0, not {seed!r}."
        )
    return seed


def check_matrix(matrix: np.ndarray) -> None:
    """Raises a UserError unless a matrix, float64, is row-stochastic (K, K)."""
    if not (matrix.ndim == 2 and matrix.shape[0] == matrix.shape[1] > 0):
        shape = " x ".join(map(str, matrix.shape))
        raise UserError(
            "A noise matrix must be square, a row for each true class and a column for each label; "
            f"this one has the shape {shape or 'of a number'}."
        )
    for row, shares in enumerate(matrix):
        if not (np.isfinite(shares) & (shares >= 0)).all():
            raise UserError(
                f"Row {row} of the noise matrix (the first is 0) has an entry that is negative or "
                "not finite."
            )
        if not abs(total := shares.sum() - 1) <= SUM_TOLERANCE:
            raise UserError(
                f"Row {row} of the noise matrix (the first is 0) sums to {total + 1:g}; divide it "
                "by its sum, so that it sums to 1."
            )


def apply_noise(true: np.ndarray, matrix: np.ndarray, seed: int) -> NoisyLabels:
    """Draws a noisy label for each example, independently, from its class's row of the matrix.

    One uniform number an example decides, the true class coming first: for one seed and two
    symmetric matrices the examples mislabeled at the lower rate are mislabeled at the higher one
    too.

    Args:
        true: integers in [0, K), (N,); not changed.
        matrix: row-stochastic (K, K).
        seed: of a generator of its own (PCG64), the same on every platform.

    Raises:
        UserError: a matrix that is not row-stochastic, labels that do not fit it, or a seed that is
            no whole number.
    """
    check_seed(seed)
    try:
        true, matrix = np.array(true), np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError(
            "Labels must be a vector of integers, and a noise matrix a square of numbers."
        ) from error
    check_matrix(matrix)
    k = len(matrix)
    if true.ndim != 1 or (
        len(true) and not (true.dtype.kind in "iu" and 0 <= true.min() and true.max() < k)
    ):
        raise UserError(f"Labels must be a vector of integers from 0 to {k - 1}.")
    true = true.astype(np.int64)
    order = (np.arange(k)[:, None] + np.arange(k)) % k  # row i: i, i + 1, ..., i - 1
    cumulative = np.take_along_axis(matrix, order, 1).cumsum(1)
    u = np.random.Generator(np.random.PCG64(seed)).random(len(true))
    choice = (u[:, None] >= cumulative[true, :-1]).sum(1)  # the last class takes the rounding
    return NoisyLabels(order[true, choice], true)
