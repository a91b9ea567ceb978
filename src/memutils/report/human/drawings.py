"""The transition matrix of labels from people as a picture."""

import matplotlib.pyplot as plt
import numpy as np

from memutils.report import figures
from memutils.report.human.labels import WORST, Counts
from memutils.report.looks import CROSS_ENTROPY, INK
from memutils.words import listed, percent

FAINT = 0.01
"""Shares below this have no digits in their cell."""


def draw(counts: Counts, width: float = figures.WIDE) -> plt.Figure:
    """A row a true class, a column a worst label; in a cell the share in percent.

    Wrong labels are colored, the more the stronger; right ones, on the diagonal, are framed.
    """
    side = 0.62 * width if not figures.is_narrow(width) else width - 96
    figure, axes = figures.canvas(width, side + 104)
    axis, rates, k = axes[0, 0], counts.rates, len(counts.classes)
    strongest = (rates - np.diag(np.diag(rates))).max()
    for i in range(k):
        for j in range(k):
            fill = {"fc": "none", "ec": INK, "lw": 0.8, "clip_on": False}
            if i != j:
                fill = {"fc": CROSS_ENTROPY, "ec": "none", "alpha": rates[i, j] / strongest}
            axis.add_patch(plt.Rectangle((j - 0.5, i - 0.5), 1, 1, **fill))
            if rates[i, j] >= FAINT:
                axis.text(j, i, f"{100 * rates[i, j]:.0f}", ha="center", va="center")
    axis.set(xlim=(-0.5, k - 0.5), ylim=(k - 0.5, -0.5), aspect="equal")
    axis.set_xticks(range(k), counts.classes, rotation=60, ha="left", rotation_mode="anchor")
    axis.set_yticks(range(k), counts.classes)
    axis.tick_params(length=0, labeltop=True, labelbottom=False)
    axis.set_ylabel("true class")
    axis.set_title("worst label", loc="left")
    axis.grid(False)
    axis.spines[:].set_visible(False)
    return figure


def alt(counts: Counts) -> str:
    """The picture in words."""
    rows = []
    for i, name in enumerate(counts.classes):
        shares = counts.rates[i].copy()
        right, shares[i] = shares[i], 0
        most = int(shares.argmax())
        told = f"{percent([right])} right, most often as {counts.classes[most]}"
        rows.append(f"{name} {told} ({percent([shares[most]])})")
    rate = percent([counts.noise_rates[WORST]])
    return f"Transition matrix, {rate} of the labels wrong. {listed(rows)}."
