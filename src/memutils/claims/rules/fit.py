"""How far and how fast the training labels are fitted: C1, C2, C3, C4 and the first part of C13."""

import math
from functools import partial
from itertools import pairwise

from memutils.claims.cases import NOT_TESTED, Case, Finding, verdict
from memutils.claims.intervals import wilson
from memutils.claims.thresholds import Thresholds

SHORT = "J1 was still changing when training ended"


def memorizes(case: Case, limits: Thresholds) -> Finding:
    """C1, C2, C4: J1 at least ``full_j1`` and m at least ``full_memorized``; not tested where they
    are missed while J1 rises by more than ``steady``.
    """
    run = case.run
    j1, m = run.end("j1"), run.end("memorized")
    first = j1 >= limits.first_j1 and m >= limits.first_memorized
    statistics = {"memorized": m, "j1": j1, "rise": run.rise, "first_version": float(first)}
    passed = j1 >= limits.full_j1 and m >= limits.full_memorized
    short = not passed and run.rise > limits.steady
    interval = wilson(m, run.mislabeled, limits.confidence)
    return Finding(
        NOT_TESTED if short else verdict(passed), statistics, interval, SHORT if short else ""
    )


def takes_longer(case: Case, limits: Thresholds) -> Finding:
    """C3: the first epoch from which the training-mode J1 stays at ``reached`` or above does not
    fall in eta, and rises from end to end.

    An epoch that is not reached is later than all, if J1 is on its way. Not tested where one of the
    epochs lies within ``drop_epochs`` of a drop of the learning rate, or where J1 is not on its
    way.
    """
    runs = [case.runs[case.loss, eta] for eta in limits.etas]
    epochs = [run.reached for run in runs]
    statistics = {f"epoch_at_eta_{r.eta:g}": t for r, t in zip(runs, epochs, strict=True)}
    untested = partial(Finding, NOT_TESTED, statistics)
    for run, epoch in zip(runs, epochs, strict=True):
        if epoch == math.inf and run.rise <= limits.steady:
            why = f"J1 is not on its way to {limits.reached:g} at η = {run.eta:g}"
            return untested(why=why)
        if run.by_schedule(epoch):
            return untested(why=f"the learning rate dropped just before, at η = {run.eta:g}")
    if min(epochs) == math.inf:
        return untested(why=f"J1 stays at {limits.reached:g} at no noise rate")
    ordered = all(a <= b for a, b in pairwise(epochs))
    return Finding(verdict(ordered and epochs[0] < epochs[-1]), statistics)


def saturates(case: Case, limits: Thresholds) -> Finding:
    """C13, first: J1 of normalized MSE is at most ``saturated`` and changes by at most ``steady``
    over the last epochs.
    """
    run = case.run
    j1, statistics = run.end("j1"), {"j1": run.end("j1"), "rise": run.rise}
    interval = wilson(j1, run.measured.images, limits.confidence)
    if j1 <= limits.saturated and abs(run.rise) > limits.steady:
        return Finding(NOT_TESTED, statistics, interval, SHORT)
    return Finding(verdict(j1 <= limits.saturated), statistics, interval)
