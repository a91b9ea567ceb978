"""The chapter on symmetric losses: its figure on the simplex, its table and its sentences."""

import math

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import sympy
import torch

from memutils.names import LOSS_NAMES
from memutils.report import figures
from memutils.report.theory.points import Losses, build, table

CORNERS = {"1": (-0.03, -0.08), "2": (1.03, -0.08), "3": (0.5, 0.89)}
"""Labels and where their corners are marked."""


def points() -> np.ndarray:
    """A barycentric grid (N, 3) just inside the triangle: CCE is infinite on its border."""
    steps = 90
    i, j = np.meshgrid(np.arange(steps + 1), np.arange(steps + 1), indexing="ij")
    keep = i + j <= steps
    p = np.stack([i[keep], j[keep], (steps - i - j)[keep]], 1) / steps
    return 0.998 * p + 0.002 / 3


def values(losses: Losses) -> pd.DataFrame:
    """Each loss for label 1 and its sum over the labels, at the points of the grid."""
    p = points()
    columns = {f"p_{k + 1}": p[:, k] for k in range(3)}
    for name in losses:
        under = table(build(losses, name), torch.from_numpy(p).log()).numpy()
        columns |= {f"{name}, label 1": under[:, 0], f"{name}, sum": under.sum(1)}
    return pd.DataFrame(columns)


def draw(frame: pd.DataFrame, losses: Losses, width: float = figures.WIDE) -> plt.Figure:
    """A loss a column, on a phone a row: level sets for label 1, and the sum over the labels.

    The fields are pictures within the SVG; as triangles they would be many megabytes.
    """
    x, y = frame.p_2 + frame.p_3 / 2, frame.p_3 * math.sqrt(3) / 2
    narrow, n = figures.is_narrow(width), len(losses)
    figure, axes = figures.canvas(
        width, 190 * n if narrow else 330, *((n, 2) if narrow else (2, n))
    )
    center = torch.zeros(1, 3, dtype=torch.float64)
    for (first, second), name in zip(axes if narrow else axes.T, losses, strict=True):
        one = frame[f"{name}, label 1"]
        total = frame[f"{name}, sum"] / float(table(build(losses, name), center).sum())
        levels = np.linspace(one.min(), min(one.max(), 4 * one.median()), 12)
        field = first.tricontourf(x, y, one, levels=levels, cmap="cividis", extend="max")
        flat = second.tripcolor(x, y, total, vmin=1, vmax=2, cmap="cividis", shading="gouraud")
        for drawn in (field, flat):
            drawn.set_rasterized(True)
        if total.max() - total.min() > 1e-9:
            lines = {"levels": np.linspace(1.05, 2.0, 8), "colors": "white", "linewidths": 0.7}
            second.tricontour(x, y, total, **lines)
        first.text(0.5, 1.02, LOSS_NAMES[name], ha="center")
    for axis in axes.flat:
        axis.set(aspect="equal", xlim=(-0.06, 1.06), ylim=(-0.1, 1.1))
        axis.axis("off")
        for label, place in CORNERS.items():
            axis.text(*place, label, ha="center")
    where = {"location": "bottom", "shrink": 0.6} if narrow else {"shrink": 0.9}
    beside = axes if narrow else axes[1]
    figure.colorbar(flat, ax=beside, label="relative sum", extend="max", aspect=14, **where)
    return figure


def sums_sentence(sums: dict[str, sympy.Expr | None]) -> str:
    """The sums over four labels in words and symbols."""
    told = (
        f"{LOSS_NAMES[name]} "
        + ("not constant" if c is None else f"${sympy.latex(sympy.expand_log(c, force=True))}$")
        for name, c in sums.items()
    )
    return f"The sums over four labels: {', '.join(told)}."


def constants_table(found: dict[tuple[str, int], tuple[float, float | None]]) -> pd.DataFrame:
    """A row a loss, of ten classes: how much its sum over the labels varies, and C; ``found`` is
    from ``check_constants``.
    """
    rows = [(name, *pair) for (name, k), pair in found.items() if k == 10]
    frame = pd.DataFrame(rows, columns=["loss", "spread", "C"])
    frame["spread"] = ["below 10⁻¹²" if s < 1e-12 else f"{s:.2f}" for s in frame["spread"]]
    return frame.rename(columns={"spread": "relative spread of the sum"})
