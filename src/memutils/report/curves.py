"""Curves over epochs in a matrix of panels: training-mode curves thin, evaluations as marks.

A panel is a loss on a network. Its color and marker are the loss's; a strong color is a high noise
rate. Of two metrics the first is solid with filled marks, the second dashed with hollow ones. A
seed is a line of its own. Where J1 is drawn, a gray line is at 1 - e, the J1 of a network that
knows every true label; a dotted line is where the learning rate drops.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from string import ascii_lowercase

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.ticker import MaxNLocator

from memutils.claims.outcomes import Measured
from memutils.claims.thresholds import Thresholds
from memutils.report import figures
from memutils.report.looks import DASHED, INK, SOLID, look, opacity
from memutils.runs.records import Record

NAMES = {
    "j1": "J1",
    "j2": "J2",
    "memorized": "memorized",
    "recovered": "recovered",
    "fitted": "fitted",
    "test_accuracy": "test accuracy",
}
"""Metrics and their names in a legend."""

PANEL, NARROW_PANEL, BELOW = 158, 168, 64
"""Heights in pixels: of a row of panels, of a panel on a phone, and of the legend."""


@dataclass(frozen=True)
class Panel:
    """Runs that are drawn together, under a title; without runs the panel is gray.

    ``row`` is the title of the row of panels that it is in, '' where rows have none.
    """

    title: str
    runs: Sequence[Measured] = field(default=())
    row: str = ""


def drops(run: Measured) -> list[int]:
    """The epochs after which the learning rate drops."""
    lr, epochs = run.columns["lr"], run.columns["epoch"]
    return [int(e) for e in epochs[:-1][lr[1:] < Thresholds().lr_drop * lr[:-1]]]


def true_levels(runs: Iterable[Measured]) -> dict[float, float]:
    """1 - e for each noise rate above 0, its mean over the runs."""
    rates: dict[float, list[float]] = {}
    for run in runs:
        if run.spec["eta"]:
            rates.setdefault(run.spec["eta"], []).append(1 - run.noise_rate)
    return {eta: fmean(levels) for eta, levels in sorted(rates.items())}


def draw_run(axis: plt.Axes, run: Measured, metrics: Sequence[str], strength: float = 1) -> None:
    """One run: its metrics over epochs, as strongly as ``strength`` (0 to 1) says."""
    looks, epochs = look(run.spec["loss"]), run.columns["epoch"]
    style = {"color": looks.color, "alpha": strength}
    for metric, dash, face in zip(metrics, (SOLID, DASHED), (looks.color, "none"), strict=False):
        values = run.columns[metric]
        there = ~np.isnan(values)
        thin = run.columns.get(f"training_{metric}")
        line = (epochs, thin) if thin is not None else (epochs[there], values[there])
        axis.plot(*line, dash, linewidth=0.9, **style)
        axis.plot(epochs[there], values[there], looks.marker, mfc=face, ms=3.6, mew=0.8, **style)


def draw_panel(axis: plt.Axes, panel: Panel, metrics: Sequence[str], highest: float) -> None:
    """One panel, its lines of reference first."""
    if "j1" in metrics:
        for level in true_levels(panel.runs).values():
            axis.axhline(level, color=INK, alpha=0.35, linewidth=1.6, zorder=1)
    for epoch in sorted({e for run in panel.runs for e in drops(run)}):
        axis.axvline(epoch, color=INK, alpha=0.7, linestyle=":", linewidth=1, zorder=1)
    for run in panel.runs:
        draw_run(axis, run, metrics, opacity(run.spec["eta"], highest))
    axis.set(ylim=(-0.02, 1.02), yticks=(0, 0.5, 1), yticklabels=("0", "0.5", "1"))
    axis.xaxis.set_major_locator(MaxNLocator(4, integer=True))
    if not panel.runs:
        axis.set(facecolor=(0.5, 0.5, 0.5, 0.12), xticks=[])  # a gray on any ground
        axis.text(0.5, 0.5, "no run", transform=axis.transAxes, ha="center", va="center")
        axis.grid(False)


def draw(
    panels: Iterable[Panel], metrics: Sequence[str], ncols: int, width: float = figures.WIDE
) -> plt.Figure:
    """The matrix of panels, ``ncols`` side by side, ``width`` pixels wide; on a phone one column,
    without the gray panels.

    Args:
        panels: row by row.
        metrics: one or two columns of the history.
        ncols: panels of a row.
        width: in pixels.
    """
    panels, narrow = list(panels), figures.is_narrow(width)
    if narrow:
        panels, ncols = [p for p in panels if p.runs] or panels[:1], 1
    rows = -(-len(panels) // ncols)
    heads = 16 * any(p.row for p in panels) * (not narrow)
    height = rows * ((NARROW_PANEL if narrow else PANEL) + heads) + BELOW
    figure, axes = figures.canvas(width, height, rows, ncols, sharey=True)
    highest = max((r.spec["eta"] for p in panels for r in p.runs), default=1) or 1
    for axis in axes.flat[len(panels) :]:
        axis.set_visible(False)
    for i, (axis, panel) in enumerate(zip(axes.flat, panels, strict=False)):
        draw_panel(axis, panel, metrics, highest)
        entitle(axis, panel, first=i % ncols == 0, alone=ncols == 1)
    for axis in axes.flat[max(0, len(panels) - ncols) : len(panels)]:  # the lowest of each column
        axis.set_xlabel("epoch")
    key(figure, panels, metrics, 2 if narrow else 4)
    return figure


def entitle(axis: plt.Axes, panel: Panel, first: bool, alone: bool) -> None:
    """A panel's title; above the first one of a row the row's."""
    if alone or not panel.row:
        axis.set_title(", ".join(filter(None, [panel.row, panel.title])), loc="left")
        return
    axis.set_title(f"\n{panel.title}", loc="left")
    if first:
        above = {"xytext": (0, 23), "textcoords": "offset points", "in_layout": False}
        axis.annotate(panel.row, (0, 1), xycoords="axes fraction", weight="bold", **above)


def key(figure: plt.Figure, panels: list[Panel], metrics: Sequence[str], ncols: int) -> None:
    """What lines and marks mean; noise rates where there are several."""
    runs, handles = [run for panel in panels for run in panel.runs], {}
    for metric, dash, face in zip(metrics, (SOLID, DASHED), (INK, "none"), strict=False):
        handles[NAMES[metric]] = plt.Line2D(
            [], [], color=INK, linestyle=dash, marker="o", mfc=face, ms=3.6, linewidth=0.9
        )
    etas = sorted({run.spec["eta"] for run in runs})
    for eta in etas if len(etas) > 1 else ():
        strength = opacity(eta, etas[-1])
        handles[f"η = {eta:g}"] = plt.Line2D([], [], color=INK, alpha=strength, linewidth=4)
    if "j1" in metrics and any(etas):
        handles["1 − e"] = plt.Line2D([], [], color=INK, alpha=0.35, linewidth=1.6)
    if any(map(drops, runs)):
        handles["drop of the learning rate"] = plt.Line2D([], [], color=INK, linestyle=":")
    if runs:
        place = {"loc": "outside lower left", "ncols": ncols, "columnspacing": 1.2}
        figure.legend(handles.values(), handles.keys(), handletextpad=0.5, **place)


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
    ncols = 1 if narrow else len(etas)
    rows = len(panels) * len(etas) // ncols
    figure, axes = figures.canvas(width, rows * 170 + BELOW, rows, ncols, sharey="row")
    shown = [(panel, eta) for panel in panels for eta in etas]
    for axis, (panel, eta) in zip(axes.flat, shown, strict=True):
        runs = [run for run in panel.runs if run.spec["eta"] == eta]
        for run in runs:
            draw_run(axis, run, ("test_accuracy",))
        noise = f"η = {eta:g}" if eta else "clean labels"
        axis.set_title(f"{panel.title}, {noise}", loc="left")
        axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    for axis in axes[-1]:
        axis.set_xlabel("epoch")
    losses = dict.fromkeys(run.spec["loss"] for panel in panels for run in panel.runs)
    handles = [plt.Line2D([], [], color=look(x).color, marker=look(x).marker) for x in losses]
    names = [look(loss).name for loss in losses]
    figure.legend(handles, names, loc="outside lower left", ncols=3 if narrow else 5)
    return figure


def of_records(panels: Iterable[tuple[str, list[Record]]]) -> list[Panel]:
    """Panels of labels and records, with letters as in a paper: '(a) ResNet-18 on MNIST, CCE'."""
    return [
        Panel(f"({letter}) {label}", [Measured.of(record) for record in found])
        for letter, (label, found) in zip(ascii_lowercase, panels, strict=False)
    ]


def conditions(runs: Iterable[Measured]) -> str:
    """What runs have in common, for a caption: images, seeds, epochs, learning rates, alpha and
    precision.
    """
    runs = list(runs)
    if not runs:
        return "No run is recorded yet."
    images = listed((r.images for r in runs), "{:,}")
    seeds = listed((r.spec["seed"] for r in runs), "{}")
    epochs = listed((r.spec["epochs"] for r in runs), "{}")
    rates = listed((r.spec["lr"] for r in runs), "{:g}")
    alphas = {r.spec["loss_parameters"]["alpha"] for r in runs if r.spec["loss"] == "rll"}
    parts = [f"{images} images", f"seed{'s' if ',' in seeds else ''} {seeds}", f"{epochs} epochs"]
    parts += [f"learning rate {rates}"] + [f"RLL with α = {listed(alphas, '{:g}')}"] * bool(alphas)
    return "; ".join([*parts, listed((r.precision for r in runs), "{}")]) + "."


def listed(values: Iterable, form: str) -> str:
    """The distinct values in order: '0, 1, 2'."""
    return ", ".join(form.format(v) for v in sorted(set(values)))


def table(runs: Iterable[Measured], metrics: Sequence[str] = tuple(NAMES)) -> pd.DataFrame:
    """The evaluations behind a figure, a row each."""
    frames = []
    for run in runs:
        spec = {n: run.spec[n] for n in ("dataset", "network", "loss", "lr", "eta", "seed")}
        named = {"key": run.name.partition("/")[2]} | spec | {"noise_rate": run.noise_rate}
        frame = pd.DataFrame({n: run.columns[n] for n in ("epoch", *metrics)})
        frame = frame[run.evaluated].astype({"epoch": int})
        frames.append(frame.assign(**named)[[*named, *frame.columns]])
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
