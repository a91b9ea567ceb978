"""The figures of the plane: a path per run, a panel per kind of loss; excess against the pull."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.transforms import ScaledTranslation

from memutils.report import figures
from memutils.report.looks import INK, look, looks
from memutils.report.symmetry.plane import LEVEL, STEP
from memutils.report.symmetry.traits import KINDS
from memutils.words import listed, percent

PANEL, ROW, BELOW = 230, 21, 50
"""Heights in pixels of a panel, of a row of its legend, and of what is between the two."""

LEFT, RIGHT = 0.5, 2e-3
"""The unfitted shares at the edges; a network that fits all is drawn at the right one."""

NAMES_AT = 3.0
"""Where the column of names begins, on the axis of the pull."""

NAMED = ("nce", "mse", "cce", "logit-clip-cce", "gce", "sce", "mae", "rll")
"""The losses with a name beside the figure of pulls; the others are in the table."""

ROOM = 20
"""Names that stand below each other in a panel without lying on each other, less one."""

MARKERS = dict(zip(KINDS, ("s", "o", "^"), strict=True))


def draw(frame: pd.DataFrame, found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Paths of excess memorization over fit at the middle step size, a mark at the end of each.

    Args:
        frame: from ``plane.paths``.
        found: from ``plane.points``: which losses, and of which kind.
    """
    named = {kind: list(found[found["kind"] == kind]["loss"]) for kind in KINDS}
    named = {kind: names for kind, names in named.items() if names}
    figure, axes = panels(named, width)
    at_step = frame[(frame["s"] == STEP) & frame["loss"].isin(found["loss"])]
    for kind, axis in axes.items():
        others = at_step[~at_step["loss"].isin(named[kind])]
        for _, path in others.groupby("key"):
            axis.plot(unfitted(path), path["x"], color=INK, alpha=0.12, linewidth=0.8, zorder=1)
        for loss, drawn in looks(named[kind]).items():
            for i, (_, path) in enumerate(at_step[at_step["loss"] == loss].groupby("key")):
                axis.plot(unfitted(path), path["x"], linewidth=1.1, **drawn.line)
                end = path.iloc[[-1]]
                axis.plot(
                    unfitted(end),
                    end["x"],
                    drawn.marker,
                    color=drawn.color,
                    clip_on=False,
                    label=drawn.name if i == 0 else None,
                )
        dress(axis)
        legend(axis, width)
        figures.label_first(axis, "excess memorization x")
    return figure


def panels(named: dict[str, list[str]], width: float) -> tuple[plt.Figure, dict[str, plt.Axes]]:
    """A figure with a panel a kind of loss, titled, and room for a legend of its losses below it;
    on a phone one below the other.
    """
    narrow = figures.is_narrow(width)
    lines = [-(-len(names) // (2 if narrow else 1)) for names in named.values()]
    space = ROW * (sum(lines) if narrow else max(lines, default=0) + 3)
    figure, axes = figures.panels(width, len(named), PANEL, below=space, sharey=True)
    for axis, kind in zip(axes, named, strict=True):
        axis.set_title(kind.replace(", ", ",\n"), loc="left")
    return figure, dict(zip(named, axes, strict=True))


def legend(axis: plt.Axes, width: float) -> None:
    """A panel's losses by name, below it: at a fixed distance, so that the layout leaves room."""
    columns = 2 if figures.is_narrow(width) else 1
    down = ScaledTranslation(0, -BELOW / figures.UNIT, axis.figure.dpi_scale_trans)
    place = {"bbox_to_anchor": (-0.02, 0), "bbox_transform": axis.transAxes + down}
    axis.legend(loc="upper left", **place, ncols=columns, handletextpad=0.2, labelspacing=0.3)


def unfitted(path: pd.DataFrame) -> pd.Series:
    """1 - fitted, within the edges of the picture."""
    return (1 - path["fitted"]).clip(RIGHT, LEFT)


def dress(axis: plt.Axes) -> None:
    """A panel's scale and the line of equal fit."""
    axis.set(xscale="log", xlim=(LEFT, RIGHT), ylim=(-0.03, 1.03), xlabel="share of clean fitted")
    shares = (0.5, 0.9, 0.95, 0.99, 1)
    axis.set_xticks(
        [max(1 - share, RIGHT) for share in shares], [f"{share:g}".lstrip("0") for share in shares]
    )
    axis.minorticks_off()
    axis.axvline(1 - LEVEL, color=INK, linestyle=":", linewidth=1, alpha=0.6)


def draw_pulls(found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Excess at equal fit and at the end against the pull, a mark a loss, its kind by marker."""
    figure, axes = figures.panels(width, 2, 320, below=40)
    panels = {"x_at_fit": f"x where {LEVEL:g} of the clean are fitted", "x_at_end": "x at the end"}
    for axis, (column, title) in zip(axes, panels.items(), strict=True):
        shown = found.dropna(subset=[column]).sort_values(column)
        shown = shown[~shown["collapsed"].astype(bool)]
        for row in shown.itertuples():
            y = getattr(row, column)
            marker, color = MARKERS[row.kind], look(row.loss).color
            axis.plot(row.pull, y, marker, color=color, ms=5)
        for x, y, at, name in labels(shown, column):
            line = {"arrowstyle": "-", "color": INK, "alpha": 0.25, "lw": 0.6, "shrinkB": 4}
            place = {"ha": "left", "va": "center", "arrowprops": line}
            axis.annotate(name, (x, y), (NAMES_AT, at), **place)
        axis.set_title(title, loc="left")
        axis.set(xscale="log", xlim=(0.04, 40), xlabel="pull of a wrong label at small $p_y$")
        axis.set_xticks([0.05, 0.1, 0.2, 0.5, 1, 2], ["0.05", "0.1", "0.2", "0.5", "1", "2"])
        axis.xaxis.set_label_coords(0.25, -0.12)
        axis.minorticks_off()
    marks = {kind: {"marker": marker, "linestyle": ""} for kind, marker in MARKERS.items()}
    columns = 1 if figures.is_narrow(width) else 3
    figures.legend(figure, also=marks, place="lower left", ncols=columns)
    return figure


def labels(shown: pd.DataFrame, column: str) -> list[tuple[float, float, float, str]]:
    """For each mark of ``NAMED`` its x and y, the height of its name in a column beside all marks,
    and the name.

    Names are in the order of their marks, as near to them as they can be without lying on each
    other.
    """
    shown = shown[shown["loss"].isin(NAMED)]
    y = shown[column].to_numpy(float)
    if not len(y):
        return []
    apart = max(y.max() - y.min(), 0.01) / max(len(y) - 1, ROOM)
    at = y.copy()
    for i in range(1, len(at)):
        at[i] = max(at[i], at[i - 1] + apart)
    at[-1] = min(at[-1], y.max())
    for i in range(len(at) - 2, -1, -1):
        at[i] = min(at[i], at[i + 1] - apart)
    names = [look(loss).name for loss in shown["loss"]]
    return list(zip(shown["pull"], y, at, names, strict=True))


def alt(found: pd.DataFrame) -> str:
    """Both figures in words."""
    told = []
    for kind in KINDS:
        rows = found[found["kind"] == kind]
        if len(rows):
            ends = listed(f"{look(r.loss).name} {percent([r.x_at_end])}" for r in rows.itertuples())
            told.append(f"{kind}: {ends}")
    return f"Excess memorization at the end of training. {'; '.join(told)}."
