"""The chapters that read records, executed with those of the repository,
whatever part of the grids they hold.
"""

import chapter
import nbformat
import pytest
from chapter import execute

PAPER = ("fig1", "fig2", "fig3", "fig4", "fig5")


@pytest.mark.parametrize(
    "name",
    [*PAPER, *"mnist cifar10 claims sweep alpha size steps switching symmetry human".split()],
)
def test_a_chapter_shows_the_records_of_the_repository(name, repository):
    names = execute(name)
    if name in PAPER:
        assert names["figure"].scale == "cpu"
        assert len(names["figure"].records) + len(names["figure"].absent) >= 4


WRONG = """
from memutils.report import figures

def draw(width):
    figure, axes = figures.panels(width)
    axes[0].plot([0, 1], color="#010203", label="RLL")
    return figure
"""


@pytest.mark.parametrize("then", ['figures.show(draw, alt="")', "draw(figures.WIDE)"])
def test_a_loss_with_another_look_fails_its_chapter(then, tmp_path, monkeypatch):
    cells = [nbformat.v4.new_code_cell(f"{WRONG}\n{then}")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "made-up.ipynb")
    monkeypatch.setattr(chapter, "NOTEBOOKS", tmp_path)
    with pytest.raises(AssertionError, match="RLL"):
        execute("made-up")
