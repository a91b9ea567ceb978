"""The answer figure: a row a loss, in groups; left what is memorized, right test accuracy.

python -m memutils.report.start.drawings book/_static/answer.svg     (the README shows this file)
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import matplotlib.pyplot as plt

from memutils.claims.selection import Pool
from memutils.errors import UserError, command
from memutils.report import figures
from memutils.report.looks import look
from memutils.report.start.rows import Group, alt, groups, over_seeds_told
from memutils.runs.files import write_whole

ROW, HEAD, ABOVE, BELOW = 19, 30, 44, 34
"""Heights in pixels: of a loss, of a group's title, and of what is above and below all groups."""


def draw(found: Iterable[Group], width: float = figures.WIDE) -> plt.Figure:
    """The answer figure, ``width`` pixels wide."""
    found = list(found)
    rows = sum(len(g.losses) for g in found)
    height = ABOVE + BELOW + HEAD * len(found) + ROW * rows
    figure, axes = figures.canvas(width, height, 1, 2, sharey=True)
    figure.get_layout_engine().set(w_pad=6 / figures.UNIT, wspace=0.06)
    y, ticks = 0.0, {}
    for g in found:
        title = f"{g.title}, n = {g.images:,}, learning rate {g.learning_rate:g}"
        figures.row_title(axes[0, 0], y + HEAD / 2, title)
        y += HEAD
        for loss in g.losses:
            ticks[y + ROW / 2] = look(loss).name
            draw_row(axes[0], g, loss, y + ROW / 2)
            y += ROW
    for axis, title in zip(axes[0], ("Wrong labels memorized", "Test accuracy"), strict=True):
        axis.set_title(title, loc="left", fontweight="bold")
        axis.set(
            xlim=(-3, 103), ylim=(y + 4, 0), xticks=(0, 50, 100), xticklabels=("0", "50", "100 %")
        )
        axis.tick_params(length=0, labeltop=True, labelbottom=False)
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.grid(False, axis="y")
    axes[0, 0].set_yticks(list(ticks), list(ticks.values()))
    legend(figure, found)
    return figure


def draw_row(axes: Iterable[plt.Axes], g: Group, loss: str, y: float) -> None:
    """A loss's dots in both panels, the share memorized in digits, and the mark of clean labels."""
    left, right = axes
    looks, dots = look(loss), g.of(loss)
    for axis, name in ((left, "memorized"), (right, "test_accuracy")):
        for d in dots:
            face = looks.color if d.tells else "none"
            axis.plot(
                100 * getattr(d, name), y, looks.marker, color=looks.color, mfc=face, clip_on=False
            )
    if loss in g.clean:
        right.plot(100 * g.clean[loss], y, "|", color=looks.color, ms=11, mew=1.6)
    values = [d.memorized for d in dots]
    side, x = (-1, min(values)) if min(values) > 0.5 else (1, max(values))
    left.annotate(
        over_seeds_told(g, loss, "memorized"),
        (100 * x, y),
        (side * 8, 0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="center_baseline",
    )


def legend(figure: plt.Figure, found: list[Group]) -> None:
    """What the marks mean that are no loss."""
    dot = {"marker": "o", "linestyle": ""}
    marks = {"one seed": dot}
    if not all(d.tells for g in found for d in g.dots):
        marks["inconclusive"] = dot | {"mfc": "none"}
    marks["trained on clean labels"] = dot | {"marker": "|", "ms": 11, "mew": 1.6}
    spaces = {"handletextpad": 0.2, "columnspacing": 1.2}
    figures.legend(figure, also=marks, place="lower left", ncols=3, **spaces)


@command
def main(arguments: list[str] | None = None) -> int:
    """The command: draws the figure of the records into an SVG file."""
    parser = argparse.ArgumentParser(description="Draw the answer figure, from records, as SVG.")
    parser.add_argument("file", type=Path)
    target = parser.parse_args(arguments).file
    found = groups(Pool.load())
    if not found:
        raise UserError(
            "No run of the answer figure is recorded; `make runs SCALE=cpu` makes them."
        )
    write_whole(target, figures.file(draw, found, alt=alt(found)).encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
