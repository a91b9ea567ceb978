"""The losses on one plane: excess memorization against fit, and what of a loss goes with it.

A loss has three traits: whether it is symmetric, whether it is bounded, and its weight at small
p_y. Runs compare at one step size s (``memutils.claims.steps``), at equal fit and at the end.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from scipy.special import stdtrit

from memutils import losses
from memutils.claims import steps
from memutils.claims.answer import counted
from memutils.report.looks import look
from memutils.report.start import listed
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import load_scale

STEP = 0.01
"""The middle one of the plane's step sizes s."""

LEVEL = 0.95
"""The fit at which losses are compared: the higher one of claim P1's."""

SURE = 0.01
"""The p_y at which a loss's weight is taken."""

TRAITS = ("symmetric", "bounded", "log_weight")
FEWEST = 12
"""Losses that a regression on three traits needs at least: three for each coefficient."""


@dataclass(frozen=True)
class Traits:
    """What may decide how much a loss memorizes.

    Attributes:
        symmetric: its sum over the labels is a constant.
        bounded: its values are.
        weight: the norm of its logit gradient for a label with p_y = 0.01 while one other class has
            0.98, over the norm at the uniform answer. So much a wrong label still pulls at a
            network that has learned the true class; cross entropy has 1.5.
    """

    symmetric: bool
    bounded: bool
    weight: float

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` the loss is."""
        return KINDS[0] if self.symmetric else KINDS[1] if self.bounded else KINDS[2]

    @property
    def log_weight(self) -> float:
        """The decimal logarithm of the weight, from 0.0001 up."""
        return math.log10(max(self.weight, 1e-4))


KINDS = ("symmetric", "bounded, not symmetric", "unbounded, not symmetric")


def traits(loss: str, num_classes: int = 10) -> Traits:
    """The traits of a loss of the registry, with its default parameters."""
    built = losses.build(loss)
    norm = steps.initial_norm(built, num_classes)
    return Traits(
        built.symmetry_constant(num_classes) is not None,
        is_bounded(built, num_classes),
        sure_norm(built, num_classes) / norm,
    )


def is_bounded(loss: losses.Loss, num_classes: int = 10) -> bool:
    """Whether a loss stays as large when the logit of its label falls from -1,000 to -10,000."""
    logits = torch.zeros(2, num_classes, dtype=torch.float64)
    logits[:, 0] = torch.tensor([-1e3, -1e4])
    near, far = (float(loss(z[None], torch.zeros(1, dtype=torch.long))) for z in logits)
    return abs(far) < 1.5 * abs(near)


def sure_norm(loss: losses.Loss, num_classes: int = 10) -> float:
    """The norm of the logit gradient where p_y = 0.01, one other class has 0.98, the rest 0.01."""
    p = torch.full((1, num_classes), SURE / (num_classes - 2), dtype=torch.float64)
    p[0, 0], p[0, 1] = SURE, 1 - 2 * SURE
    logits = p.log().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(logits, torch.zeros(1, dtype=torch.long)), logits)
    return float(gradient.norm())


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


def points(frame: pd.DataFrame, s: float = STEP) -> pd.DataFrame:
    """A row a loss at one step size: x at equal fit and at the end, means over its seeds; traits.

    ``x_at_fit`` is NaN unless every seed reaches the level; ``collapsed`` is whether one of them
    did.
    """
    rows = []
    for loss, runs in frame[frame["s"] == s].groupby("loss"):
        by_seed = [path for _, path in runs.groupby("seed")]
        ends = [path.iloc[-1] for path in by_seed]
        of = traits(loss)
        rows.append(
            {
                "loss": loss,
                "seeds": len(by_seed),
                "kind": of.kind,
                "symmetric": of.symmetric,
                "bounded": of.bounded,
                "weight": of.weight,
                "log_weight": of.log_weight,
                "x_at_fit": np.mean([steps.at_fit(path, LEVEL) for path in by_seed]),
                "x_at_end": np.mean([end["x"] for end in ends]),
                "fitted": np.mean([end["fitted"] for end in ends]),
                "collapsed": any(end["collapsed"] for end in ends),
            }
        )
    names = ["loss", "seeds", "kind", *TRAITS[:2], "weight", "log_weight"]
    return pd.DataFrame(
        rows, columns=[*names, "x_at_fit", "x_at_end", "fitted", "collapsed"]
    ).sort_values(["kind", "x_at_end"], key=lambda c: c.map(KINDS.index) if c.name == "kind" else c)


@dataclass(frozen=True)
class Fit:
    """A least-squares fit of x on the three traits, a loss a point.

    Attributes:
        losses: how many.
        table: a row a trait: estimate, low and high (95 %, Student's t), least and most (the
            estimates when any one loss is left out), alone (the share of the variance that the
            trait explains by itself), inflation (of its variance, by the other traits).
        explained: the share of the variance that the three explain together.
    """

    losses: int
    table: pd.DataFrame
    explained: float

    def clear(self, trait: str) -> bool:
        """Whether the interval leaves out zero, and no single loss decides the sign."""
        row = self.table.loc[trait]
        return all(a * b > 0 for a, b in ((row.low, row.high), (row.least, row.most)))


def regress(found: pd.DataFrame, column: str = "x_at_fit") -> Fit | None:
    """x on symmetric, bounded (0 or 1) and log_weight; None with too few losses, or where two
    traits tell the losses apart in one and the same way.
    """
    kept = found.dropna(subset=[column])
    kept = kept[~kept["collapsed"].astype(bool)]
    design = np.column_stack([np.ones(len(kept)), kept[list(TRAITS)].to_numpy(float)])
    x, n = kept[column].to_numpy(float), len(kept)
    if n < FEWEST or np.linalg.matrix_rank(design) < design.shape[1]:
        return None
    estimates, explained = least_squares(design, x)
    inverse = np.linalg.inv(design.T @ design)
    variance = ((x - design @ estimates) ** 2).sum() / (n - design.shape[1])
    half = stdtrit(n - design.shape[1], 0.975) * np.sqrt(variance * np.diag(inverse))
    others = [least_squares(np.delete(design, i, 0), np.delete(x, i))[0] for i in range(n)]
    rows = [
        {
            "estimate": estimates[j],
            "low": estimates[j] - half[j],
            "high": estimates[j] + half[j],
            "least": np.min(others, axis=0)[j],
            "most": np.max(others, axis=0)[j],
            "alone": least_squares(design[:, [0, j]], x)[1],
            "inflation": inverse[j, j] * ((design[:, j] - design[:, j].mean()) ** 2).sum(),
        }
        for j in (1, 2, 3)
    ]
    return Fit(n, pd.DataFrame(rows, index=list(TRAITS)), explained)


def least_squares(design: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, float]:
    """The coefficients, and the share of the variance of x that they explain."""
    estimates = np.linalg.lstsq(design, x, rcond=None)[0]
    left = ((x - design @ estimates) ** 2).sum()
    return estimates, float(1 - left / ((x - x.mean()) ** 2).sum())


WORDS = {"symmetric": "symmetry", "bounded": "boundedness", "log_weight": "ten times the weight"}


def sentence(fit: Fit | None, where: str) -> str:
    """What a fit says, in Markdown; ``where`` names the x, e.g. 'at the end'."""
    if fit is None:
        return f"Too few losses are recorded for a regression of excess memorization {where}."
    told = [
        f"{WORDS[t]} goes with {row.estimate:+.3f} ({row.low:+.3f} to {row.high:+.3f})"
        for t, row in fit.table.iterrows()
    ]
    alone = listed(f"{WORDS[t]} {100 * row.alone:.0f} %" for t, row in fit.table.iterrows())
    clear = [WORDS[t] for t in TRAITS if fit.clear(t)]
    verdict = (
        f"Only for {listed(clear)} does the interval leave out zero with every loss left out once."
        if 0 < len(clear) < len(TRAITS)
        else "No trait's sign is certain: each interval covers zero, or one loss decides it."
        if not clear
        else "All three intervals leave out zero, whichever loss is left out."
    )
    return (
        f"Over {fit.losses} losses, in excess memorization {where}, with the other two held fixed, "
        f"{listed(told)}. {verdict} The three together explain {100 * fit.explained:.0f} % of the "
        f"variance; alone, {alone}."
    ).replace(" %", "\u00a0%")


def left_out(found: pd.DataFrame) -> str:
    """The losses that a comparison at equal fit leaves out; '' if none."""
    missed = found[found["x_at_fit"].isna() | found["collapsed"].astype(bool)]["loss"]
    if missed.empty:
        return ""
    names = listed(look(loss).name for loss in missed)
    verb = "does" if len(missed) == 1 else "do"
    return f"{names} {verb} not reach a fit of {LEVEL:g} in every seed, or collapsed."


def missing(found: pd.DataFrame) -> str:
    """The losses of the plane's grid that have no run at the middle step size yet; '' if none."""
    grid = {s.loss for s in load_scale("plane").specs().values() if s.network == "mlp"}
    names = [look(loss).name for loss in losses.LOSSES if loss in grid - set(found["loss"])]
    return f"No run at s = {STEP:g} is recorded yet for {listed(names)}." if names else ""


def conditions(found: Iterable[Record], s: float = STEP) -> str:
    """What the runs have in common, for the caption; '' without runs."""
    found = list(found)
    if not found:
        return ""
    spec, frame = found[0].spec, steps.paths(found)
    counts = frame[frame["s"] == s].groupby("loss")["seed"].nunique()
    low, high = int(counts.min()), int(counts.max())
    seeds = counted(high, "seed") if low == high else f"{low} to {high} seeds"
    return (
        f"MLP on MNIST (5k), n = {found[0].dataset['sizes']['train']:,}, η = {spec['eta']:g}, SGD "
        f"at a constant learning rate, s = {s:g}, {spec['epochs']} epochs, {seeds} a loss, "
        f"{spec['precision']}."
    )
