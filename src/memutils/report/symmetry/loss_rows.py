"""Figures with a row a loss: its excess memorization and its pull, or its excess at each step
size. The kind of a loss is told by marker and color.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd

from memutils.report import figures
from memutils.report.looks import INK, look
from memutils.report.symmetry.plane import LEVEL
from memutils.report.symmetry.traits import KINDS

ROW, FRAME = 18, 110
"""Heights in pixels of a row, and of what is above and below all."""

LOOKS = dict(zip(KINDS, map(look, ("rll", "mse", "cce")), strict=True))
"""How a kind is marked: as its best-known loss is."""


def rows(losses: Sequence[str], titles: Sequence[str], width: float, ratios=None) -> tuple:
    """A figure with a panel a title and a row a loss, the last one on top; axes (titles,)."""
    space = {"sharey": True, "width_ratios": ratios}
    height = FRAME + ROW * (len(losses) + 2 * figures.is_narrow(width))
    figure, (axes,) = figures.canvas(width, height, 1, len(titles), **space)
    for axis, title in zip(axes, titles, strict=True):
        axis.set_title(title, loc="left")
        axis.tick_params(axis="y", length=0)
        axis.set_ylim(-0.7, len(losses) - 0.3)
    axes[0].set_yticks(range(len(losses)), [look(loss).name for loss in losses])
    return figure, axes


def mark(axis: plt.Axes, x: float, y: float, kind: str, hollow: bool = False) -> None:
    """A loss's mark, in the look of its kind."""
    of = LOOKS[kind]
    style = {"color": of.color, "mfc": "none" if hollow else of.color, "ms": 5.5}
    axis.plot(x, y, of.marker, clip_on=False, **style)


def scale(axis: plt.Axes) -> None:
    """The x axis of excess memorization."""
    ticks = (0, 0.5, 1)
    axis.set_xlim(-0.03, 1.03)
    axis.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def legend(figure: plt.Figure, width: float, also: dict[str, dict] | None = None) -> None:
    """The kinds by color and marker, and ``also`` these."""
    marks = {kind: {"color": of.color, "marker": of.marker} for kind, of in LOOKS.items()}
    marks = {name: {"linestyle": ""} | of for name, of in (marks | (also or {})).items()}
    columns = 1 if figures.is_narrow(width) else 2 if also else 3
    figures.legend(figure, also=marks, place="lower left", ncols=columns)


def draw_pulls(found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Excess memorization, hollow at equal fit and filled at the end, and beside it the pull; the
    highest excess at the end on top.

    Args:
        found: from ``plane.points``.
    """
    shown = found[~found["collapsed"].astype(bool)].sort_values("x_at_end")
    titles = ("excess memorization x", "pull")
    figure, (ends, pulls) = rows(list(shown["loss"]), titles, width, (3, 2))
    for y, row in enumerate(shown.itertuples()):
        both = [row.x_at_fit, row.x_at_end]
        ends.plot(both, [y, y], color=INK, alpha=0.3, linewidth=0.8, zorder=1)
        mark(ends, row.x_at_fit, y, row.kind, hollow=True)
        mark(ends, row.x_at_end, y, row.kind)
        mark(pulls, row.pull, y, row.kind)
    scale(ends)
    ticks = (0.1, 1) if figures.is_narrow(width) else (0.05, 0.2, 1)
    pulls.set(xscale="log", xlim=(0.04, 2.5))
    pulls.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    pulls.minorticks_off()
    at_fit = {"marker": "o", "mfc": "none"}
    also = {f"where {LEVEL:g} of the clean are fitted": at_fit, "at the end": {"marker": "o"}}
    legend(figure, width, also)
    return figure


def draw_steps(x: pd.DataFrame, kinds: pd.Series, width: float = figures.WIDE) -> plt.Figure:
    """Excess memorization at the end, a panel a step size; the highest at the middle one on top.

    Args:
        x: a row a loss, a column a step size, NaN where nothing is told.
        kinds: of the losses.
    """
    x = x.sort_values(x.columns[len(x.columns) // 2], na_position="first")
    figure, axes = rows(list(x.index), [f"s = {s:g}" for s in x], width)
    for axis, s in zip(axes, x, strict=True):
        for y, (loss, value) in enumerate(x[s].items()):
            axis.plot([0, value], [y, y], color=INK, alpha=0.3, linewidth=0.8, zorder=1)
            mark(axis, value, y, kinds[loss])
        scale(axis)
        axis.set_xlabel("x at the end")
    legend(figure, width)
    return figure
