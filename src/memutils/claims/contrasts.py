"""The claims that are a contrast over seeds: P1 (loss or step size) and H1 (labels from people).

Each takes the pool, the column and the thresholds, and returns a ``Contrast``.
"""

import functools
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import fmean

from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED, OPEN, Case, case_of, inconclusive
from memutils.claims.intervals import Interval, over_seeds
from memutils.claims.measured import Measured
from memutils.claims.outcomes import at_level, excess
from memutils.claims.selection import Column, Pool, differing
from memutils.claims.steps import step_scale
from memutils.claims.thresholds import Thresholds
from memutils.names import LOSS_NAMES
from memutils.runs.specs import Spec
from memutils.values import grouped


@dataclass(frozen=True)
class Contrast:
    """What a contrast over seeds came to.

    Attributes:
        state: HOLDS, FAILS, OPEN or NOT_TESTED.
        images: training images; 0 without runs.
        rows: numbers by name, a row a seed (and level).
        intervals: mean and interval by name of the contrast.
        why: what the numbers do not say.
        records: names of the runs.
    """

    state: str
    images: int = 0
    rows: list[dict] = field(default_factory=list)
    intervals: dict[str, tuple[float, Interval | None]] = field(default_factory=dict)
    why: str = ""
    records: tuple[str, ...] = ()


def x_at_level(run: Measured, level: float) -> float:
    """A run's excess memorization where its training-mode f first reaches a level;
    NaN if it never does.
    """
    m, r = run.columns["training_memorized"], run.columns["training_recovered"]
    return at_level(run.columns["training_fitted"], excess(m, r, run.classes), level)


def lacking(recorded: bool) -> str:
    """Why a contrast has no seed."""
    return "no seed has all the runs that it compares" if recorded else "no run is recorded"


@functools.cache
def _step(settings: str, classes: int) -> float:
    return step_scale(Spec(**json.loads(settings)), num_classes=classes)


def step_size(run: Measured) -> float:
    """s: the learning rate times the norm of the loss's logit gradient at the uniform answer."""
    return _step(json.dumps(run.spec | {"seed": 0}, sort_keys=True), run.classes)


def by_step(runs: Iterable[Measured]) -> dict[int, dict[tuple[str, float], Measured]]:
    """Runs by seed, then by loss and s."""
    found: dict[int, dict[tuple[str, float], Measured]] = {}
    for run in runs:
        found.setdefault(run.spec["seed"], {})[run.spec["loss"], step_size(run)] = run
    return found


def at_every_step(pool: Pool, column: Column) -> list[Measured]:
    """The runs of P1 on a column's network."""
    runs = pool.of_scale("steps-cnn")
    return [run for run in runs if run.spec["network"] == column.settings["network"]]


def gaps(
    seeds: dict, levels: tuple[float, ...]
) -> tuple[list[dict], list[tuple[str, float, float, int]]]:
    """For each seed and level RLL's highest x and CCE's lowest over the step sizes; and what is
    left out since it does not reach the level: loss, s, level and seed.

    The edge is by how much CCE's lowest x, where it lies at the smallest step that reaches the
    level, is below the next; None where no other step reaches it.
    """
    rows, left_out = [], []
    for seed, runs in sorted(seeds.items()):
        for level in levels:
            x = {key: x_at_level(run, level) for key, run in runs.items()}
            left_out += [(*key, level, seed) for key, value in x.items() if math.isnan(value)]
            of = {
                loss: {s: v for (name, s), v in x.items() if name == loss and not math.isnan(v)}
                for loss in ("rll", "cce")
            }
            if of["rll"] and of["cce"]:
                low, high = min(of["cce"].values()), max(of["rll"].values())
                first, *more = (of["cce"][s] for s in sorted(of["cce"]))
                edge = 0.0 if first > low else more[0] - first if more else None
                row = {"seed": seed, "level": level, "rll_highest": high, "cce_lowest": low}
                rows.append(row | {"gap": high - low, "edge": edge})
    return rows, left_out


def complete(found: dict[int, dict], limits: Thresholds) -> dict[int, dict]:
    """Of ``by_step`` the seeds that have every run that P1 compares, with these runs alone."""
    wanted = {(loss, s) for loss in ("rll", "cce") for s in limits.step_scales}
    return {
        seed: {key: run for key, run in runs.items() if key in wanted}
        for seed, runs in found.items()
        if wanted <= runs.keys()
    }


def equal_fit(pool: Pool, column: Column, limits: Thresholds) -> Contrast:
    """P1: RLL's highest x over the step sizes less CCE's lowest is below -``fit_gap`` at both
    levels of f, by the interval over seeds.

    Fails where at some level the interval lies above -``fit_gap``. Open where it covers that, or
    where in some seed and at some level CCE's lowest x lies at the smallest step size by more than
    ``edge_gap`` below the next, or at the only one that reaches the level. Not tested with fewer
    than ``seeds`` seeds that have all the runs.
    """
    found = by_step(at_every_step(pool, column))
    seeds = complete(found, limits)
    if not seeds:
        return Contrast(NOT_TESTED, why=lacking(bool(found)))
    used = [run for runs in seeds.values() for _, run in sorted(runs.items())]
    rows, left_out = gaps(seeds, limits.fit_levels)
    state, intervals, told = weigh_gaps(rows, limits)
    why = "; ".join(filter(None, [told, named(left_out), unlike(used)]))
    names = tuple(run.name for run in used)
    return Contrast(state, used[0].images, rows, intervals, why, names)


def unlike(runs: Iterable[Measured]) -> str:
    """In what kind of device or precision the compared runs differ; '' where in neither."""
    differ = differing(runs)
    return f"the runs differ: {differ}" if differ else ""


def named(left_out: Iterable[tuple[str, float, float, int]]) -> str:
    """The runs that do not reach a level, from ``gaps``, in words; '' without any."""
    told = []
    for (loss, s), where in grouped(((loss, s), at) for loss, s, *at in left_out).items():
        levels, seeds = (sorted(set(values)) for values in zip(*where, strict=True))
        fits, runs = " and ".join(f"{n:g}" for n in levels), ", ".join(map(str, seeds))
        told.append(f"{LOSS_NAMES[loss]} at s = {s:g} (f = {fits}; seed {runs})")
    return f"left out, since it does not get there: {', '.join(told)}" if told else ""


def seeds_needed(limits: Thresholds) -> int:
    """Seeds that a contrast needs: those of the threshold, and two at least for an interval."""
    return max(limits.seeds, 2)


def over_enough(values: list[float], confidence: float, limits: Thresholds) -> Interval | None:
    """The interval over seeds; None where they are too few to judge by."""
    return over_seeds(values, confidence) if len(values) >= seeds_needed(limits) else None


def weigh_gaps(rows: list[dict], limits: Thresholds) -> tuple[str, dict, str]:
    """P1's verdict from its gaps by seed and level: the state, mean and interval by level,
    and why.
    """
    by_level = {n: [row["gap"] for row in rows if row["level"] == n] for n in limits.fit_levels}
    intervals = {
        f"f = {n:g}": (fmean(v), over_enough(v, limits.primary_confidence, limits))
        for n, v in by_level.items()
        if v
    }
    if min(map(len, by_level.values())) < (needed := seeds_needed(limits)):
        return NOT_TESTED, intervals, f"fewer than {needed} seeds"
    below = all(high < -limits.fit_gap for _, (_, high) in intervals.values())
    above = [name for name, (_, (low, _)) in intervals.items() if low > -limits.fit_gap]
    if any(row["edge"] is None or row["edge"] > limits.edge_gap for row in rows):
        told = "CCE's lowest x lies at the smallest step size"
        if above:  # a lower x of CCE at a smaller step would only raise the difference
            told += (
                ", but no smaller step can make the claim hold, since at "
                f"{' and '.join(above)} the interval already lies above -{limits.fit_gap:g}"
            )
        return OPEN, intervals, told
    return HOLDS if below else FAILS if above else OPEN, intervals, ""


def advantage(case: Case) -> float:
    """m(CCE) - m(RLL) at the end."""
    return case.other("cce").end("memorized") - case.run.end("memorized")


def human_labels(pool: Pool, column: Column, limits: Thresholds) -> Contrast:
    """H1: m(CCE) - m(RLL) under human labels is at most half of that under symmetric noise, by the
    mean of three seeds.

    Fails where the interval over seeds lies above that half, open where it covers it. Seeds with an
    inconclusive run do not count.
    """
    if column.id != "inception-lite":
        return Contrast(NOT_TESTED)
    usual, compared = column.wanted("rll"), [(loss, limits.main_eta) for loss in ("rll", "cce")]
    humans = pool.fitting(usual | {"noise": "given"})
    for human in humans:
        same = pool.of_size(usual, human.images)
        rows, used, left_out = [], [], []
        for seed in human.seeds() if same else []:
            arms = [case_of(p, compared, seed, column.alpha, limits, same) for p in (human, same)]
            if None in arms:
                continue
            used += [run.measured for case in arms for run in case.runs.values()]
            if why := next(filter(None, map(inconclusive, arms)), ""):
                left_out.append(f"seed {seed}: {why}")
                continue
            of_human, of_noise = map(advantage, arms)
            gap = of_human - limits.human_share * of_noise
            rows.append({"seed": seed, "human": of_human, "symmetric": of_noise, "gap": gap})
        if used:
            why = "; ".join(filter(None, [*left_out, unlike(used)]))
            names = tuple(run.name for run in used)
            return judged_by_seeds(rows, human.images, names, why, limits)
    return Contrast(NOT_TESTED, why=lacking(bool(humans)))


HALF = "RLL's advantage with human labels, minus half of that under symmetric noise (H1: 0 or less)"
"""What H1's number is, for the reader."""


def judged_by_seeds(
    rows: list[dict], images: int, names: tuple[str, ...], why: str, limits: Thresholds
) -> Contrast:
    """H1's verdict from its seeds."""
    values = [row["gap"] for row in rows]
    interval = over_enough(values, limits.confidence, limits)
    found = {HALF: (fmean(values), interval)} if values else {}
    if len(values) < (needed := seeds_needed(limits)):
        few = f"fewer than {needed} seeds"
        return Contrast(NOT_TESTED, images, rows, found, "; ".join(filter(None, [few, why])), names)
    state = HOLDS if interval[1] <= 0 else FAILS if interval[0] > 0 else OPEN
    return Contrast(state, images, rows, found, why, names)
