"""Losses compared at the same noise rate and seed: P0, C5, the second part of C13, and E1."""

from memutils.claims.cases import NOT_TESTED, OPEN, Case, Finding, last_epoch, pair, verdict
from memutils.claims.intervals import mcnemar, paired, standard_error
from memutils.claims.outcomes import Run
from memutils.claims.rules.fit import SHORT
from memutils.claims.thresholds import Thresholds


def more(first: Run, second: Run, part: str, limits: Thresholds) -> Finding:
    """Whether a fraction of the first run is above that of the second by 3 SE, image by image."""
    b, c, n = pair(first, second, part)
    difference, column = (b - c) / n, {"memorized": "memorized", "tested": "test_accuracy"}[part]
    statistics = {
        "difference": difference,
        "standard_error": standard_error(b, c, n),
        "mcnemar_z": mcnemar(b, c),
        "difference_of_medians": first.end(column) - second.end(column),
        first.loss: first.end(column),
        second.loss: second.end(column),
    }
    passed = difference > limits.deviations * statistics["standard_error"]
    return Finding(verdict(passed), statistics, paired(b, c, n, limits.confidence))


def memorizes_less(case: Case, limits: Thresholds) -> Finding:
    """P0, two of its four verdicts: m of the other loss is above RLL's by 3 SE, image by image."""
    return more(case.other(case.against[0]), case.run, "memorized", limits)


def more_accurate(case: Case, limits: Thresholds) -> Finding:
    """P0, the other two: RLL's test accuracy is above that of the other loss by 3 SE,
    image by image.
    """
    return more(case.run, case.other(case.against[0]), "tested", limits)


def high_not_all(case: Case, limits: Thresholds) -> Finding:
    """C5: J1 of MSE is at least ``high_j1`` and more than ``below_cce`` below that of CCE, both
    changing by at most ``steady`` over the last epochs.
    """
    mse, cce = case.run, case.other("cce")
    gap = cce.end("j1") - mse.end("j1")
    statistics = {
        "j1_cce_minus_mse": gap,
        "j1": mse.end("j1"),
        "rise": mse.rise,
        "rise_of_cce": cce.rise,
        "last_epoch": last_epoch(cce, mse, "given"),
    }
    interval = paired(*pair(cce, mse, "given"), limits.confidence)
    if max(abs(mse.rise), abs(cce.rise)) > limits.steady:
        return Finding(NOT_TESTED, statistics, interval, SHORT)
    passed = mse.end("j1") >= limits.high_j1 and gap > limits.below_cce
    return Finding(verdict(passed), statistics, interval)


def nearer_to_rll(case: Case, limits: Thresholds) -> Finding:
    """C13, second: x is nearer to RLL's than to MSE's; open where MSE's x is not above RLL's."""
    x, rll, mse = case.run.excess, case.other("rll").excess, case.other("mse").excess
    statistics = {
        "distance_to_rll_less_to_mse": abs(x - rll) - abs(x - mse),
        "excess": x,
        "excess_rll": rll,
        "excess_mse": mse,
    }
    if not mse > rll:
        return Finding(OPEN, statistics, why="MSE does not memorize more than RLL")
    return Finding(verdict(abs(x - rll) < abs(x - mse)), statistics)


def memorizer_has_lower_risk(case: Case, limits: Thresholds) -> Finding:
    """E1: fails for a pair in which CCE memorizes (m at least ``memorizer``) and its network has
    the lower RLL risk on RLL's training labels.
    """
    cce, rll = case.other("cce"), case.run
    risks = {run.loss: run.measured.risks["train"]["rll"]["training"] for run in (cce, rll)}
    statistics = {
        "risk_cce_less_rll": risks["cce"] - risks["rll"],
        "risk_cce": risks["cce"],
        "risk_rll": risks["rll"],
    }
    if cce.end("memorized") < limits.memorizer:
        return Finding(NOT_TESTED, statistics, why="CCE is no memorizer here")
    return Finding(verdict(not risks["cce"] < risks["rll"]), statistics)
