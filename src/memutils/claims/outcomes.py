"""What a run came to under given thresholds: its values at the end, whether it can tell anything,
when it got somewhere.
"""

import math
from functools import cached_property

import numpy as np
import pandas as pd

from memutils.claims.intervals import standard_error
from memutils.claims.measured import Measured
from memutils.claims.thresholds import LIMITS, Thresholds
from memutils.runs.records import Record


def excess(memorized, recovered, classes: int):
    """Excess memorization x: memorized, less the errors of a network blind to the training labels.
    0 by chance, at most 1.

    NaN for two classes: there a wrong answer is the training label.
    """
    if classes < 3:
        return memorized * math.nan
    return memorized - (1 - memorized - recovered) / (classes - 2)


def at_level(heights: np.ndarray, values: np.ndarray, level: float) -> float:
    """The value where the heights first reach a level, interpolated between the two epochs;
    NaN if they never do.
    """
    reached = np.flatnonzero(heights >= level)
    if not len(reached):
        return math.nan
    i = reached[0]
    if i == 0:
        return float(values[0])
    share = (level - heights[i - 1]) / (heights[i] - heights[i - 1])
    return float(values[i - 1] + share * (values[i] - values[i - 1]))


def leads(a: float, b: float, n: int, deviations: float) -> bool:
    """Whether fraction a of n images exceeds fraction b of the same images, which exclude each
    other, by that many SE.
    """
    return bool(n > 0 and a - b > deviations * standard_error(n * a, n * b, n))


def lead(a: np.ndarray, b: np.ndarray, n: int, deviations: float) -> np.ndarray:
    """The same for each of many pairs of fractions."""
    if n == 0:
        return np.zeros(np.shape(a), bool)
    return a - b > deviations * np.sqrt(np.maximum(0, a + b - (a - b) ** 2) / n)


def stays(epochs: np.ndarray, j1: np.ndarray, level: float) -> float:
    """The first of the epochs from which J1 stays at the level or above;
    infinite if there is none.
    """
    below = epochs[~(j1 >= level)]
    later = epochs[epochs > (below.max() if len(below) else 0)]
    return float(later.min()) if len(later) else math.inf


class Run:
    """A run under thresholds. Values "at the end" are medians over the evaluations
    of the last epochs.
    """

    def __init__(self, record: Record | Measured, thresholds: Thresholds | None = None):
        self.measured = record if isinstance(record, Measured) else Measured.of(record)
        self.limits = thresholds or LIMITS

    @property
    def name(self) -> str:
        """The record's scale and key."""
        return self.measured.name

    @property
    def key(self) -> str:
        """The record's key."""
        return self.name.partition("/")[2]

    @property
    def loss(self) -> str:
        """The loss's name in the registry."""
        return self.measured.spec["loss"]

    @property
    def eta(self) -> float:
        """The noise rate asked for."""
        return self.measured.spec["eta"]

    @property
    def noise_rate(self) -> float:
        """The empirical noise rate e."""
        return self.measured.noise_rate

    @property
    def classes(self) -> int:
        """K."""
        return self.measured.classes

    @property
    def mislabeled(self) -> int:
        """How many training images have a wrong label."""
        return round(self.noise_rate * self.measured.images)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The history, one row an epoch."""
        return self.measured.history

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """The epochs with an evaluation."""
        return self.rows[self.measured.evaluated]

    @property
    def window(self) -> int:
        """How many epochs "at the end" spans."""
        epochs = len(self.measured.columns["epoch"])
        return max(self.limits.last_epochs, math.ceil(self.limits.last_share * epochs))

    def end(self, column: str) -> float:
        """A column at the end; NaN where the run does not have it."""
        return self.measured.median(column, self.window)

    @cached_property
    def final(self) -> pd.Series:
        """Every column at the end."""
        return pd.Series({name: self.end(name) for name in self.measured.columns})

    def at_evaluations(self, column: str) -> np.ndarray:
        """A column at the evaluations."""
        return self.measured.columns[column][self.measured.evaluated]

    @property
    def rise(self) -> float:
        """By how much the training-mode J1 rose over the last part of the epochs; evaluations may
        be too sparse for that.
        """
        j1 = self.measured.columns["training_j1"]
        start = round((1 - self.limits.late_share) * len(j1))
        before = j1[max(0, start - self.window) : start]
        return float(np.median(j1[-self.window :]) - np.median(before))

    @property
    def excess(self) -> float:
        """x at the end."""
        return float(excess(self.end("memorized"), self.end("recovered"), self.classes))

    @property
    def chance(self) -> float:
        """The J2 up to which a network is at chance: with ten classes twice chance."""
        k = self.classes
        return 1 / k + min(1 / k, (1 - 1 / k) / self.limits.chance_part)

    @property
    def collapsed(self) -> bool:
        """Whether the network is at chance at the end, or predicts only few classes."""
        few = max(self.limits.least_classes, self.limits.class_share * self.classes)
        return bool(self.end("j2") <= self.chance or self.end("classes") < few)

    @property
    def reached(self) -> float:
        """The first epoch from which the training-mode J1 stays near 1;
        infinite if there is none.
        """
        epochs, j1 = (self.measured.columns[name] for name in ("epoch", "training_j1"))
        return stays(epochs, j1, self.limits.reached)

    @property
    def crossover(self) -> float:
        """The first evaluation with clearly more memorized than recovered;
        infinite if there is none.
        """
        return self.overtakes(*map(self.at_evaluations, ("epoch", "memorized", "recovered")))

    @property
    def training_crossover(self) -> float:
        """The same in training mode, which every epoch has."""
        names = ("epoch", "training_memorized", "training_recovered")
        return self.overtakes(*(self.measured.columns[name] for name in names))

    def overtakes(self, epochs: np.ndarray, m: np.ndarray, r: np.ndarray) -> float:
        """The first epoch with m clearly above r; infinite if there is none."""
        ahead = epochs[lead(m, r, self.mislabeled, self.limits.deviations)]
        return float(ahead.min()) if len(ahead) else math.inf

    def by_schedule(self, epoch: float) -> bool:
        """Whether the learning rate dropped in that epoch or shortly before."""
        epochs, lr = self.measured.columns["epoch"], self.measured.columns["lr"]
        drops = epochs[1:][lr[1:] < self.limits.lr_drop * lr[:-1]]
        return bool(((drops > epoch - self.limits.drop_epochs) & (drops <= epoch)).any())
