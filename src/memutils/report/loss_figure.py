"""The losses against the probability of the label: value and gradient.

The rest of the probability is spread evenly over the other classes, so that p_y = t says all.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor

from memutils import losses
from memutils.report import figures
from memutils.report.looks import INK, look

SHOWN = ("cce", "mse", "rll", "nmse", "mae")
CLASSES = 10
LOW, HIGH = 0.01, 0.99
"""Probabilities of the label between which the losses are drawn."""


def logits_at(t: Tensor, classes: int = CLASSES) -> Tensor:
    """Logits (N, K), float64, with p_0 = t (N,) in (0, 1) and the rest spread evenly."""
    rest = ((1 - t) / (classes - 1)).expand(classes - 1, -1)
    return torch.cat([t[None], rest]).T.log()


def value_and_gradient(
    loss: str, t: np.ndarray, classes: int = CLASSES
) -> tuple[np.ndarray, np.ndarray]:
    """A loss and the norm of its gradient with respect to the logits, (N,) each, at p_y = t (N,).

    Args:
        loss: its name in the registry, with its default parameters.
        t: probabilities of the label, in (0, 1).
        classes: K.
    """
    function, label = losses.build(loss), torch.zeros(1, dtype=torch.long)
    values, norms = [], []
    for row in logits_at(torch.as_tensor(t, dtype=torch.float64), classes):
        logits = row[None].requires_grad_()
        value = function(logits, label)
        values.append(value.item())
        norms.append(torch.autograd.grad(value, logits)[0].norm().item())
    return np.array(values), np.array(norms)


def draw(shown: Sequence[str] = SHOWN, width: float = figures.WIDE) -> plt.Figure:
    """Two panels, beside each other or on a phone one above the other: value, gradient norm.

    Args:
        shown: losses by their names in the registry.
        width: in pixels.
    """
    narrow, t = figures.is_narrow(width), np.linspace(LOW, HIGH, 99)
    shape = (2, 1) if narrow else (1, 2)
    figure, axes = figures.canvas(width, 520 if narrow else 300, *shape)
    for loss in shown:
        looks = look(loss)
        for axis, values in zip(axes.flat, value_and_gradient(loss, t), strict=True):
            style = {"color": looks.color, "marker": looks.marker, "linestyle": looks.dash}
            axis.plot(t, values, label=looks.name, markevery=(4, 15), ms=5, **style)
    for axis, title in zip(axes.flat, ("Value of the loss", "Norm of its gradient"), strict=True):
        axis.set_title(title, loc="left", fontweight="bold")
        axis.set(xlim=(0, 1), xlabel="probability of the label")
        axis.set_ylim(bottom=0)
        axis.axvline(1 / CLASSES, color=INK, alpha=0.35, linewidth=1.6, zorder=1)
    handles, names = axes.flat[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower left", ncols=3 if narrow else 5)
    return figure
