"""What families of losses promise: limits, asymmetry, weights, and LogitClip around any loss."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from zoo_formulas import batches, every_label, p_y, values_of

from memutils import losses
from memutils.errors import UserError
from memutils.losses import AEL, AGCE, AUL, CCE, MAE, RLL, JensenShannon, TaylorCE, divergences
from memutils.losses.base import Loss, Parameter


@given(batch=batches(), order=st.sampled_from([1, 2, 5, 40, 100]))
def test_the_series_of_taylor_ce_ends_within_its_remainder_of_cross_entropy(batch, order):
    z, y = batch
    p = p_y(z, y)
    missing = values_of(CCE("none"), z, y) - values_of(TaylorCE(order, "none"), z, y)
    assert (missing >= -1e-9).all()
    assert (missing <= (1 - p) ** (order + 1) / ((order + 1) * p) + 1e-9).all()


@given(batch=batches())
def test_jensen_shannon_nears_cross_entropy_at_one_end_and_half_of_mae_at_the_other(batch):
    z, y = batch
    for end, weights in ((CCE("none"), (0.5, 0.1, 0.01)), (MAE("none"), (0.5, 0.9, 0.99))):
        scale = 1 if isinstance(end, CCE) else 0.5
        limit = scale * values_of(end, z, y)
        far = [np.abs(values_of(JensenShannon(w, "none"), z, y) - limit) for w in weights]
        assert (far[0] >= far[1] - 1e-12).all() and (far[1] >= far[2] - 1e-12).all()


@given(
    p=arrays(float, st.integers(2, 256), elements=st.floats(1e-4, 1)),
    t1=st.sampled_from([0.0, 0.5, 0.8]),
    t2=st.sampled_from([1.1, 1.2, 2.0, 4.0]),
)
def test_the_bi_tempered_loss_of_tempered_logarithms_in_closed_form(p, t1, t2):
    """exp_t undoes log_t, so that lambda is 0, whatever number is added to the logits."""
    p = torch.from_numpy(p / p.sum())
    z = divergences.log_t(p.log(), t2)[None] + 7
    torch.testing.assert_close(divergences.log_tempered_softmax(z, t2)[0].exp(), p)
    expected = (1 - p[0] ** (1 - t1)) / (1 - t1) - (1 - (p ** (2 - t1)).sum()) / (2 - t1)
    found = losses.BiTempered(t1, t2)(z, torch.zeros(1, dtype=torch.long))
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("k", [2, 3, 10, 256])
@pytest.mark.parametrize("t", [1.0, 1.0001, 1.2, 2.0, 4.0])
def test_tempered_probabilities_sum_to_one_wherever_the_other_logits_lie(t, k):
    """Where one logit is far above K - 1 alike, Newton's method takes the most steps."""
    z = torch.zeros(200, k, dtype=torch.float64)
    z[:, 1:] -= torch.logspace(-3, 7, 200, dtype=torch.float64)[:, None]
    for logits in (z, -z):
        total = divergences.log_tempered_softmax(logits, t).exp().sum(1)
        torch.testing.assert_close(total, torch.ones_like(total), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "loss",
    [
        *(AGCE(a, q, "none") for a, q in ((0.6, 0.6), (4, 0.2), (6, 1.5))),
        *(AUL(a, q, "none") for a, q in ((5.5, 3), (3, 0.1))),
        *(AEL(a, "none") for a in (2.5, 3.5)),
    ],
    ids=repr,
)
@given(z=arrays(np.float64, (4, 10), elements=st.floats(-10, 10)), eta=st.floats(0, 0.5))
def test_under_noise_an_asymmetric_loss_is_least_where_the_true_class_is_certain(loss, z, eta):
    """The true class has at least 9 times the share of another, and no slope differs so much."""
    weights = np.full(10, eta / 9)
    weights[0] = 1 - eta
    expected = every_label(loss, z) @ weights
    least = every_label(loss, 1e4 * np.eye(10)[:1]) @ weights
    assert (expected >= least - 1e-9).all()


def test_cross_entropy_and_a_steep_agce_are_not_asymmetric():
    weights = np.array([0.6] + 9 * [0.4 / 9])
    right, hedged = 1e4 * np.eye(10)[:1], np.log(weights)[None]
    for loss in (CCE("none"), AGCE(1e-3, 0.1, "none")):
        assert (every_label(loss, hedged) @ weights < every_label(loss, right) @ weights).all()


class Scaled(Loss):
    """-c log p_y, with its parameter declared."""

    loss_parameters = {"c": Parameter(2.0, 0, 9, "a factor")}  # noqa: RUF012

    def per_example(self, log_p, target):
        return -self.c * losses.pick(log_p, target)


class Power(Loss):
    """1 - p_y^r, with its parameter as an argument."""

    def per_example(self, log_p, target, r=2.0):
        return 1 - (r * losses.pick(log_p, target)).exp()


@given(batch=batches(), active=st.floats(0, 5), passive=st.floats(0, 5))
def test_a_weighted_sum_has_the_parameters_of_both_losses(batch, active, passive):
    found = losses.weighted(Scaled, Power, passive=3.0, r=0.5)
    assert repr(found()) == "WeightedScaledPower(active=1.0, passive=3.0, c=2.0, r=0.5)"
    total = values_of(found(active, passive, 4, 1, "none"), *batch)
    parts = [values_of(part, *batch) for part in (Scaled(4, "none"), Power(1, "none"))]
    np.testing.assert_allclose(total, active * parts[0] + passive * parts[1], atol=1e-12)


PLAIN = [kind for kind in losses.LOSSES.values() if isinstance(kind, type) and not kind.from_logits]


@pytest.mark.parametrize("kind", PLAIN)
@given(batch=batches())
def test_a_weighted_sum_is_that_of_its_parts_or_says_why_not(kind, batch):
    """Of any two: losses built on other losses too, and sums of sums."""
    if {"active", "passive"} & kind.loss_parameters.keys():
        with pytest.raises(UserError, match="two parameters named"):
            losses.weighted(kind, MAE)
        return
    for pair in ((kind, MAE), (MAE, kind)):
        total = values_of(losses.weighted(*pair)(2, 3, reduction="none"), *batch)
        one, other = (values_of(part(reduction="none"), *batch) for part in pair)
        np.testing.assert_allclose(total, 2 * one + 3 * other, atol=1e-9)


def test_a_weighted_sum_of_what_cannot_be_summed_says_so():
    with pytest.raises(UserError, match="two parameters named 'q'; rename that of AGCE"):
        losses.weighted(losses.GCE, AGCE)
    with pytest.raises(UserError, match="Unhinged takes logits"):
        losses.weighted(losses.Unhinged, MAE)
    twice = losses.weighted(MAE, MAE)(2, 3)
    assert twice.symmetry_constant(10) == 5 * MAE().symmetry_constant(10)


def test_a_weighted_sum_is_symmetric_where_each_part_that_counts_is():
    found = losses.weighted(RLL, MAE)
    assert found(2, 3, alpha=0.45).symmetry_constant(10) == pytest.approx(
        2 * RLL(0.45).symmetry_constant(10) + 3 * 18
    )
    assert losses.check_symmetry(found(2, 3)).constant == pytest.approx(
        found(2, 3).symmetry_constant(10)
    )
    mixed = losses.weighted(CCE, MAE)
    assert mixed(0, 3).symmetry_constant(10) == 54 and mixed().symmetry_constant(10) is None


@pytest.mark.parametrize("kind", [CCE, RLL, losses.Unhinged, losses.NCE, losses.BiTempered, Power])
@given(batch=batches(), tau=st.sampled_from([0.1, 1.0, 30.0]))
def test_logit_clip_around_any_loss_is_that_loss_of_clipped_logits(kind, batch, tau):
    z, y = batch
    loss = losses.logit_clipped(kind)(tau=tau, reduction="none")
    norm = np.linalg.norm(z, axis=1, keepdims=True)
    clipped = z * np.minimum(1, tau / np.maximum(norm, 1e-300))
    plain = kind(reduction="none")
    np.testing.assert_allclose(values_of(loss, z, y), values_of(plain, clipped, y), atol=1e-9)
    k = z.shape[1]
    assert loss.symmetry_constant(k) == plain.symmetry_constant(k)


@given(batch=batches(1e4), tau=st.floats(0.05, 20))
def test_the_bound_that_logit_clip_gives_cross_entropy(batch, tau):
    k = batch[0].shape[1]
    found = values_of(losses.LogitClipCCE(tau, "none"), *batch)
    assert (found > 0).all() and (
        found <= math.log1p((k - 1) * math.exp(tau * 2**0.5)) + 1e-9
    ).all()


def test_logits_of_zero_can_be_clipped():
    z = torch.zeros(2, 3, requires_grad=True)
    losses.LogitClipCCE()(z, torch.tensor([0, 1])).backward()
    expected = torch.tensor([[-2 / 3, 1 / 3, 1 / 3], [1 / 3, -2 / 3, 1 / 3]]) / 2
    torch.testing.assert_close(z.grad, expected)


def test_epsilon_softmax_jumps_where_the_prediction_changes_and_mae_joins_it():
    z, y = np.array([[0.0, 1e-9], [1e-9, 0.0]]), np.array([0, 0])
    not_predicted, predicted = values_of(losses.EpsilonSoftmax(1, 0, 10, "none"), z, y)
    assert predicted == pytest.approx(math.log(11 / 10.5))
    assert not_predicted == pytest.approx(math.log(2 * 11))
    alone = values_of(losses.EpsilonSoftmax(0, 1, reduction="none"), z, y)
    np.testing.assert_allclose(alone, values_of(MAE("none"), z, y))
