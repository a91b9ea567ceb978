"""A chapter's notebook, run in a test; the looks of losses in its figures."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest

from memutils import losses
from memutils.names import LOSS_NAMES
from memutils.report import figures, looks

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"


def other_looks(figure) -> list[str]:
    """The lines of a figure that name a loss and do not look as that loss does."""
    names = {LOSS_NAMES.get(loss, loss): loss for loss in losses.LOSSES}
    lines = [line for axis in figure.axes for line in axis.lines if line.get_label() in names]
    looking = [(line, looks.look(names[line.get_label()])) for line in lines]
    return [
        look.name
        for line, look in looking
        if line.get_color() != look.color or line.get_marker() not in ("None", look.marker)
    ]


def execute(name: str) -> dict:
    """Runs a chapter's code cells in one namespace, and returns it.

    In each figure, shown on the page or left open by its cell, a loss has its own look.
    """
    original, wrong = figures.svg, []

    def svg(figure, *given):
        wrong.extend(other_looks(figure))
        return original(figure, *given)

    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    namespace = {"__name__": name}
    plt.close("all")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "svg", svg)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, f"{name}:{cell.id}", "exec"), namespace)
                wrong.extend(look for n in plt.get_fignums() for look in other_looks(plt.figure(n)))
                assert not wrong, f"{name}:{cell.id}: {wrong} with another look"
                plt.close("all")
    return namespace
