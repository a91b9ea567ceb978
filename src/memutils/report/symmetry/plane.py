"""The losses on one plane: excess memorization against fit, a path a run, a point a loss.

Runs compare at one step size s (``memutils.claims.steps``), at equal fit and at the end.
"""

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

from memutils import losses
from memutils.claims import steps
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.symmetry.traits import KINDS, traits
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import Spec, load_scale
from memutils.words import counted, in_words, listed

STEP = 0.01
"""The middle one of the plane's step sizes s."""

HIGH, LOW = 0.5, 0.2
"""Excess above which a loss memorizes, and below which it hardly does."""

LEVEL = 0.95
"""The fit at which losses are compared: the higher one of claim P1's."""


POINTS = "loss seeds kind symmetric bounded pull log_pull".split()
POINTS += "x_at_fit x_at_end fitted collapsed".split()
"""The columns of ``points``."""


def load() -> list[Record]:
    """The records of the plane's MLP runs, of its own scale and of ``steps``.

    ``steps`` has the paper's losses in the same runs. (It asks for all test images there are, the
    plane for 1,000, which is all.)
    """
    wanted = {run_of(records.spec_dict(s)) for s in load_scale("plane").specs().values()}
    found: dict[str, Record] = {}
    for record in records.load("plane") + records.load("steps"):
        if record.spec["network"] == "mlp" and run_of(record.spec) in wanted:
            found.setdefault(run_of(record.spec), record)
    return list(found.values())


def run_of(spec: dict) -> str:
    """What tells a run of the plane."""
    return json.dumps({n: v for n, v in spec.items() if n != "n_test"}, sort_keys=True)


def distinct(names: Iterable[str]) -> list[str]:
    """The losses without those that are a multiple of an earlier one: they are the same point."""
    kept: list[str] = []
    for name in names:
        if not any(losses.multiple(losses.build(name), losses.build(k)) for k in kept):
            kept.append(name)
    return kept


def paths(found: Iterable[Record]) -> pd.DataFrame:
    """``steps.paths`` of the runs that did not diverge, one loss of those that are multiples."""
    frame = steps.paths(r for r in found if not r.diverged)
    return frame[frame["loss"].isin(distinct(frame["loss"].unique()))]


def points(frame: pd.DataFrame, step: float = STEP) -> pd.DataFrame:
    """A row a loss at a step size: x at equal fit and at the end, means over its seeds; traits.

    ``x_at_fit`` is NaN unless every seed reaches the level; ``collapsed`` is whether one of them
    did.
    """
    rows = []
    for loss, runs in frame[frame["s"] == step].groupby("loss"):
        of, by_seed = traits(loss), runs.groupby("seed")
        ends = by_seed.tail(1)
        fits = [steps.at_fit(path, LEVEL) for _, path in by_seed]
        x = np.mean(fits), ends["x"].mean(), ends["fitted"].mean(), any(ends["collapsed"])
        told = of.kind, of.symmetric, of.bounded, of.pull, of.log_pull
        rows.append((loss, len(ends), *told, *x))
    found = pd.DataFrame(rows, columns=POINTS)
    return found.sort_values(
        ["kind", "x_at_end"], key=lambda c: c.map(KINDS.index) if c.name == "kind" else c
    )


def spreads(frame: pd.DataFrame) -> str:
    """Between which x the runs lie at each fit and at the end, in words; '' without runs."""
    own = frame[frame["s"] == STEP]
    fits = steps.at_fits(own, LIMITS.fit_levels).groupby("level")["x"]
    ends = own.groupby("key")["x"].last()
    if ends.empty:
        return ""
    places = [*((f"a fit of {level:g}", x) for level, x in fits), ("the end", ends)]
    told = [f"from {x.min():.2f} to {x.max():.2f} at {where}" for where, x in places]
    return f"Excess memorization goes {listed(told)}."


def exceptions(found: pd.DataFrame) -> str:
    """Losses that do not do what one trait says: symmetric ones that memorize, others that hardly
    do, ones with a small pull that memorize; '' if none.
    """
    told = found[~found["collapsed"].astype(bool)]
    symmetric, high = told["symmetric"].astype(bool), told["x_at_end"] > HIGH
    sentences = {
        "Symmetry is not enough: among symmetric losses *x* ends at": told[symmetric & high],
        "Symmetry is not needed: among losses without it *x* ends at": told[
            ~symmetric & (told["x_at_end"] < LOW)
        ],
        "A small pull (below the median) is not enough: with it *x* ends at": told[
            (told["pull"] < told["pull"].median()) & high
        ],
    }
    ends = {
        say: listed(f"{row.x_at_end:.2f} for {LOSS_NAMES[row.loss]}" for row in rows.itertuples())
        for say, rows in sentences.items()
        if len(rows)
    }
    text = " ".join(f"{say} {of}." for say, of in ends.items())
    return f"On this MLP {text[0].lower()}{text[1:]}" if text else ""


def left_out(found: pd.DataFrame) -> str:
    """The losses that a comparison at equal fit leaves out; '' if none."""
    missed = found[found["x_at_fit"].isna() | found["collapsed"].astype(bool)]["loss"]
    if missed.empty:
        return ""
    names = listed(LOSS_NAMES[loss] for loss in missed)
    verb = "does" if len(missed) == 1 else "do"
    return f"{names} {verb} not reach a fit of {LEVEL:g} in every seed, or collapsed."


def missing(found: Iterable[Record], step: float = STEP) -> str:
    """The losses of the plane's grid that are not in the pictures of a step size, in words; '' if
    none: those whose run diverged in every seed, and those that have none yet.
    """
    grid = {run.loss for run in load_scale("plane").specs().values() if run.network == "mlp"}
    at = [record for record in found if steps.step_scale(Spec(**record.spec)) == step]
    ended = {record.spec["loss"] for record in at if not record.diverged}
    diverged = {record.spec["loss"] for record in at} - ended
    absent = grid - ended - diverged
    told = []
    for names, lead in ((diverged, "These losses diverged"), (absent, "These losses have no run")):
        ordered = [LOSS_NAMES[loss] for loss in losses.LOSSES if loss in names]
        told += [f"{lead} at s = {step:g}: {listed(ordered)}."] if ordered else []
    return " ".join(told)


def conditions(found: Iterable[Record], frame: pd.DataFrame) -> str:
    """What the runs have in common, for the caption; '' without runs.

    Args:
        found: the runs.
        frame: of the same runs, from ``paths``.
    """
    found = [record for record in found if not record.diverged]
    if not found:
        return ""
    spec = found[0].spec
    counts = frame[frame["s"] == STEP].groupby("loss")["seed"].nunique()
    if counts.empty:
        return ""
    low, high = int(counts.min()), int(counts.max())
    seeds = counted(high, "seed") if low == high else f"{in_words(low)} to {in_words(high)} seeds"
    return (
        f"MLP on MNIST (5k), n = {found[0].dataset['sizes']['train']:,}, η = {spec['eta']:g}, SGD "
        f"at a constant learning rate, s = {STEP:g}, {spec['epochs']} epochs, {seeds} a loss, "
        f"{spec['precision']}."
    )
