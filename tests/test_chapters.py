"""The chapters that read records, executed with those of the repository,
whatever part of the grids they hold.
"""

import pytest
from conftest import REPOSITORY
from test_theory import execute

PAPER = ("fig1", "fig2", "fig3", "fig4", "fig5")


@pytest.mark.parametrize(
    "name",
    [*PAPER, *"mnist cifar10 claims sweep alpha size steps switching symmetry human".split()],
)
def test_a_chapter_shows_the_records_of_the_repository(name, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
    names = execute(name)
    if name in PAPER:
        assert names["figure"].scale == "cpu"
        assert len(names["figure"].records) + len(names["figure"].absent) >= 4
