"""The figure of the plane: a path per run, a panel per kind of loss."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.transforms import ScaledTranslation

from memutils.report import figures
from memutils.report.looks import INK, look
from memutils.report.symmetry.plane import LEVEL, STEP
from memutils.report.symmetry.traits import KINDS
from memutils.words import listed, percent

PANEL, ROW, BELOW = 250, 21, 50
"""Heights in pixels of a panel, of a row of its legend, and of what is between the two."""

LEFT, RIGHT = 0.5, 2e-3
"""The unfitted shares at the edges; a network that fits all is drawn at the right one."""

NAMED = ("rll", "mae", "nce", "mse", "gce", "logit-clip-cce", "cce", "sce")
"""The losses that are drawn in their looks, no two of a kind in one color."""

REST = {"color": INK, "alpha": 0.45, "linewidth": 0.8, "marker": ".", "ms": 7}
"""The other losses of a panel's kind, in gray."""

FAR = {"color": INK, "alpha": 0.1, "linewidth": 0.8}
"""The losses of other kinds, paler."""


def draw(frame: pd.DataFrame, found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Paths of excess memorization over fit at the middle step size, a mark at the end of each.

    Args:
        frame: from ``plane.paths``.
        found: from ``plane.points``: which losses, and of which kind.
    """
    of = dict(zip(found["loss"], found["kind"], strict=True))
    figure, axes = panels([kind for kind in KINDS if kind in of.values()], width)
    at_step = frame[(frame["s"] == STEP) & frame["loss"].isin(of)]
    for kind, axis in axes.items():
        for (loss, _), path in at_step.groupby(["loss", "key"]):
            own = style(loss) if of[loss] == kind else FAR
            axis.plot(unfitted(path), path["x"], markevery=[-1], clip_on=False, **own)
        dress(axis)
        legend(axis, width)
        figures.label_first(axis, "excess memorization x")
    return figure


def style(loss: str) -> dict:
    """How a path is drawn in the panel of its kind."""
    if loss not in NAMED:
        return REST | {"label": "the others"}
    drawn = look(loss)
    return drawn.line | {"marker": drawn.marker, "label": drawn.name, "linewidth": 1.2, "zorder": 3}


def panels(kinds: list[str], width: float) -> tuple[plt.Figure, dict[str, plt.Axes]]:
    """A figure with a panel a kind of loss, titled, and room for a legend below it; on a phone one
    below the other.
    """
    space = ROW * (2 * len(kinds) + 3 if figures.is_narrow(width) else 4 + 3)
    figure, axes = figures.panels(width, len(kinds), PANEL, below=space, sharey=True)
    for axis, kind in zip(axes, kinds, strict=True):
        axis.set_title(kind.replace(", ", ",\n"), loc="left")
    return figure, dict(zip(kinds, axes, strict=True))


def legend(axis: plt.Axes, width: float) -> None:
    """A panel's losses by name, below it: at a fixed distance, so that the layout leaves room."""
    columns = 2 if figures.is_narrow(width) else 1
    down = ScaledTranslation(0, -BELOW / figures.UNIT, axis.figure.dpi_scale_trans)
    place = {"bbox_to_anchor": (-0.02, 0), "bbox_transform": axis.transAxes + down}
    lines = dict(zip(*reversed(axis.get_legend_handles_labels()), strict=True))
    names = sorted(lines, key=lambda name: name == "the others")
    spaces = {"handletextpad": 0.5, "labelspacing": 0.3}
    handles = [lines[name] for name in names]
    axis.legend(handles, names, loc="upper left", **place, ncols=columns, **spaces)


def unfitted(path: pd.DataFrame) -> pd.Series:
    """1 - fitted, within the edges of the picture."""
    return (1 - path["fitted"]).clip(RIGHT, LEFT)


def dress(axis: plt.Axes) -> None:
    """A panel's scale and the line of equal fit."""
    axis.set(xscale="log", xlim=(LEFT, RIGHT), ylim=(-0.03, 1.03), xlabel="share of clean fitted")
    shares = (0.5, LEVEL, 0.99, 1)
    names = [f"{share:g}" for share in shares]
    axis.set_xticks([max(1 - share, RIGHT) for share in shares], names)
    first, *_, last = axis.get_xticklabels()
    first.set_ha("left")  # away from the neighboring panel's
    last.set_ha("right")
    axis.minorticks_off()
    axis.axvline(1 - LEVEL, color=INK, linestyle=":", linewidth=1, alpha=0.6)


def alt(found: pd.DataFrame) -> str:
    """Both figures in words."""
    told = []
    for kind in KINDS:
        rows = found[found["kind"] == kind]
        if len(rows):
            ends = listed(f"{look(r.loss).name} {percent([r.x_at_end])}" for r in rows.itertuples())
            told.append(f"{kind}: {ends}")
    return f"Excess memorization at the end of training. {'; '.join(told)}."
