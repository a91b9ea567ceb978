"""The chapter on gradients: its figures and its table."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch

from memutils.losses.multiples import logit_gradients
from memutils.names import LOSS_NAMES
from memutils.report import figures
from memutils.report.alpha import line
from memutils.report.looks import look
from memutils.report.loss_figure import even
from memutils.report.theory.gradient_checks import weights
from memutils.report.theory.points import ALPHAS, Losses, build

K, LIMIT = 10, 1500
"""Classes, and the steps back that are counted at most."""


def weight_curves() -> pd.DataFrame:
    """The weight of each loss over p_y, the other classes sharing the rest evenly."""
    own = np.linspace(0.002, 0.998, 250)
    p, first = even(own, K), np.zeros(len(own), dtype=int)
    curves = {LOSS_NAMES[name]: w for name, w in weights(p, first, 0.1).items()}
    curves |= {f"RLL, α = {alpha}": weights(p, first, alpha)["rll"] for alpha in ALPHAS}
    return pd.DataFrame({"p_y": own} | curves)


def draw_weights(curves: pd.DataFrame, width: float = figures.WIDE) -> plt.Figure:
    """Every loss; and RLL at each alpha beside CCE, and MAE scaled to RLL's at the largest."""
    narrow = figures.is_narrow(width)
    figure, axes = figures.panels(width, height=260, below=90 if narrow else 60, sharey=True)
    of_rll = [f"RLL, α = {alpha}" for alpha in ALPHAS]
    for drawn in map(look, ("cce", "mae", "mse", "rll", "nmse")):
        name = of_rll[1] if drawn.name == "RLL" else drawn.name
        axes[0].plot(curves.p_y, curves[drawn.name], label=name, **drawn.line)
    for name in of_rll:
        axes[1].plot(curves.p_y, curves[name], label=name, **line(name))
    axes[1].plot(curves.p_y, curves["CCE"], **line("CCE"))
    scaled = curves["MAE"] * K / (2 * (K - 1) * ALPHAS[-1])
    axes[1].plot(curves.p_y, scaled, **line("MAE"))
    for axis, title in zip(axes, ("every loss", "RLL at each α, CCE and MAE"), strict=True):
        axis.set_title(title, loc="left")
        axis.set(xlabel="probability of the training label, $p_y$", yscale="log", ylim=(3e-3, 12))
    axes[0].set_ylabel("weight w (CCE = 1)")
    figures.legend(figure, axes, place="lower left", ncols=2 if narrow else 4)
    return figure


def norms_table(norms: dict[str, float]) -> pd.DataFrame:
    """Gradient norms at the uniform answer, and how many times CCE's is each.

    Args:
        norms: by the loss's name for the reader, from ``check_initial``.
    """
    found = norms | {"normalized MSE × 0.1 (authors' code)": 0.1 * norms[LOSS_NAMES["nmse"]]}
    return pd.DataFrame(
        {"loss": name, "gradient norm": f"{v:.4f}", "CCE's over it": f"{norms['CCE'] / v:.1f}"}
        for name, v in found.items()
    )


def steps_back(loss, margin: float, rate: float = 1.0, limit: int = LIMIT) -> int | None:
    """Gradient steps on the logits of one example until its label has half the probability.

    Args:
        loss: one value an example.
        margin: the logit of a wrong class at the start, the others being 0.
        rate: learning rate.
        limit: None is returned where that many steps are not enough.
    """
    z, y = torch.zeros(1, K, dtype=torch.float64), torch.tensor([0])
    z[0, 1] = margin
    for step in range(limit):
        if z.softmax(1)[0, 0] > 0.5:
            return step
        z = z - rate * logit_gradients(loss, z, y)
    return None


def ways_back(losses: Losses, norms: dict[str, float]) -> pd.DataFrame:
    """Steps back by margin and loss, with learning rates that make the first steps from the uniform
    answer equal; missing where the limit is not enough.
    """
    margins = range(11)
    needed = pd.DataFrame({"margin": margins})
    for name in losses:
        label = LOSS_NAMES[name]
        rate, steps = 1 / norms.get(label, norms["RLL, α = 0.1"]), []
        for margin in margins:
            steps.append(steps_back(build(losses, name), margin, rate))
            if steps[-1] is None:  # a larger margin takes longer
                break
        needed[label] = pd.Series(steps, dtype="Int64")
    return needed


def draw_ways_back(needed: pd.DataFrame, losses: Losses, width: float = figures.WIDE) -> plt.Figure:
    """Steps back over the margin, on a logarithmic scale; a curve ends at the limit."""
    figure, (axis,) = figures.panels(width, 1)
    for drawn in map(look, losses):
        rows = needed.dropna(subset=[drawn.name])
        style = drawn.line | {"marker": drawn.marker, "label": drawn.name}
        axis.plot(rows.margin, rows[drawn.name].astype(int), **style)
    axis.set(xlabel="margin of a wrong class at the start (logits)", yscale="log", ylim=(1, LIMIT))
    axis.set(ylabel="gradient steps until $p_y > 1/2$")
    figures.legend(figure, [axis], place="lower left", ncols=3 if figures.is_narrow(width) else 5)
    return figure
