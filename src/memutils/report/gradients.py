"""The chapter on gradients: its figures and its table."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from memutils.names import LOSS_NAMES
from memutils.report import plots
from memutils.report.gradient_checks import ALPHAS, built, gradients, weights
from memutils.report.theory import Losses

STYLES = {"cce": "-", "mse": "--", "mae": ":", "rll": "-.", "nmse": (0, (5, 1, 1, 1, 1, 1))}
"""Dashes of the losses."""


def weight_curves(k: int = 10) -> pd.DataFrame:
    """The weight of each loss over p_y, the other classes sharing the rest evenly."""
    own = np.linspace(0.002, 0.998, 250)
    first = np.zeros(len(own), dtype=int)
    rest = np.repeat((1 - own)[:, None] / (k - 1), k - 1, axis=1)
    even = np.column_stack([own, rest])
    curves = {LOSS_NAMES[name]: w for name, w in weights(even, first, 0.1).items()}
    curves |= {f"RLL, α = {alpha}": weights(even, first, alpha)["rll"] for alpha in ALPHAS}
    return pd.DataFrame({"p_y": own} | curves)


def draw_weights(curves: pd.DataFrame, k: int = 10) -> plt.Figure:
    """Left: every loss; right: RLL at each alpha beside CCE and MAE."""
    figure, axes = plt.subplots(1, 2, figsize=(10.5, 4.3), layout="constrained", sharey=True)
    for i, name in enumerate(("cce", "mae", "mse", "rll", "nmse")):
        look = {"linestyle": STYLES[name], "color": plots.COLORS[i], "label": LOSS_NAMES[name]}
        axes[0].plot(curves.p_y, curves[LOSS_NAMES[name]], **look)
    for alpha, color, dash in zip(ALPHAS, (1, 3, 4), ("-.", "-", (0, (4, 1))), strict=True):
        look = {"linestyle": dash, "color": plots.COLORS[color], "label": f"RLL, α = {alpha}"}
        axes[1].plot(curves.p_y, curves[f"RLL, α = {alpha}"], **look)
    axes[1].plot(curves.p_y, curves["CCE"], "-", color=plots.COLORS[0], label="CCE")
    scaled = curves["MAE"] * k / (2 * (k - 1) * ALPHAS[-1])
    axes[1].plot(curves.p_y, scaled, ":", color="0.35", label=f"MAE, scaled to α = {ALPHAS[-1]}")
    for axis in axes:
        axis.set(xlabel="probability of the training label, $p_y$", yscale="log", ylim=(3e-3, 12))
        axis.legend(fontsize=9)
    axes[0].set_ylabel("weight w (CCE = 1)")
    return figure


def norms_table(norms: dict[str, float]) -> pd.DataFrame:
    """Gradient norms at the uniform answer, and how many times CCE's is each.

    Args:
        norms: by the loss's name for the reader, from ``check_initial``.
    """
    found = norms | {"normalized MSE × 0.1 (authors' code)": 0.1 * norms[LOSS_NAMES["nmse"]]}
    rows = [
        {
            "loss": name,
            "gradient norm": f"{norm:.4f}",
            "CCE's over it": f"{norms['CCE'] / norm:.1f}",
        }
        for name, norm in found.items()
    ]
    return pd.DataFrame(rows)


def steps_back(
    loss, margin: float, k: int = 10, rate: float = 1.0, limit: int = 3000
) -> int | None:
    """Gradient steps on the logits of one example until its label has half the probability.

    Args:
        loss: one value an example.
        margin: the logit of a wrong class at the start, the others being 0.
        k: number of classes.
        rate: learning rate.
        limit: None is returned where that many steps are not enough.
    """
    z, y = torch.zeros(1, k, dtype=torch.float64), torch.tensor([0])
    z[0, 1] = margin
    for step in range(limit):
        if z.softmax(1)[0, 0] > 0.5:
            return step
        z = z - rate * gradients(loss, z, y)
    return None


def ways_back(losses: Losses, norms: dict[str, float], limit: int = 1500) -> pd.DataFrame:
    """Steps back by margin and loss, with learning rates that make the first steps from the uniform
    answer equal; missing where the limit is not enough.
    """
    margins = range(11)
    needed = pd.DataFrame({"margin": margins})
    for name in losses:
        label = LOSS_NAMES.get(name, name)
        rate, steps = 1 / norms.get(label, norms["RLL, α = 0.1"]), []
        for margin in margins:
            steps.append(steps_back(built(losses, name), margin, rate=rate, limit=limit))
            if steps[-1] is None:  # a larger margin takes longer
                break
        needed[label] = pd.Series(steps, dtype="Int64")
    return needed


def draw_ways_back(needed: pd.DataFrame, losses: Losses, limit: int = 1500) -> plt.Figure:
    """Steps back over the margin, on a logarithmic scale; a curve ends at the limit."""
    figure, axis = plt.subplots(figsize=(6.6, 4.2), layout="constrained")
    for i, name in enumerate(losses):
        label = LOSS_NAMES.get(name, name)
        rows = needed.dropna(subset=[label])
        look = {"color": plots.COLORS[i % 6], "marker": "os^Dv"[i % 5], "label": label}
        axis.plot(rows.margin, rows[label].astype(int), linestyle=STYLES.get(name, "-"), **look)
    axis.set(xlabel="margin of a wrong class at the start (logits)", yscale="log", ylim=(1, limit))
    axis.set(ylabel="gradient steps until $p_y > 1/2$")
    axis.legend()
    return figure
