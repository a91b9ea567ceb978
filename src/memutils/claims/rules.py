"""The rules of the claims that single runs or pairs of runs decide; ``contrasts`` has those over
seeds.

A rule is a function of a ``Case``, the runs that a cell compares, and of the thresholds. It returns
a ``Finding``. Symbols as in ``memutils.claims.thresholds``; SE is the standard error of the
difference of two fractions of the same images.
"""

import math
from itertools import pairwise

import numpy as np

from memutils.claims.cases import (
    FAILS,
    HOLDS,
    INCONCLUSIVE,
    NOT_TESTED,
    OPEN,
    Case,
    Finding,
    pair,
    verdict,
)
from memutils.claims.intervals import Interval, mcnemar, paired, quantile, standard_error, wilson
from memutils.claims.outcomes import Run, lead, leads
from memutils.claims.thresholds import Thresholds

SHORT = "J1 was still changing when training ended"


def more(first: Run, second: Run, part: str, limits: Thresholds) -> Finding:
    """Whether a fraction of the first run is above that of the second by 3 SE, image by image."""
    b, c, n = pair(first, second, part)
    difference, column = (b - c) / n, {"memorized": "memorized", "tested": "test_accuracy"}[part]
    statistics = {
        "difference": difference,
        "standard_error": standard_error(b, c, n),
        "mcnemar_z": mcnemar(b, c),
        "difference_of_medians": first.end(column) - second.end(column),
        f"{first.loss}": first.end(column),
        f"{second.loss}": second.end(column),
    }
    passed = difference > limits.deviations * statistics["standard_error"]
    return Finding(verdict(passed), statistics, paired(b, c, n, limits.confidence))


def memorizes_less(case: Case, limits: Thresholds) -> Finding:
    """P0, two of its four verdicts: m of the other loss is above RLL's by 3 SE, image by image."""
    return more(case.other(case.against[0]), case.run, "memorized", limits)


def more_accurate(case: Case, limits: Thresholds) -> Finding:
    """P0, the other two: RLL's test accuracy is above that of the other loss by 3 SE, image by
    image.
    """
    return more(case.run, case.other(case.against[0]), "tested", limits)


def memorizes(case: Case, limits: Thresholds) -> Finding:
    """C1, C2, C4: J1 at least 0.95 and m at least 0.9; not tested where they are missed while J1
    rises by more than 0.01.
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
    """C3: the first epoch from which the training-mode J1 stays at 0.95 or above does not fall in
    eta, and rises from end to end.

    An epoch that is not reached is later than all, if J1 is on its way. Not tested where one of the
    epochs lies within three of a drop of the learning rate, or where J1 is not on its way.
    """
    runs = [case.runs[case.loss, eta] for eta in limits.etas]
    epochs = [run.reached for run in runs]
    statistics = {
        f"epoch_at_eta_{run.eta:g}": epoch for run, epoch in zip(runs, epochs, strict=True)
    }
    for run, epoch in zip(runs, epochs, strict=True):
        if epoch == math.inf and run.rise <= limits.steady:
            return Finding(
                NOT_TESTED,
                statistics,
                why=f"J1 is not on its way to {limits.reached:g} at η = {run.eta:g}",
            )
        if run.by_schedule(epoch):
            return Finding(
                NOT_TESTED,
                statistics,
                why=f"the learning rate dropped just before, at η = {run.eta:g}",
            )
    if min(epochs) == math.inf:
        return Finding(
            NOT_TESTED, statistics, why=f"J1 stays at {limits.reached:g} at no noise rate"
        )
    ordered = all(a <= b for a, b in pairwise(epochs))
    return Finding(verdict(ordered and epochs[0] < epochs[-1]), statistics)


def high_not_all(case: Case, limits: Thresholds) -> Finding:
    """C5: J1 of MSE is at least 0.75 and more than 0.02 below that of CCE, both changing by at most
    0.01 over the last fifth.
    """
    mse, cce = case.run, case.other("cce")
    gap = cce.end("j1") - mse.end("j1")
    statistics = {
        "j1_cce_minus_mse": gap,
        "j1": mse.end("j1"),
        "rise": mse.rise,
        "rise_of_cce": cce.rise,
    }
    interval = paired(*pair(cce, mse, "given"), limits.confidence)
    if max(abs(mse.rise), abs(cce.rise)) > limits.steady:
        return Finding(NOT_TESTED, statistics, interval, SHORT)
    return Finding(
        verdict(mse.end("j1") >= limits.high_j1 and gap > limits.below_cce), statistics, interval
    )


def ideal_drop(case: Case) -> float:
    """By how much J1 falls if no wrong label is met but by chance: e(Ka - 1)/(K - 1), a the J1 on
    clean labels.
    """
    k, a = case.run.classes, case.clean_run.end("j1")
    return case.run.noise_rate * (k * a - 1) / (k - 1)


def drop(case: Case, limits: Thresholds) -> tuple[dict[str, float], Interval]:
    """The drop of J1 from clean labels, beside the ideal one, and its interval."""
    found, ideal = case.clean_run.end("j1") - case.run.end("j1"), ideal_drop(case)
    statistics = {"drop": found, "ideal_drop": ideal, "share": found / ideal if ideal else math.nan}
    return statistics, paired(*pair(case.clean_run, case.run, "given"), limits.confidence)


def well_below_clean(case: Case, limits: Thresholds) -> Finding:
    """C6: the drop of J1 is at least three quarters of the ideal one."""
    statistics, interval = drop(case, limits)
    return Finding(
        verdict(statistics["drop"] >= limits.drop_share * statistics["ideal_drop"]),
        statistics,
        interval,
    )


def drop_is_ideal(case: Case, limits: Thresholds) -> Finding:
    """C7: the drop of J1 is within 0.05 of the ideal one."""
    statistics, interval = drop(case, limits)
    return Finding(
        verdict(abs(statistics["drop"] - statistics["ideal_drop"]) <= limits.drop_close),
        statistics,
        interval,
    )


def true_below_training(case: Case, limits: Thresholds) -> Finding:
    """C8: J1 - J2 is at least e/2."""
    run = case.run
    gap = run.end("j1") - run.end("j2")
    statistics = {"j1_minus_j2": gap, "noise_rate": run.noise_rate}
    interval = lead_interval(run, limits)
    scaled = tuple(run.noise_rate * -x for x in reversed(interval))
    return Finding(verdict(gap >= limits.gap_share * run.noise_rate), statistics, scaled)


def lead_interval(run: Run, limits: Thresholds) -> Interval:
    """The interval of r - m at the end, by its SE."""
    m, r, n = run.end("memorized"), run.end("recovered"), run.mislabeled
    half = quantile(limits.confidence) * standard_error(n * m, n * r, n)
    return r - m - half, r - m + half


def true_above_training(case: Case, limits: Thresholds) -> Finding:
    """C9: holds if r is above m by 3 SE, fails if m leads by 3 SE, else open."""
    run = case.run
    m, r, n = run.end("memorized"), run.end("recovered"), run.mislabeled
    state = (
        HOLDS
        if leads(r, m, n, limits.deviations)
        else FAILS
        if leads(m, r, n, limits.deviations)
        else OPEN
    )
    return Finding(
        state,
        {"recovered_minus_memorized": r - m, "recovered": r, "memorized": m},
        lead_interval(run, limits),
    )


def always_above(case: Case, limits: Thresholds) -> Finding:
    """C10: holds if r leads in 95 % of the epochs after leaving chance (training-mode) and no
    evaluation contradicts by 3 SE.

    Fails if m leads by 3 SE at two evaluations or in 5 % of those epochs; else open.
    """
    run, columns = case.run, case.run.measured.columns
    away = np.maximum.accumulate(columns["training_j2"] > run.chance)
    m, r = columns["training_memorized"][away], columns["training_recovered"][away]
    if not len(m):
        return Finding(INCONCLUSIVE, {}, why=f"{run.loss} never left chance")
    evaluated = away[run.measured.evaluated]
    against = lead(
        run.at_evaluations("memorized"),
        run.at_evaluations("recovered"),
        run.mislabeled,
        limits.deviations,
    )
    contrary = int((against & evaluated).sum())
    share, contrary_share = (
        float((r > m).mean()),
        float(lead(m, r, run.mislabeled, limits.deviations).mean()),
    )
    statistics = {
        "share_of_epochs_above": share,
        "share_below_by_3_se": contrary_share,
        "evaluations_against": contrary,
    }
    if contrary >= limits.contrary_evaluations or contrary_share >= limits.contrary_share:
        return Finding(FAILS, statistics)
    return Finding(HOLDS if share >= limits.leading_share and not contrary else OPEN, statistics)


def crosses_over(case: Case, limits: Thresholds) -> Finding:
    """C11: r leads by 3 SE at three evaluations or in three epochs, and after that m leads at every
    evaluation.
    """
    run, columns = case.run, case.run.measured.columns
    first, n, d = run.crossover, run.mislabeled, limits.deviations
    epochs, m, r = (run.at_evaluations(name) for name in ("epoch", "memorized", "recovered"))
    early = int((lead(r, m, n, d) & (epochs < first)).sum())
    training = lead(columns["training_recovered"], columns["training_memorized"], n, d) & (
        columns["epoch"] < first
    )
    statistics = {
        "crossover_epoch": first,
        "evaluations_before": early,
        "epochs_before": int(training.sum()),
    }
    late = lead(m, r, n, d)[epochs >= first]
    led = early >= limits.early_lead or training.sum() >= limits.early_lead
    return Finding(verdict(led and len(late) > 0 and bool(late.all())), statistics)


def true_near_clean(case: Case, limits: Thresholds) -> Finding:
    """C12: J2 is at most 0.05 below J1 on clean labels."""
    below = case.clean_run.end("j1") - case.run.end("j2")
    interval = paired(*pair(case.clean_run, case.run, "true"), limits.confidence)
    statistics = {
        "clean_j1_minus_j2": below,
        "j2": case.run.end("j2"),
        "clean_j1": case.clean_run.end("j1"),
    }
    return Finding(verdict(below <= limits.clean_close), statistics, interval)


def saturates(case: Case, limits: Thresholds) -> Finding:
    """C13, first: J1 of normalized MSE is at most 0.95, and changes by at most 0.01 over the last
    fifth.
    """
    run = case.run
    j1, statistics = run.end("j1"), {"j1": run.end("j1"), "rise": run.rise}
    interval = wilson(j1, run.measured.images, limits.confidence)
    if j1 <= limits.saturated and abs(run.rise) > limits.steady:
        return Finding(NOT_TESTED, statistics, interval, SHORT)
    return Finding(verdict(j1 <= limits.saturated), statistics, interval)


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


def as_accurate(case: Case, limits: Thresholds) -> Finding:
    """C16: the 90 % interval of the difference of test accuracies lies inside ±0.03 (holds),
    outside (fails), or else open.
    """
    b, c, n = pair(case.run, case.clean_run, "tested")
    low, high = paired(b, c, n, limits.equivalence_confidence)
    statistics = {
        "difference": (b - c) / n,
        "difference_of_medians": case.run.end("test_accuracy")
        - case.clean_run.end("test_accuracy"),
        "test_accuracy": case.run.end("test_accuracy"),
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


def memorizer_has_lower_risk(case: Case, limits: Thresholds) -> Finding:
    """E1: fails for a pair in which CCE memorizes (m at least 0.9) and its network has the lower
    RLL risk on RLL's training labels.
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
