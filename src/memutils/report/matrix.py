"""Curves over epochs in a matrix of panels: a row for a network, a column for a loss.

Each panel is drawn as ``curves`` draws it; one without runs is gray.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
import pandas as pd

from memutils.claims.measured import Measured
from memutils.names import METRIC_NAMES
from memutils.report import curves, figures, plots
from memutils.report.looks import look, opacity

PANEL, NARROW_PANEL, HEAD, BELOW = 158, 168, 16, 64
"""Heights in pixels: of a row of panels, of a panel on a phone, of a row's title, of the legend."""


@dataclass(frozen=True)
class Panel:
    """Runs that are drawn together, under a title.

    ``row`` is the title of the row of panels that it is in, '' where rows have none.
    """

    title: str
    runs: Sequence[Measured] = ()
    row: str = ""


def draw(
    panels: Iterable[Panel], columns: dict[str, str], ncols: int, width: float = figures.WIDE
) -> plt.Figure:
    """The matrix, ``width`` pixels wide; on a phone one column, without the gray panels.

    Args:
        panels: row by row.
        columns: of the history, each with its dash, e.g. {'j1': '-', 'j2': '--'}.
        ncols: panels of a row.
        width: in pixels.
    """
    panels, narrow = list(panels), figures.is_narrow(width)
    if narrow:
        panels, ncols = [p for p in panels if p.runs] or panels[:1], 1
    height = NARROW_PANEL if narrow else PANEL + HEAD * any(p.row for p in panels)
    figure, axes = figures.panels(width, len(panels), height, ncols, BELOW, sharey=True)
    runs = [run for panel in panels for run in panel.runs]
    highest = max((run.spec["eta"] for run in runs), default=0) or 1
    for i, (axis, panel) in enumerate(zip(axes, panels, strict=True)):
        draw_panel(axis, panel, columns, highest)
        entitle(axis, panel, first=i % ncols == 0, alone=ncols == 1)
    if len(columns) > 1 and panels[0].runs:
        name_curves(axes[0], panels[0], columns)
    for axis, panel in zip(axes[-ncols:], panels[-ncols:], strict=True):  # the lowest of a column
        axis.set_xlabel("epoch" if panel.runs else "")
    if runs:
        curves.explain(figure, runs, columns, highest)
    return figure


def draw_panel(axis: plt.Axes, panel: Panel, columns: dict[str, str], highest: float) -> None:
    """One panel."""
    for run in panel.runs:
        curves.draw_run(axis, run, columns, opacity(run.spec["eta"], highest))
    if "j1" in columns:
        curves.draw_ideal(axis, panel.runs, highest)
    axis.set(ylim=(-0.02, 1.02), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))
    figures.label_first(axis, "accuracy" if {"j1", "j2"} & set(columns) else "share")
    figures.whole_ticks(axis, 4)
    if not panel.runs:
        axis.set(facecolor=(0.5, 0.5, 0.5, 0.12), xticks=[])  # a gray on any ground
        axis.text(0.5, 0.5, "no run", transform=axis.transAxes, ha="center", va="center")
        axis.grid(False)


def entitle(axis: plt.Axes, panel: Panel, first: bool, alone: bool) -> None:
    """A panel's title; above the first one of a row the row's."""
    if alone or not panel.row:
        axis.set_title(", ".join(filter(None, [panel.row, panel.title])), loc="left")
        return
    axis.set_title(f"\n{panel.title}", loc="left")
    if first:
        above = {"xytext": (0, 23), "textcoords": "offset points", "in_layout": False}
        axis.annotate(panel.row, (0, 1), xycoords="axes fraction", weight="bold", **above)


def name_curves(axis: plt.Axes, panel: Panel, columns: Iterable[str]) -> None:
    """Each metric's name, below the lowest end of its curves."""
    place = {"xytext": (0, -4), "textcoords": "offset points", "ha": "right", "va": "top"}
    for column in columns:
        ends = [run.history.dropna(subset=[column]).iloc[-1] for run in panel.runs]
        end = min(ends, key=lambda row: row[column])
        axis.annotate(METRIC_NAMES[column], (end["epoch"], end[column]), **place)


def draw_test(
    panels: Iterable[Panel], etas: Sequence[float], width: float = figures.WIDE
) -> plt.Figure:
    """Test accuracy over epochs: a panel for a network and noise rate, with all of its losses.

    Args:
        panels: a network each.
        etas: noise rates, a column each.
        width: in pixels.
    """
    panels, narrow = list(panels), figures.is_narrow(width)
    shown = [(panel, eta) for panel in panels for eta in etas]
    figure, axes = figures.panels(width, len(shown), PANEL, len(etas), BELOW, sharey="row")
    for axis, (panel, eta) in zip(axes, shown, strict=True):
        for run in panel.runs:
            if run.spec["eta"] == eta:
                curves.draw_run(axis, run, {"test_accuracy": "-"}, 1)
        noise = f"η = {eta:g}" if eta else "clean labels"
        axis.set_title(f"{panel.title}, {noise}", loc="left")
        figures.label_first(axis, "accuracy")
        figures.whole_ticks(axis, 5)
    for axis in axes[-1 if narrow else -len(etas) :]:
        axis.set_xlabel("epoch")
    drawn = map(look, dict.fromkeys(run.spec["loss"] for panel in panels for run in panel.runs))
    marks = {of.name: {"color": of.color, "marker": of.marker} for of in drawn}
    figures.legend(figure, also=marks, place="lower left", ncols=3 if narrow else 5)
    return figure


def conditions(runs: Iterable[Measured]) -> str:
    """What runs have in common, for a caption: images, the noise rate where it is one, seeds,
    epochs, learning rates, alpha and precision.
    """
    runs = list(runs)
    if not runs:
        return "No run is recorded yet."
    images = distinct((r.images for r in runs), "{:,}")
    seeds = distinct((r.spec["seed"] for r in runs), "{}")
    etas = {r.spec["eta"] for r in runs}
    alphas = {r.spec["loss_parameters"]["alpha"] for r in runs if r.spec["loss"] == "rll"}
    parts = [f"{images} images", *(f"η = {eta:g}" for eta in etas if len(etas) == 1)]
    parts += [f"seed{'s' if ',' in seeds else ''} {seeds}", plots.told(runs, "epochs", " epochs")]
    parts += [f"learning rate {plots.told(runs, 'lr')}"]
    parts += [f"RLL with α = {distinct(alphas, '{:g}')}"] if alphas else []
    return "; ".join([*parts, distinct((r.precision for r in runs), "{}")]) + "."


def distinct(values: Iterable, form: str) -> str:
    """The distinct values in order: '0, 1, 2'."""
    return ", ".join(form.format(v) for v in sorted(set(values)))


def table(runs: Iterable[Measured]) -> pd.DataFrame:
    """The evaluations behind a figure, a row each."""
    frames = []
    for run in runs:
        spec = {n: run.spec[n] for n in ("dataset", "network", "loss", "lr", "eta", "seed")}
        named = {"key": run.name.partition("/")[2]} | spec | {"noise_rate": run.noise_rate}
        frame = run.history[["epoch", *METRIC_NAMES]][run.evaluated]
        frames.append(frame.assign(**named)[[*named, *frame.columns]])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
