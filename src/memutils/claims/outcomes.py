"""What a run came to: its final figures, whether it collapsed, when it got somewhere; from its record.

The thresholds of the claims ledger stand here, once. The margins are about meaning, since sampling error is
small (a standard deviation of .001 to .007 for a fraction of 5,000 examples).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from memutils.records import Record

ETAS = (0.2, 0.4, 0.6)
"""The noise rates of the paper."""

TOLERANCES = {
    "last_share": 0.1,  # "final": the median over the evaluations of this share of the epochs,
    "last_epochs": 5,  # and of these many at least, so that no single dip decides
    "chance_j2": 0.2,  # a network of ten classes that never left chance has J2 near .1
    "clean_fit": 0.95,  # a loss that cannot fit true labels says nothing about wrong ones
    "underfit": 0.05,  # nor does one that fits fewer of the clean examples, by more than this, than without noise
    "near_all": 0.98,  # J1 "near 100 %",
    "memorized": 0.95,  # with this much of the mislabeled examples
    "rising": 0.01,  # more than this over the last fifth of the epochs: training was cut short
    "reached": 0.95,  # J1 gets "near 1" when it stays above this
    "drop_epochs": 3,  # this soon after a drop of the learning rate the schedule is the cause
    "lr_drop": 0.5,  # a rate falls gradually unless it falls by this factor at once
    "high": 0.75,  # J1 "high" and not near all
    "drop_share": 0.5,  # "well below": by half of what ignoring every wrong label would give
    "close": 0.05,  # two accuracies on the training set
    "excess": 0.05,  # two figures of excess memorization that differ
    "test": 0.03,  # two accuracies on test images
    "deviations": 3.0,  # standard errors of a difference of two fractions of the mislabeled examples
    "early_epochs": 3,  # evaluations that make a lead
    "symmetry": 1e-10,  # float64 leaves about 1e-13
}
"""Every threshold, by name."""

T = TOLERANCES


def excess(memorized, recovered, classes: int):
    """Excess memorization: memorized, less the errors of a network blind to the training labels. 0 by chance, at most 1.

    NaN for two classes: there a wrong answer is the training label.
    """
    if classes < 3:
        return memorized * math.nan
    return memorized - (1 - memorized - recovered) / (classes - 2)


def beats(a: float, b: float, n: int) -> bool:
    """Whether fraction a of n examples exceeds fraction b of them by more than chance; not for NaN or n = 0."""
    return n > 0 and a - b > T["deviations"] * math.sqrt((a + b) / n)


def stays(epochs: pd.Series, j1: pd.Series) -> float:
    """The first of the epochs from which J1 stays near 1; infinite if there is none."""
    below = epochs[j1 < T["reached"]]
    later = epochs[epochs > (below.max() if len(below) else 0)]
    return float(later.min()) if len(later) else math.inf


@dataclass(frozen=True)
class Run:
    """A record as the rules see it."""

    record: Record

    key = property(lambda self: self.record.key)
    loss = property(lambda self: self.record.spec["loss"])
    eta = property(lambda self: self.record.spec["eta"])
    rate = property(lambda self: self.record.noise_rate)
    classes = property(lambda self: len(self.record.dataset["classes"]))
    precision = property(lambda self: self.record.provenance["execution"]["precision"])
    mislabeled = property(lambda self: round(self.rate * self.record.dataset["sizes"]["train"]))

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The history, one row an epoch."""
        return self.record.history

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """The epochs with an evaluation."""
        return self.rows[self.rows["j1"].notna()]

    @property
    def window(self) -> int:
        """How many epochs "final" spans."""
        return max(T["last_epochs"], math.ceil(T["last_share"] * len(self.rows)))

    @cached_property
    def final(self) -> pd.Series:
        """The median of each column over the evaluations of the last epochs."""
        return self.evaluations[self.evaluations["epoch"] > self.rows["epoch"].max() - self.window].median()

    @property
    def rise(self) -> float:
        """By how much the training-mode J1 rose over the last fifth; the exact one may be too sparse for that."""
        start = round(0.8 * len(self.rows))
        before = self.rows["training_j1"].iloc[max(0, start - self.window) : start]
        return float(self.rows["training_j1"].iloc[-self.window :].median() - before.median())

    @property
    def excess(self) -> float:
        """Excess memorization at the end."""
        return float(excess(self.final["memorized"], self.final["recovered"], self.classes))

    @property
    def at_chance(self) -> pd.Series:
        """For each evaluation, whether the network had not left chance."""
        return (self.evaluations["j2"] < T["chance_j2"]) | (self.evaluations["classes"] < self.classes / 2)

    @property
    def collapsed(self) -> bool:
        """Whether the final network is at chance."""
        return bool(self.final["j2"] < T["chance_j2"] or self.final["classes"] < self.classes / 2)

    @property
    def reached(self) -> float:
        """The first epoch from which J1 stays near 1, by the evaluations; infinite if there is none."""
        return stays(self.evaluations["epoch"], self.evaluations["j1"])

    @property
    def training_reached(self) -> float:
        """The same by the training-mode J1, which is in train mode and an epoch's average, but there for every epoch."""
        return stays(self.rows["epoch"], self.rows["training_j1"])

    @property
    def crossover(self) -> float:
        """The first evaluation with clearly more memorized than recovered; infinite if there is none."""
        passes = zip(self.evaluations["epoch"], self.evaluations["memorized"], self.evaluations["recovered"], strict=True)
        return next((float(epoch) for epoch, m, r in passes if beats(m, r, self.mislabeled)), math.inf)

    def before(self, epoch: float) -> float:
        """The evaluation before that epoch; 0 if there is none."""
        return float(max((e for e in self.evaluations["epoch"] if e < epoch), default=0))

    def by_schedule(self, epoch: float) -> bool:
        """Whether what the evaluation of that epoch shows may come from a drop of the learning rate."""
        rates = self.rows["lr"]
        drops = self.rows.loc[rates < T["lr_drop"] * rates.shift(), "epoch"]
        earliest = min(self.before(epoch), epoch - T["drop_epochs"])
        return bool(((drops > earliest) & (drops <= epoch)).any())
