"""Intervals and standard errors: of a fraction, of a pair on the same images,
of a mean over seeds.
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

from scipy.special import stdtrit

Interval = tuple[float, float]


def quantile(confidence: float) -> float:
    """The normal quantile of a two-sided interval, e.g. 1.96 for 0.95."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(share: float, n: int, confidence: float) -> Interval:
    """Wilson's interval of a fraction of n images (Wilson 1927):
    it covers the sampling of images, no more.
    """
    z2 = quantile(confidence) ** 2
    center = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = math.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return center - half, center + half


def standard_error(b: float, c: float, n: int) -> float:
    """SE of the difference (b - c)/n of two fractions of the same n images.

    b and c count the images on which exactly one of the two holds: sqrt(b + c - (b - c)^2/n)/n.
    """
    return math.sqrt(max(0.0, b + c - (b - c) ** 2 / n)) / n


def paired(b: int, c: int, n: int, confidence: float) -> Interval:
    """The interval of that difference, by its SE."""
    half = quantile(confidence) * standard_error(b, c, n)
    return (b - c) / n - half, (b - c) / n + half


def mcnemar(b: int, c: int) -> float:
    """McNemar's z, (b - c)/sqrt(b + c): 0 where nothing differs."""
    return (b - c) / math.sqrt(b + c) if b + c else 0.0


def over_seeds(values: Sequence[float], confidence: float) -> Interval | None:
    """Student's interval of the mean of independent seeds; None for fewer than two."""
    n = len(values)
    if n < 2:
        return None
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * stdev(values) / math.sqrt(n)
    return fmean(values) - half, fmean(values) + half
