"""Whether memorized or recovered labels lead, at the end and on the way: C8, C9, C10 and C11."""

import numpy as np

from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, OPEN, Case, Finding, verdict
from memutils.claims.intervals import Interval, quantile, standard_error
from memutils.claims.outcomes import Run, lead, leads
from memutils.claims.thresholds import Thresholds


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
    above, below = (leads(*pair, n, limits.deviations) for pair in ((r, m), (m, r)))
    statistics = {"recovered_minus_memorized": r - m, "recovered": r, "memorized": m}
    state = HOLDS if above else FAILS if below else OPEN
    return Finding(state, statistics, lead_interval(run, limits))


def always_above(case: Case, limits: Thresholds) -> Finding:
    """C10: holds if r leads in 95 % of the epochs after leaving chance (training-mode) and no
    evaluation contradicts by 3 SE.

    Fails if m leads by 3 SE at two evaluations or in 5 % of those epochs; else open.
    """
    run, columns = case.run, case.run.measured.columns
    away = np.maximum.accumulate(columns["training_j2"] > run.chance)
    m, r = columns["training_memorized"][away], columns["training_recovered"][away]
    if not len(m):
        return Finding(INCONCLUSIVE, {}, why="the network never left chance")
    ends = map(run.at_evaluations, ("memorized", "recovered"))
    against = lead(*ends, run.mislabeled, limits.deviations) & away[run.measured.evaluated]
    contrary, share = int(against.sum()), float((r > m).mean())
    contrary_share = float(lead(m, r, run.mislabeled, limits.deviations).mean())
    statistics = {
        "share_of_epochs_above": share,
        "share_below_by_3_se": contrary_share,
        "evaluations_against": contrary,
    }
    if contrary >= limits.contrary_evaluations or contrary_share >= limits.contrary_share:
        return Finding(FAILS, statistics)
    return Finding(HOLDS if share >= limits.leading_share and not contrary else OPEN, statistics)


def crosses_over(case: Case, limits: Thresholds) -> Finding:
    """C11: r leads by ``deviations`` SE at ``early_lead`` evaluations or epochs,
    and after that m leads at every evaluation."""
    run, columns = case.run, case.run.measured.columns
    first, n, d = run.crossover, run.mislabeled, limits.deviations
    epochs, m, r = (run.at_evaluations(name) for name in ("epoch", "memorized", "recovered"))
    early = int((lead(r, m, n, d) & (epochs < first)).sum())
    ahead = lead(columns["training_recovered"], columns["training_memorized"], n, d)
    training = int((ahead & (columns["epoch"] < first)).sum())
    statistics = {"crossover_epoch": first, "evaluations_before": early, "epochs_before": training}
    late = lead(m, r, n, d)[epochs >= first]
    led = max(early, training) >= limits.early_lead
    return Finding(verdict(led and len(late) > 0 and bool(late.all())), statistics)
