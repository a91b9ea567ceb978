"""What a cell compares and what a rule found: cases and findings,
and which runs cannot tell anything.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from memutils.claims.intervals import Interval
from memutils.claims.outcomes import Run
from memutils.claims.selection import Protocol
from memutils.claims.thresholds import Thresholds
from memutils.names import LOSS_NAMES

HOLDS, FAILS, OPEN = "holds", "fails", "open"
INCONCLUSIVE, NOT_TESTED = "inconclusive", "not tested"


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes:
        state: HOLDS or FAILS; OPEN where an interval covers the threshold; INCONCLUSIVE where a run
            collapsed or is underfitted; NOT_TESTED where the run cannot tell for another reason.
        statistics: numbers by name, the one that decides first.
        interval: of that first number, describing.
        why: what the numbers do not say.
    """

    state: str
    statistics: dict[str, float] = field(default_factory=dict)
    interval: Interval | None = None
    why: str = ""


@dataclass(frozen=True)
class Case:
    """The runs that a cell compares, by (loss, eta).

    ``clean`` holds the runs on clean labels that are there, by loss: they tell what is underfitted.
    ``against`` names the losses that the loss in question is compared with.
    """

    loss: str
    eta: float
    seed: int
    runs: dict[tuple[str, float], Run]
    clean: dict[str, Run]
    against: tuple[str, ...] = ()

    @property
    def run(self) -> Run:
        """The run in question."""
        return self.runs[self.loss, self.eta]

    @property
    def clean_run(self) -> Run:
        """The run of the same loss on clean labels."""
        return self.runs[self.loss, 0.0]

    def other(self, loss: str) -> Run:
        """The run of another loss at the same noise rate."""
        return self.runs[loss, self.eta]


def case_of(
    protocol: Protocol,
    wanted: Iterable[tuple[str, float]],
    seed: int,
    alpha: float,
    limits: Thresholds,
    clean: Protocol | None = None,
) -> Case | None:
    """A seed's runs of these losses and noise rates, the first of them in question, beside those on
    clean labels, of ``clean`` where it is given, else of the protocol; None where one is missing.
    """
    found = {key: protocol.get(*key, seed, alpha) for key in wanted}
    if not all(found.values()):
        return None
    losses = list(dict.fromkeys(loss for loss, _ in found))
    marks = {loss: (clean or protocol).get(loss, 0.0, seed, alpha) for loss in losses}
    runs = {key: Run(run, limits) for key, run in found.items()}
    on_clean = {loss: Run(run, limits) for loss, run in marks.items() if run}
    loss, eta = next(iter(runs))
    return Case(loss, eta, seed, runs, on_clean, tuple(losses[1:]))


def verdict(passed: bool) -> str:
    """HOLDS or FAILS."""
    return HOLDS if passed else FAILS


def collapsed(case: Case) -> str:
    """Which run on wrong labels is at chance at the end, in words; '' if none is."""
    losses = sorted({run.loss for run in case.runs.values() if run.eta > 0 and run.collapsed})
    return f"{LOSS_NAMES[losses[0]]} collapsed" if losses else ""


def inconclusive(case: Case) -> str:
    """Which run on wrong labels collapsed or is underfitted, in words; '' if none.

    Underfitted: J1 of the same loss on clean labels is below 0.95, or f is more than 0.05 below
    that J1. Where the run on clean labels is not recorded, f itself takes the place of that J1: if
    it is 0.95 or more, neither can be so by much.
    """
    if why := collapsed(case):
        return why
    for run in case.runs.values():
        if run.eta > 0:
            fitted, clean = run.end("fitted"), case.clean.get(run.loss)
            fit = clean.end("j1") if clean else fitted
            if fit < run.limits.clean_fit or fitted < fit - run.limits.underfit:
                return f"{LOSS_NAMES[run.loss]} is underfitted"
    return ""


def why_alone(run: Run, clean: Run | None) -> str:
    """Why nothing follows from a run by itself, as it collapsed or is underfitted; '' if it tells.

    ``clean``: the run of the same loss and seed on clean labels, where there is one.
    """
    marks = {run.loss: clean} if clean else {}
    seed = run.measured.spec["seed"]
    return inconclusive(Case(run.loss, run.eta, seed, {(run.loss, run.eta): run}, marks))


def tells(run: Run, clean: Run | None) -> bool:
    """Whether something follows from a run by itself."""
    return not why_alone(run, clean)


def discordant(a: np.ndarray, b: np.ndarray) -> tuple[int, int]:
    """On how many images only a holds, and on how many only b."""
    return int((a & ~b).sum()), int((b & ~a).sum())


def pair(first: Run, second: Run, part: str) -> tuple[int, int, int]:
    """b, c and n of two runs by their last epoch: on the mislabeled images ('memorized'), the
    training images ('given', 'true') or the test images ('tested')."""
    known, key = first.measured.pairs, (second.name, part)
    if key not in known:
        a, b = (getattr(run.measured.last, part) for run in (first, second))
        known[key] = (*discordant(a, b), len(a))
    return known[key]


def last_epoch(first: Run, second: Run, part: str) -> float:
    """The difference of two runs in their last epoch, whose interval stands beside a verdict."""
    b, c, n = pair(first, second, part)
    return (b - c) / n
