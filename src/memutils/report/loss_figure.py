"""The losses against the probability of the label: value and gradient.

The rest of the probability is spread evenly over the other classes, so that p_y = t says all.
"""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch

from memutils import losses
from memutils.losses.multiples import logit_gradients
from memutils.report import figures
from memutils.report.looks import INK, look

SHOWN = ("cce", "mse", "rll", "nmse", "mae")
CLASSES = 10
LOW, HIGH = 0.01, 0.99
"""Probabilities of the label between which the losses are drawn."""


def even(t: np.ndarray, k: int = CLASSES) -> np.ndarray:
    """Probabilities (N, k) with p_y = t (N,) in front and the rest spread evenly."""
    return np.column_stack([t, *[(1 - t) / (k - 1)] * (k - 1)])


def value_and_gradient(
    loss: str, t: np.ndarray, **parameters: float
) -> tuple[np.ndarray, np.ndarray]:
    """A loss and the norm of its gradient with respect to the logits, (N,) each, at p_y = t (N,).

    Args:
        loss: its name in the registry.
        t: probabilities of the label, in (0, 1).
        parameters: of the loss, where they are not the default ones.
    """
    function = losses.build(loss, reduction="none", **parameters)
    logits = torch.from_numpy(even(t)).log()
    label = torch.zeros(len(t), dtype=torch.long)
    gradients = logit_gradients(function, logits, label)
    return function(logits, label).numpy(), gradients.norm(dim=1).numpy()


def draw(shown: Sequence[str] = SHOWN, width: float = figures.WIDE) -> plt.Figure:
    """Two panels, beside each other or on a phone one above the other: value, gradient norm.

    Args:
        shown: losses by their names in the registry.
        width: in pixels.
    """
    narrow, t = figures.is_narrow(width), np.linspace(LOW, HIGH, 99)
    figure, axes = figures.panels(width, height=260 if narrow else 300)
    for drawn, loss in zip(map(look, shown), shown, strict=True):
        for axis, values in zip(axes, value_and_gradient(loss, t), strict=True):
            style = drawn.line | {"marker": drawn.marker, "label": drawn.name}
            axis.plot(t, values, markevery=(4, 15), ms=5, **style)
    for axis, title in zip(axes, ("Value of the loss", "Norm of its gradient"), strict=True):
        axis.set_title(title, loc="left", fontweight="bold")
        axis.set(xlim=(0, 1), xlabel="probability of the label")
        axis.set_ylim(bottom=0)
        axis.axvline(1 / CLASSES, color=INK, alpha=0.35, linewidth=1.6, zorder=1)
    figures.legend(figure, axes, place="lower left", ncols=3 if narrow else 5)
    return figure
