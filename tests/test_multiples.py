"""Losses that are one another's multiple, told from their gradients."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memutils import losses
from memutils.losses import AGCE, AUL, CCE, GCE, MAE, MSE, RCE, SCE, NCEandMAE, NCEandRCE, multiple

EQUAL = [
    (RCE(), MAE(), 2),
    (RCE(-9.21), RCE(-1), 9.21),
    (GCE(1), MAE(), 0.5),
    (AGCE(0.6, 1), MAE(), 0.5),
    (AUL(5.5, 1), MAE(), 0.5),
    (AGCE(0.6, 2), AUL(5.5, 2), None),
    (losses.TaylorCE(1), MAE(), 0.5),
    (losses.BiTempered(1, 1), CCE(), 1),
    (losses.BiTempered(0, 1), MSE(), 0.5),
    (SCE(0, 3), MAE(), 6),
    (SCE(), MAE(), None),
    (NCEandRCE(), NCEandMAE(1, 2), 1),
    (NCEandRCE(), NCEandMAE(), None),
    (losses.NCEandAGCE(0, 1, 4, 0.2), AGCE(4, 0.2), 1),
    (losses.symmetrized(MSE)(), MAE(), 10 / 9),
    (losses.symmetrized(CCE)(), losses.Unhinged(), 10 / 9),
    (losses.symmetrized(losses.ShiftedCE)(0.1), losses.RLL(0.1), 1),
    (losses.symmetrized(losses.NCE)(), losses.NCE(), 10 / 9),
    (losses.logit_clipped(MAE)(1e3), MAE(), 1),
    (losses.LogitClipCCE(), CCE(), None),
    (losses.ShiftedCE(), losses.RLL(), None),
    (MSE(), losses.NormalizedMSE(), None),
]


@pytest.mark.parametrize(("one", "other", "factor"), EQUAL, ids=str)
def test_multiples_are_told_with_their_factor(one, other, factor):
    expected = factor if factor is None else pytest.approx(factor, rel=1e-9)
    assert multiple(one, other) == expected
    assert multiple(other, one) == (None if factor is None else pytest.approx(1 / factor, rel=1e-9))


def test_among_the_registered_losses_reverse_cross_entropy_and_mae_are_one():
    every = {name: losses.build(name) for name in losses.LOSSES}
    pairs = itertools.combinations(every, 2)
    found = {(a, b) for a, b in pairs if multiple(every[a], every[b]) is not None}
    assert found == {("mae", "rce")}


@given(factor=st.floats(1e-3, 1e3), shift=st.floats(-10, 10), k=st.integers(2, 20))
def test_a_factor_and_what_no_logit_changes_are_seen_through(factor, shift, k):
    assert multiple(lambda z, y: factor * CCE()(z, y) + shift, CCE(), k) == pytest.approx(factor)
    assert (
        multiple(lambda z, y: -factor * CCE()(z, y), CCE(), k) is None
    )  # climbs where it descends


def test_two_classes_make_one_of_more_losses():
    """With p the label's probability, MSE is 2 (1 - p)^2, and so is the square of MAE by half."""

    def squared(z, y):
        return (1 - z.softmax(1).gather(1, y[:, None])).square().mean()

    assert multiple(MSE(), squared, 2) == pytest.approx(2) and multiple(MSE(), squared, 3) is None


def test_a_multiple_is_the_same_training_at_another_rate():
    """A step of SGD with RCE at half the rate is a step with MAE."""
    moved = []
    for loss, rate in ((MAE(), 0.2), (RCE(), 0.1)):
        torch.manual_seed(0)
        network = torch.nn.Linear(5, 4, dtype=torch.float64)
        x, y = torch.randn(8, 5, dtype=torch.float64), torch.arange(8) % 4
        loss(network(x), y).backward()
        moved.append(rate * network.weight.grad)
    torch.testing.assert_close(*moved)
