"""The statements of the chapter on the loss and the step size: each has a proof and a check that
can fail.
"""

import nbformat
import pytest
from chapter import NOTEBOOKS
from test_theory import FreeRLL45, HalfMAE, MeanMSE, ScaledNMSE, SquaredCCE

from memutils import losses
from memutils.report.steps import checks
from memutils.runs import specs

BROKEN = [("cce", SquaredCCE), ("mse", MeanMSE), ("mae", HalfMAE), ("nmse", ScaledNMSE)]


@pytest.mark.parametrize(("name", "broken"), BROKEN, ids=lambda b: getattr(b, "__name__", b))
def test_a_broken_loss_fails_the_check_of_scales(name, broken):
    checks.check_rescaling(losses.LOSSES)
    with pytest.raises(AssertionError):
        checks.check_rescaling(losses.LOSSES | {name: broken})


@pytest.mark.parametrize(
    ("name", "broken"), [*BROKEN, ("rll", FreeRLL45)], ids=lambda b: getattr(b, "__name__", b)
)
def test_a_broken_loss_fails_the_check_of_learning_rates(name, broken):
    scale = specs.load_scale("steps")
    assert "6 step sizes" in checks.check_learning_rates(losses.LOSSES, scale)
    with pytest.raises(AssertionError):
        checks.check_learning_rates(losses.LOSSES | {name: broken}, scale)


def test_a_wrong_excess_fails_the_check_of_blind_networks():
    checks.check_blind()
    with pytest.raises(AssertionError):
        checks.check_blind(lambda m, r, k: m - (1 - m - r) / (k - 1))


def test_every_statement_has_a_proof_and_a_check():
    cells = nbformat.read(NOTEBOOKS / "steps.ipynb", as_version=4).cells
    stated = [i for i, c in enumerate(cells) if "{prf:proposition}" in c.source]
    assert len(stated) == 2
    for i in stated:
        assert cells[i].source.count("{prf:proof}") == 1 and "check_" in cells[i + 1].source
