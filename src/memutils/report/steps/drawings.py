"""The figures of the chapter on the loss and the step size: paths of excess memorization over the
fitted share, and where training is after a given time.
"""

from collections.abc import Iterable

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from memutils.claims import steps
from memutils.claims.equal_fit import LEVELS, Group
from memutils.claims.outcomes import Measured, excess
from memutils.losses import PAPER
from memutils.report import figures
from memutils.report.figures import WIDE
from memutils.report.looks import INK, look

F, X = "fitted share f", "excess memorization x"
TALL, BELOW = 250, 40
"""Heights in pixels of a row of panels and of the legend."""


def marks(axis: plt.Axes, levels: Iterable[float]) -> None:
    """The line x = 0, on which a network blind to the labels lies,
    and the levels of f at which losses are compared.
    """
    axis.axhline(0, color=INK, linewidth=0.9)
    for level in levels:
        axis.axvline(level, color=INK, linewidth=0.6, alpha=0.5)


def legend(figure: plt.Figure, losses: Iterable[str], **more: dict) -> None:
    """Names the losses of a figure below it, and the styles of more lines."""
    lines = {of.name: of.line for of in map(look, losses)} | more
    figures.legend(figure, also=lines, ncols=min(3, len(lines)))


def draw_groups(groups: list[Group], width: float = WIDE) -> plt.Figure:
    """Training-mode paths of the recorded networks, a panel a group, a line a run."""
    figure, axes = figures.panels(width, len(groups), TALL, 2, BELOW, sharey=True)
    for axis, group in zip(axes, groups, strict=True):
        for (loss, _), run in group.runs.items():
            draw_run(axis, loss, run)
        marks(axis, LEVELS)
        axis.set_title(f"{group.network}\nlearning rate {group.learning_rate:g}", loc="left")
        axis.set(xlim=(0, 1.02), ylim=(-0.06, 1.03), xlabel=F)
        figures.label_first(axis, X)
    legend(figure, dict.fromkeys(loss for g in groups for loss in g.losses))
    return figure


def draw_run(axis: plt.Axes, loss: str, run: Measured) -> None:
    """One run's path, epoch by epoch, with a mark at its end."""
    m, r = run.columns["training_memorized"], run.columns["training_recovered"]
    f, x = run.columns["training_fitted"], excess(m, r, run.classes)
    drawn = look(loss)
    axis.plot(f, x, linewidth=1.3, **drawn.line)
    axis.plot(f[-1], x[-1], drawn.marker, color=drawn.color, markersize=5)


def draw_fits(
    compared: pd.DataFrame, levels: Iterable[float], slow: float, width: float = WIDE
) -> plt.Figure:
    """The paths of the MLP where the fit is high: CCE and RLL at every learning rate, and the other
    losses, with CCE behind them in gray.

    Args:
        compared: from ``steps.paths``.
        levels: of f at which losses are compared.
        slow: the largest s that is drawn; faster steps make paths that zigzag.
    """
    figure, axes = figures.panels(width, 2, TALL, below=BELOW, sharey=True)
    for axis, losses in zip(axes, (("cce", "rll"), ("mse", "mae", "nmse")), strict=True):
        for (loss, s, _), rows in compared.groupby(["loss", "s", "seed"]):
            if s <= slow and loss in losses:
                axis.plot(rows["fitted"], rows["x"], linewidth=1.1, alpha=0.8, **look(loss).line)
            elif s <= slow and loss == "cce":
                axis.plot(rows["fitted"], rows["x"], color="0.6", linewidth=0.8, zorder=1)
        marks(axis, levels)
        axis.set(xlim=(0.85, 1.002), ylim=(-0.03, 0.5), xlabel=F)
    axes[0].set_title("CCE and RLL", loc="left")
    axes[1].set_title("the other losses; CCE in gray", loc="left")
    axes[0].set_ylabel(X)
    legend(figure, PAPER)
    return figure


def draw_paths(compared: pd.DataFrame, width: float = WIDE) -> plt.Figure:
    """Every path of the MLP, a panel a loss; the thicker a line and the larger its mark, the larger
    s. A cross ends a run that collapsed.
    """
    scales = sorted(compared["s"].unique())
    thick = dict(zip(scales, np.linspace(0.5, 2.5, len(scales)), strict=True))
    shared = {"sharex": True, "sharey": True}
    figure, axes = figures.panels(width, len(PAPER), TALL, 2, BELOW, **shared)
    for axis, loss in zip(axes, PAPER, strict=True):
        for (name, s, _), rows in compared.groupby(["loss", "s", "seed"]):
            if name == loss:
                draw_path(axis, rows, look(loss).color, thick[s])
            elif name == "cce":
                axis.plot(rows["fitted"], rows["x"], color="0.6", linewidth=0.6, zorder=1)
        marks(axis, ())
        axis.set_title(look(loss).name, loc="left")
        axis.set(xlim=(0, 1.02), ylim=(-0.1, 1.03), xlabel=F, ylabel=X)
        axis.tick_params(labelbottom=True)
    lines = {f"s = {s:g}": {"linewidth": t, "marker": "o"} for s, t in thick.items()}
    lines = {name: line | {"ms": 3 + 2 * line["linewidth"]} for name, line in lines.items()}
    figures.legend(figure, also=lines, ncols=3 if figures.is_narrow(width) else 4)
    return figure


def draw_path(axis: plt.Axes, rows: pd.DataFrame, color: str, thick: float) -> None:
    """One run's path and its end."""
    axis.plot(rows["fitted"], rows["x"], color=color, linewidth=thick, alpha=0.8)
    end, size = rows.iloc[-1], {"markersize": 3 + 2 * thick}
    axis.plot(end["fitted"], end["x"], "x" if end["collapsed"] else "o", color=color, **size)


def draw_times(usual: pd.DataFrame, unit: float, width: float = WIDE) -> plt.Figure:
    """f and x of the MLP against s, after one and four times CCE's time: hollow and filled; points:
    seeds, lines: their mean.
    """
    figure, axes = figures.panels(width, 2, TALL, below=BELOW)
    for loss in PAPER:
        runs = usual[usual["loss"] == loss]
        for times, fill in ((1, "none"), (4, "full")) if len(runs) else ():
            ends = steps.at_times(runs, unit, (times,))
            for axis, column in zip(axes, ("fitted", "x"), strict=True):
                shape = {"color": look(loss).color, "marker": look(loss).marker, "fillstyle": fill}
                axis.plot(ends["s"], ends[column], linestyle="", alpha=0.5, ms=4, **shape)
                mean = ends.groupby("s")[column].mean()
                axis.plot(mean, "-" if times == 4 else "--", linewidth=1.2, ms=5, **shape)
    axes[0].set(ylabel=F, ylim=(0, 1.02))
    axes[1].set(ylabel=X, ylim=(-0.1, 1.03))
    axes[1].axhline(0, color=INK, linewidth=0.9)
    for axis in axes:
        axis.set(xscale="log", xlabel="step size s")
        axis.set_xticks(ticks := (0.001, 0.01, 0.1), [f"{s:g}" for s in ticks])
        axis.minorticks_off()
    marks = {of.name: {"color": of.color, "marker": of.marker} for of in map(look, PAPER)}
    marks = {name: mark | {"linestyle": ""} for name, mark in marks.items()}
    marks["after 4 times CCE's time"] = {"marker": "o"}
    marks["after CCE's time"] = {"marker": "o", "mfc": "none", "linestyle": "--"}
    figures.legend(figure, also=marks, ncols=2 if figures.is_narrow(width) else 4)
    return figure
