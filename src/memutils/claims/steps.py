"""How long a step is for each loss, and what a fit costs: paths of excess memorization over the
fitted fraction, from records.
"""

import math
from collections.abc import Iterable

import pandas as pd
import torch

from memutils import losses
from memutils.claims.outcomes import Run, at_level, excess
from memutils.claims.thresholds import LIMITS
from memutils.losses.multiples import logit_gradients
from memutils.runs.records import Record
from memutils.runs.specs import Spec


def initial_norm(loss, num_classes: int = 10) -> float:
    """The norm of the gradient of one example's loss with respect to its logits, at the uniform
    answer, where training starts.

    Args:
        loss: called with logits (1, K) in float64 and a target (1,), e.g. from ``losses.build``.
        num_classes: K.
    """
    uniform, label = torch.zeros(1, num_classes), torch.zeros(1, dtype=torch.long)
    return float(logit_gradients(loss, uniform, label).norm())


def step_scale(spec: Spec, registry: dict = losses.LOSSES, num_classes: int = 10) -> float:
    """s, the learning rate times the initial norm: the scale of a step of SGD,
    comparable across losses; three digits.

    ``registry`` holds the losses by name.
    """
    loss = losses.make(spec.loss, registry[spec.loss], spec.loss_parameters)
    return float(f"{spec.lr * initial_norm(loss, num_classes):.3g}")


def path(record: Record) -> pd.DataFrame:
    """A run's evaluations in order: epoch, loss, seed, s, J1, its parts, x and the accuracies."""
    run, spec = Run(record), Spec(**record.spec)
    frame = run.evaluations.copy()
    frame["x"] = excess(frame["memorized"], frame["recovered"], run.classes)
    scale = step_scale(spec, num_classes=run.classes)
    named = {"key": run.key, "loss": run.loss, "seed": spec.seed, "s": scale, "epochs": spec.epochs}
    return frame.assign(**named, oracle=spec.train_on == "clean", collapsed=run.collapsed)


def paths(records: Iterable[Record]) -> pd.DataFrame:
    """The paths of several runs below each other; empty without records."""
    frames = [path(record) for record in records]
    if not frames:
        named = "key loss s seed oracle epochs epoch j1 fitted x test_accuracy collapsed".split()
        return pd.DataFrame(columns=named)
    return pd.concat(frames, ignore_index=True)


def as_data(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns of paths that a figure shows."""
    named = "loss s lr seed epoch fitted memorized recovered x collapsed".split()
    return frame.reindex(columns=named)


def crossing(path: pd.DataFrame, column: str, level: float, value: str) -> float:
    """``value`` where ``column`` first reaches a level, between two passes by interpolation;
    NaN if it never does.
    """
    return at_level(path[column].to_numpy(), path[value].to_numpy(), level)


def at_fit(path: pd.DataFrame, level: float) -> float:
    """x where a path first reaches this fitted fraction; NaN if it never does."""
    return crossing(path, "fitted", level, "x")


def upto(path: pd.DataFrame, epoch: float) -> pd.Series:
    """The last evaluation at or before an epoch: the end of a shorter run,
    as the learning rate is constant.
    """
    return path[path["epoch"] <= epoch].iloc[-1]


def stopped_early(path: pd.DataFrame) -> pd.Series:
    """The evaluation with the highest accuracy on held-out images with *noisy* labels,
    the first of several.
    """
    return path.loc[path["holdout_noisy_accuracy"].idxmax()]


def steps_needed(frame: pd.DataFrame) -> float:
    """Epochs that CCE needs at its quickest learning rate until J1 is near 1, the most over the
    seeds; NaN if a seed never gets there.
    """
    runs = frame[(frame["loss"] == "cce") & ~frame["oracle"].astype(bool)]
    if runs.empty:
        return math.nan
    needed = {
        named: crossing(path, "j1", LIMITS.first_j1, "epoch")
        for named, path in runs.groupby(["seed", "s"])
    }
    return float(pd.Series(needed).groupby(level=0).min().max(skipna=False))


def at_fits(frame: pd.DataFrame, levels: Iterable[float]) -> pd.DataFrame:
    """``at_fit`` of each path: columns loss, seed, s, level, x;
    without the levels that a path does not reach.
    """
    runs = frame.groupby(["loss", "seed", "s"])
    rows = [(*named, level, at_fit(path, level)) for named, path in runs for level in levels]
    return pd.DataFrame(rows, columns=["loss", "seed", "s", "level", "x"]).dropna()


def spread(frame: pd.DataFrame, levels: Iterable[float]) -> pd.DataFrame:
    """x at each level of the fit over the runs of a loss that reach it: loss, level, runs,
    lowest, median, highest.
    """
    x = at_fits(frame, levels).groupby(["loss", "level"])["x"]
    return x.agg(runs="count", lowest="min", median="median", highest="max").reset_index()


def gap_at_fits(frame: pd.DataFrame, levels: Iterable[float], loss: str = "rll") -> pd.DataFrame:
    """For each seed and level that both reach: the highest x of a loss over its learning rates, the
    lowest of CCE over its own, and the gap: how much lower the first is. So a loss lies below CCE
    only if it does at every learning rate of both.
    """
    return _gaps(at_fits(frame, levels), loss)


def _gaps(x: pd.DataFrame, loss: str) -> pd.DataFrame:
    by_loss = x.groupby(["seed", "level", "loss"])["x"]
    highest, lowest = by_loss.max().unstack(), by_loss.min().unstack()
    if not {loss, "cce"} <= set(lowest.columns):
        return pd.DataFrame(columns=["seed", "level", loss, "cce", "gap"])
    both = highest[[loss]].join(lowest[["cce"]]).dropna()
    return both.assign(gap=both["cce"] - both[loss]).reset_index()


def gap_at_accuracy(frame: pd.DataFrame, loss: str = "rll") -> pd.DataFrame:
    """As ``gap_at_fits``, at equal test accuracy: the level of a seed is the highest accuracy that
    some run of either loss reaches.
    """
    rows = []
    for seed, runs in frame[frame["loss"].isin((loss, "cce"))].groupby("seed"):
        best = runs.groupby("loss")["test_accuracy"].max()
        rows += [
            (name, seed, s, best.min(), crossing(path, "test_accuracy", best.min(), "x"))
            for (name, s), path in runs.groupby(["loss", "s"])
            if len(best) == 2
        ]
    x = pd.DataFrame(rows, columns=["loss", "seed", "s", "level", "x"]).dropna()
    return _gaps(x, loss)


def at_times(frame: pd.DataFrame, unit: float, times: Iterable[float]) -> pd.DataFrame:
    """Where each run is after so many times the unit of epochs: loss, s, seed, times, fitted, x."""
    rows = [
        {"loss": loss, "s": s, "seed": seed, "times": n}
        | upto(path, n * unit)[["fitted", "x"]].to_dict()
        for (loss, s, seed), path in frame.groupby(["loss", "s", "seed"])
        for n in times
    ]
    return pd.DataFrame(rows, columns=["loss", "s", "seed", "times", "fitted", "x"])


def verdict(gaps: pd.DataFrame) -> str:
    """What the gaps say: 'common' curve if all are within tolerance; 'below' if at some level every
    seed's is beyond it and none is beyond it the other way; 'mixed' otherwise; 'open' without any.
    """
    if gaps.empty:
        return "open"
    close = LIMITS.fit_gap
    every = gaps.groupby("level")["gap"].min()
    if (gaps["gap"].abs() <= close).all():
        return "common"
    return "below" if (every > close).any() and (gaps["gap"] >= -close).all() else "mixed"
