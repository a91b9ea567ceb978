"""Curves over epochs from records alone: a panel for a network and loss, in the loss's look.

A thin line is one run's training-mode metric of every epoch, a mark an evaluation. Where a metric
has no training-mode form, such as test accuracy, the line joins the evaluations. The stronger and
thicker a line, the higher the noise rate. Dotted: 1 - e, which J1 reaches where no wrong label is
memorized.
"""

import string

import matplotlib.pyplot as plt
import numpy as np

from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.names import METRIC_NAMES
from memutils.report import figures
from memutils.report.looks import INK, look, opacity, thickness
from memutils.runs.records import Record

PANEL, LEGEND = 210, 50
"""Heights in pixels of a row of panels and of the legend."""


def draw(
    panels: list[tuple[str, list[Record]]],
    columns: dict[str, str],
    width: float = figures.WIDE,
) -> plt.Figure:
    """A figure of panels; one without records says so instead of drawing anything.

    Args:
        panels: (label, records of one data set, network and loss) each.
        columns: of the history, each with its dash, e.g. {'j1': '-', 'j2': '--'}.
        width: in pixels; a phone's figure has one column of panels.
    """
    count = len(panels)
    figure, axes = figures.panels(width, count, PANEL, min(count, 2), LEGEND, sharey=True)
    every = [record for _, records in panels for record in records]
    highest = max([0.6, *(r.spec["eta"] for r in every)])
    for letter, axis, (label, records) in zip(string.ascii_lowercase, axes, panels, strict=False):
        for record in records:
            draw_run(axis, record, columns, opacity(record.spec["eta"], highest))
        if "j1" in columns:
            draw_ideal(axis, records, highest)
        if not records:
            place = {"ha": "center", "va": "center", "transform": axis.transAxes}
            axis.text(0.5, 0.5, "no record yet", alpha=0.7, **place)
            axis.set_xticks([])
        dress(axis, f"({letter}) {label}" if count > 1 else label, columns)
    if every:
        explain(figure, every, columns, highest)
    return figure


def draw_run(axis: plt.Axes, record: Record, columns: dict[str, str], strength: float) -> None:
    """A run's metrics; a cross ends a collapsed one,
    a fine vertical line is a drop of the learning rate.
    """
    history, looks = record.history, look(record.spec["loss"])
    style = {"color": looks.color, "alpha": strength}
    for place, (column, dash) in enumerate(columns.items()):
        marks, training = history.dropna(subset=[column]), f"training_{column}"
        trained = training in history and history[training].notna().any()
        line, name = (history, training) if trained else (marks, column)
        axis.plot(line["epoch"], line[name], linestyle=dash, linewidth=thickness(strength), **style)
        face = looks.color if place == 0 else "none"
        axis.plot(marks["epoch"], marks[column], looks.marker, mfc=face, ms=3.5, mew=0.8, **style)
        if len(marks) and Run(record).collapsed:
            axis.plot(marks["epoch"].iloc[-1], marks[column].iloc[-1], "X", color=INK, ms=9)
    for epoch in drops(record):
        axis.axvline(epoch - 0.5, color=INK, alpha=0.1, linewidth=0.8)


def drops(record: Record) -> list[int]:
    """The epochs that begin with a drop of the learning rate; a decay is none."""
    history = record.history
    epochs, rates = (history[name].to_numpy(float) for name in ("epoch", "lr"))
    return [int(epoch) for epoch in epochs[1:][rates[1:] < LIMITS.lr_drop * rates[:-1]]]


def draw_ideal(axis: plt.Axes, records: list[Record], highest: float) -> None:
    """1 - e of each noise rate, e its mean empirical rate."""
    for eta in sorted({r.spec["eta"] for r in records} - {0}):
        e = np.mean([r.noise_rate for r in records if r.spec["eta"] == eta])
        style = {"color": INK, "linestyle": ":", "linewidth": 1}
        axis.axhline(1 - e, alpha=0.6 * opacity(eta, highest), zorder=1, **style)


def dress(axis: plt.Axes, title: str, columns: dict[str, str]) -> None:
    """Title, labels and limits of a panel."""
    axis.set_title(title, loc="left")
    axis.set(xlabel="epoch", ylim=(-0.02, 1.02), yticks=(0, 0.25, 0.5, 0.75, 1))
    shares = {"memorized", "recovered"} & set(columns)
    figures.label_first(axis, "share of the mislabeled" if shares else "accuracy")
    figures.whole_ticks(axis)


def explain(
    figure: plt.Figure, records: list[Record], columns: dict[str, str], highest: float
) -> None:
    """The legend: metrics by dash and mark, several noise rates by strength, 1 - e."""
    handles = {
        METRIC_NAMES[column]: {
            "linestyle": dash,
            "marker": "o",
            "ms": 4,
            "mfc": "none" if i else INK,
        }
        for i, (column, dash) in enumerate(columns.items())
    }
    etas = sorted({r.spec["eta"] for r in records})
    for eta in etas if len(etas) > 1 else ():
        strength = opacity(eta, highest)
        handles[f"η = {eta:g}"] = {"alpha": strength, "linewidth": 2.5 * thickness(strength)}
    if "j1" in columns and any(r.spec["eta"] for r in records):
        handles["1 − e"] = {"alpha": 0.6, "linestyle": ":"}
    narrow = figures.is_narrow(figure.get_figwidth() * figures.UNIT)
    spaces = {"columnspacing": 1.2, "handlelength": 1.6}
    figures.legend(figure, also=handles, ncols=4 if narrow else 7, **spaces)
