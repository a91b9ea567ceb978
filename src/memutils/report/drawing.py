"""How the chapters on size, steps, switching and alpha draw: a canvas of a given width in pixels,
the look of each loss, and a cell's ``show``.

A figure is drawn by a function ``draw(*given, width)`` that returns a matplotlib figure.
"""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib.pyplot as plt

from memutils.names import LOSS_NAMES
from memutils.report.plots import COLORS, set_style

WIDE, UNIT, INK = 680, 72, "0.25"


@dataclass(frozen=True)
class Look:
    """How a loss is drawn, in matplotlib's terms, and what it is called."""

    name: str
    color: str
    marker: str
    dash: str | tuple = "-"


LOOKS = {
    "cce": (COLORS[1], "o", "-"),
    "rll": (COLORS[0], "s", "-"),
    "mse": (COLORS[3], "^", "--"),
    "mae": (COLORS[2], "D", "-."),
    "nmse": (COLORS[4], "v", ":"),
}


def look(loss: str) -> Look:
    """The look of a loss by its name in the registry; of one of your own, gray."""
    return Look(LOSS_NAMES.get(loss, loss), *LOOKS.get(loss, ("0.5", "X", (0, (4, 3, 1, 3)))))


def is_narrow(width: float) -> bool:
    """Whether a figure of this width is a phone's: one column of panels."""
    return width < 500


def canvas(width: float, height: float, rows: int = 1, columns: int = 1, **settings) -> tuple:
    """A figure of that many pixels and its axes, a 2-D array (rows, columns)."""
    size = (width / UNIT, height / UNIT)
    return plt.subplots(
        rows, columns, figsize=size, squeeze=False, layout="constrained", **settings
    )


def show(draw: Callable[..., plt.Figure], *given, alt: str, name: str = "figure") -> None:
    """Shows a figure in a notebook and on its page."""
    set_style()
    draw(*given, width=WIDE)
    plt.show()
