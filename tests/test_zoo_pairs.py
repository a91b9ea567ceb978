"""Losses that differ in symmetry alone, and what makes a loss symmetric."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from zoo_formulas import batches, log_softmax, values_of

from memutils import losses
from memutils.losses import CCE, GCE, MAE, MSE, NCE, RLL, LabelSmoothing, ShiftedCE, Unhinged


@pytest.mark.parametrize("alpha", [1e-6, 0.01, 0.1, 0.45, 100.0])
@given(batch=batches(1e4))
def test_rll_is_the_symmetrized_shifted_cross_entropy(alpha, batch):
    found = values_of(losses.symmetrized(ShiftedCE)(alpha, "none"), *batch)
    np.testing.assert_allclose(found, values_of(RLL(alpha, "none"), *batch), rtol=1e-9, atol=1e-12)
    k = batch[0].shape[1]
    assert losses.symmetrized(ShiftedCE)(alpha).symmetry_constant(k) == pytest.approx(
        RLL(alpha).symmetry_constant(k)
    )


@given(batch=batches(1e4))
def test_symmetrized_mse_and_gce_at_its_end_are_multiples_of_mae(batch):
    k = batch[0].shape[1]
    mae = values_of(MAE("none"), *batch)
    np.testing.assert_allclose(
        values_of(losses.symmetrized(MSE)("none"), *batch), k / (k - 1) * mae, atol=1e-12
    )
    np.testing.assert_allclose(
        values_of(losses.SymmetrizedGCE(1, "none"), *batch), k / (k - 1) * mae / 2, atol=1e-12
    )
    np.testing.assert_allclose(values_of(GCE(1, "none"), *batch), mae / 2, atol=1e-12)


@given(batch=batches(), epsilon=st.sampled_from([0.0, 0.1, 0.9]))
def test_symmetrized_cross_entropies_are_multiples_of_the_unhinged_loss(batch, epsilon):
    k = batch[0].shape[1]
    unhinged = k / (k - 1) * values_of(Unhinged("none"), *batch)
    np.testing.assert_allclose(
        values_of(losses.symmetrized(CCE)("none"), *batch), unhinged, atol=1e-9
    )
    found = values_of(losses.symmetrized(LabelSmoothing)(epsilon, "none"), *batch)
    np.testing.assert_allclose(found, (1 - epsilon) * unhinged, atol=1e-9)
    assert losses.symmetrized(CCE)().symmetry_constant(k) == 0


@given(batch=batches(), q=st.sampled_from([1e-3, 2e-3]))
def test_toward_q_0_gce_becomes_cross_entropy_and_its_symmetric_part_the_unhinged_loss(batch, q):
    z, y = batch
    k, largest = z.shape[1], -log_softmax(z).min()
    error = q * largest**2  # of (1 - p^q) / q, twice the second term of its series
    np.testing.assert_allclose(
        values_of(GCE(q, "none"), z, y), values_of(CCE("none"), z, y), atol=error
    )
    found = values_of(losses.SymmetrizedGCE(q, "none"), z, y) - 1 / q
    np.testing.assert_allclose(
        found, k / (k - 1) * values_of(Unhinged("none"), z, y), atol=2 * error
    )


@given(batch=batches(), shift=st.floats(-100, 100))
def test_the_unhinged_loss_sees_no_shift_of_all_logits(batch, shift):
    z, y = batch
    loss = Unhinged("none")
    np.testing.assert_allclose(values_of(loss, z + shift, y), values_of(loss, z, y), atol=1e-10)
    np.testing.assert_allclose(
        values_of(loss, log_softmax(z), y), values_of(loss, z, y), atol=1e-10
    )


def test_symmetrized_keeps_what_the_loss_is():
    class Power(losses.Loss):
        """1 - p_y^r: a loss of one's own, with its parameter as an argument."""

        def per_example(self, log_p, target, r=2.0):
            return 1 - (r * losses.pick(log_p, target)).exp()

    found = losses.symmetrized(Power)
    assert (
        found.__name__ == "SymmetrizedPower"
        and found().r == 2
        and repr(found(3)) == "SymmetrizedPower(r=3.0)"
    )
    for r in (0.5, 3.0):
        assert losses.check_symmetry(found(r), 7).constant == pytest.approx(7)
        assert losses.check_symmetry(Power(r), 7).constant is None
    assert losses.check_symmetry(losses.symmetrized(MAE)(), 5).constant == pytest.approx(10)
    assert issubclass(losses.symmetrized(NCE), NCE)


EVEN = {RLL: losses.EvenRLL, MSE: losses.EvenMSE}


@pytest.mark.parametrize("kind", EVEN, ids=lambda kind: kind.__name__)
@given(batch=batches())
def test_the_gradient_of_an_even_loss_is_cross_entropys_times_the_weight_at_even_shares(
    kind, batch
):
    z, y = (torch.from_numpy(part) for part in batch)
    (found,) = torch.autograd.grad(EVEN[kind](reduction="sum")(z.requires_grad_(), y), z)
    p = z.detach().softmax(1)
    label = torch.nn.functional.one_hot(y, z.shape[1])
    own = (label * p).sum(1, keepdim=True)
    rest = ((1 - label) * p).sum(1, keepdim=True)
    shared = (label * own + (1 - label) * rest / (z.shape[1] - 1)).log().requires_grad_()
    (at_even,) = torch.autograd.grad(kind(reduction="sum")(shared, y), shared)
    weight = -(label * at_even).sum(1, keepdim=True) / rest  # the book's definition
    torch.testing.assert_close(found, weight * (p - label), rtol=1e-6, atol=1e-12)


@given(batch=batches())
def test_where_the_others_share_evenly_nothing_changes_and_elsewhere_the_order_is_jensens(batch):
    for kind, side in ((RLL, 1), (MSE, -1)):
        values = values_of(kind(reduction="none"), *batch)
        assert (side * (values_of(EVEN[kind](reduction="none"), *batch) - values) >= -1e-12).all()
    k = batch[0].shape[1]
    even = np.log(np.where(np.eye(k) == 1, 0.3, 0.7 / (k - 1)))
    for kind, made in EVEN.items():
        found = [values_of(loss(reduction="none"), even, np.arange(k)) for loss in (kind, made)]
        np.testing.assert_allclose(*found, rtol=1e-12)


@pytest.mark.parametrize("kind", [CCE, GCE, MAE, ShiftedCE])
@given(batch=batches())
def test_losses_of_the_labels_probability_alone_are_even_already(kind, batch):
    found = values_of(losses.even(kind)(reduction="none"), *batch)
    np.testing.assert_allclose(found, values_of(kind(reduction="none"), *batch), atol=1e-9)


@given(batch=batches(1e4))
def test_with_two_classes_an_even_loss_is_the_loss_itself(batch):
    z, y = batch[0][:, :2], batch[1] % 2
    for kind, made in EVEN.items():
        found = [values_of(loss(reduction="none"), z, y) for loss in (kind, made)]
        np.testing.assert_allclose(*found, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("alpha", [0.1, 0.45])
def test_what_losses_do_to_a_class_that_the_network_is_sure_of_whatever_the_label(alpha):
    """To first order in the rest, which the other classes share; the label has next to nothing."""
    k, delta = 10, 1e-6
    p = torch.full((1, k), delta / (k - 2), dtype=torch.float64)
    p[0, 0], p[0, 1] = 1 - delta, 1e-15
    of = {MSE(): -2, MAE(): 0, losses.EvenMSE(): 0, losses.EvenRLL(alpha): 0}
    of[RLL(alpha)] = (1 / alpha - 1 / (1 + alpha)) / (k - 1)
    for loss, expected in of.items():
        z = p.log().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(z, torch.tensor([1])), z)
        assert -gradient[0, 0].item() / delta == pytest.approx(expected, rel=1e-4, abs=1e-6)
