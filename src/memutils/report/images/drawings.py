"""Figures of the page that follows images: which images two losses share, in which order they
memorize them, and some images with what each network predicts.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.patches import Rectangle

from memutils.report import figures
from memutils.report.grids.gallery import FATES, drawable
from memutils.report.images.trajectories import Followed
from memutils.report.looks import INK
from memutils.words import plural

SOME = 6
PAPER = ("CCE", "RLL")
"""The losses with which others are compared in a set of many."""

FEW = 6
"""Pairs of a set that are all drawn."""


def drawn(found: pd.DataFrame) -> pd.DataFrame:
    """The pairs that the figure draws: of a set with many, those with CCE or RLL."""
    parts = []
    for _, rows in found.groupby("set", sort=False):
        own = rows["first"].isin(PAPER) | rows["second"].isin(PAPER)
        parts.append(rows[own] if len(rows) > FEW and own.any() else rows)
    return pd.concat(parts) if parts else found


def lines(found: pd.DataFrame) -> list[tuple[float, str, pd.Series | None]]:
    """Height, text and row of each line: the name of a set, and below it its pairs."""
    placed, y = [], 0.0
    for name, rows in found.groupby("set", sort=False):
        placed.append((y, name, None))
        for _, row in rows.iterrows():
            y += 1
            placed.append((y, f"{row['first']}, {row['second']}", row))
        y += 1.6
    return placed


def draw(found: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """How many images two losses both memorize, over what independence gives; and the rank
    correlation of the epochs of memorization. A row is two losses.

    Args:
        found: from ``trajectories.pairs``, of one set or several below each other.
        width: in pixels.
    """
    placed = lines(drawn(found))
    height = 17 * (placed[-1][0] + 1) + 60
    figure, (left, right) = figures.panels(width, 2, height, sharey=True)
    for y, text, row in placed:
        if row is None:
            for axis in (left, right):
                place = axis.get_yaxis_transform()
                axis.text(0.01, y, text, transform=place, va="center", fontweight="bold")
        else:
            both(left, y, row)
            order(right, y, row)
    rows = [(y, text) for y, text, row in placed if row is not None]
    left.set_xscale("log")
    left.set_xlabel("both memorize, over independence")
    left.set_xticks([1, 2, 5, 10], ["1", "2", "5", "10"], minor=False)
    left.minorticks_off()
    right.set_xlabel("rank correlation of the epochs")
    left.set_title("shared images", loc="left")
    right.set_title("same order", loc="left")
    for axis, at in ((left, 1), (right, 0)):
        axis.axvline(at, color=INK, linewidth=0.8, alpha=0.6)
        axis.set_ylim(placed[-1][0] + 0.8, -0.8)
        axis.set_yticks([y for y, _ in rows], [text for _, text in rows])
        axis.tick_params(axis="y", length=0, labelleft=axis is left or figures.is_narrow(width))
        axis.grid(axis="y", visible=False)
    return figure


def both(axis: plt.Axes, y: float, row: pd.Series) -> None:
    """A mark for what two losses share, a thin line to the most there can be, and a thick one for
    what independence gives in 95 of 100 cases.
    """
    expected = row["expected"]
    if not expected:  # one of the two memorizes none
        return
    low, high = max(row["low"], 0.5) / expected, row["high"] / expected
    axis.plot([1, row["most"] / expected], [y, y], color=INK, linewidth=1, alpha=0.35)
    axis.plot([low, high], [y, y], color=INK, linewidth=5, alpha=0.3, solid_capstyle="butt")
    if row["both"]:
        outside = not row["low"] <= row["both"] <= row["high"]
        face = INK if outside else "none"
        axis.plot(row["both"] / expected, y, "o", color=INK, markerfacecolor=face)


def order(axis: plt.Axes, y: float, row: pd.Series) -> None:
    """A mark and its 95 % interval, where enough images are memorized with both losses."""
    if not np.isnan(row["order"]):
        axis.plot([row["order_low"], row["order_high"]], [y, y], color=INK)
        axis.plot(row["order"], y, "s", color=INK)


def alt(found: pd.DataFrame) -> str:
    """What to see in ``draw``."""
    shown = drawn(found)
    times = (shown["both"] / shown["expected"].where(shown["expected"] > 0)).max()
    if np.isnan(times) or shown["order"].isna().all():
        return f"{plural(len(shown), 'pair')} of losses, with too few memorized images to compare."
    return (
        f"{len(shown)} pairs of losses. Where both losses memorize few images, up to "
        f"{times:.1f} times as many are shared as independence gives. The rank correlations go "
        f"from {shown['order'].min():.2f} to {shown['order'].max():.2f}."
    )


def draw_some(
    runs: Followed, images: np.ndarray, at: np.ndarray, width: float = figures.WIDE
) -> plt.Figure:
    """The first images of the wall, one of each class, with a row for each loss: a cell an
    evaluation, in the color of what became of the label, with its sign where that changes.

    Args:
        runs: a set.
        images: of the wall, uint8 (n, H, W, C).
        at: which mislabeled images these are, (n,).
        width: in pixels.
    """
    firsts = np.unique(runs.true[at], return_index=True)[1][:SOME]
    count = len(runs.courses)
    height = len(firsts) * max(64, 14 * count + 24)
    figure, axes = figures.canvas(width, height, len(firsts), 2, width_ratios=(1, 5))
    for (left, right), k in zip(axes, firsts, strict=True):
        picture = drawable(images[k])
        left.imshow(picture, cmap="gray_r" if picture.ndim == 2 else None)
        left.set(xticks=[], yticks=[])
        left.grid(False)
        i = at[k]
        left.set_xlabel(f"{runs.classes[runs.true[i]]} ({runs.classes[runs.given[i]]})")
        for y, course in enumerate(runs.courses):
            strip(right, y, course.predicted[:, i], int(runs.given[i]), int(runs.true[i]))
        right.set(xlim=(0, len(runs.epochs)), ylim=(count, 0), xticks=[])
        right.set_yticks(np.arange(count) + 0.5, [course.name for course in runs.courses])
        right.spines[:].set_visible(False)
        right.grid(False)
    return figure


def strip(axis: plt.Axes, y: int, predicted: np.ndarray, given: int, true: int) -> None:
    """A run of one image: stretches of equal fate as bars, each with its sign."""
    fate = np.where(predicted == given, 0, np.where(predicted == true, 1, 2))
    starts = np.flatnonzero(np.diff(fate, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(fate)], strict=True):
        color, sign = list(FATES.values())[fate[start]]
        bar = Rectangle((start, y + 0.12), end - start, 0.76, color=color, alpha=0.45, linewidth=0)
        axis.add_patch(bar)
        axis.text((start + end) / 2, y + 0.5, sign, ha="center", va="center", fontsize=9)
