"""Label noise that does not look at the images: a row-stochastic matrix T, T[i, j] = P(label j given true class i).

The noise rate eta of the paper is the probability that a label is replaced by a *different* class, each of the
K - 1 others equally likely (paper, section 2). Other work draws over all K classes, so that its eta is a true rate of
eta (K - 1) / K: ``symmetric_matrix(..., convention="all")``.
"""

from dataclasses import dataclass

import numpy as np

from memutils.errors import UserError, unknown_name


@dataclass(frozen=True)
class NoisyLabels:
    """Labels before and after noise, each int64 (N,).

    Attributes:
        noisy: the labels to train on.
        true: the labels given.
    """

    noisy: np.ndarray
    true: np.ndarray

    @property
    def mislabeled(self) -> np.ndarray:
        """Boolean (N,): where the noisy label differs from the true one."""
        return self.noisy != self.true

    @property
    def rate(self) -> float:
        """The realized noise rate, the fraction of labels that differ."""
        return float(self.mislabeled.mean())


def symmetric_matrix(eta: float, num_classes: int, convention: str = "others") -> np.ndarray:
    """Symmetric noise as a matrix, float64 (K, K).

    Args:
        eta: in [0, 1].
        num_classes: K >= 2.
        convention: 'others' spreads eta over the K - 1 other classes (the paper's), 'all' over all K classes, the
            true one included, so that labels differ with probability eta (K - 1) / K.

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
    """Pair flips: class i becomes i + 1 (mod K) with probability eta in [0, 1]. Float64 (K, K)."""
    eta, num_classes = check_eta(eta), check_classes(num_classes)
    return (1 - eta) * np.eye(num_classes) + eta * np.roll(np.eye(num_classes), 1, axis=1)


def check_eta(eta: float) -> float:
    """eta as a float, or a UserError when it is not a number in [0, 1]."""
    if isinstance(eta, bool) or not isinstance(eta, int | float | np.number) or not 0 <= eta <= 1:
        raise UserError(f"The noise rate eta must be a number from 0 to 1, not {eta!r}.")
    return float(eta)


def check_classes(num_classes: int) -> int:
    """The number of classes as an int, or a UserError when it is not a whole number of at least 2."""
    if isinstance(num_classes, bool) or not isinstance(num_classes, int | np.integer) or not 2 <= num_classes <= 10_000:
        raise UserError(f"Label noise needs at least 2 classes, at most 10,000, as a whole number, not {num_classes!r}.")
    return int(num_classes)


def apply_noise(true: np.ndarray, matrix: np.ndarray, seed: int) -> NoisyLabels:
    """Draws a noisy label for each example, independently, from its class's row of the matrix.

    One uniform number an example decides, the true class coming first: for one seed and two symmetric matrices the
    examples mislabeled at the lower rate are mislabeled at the higher one too.

    Args:
        true: integers in [0, K), (N,); not changed.
        matrix: row-stochastic (K, K).
        seed: of a generator of its own (PCG64), the same on every platform.

    Raises:
        UserError: a matrix that is not row-stochastic, labels that do not fit it, or a seed that is no whole number.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise UserError(f"The seed of the noise must be a whole number of at least 0, not {seed!r}.")
    try:
        true, matrix = np.array(true), np.asarray(matrix, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise UserError("Labels must be a vector of integers, and a noise matrix a square of numbers.") from error
    k = matrix.shape[0] if matrix.ndim else 0
    if not k or matrix.shape != (k, k) or not (matrix >= 0).all() or not np.allclose(matrix.sum(1), 1, atol=1e-9):
        raise UserError("A noise matrix must be square, without negative entries, and each row must sum to 1.")
    if true.ndim != 1 or (len(true) and not (true.dtype.kind in "iu" and 0 <= true.min() and true.max() < k)):
        raise UserError(f"Labels must be a vector of integers from 0 to {k - 1}.")
    true = true.astype(np.int64)
    order = (np.arange(k)[:, None] + np.arange(k)) % k  # row i: i, i + 1, ..., i - 1
    cumulative = np.take_along_axis(matrix, order, 1).cumsum(1)
    u = np.random.Generator(np.random.PCG64(seed)).random(len(true))
    choice = (u[:, None] >= cumulative[true, :-1]).sum(1)  # the last class takes what rounding leaves
    return NoisyLabels(order[true, choice], true)
