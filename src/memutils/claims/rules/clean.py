"""What wrong labels cost, beside the same loss on clean ones: C6, C7, C12, C16 and C17."""

import math

from memutils.claims.cases import FAILS, HOLDS, OPEN, Case, Finding, last_epoch, pair, verdict
from memutils.claims.intervals import Interval, paired
from memutils.claims.outcomes import Run
from memutils.claims.rules.leads import true_above_training
from memutils.claims.thresholds import Thresholds


def ideal_drop(run: Run, clean: Run) -> float:
    """By how much J1 falls if no wrong label is met but by chance: e(Ka - 1)/(K - 1), a the J1 on
    clean labels (equation eq-setting-drop of the book).
    """
    k, a = run.classes, clean.end("j1")
    return run.noise_rate * (k * a - 1) / (k - 1)


def drop(case: Case, limits: Thresholds) -> tuple[dict[str, float], Interval]:
    """The drop of J1 from clean labels, beside the ideal one, and its interval."""
    found = case.clean_run.end("j1") - case.run.end("j1")
    ideal = ideal_drop(case.run, case.clean_run)
    statistics = {
        "drop": found,
        "ideal_drop": ideal,
        "share": found / ideal if ideal else math.nan,
        "last_epoch": last_epoch(case.clean_run, case.run, "given"),
    }
    return statistics, paired(*pair(case.clean_run, case.run, "given"), limits.confidence)


def well_below_clean(case: Case, limits: Thresholds) -> Finding:
    """C6: the drop of J1 is at least ``drop_share`` of the ideal one."""
    statistics, interval = drop(case, limits)
    enough = statistics["drop"] >= limits.drop_share * statistics["ideal_drop"]
    return Finding(verdict(enough), statistics, interval)


def drop_is_ideal(case: Case, limits: Thresholds) -> Finding:
    """C7: the drop of J1 is within ``drop_close`` of the ideal one."""
    statistics, interval = drop(case, limits)
    near = abs(statistics["drop"] - statistics["ideal_drop"]) <= limits.drop_close
    return Finding(verdict(near), statistics, interval)


def true_near_clean(case: Case, limits: Thresholds) -> Finding:
    """C12: J2 is at most ``clean_close`` below J1 on clean labels."""
    below = case.clean_run.end("j1") - case.run.end("j2")
    interval = paired(*pair(case.clean_run, case.run, "true"), limits.confidence)
    statistics = {
        "clean_j1_minus_j2": below,
        "j2": case.run.end("j2"),
        "clean_j1": case.clean_run.end("j1"),
        "last_epoch": last_epoch(case.clean_run, case.run, "true"),
    }
    return Finding(verdict(below <= limits.clean_close), statistics, interval)


def as_accurate(case: Case, limits: Thresholds) -> Finding:
    """C16: the interval of the difference of test accuracies lies inside ± ``equivalence`` (holds),
    outside (fails), or else open.
    """
    b, c, n = pair(case.run, case.clean_run, "tested")
    low, high = paired(b, c, n, limits.equivalence_confidence)
    test, clean = (run.end("test_accuracy") for run in (case.run, case.clean_run))
    statistics = {
        "difference": (b - c) / n,
        "difference_of_medians": test - clean,
        "test_accuracy": test,
    }
    inside = -limits.equivalence <= low and high <= limits.equivalence
    outside = high < -limits.equivalence or low > limits.equivalence
    return Finding(HOLDS if inside else FAILS if outside else OPEN, statistics, (low, high))


def resists(case: Case, limits: Thresholds) -> Finding:
    """C17: the rules of C6 and of C9 together."""
    below, above = well_below_clean(case, limits), true_above_training(case, limits)
    statistics = above.statistics | below.statistics
    state = FAILS if FAILS in (below.state, above.state) else above.state
    return Finding(state, statistics, above.interval)
