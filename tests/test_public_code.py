"""Where public code of a loss does something else than its paper: what, and by how much."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F
from zoo_formulas import batches, values_of

from memutils import losses
from memutils.losses import LabelSmoothing, divergences

Z0 = torch.zeros(1, dtype=torch.long)


def logits_of(*p):
    """Logits (1, K) with these probabilities, in float64."""
    return torch.tensor([p], dtype=torch.float64).log().requires_grad_()


def rce_in_code(z, y):
    """Reverse cross entropy with the clamps of the authors of SCE and of Ma et al."""
    p, label = z.softmax(1).clamp(1e-7, 1), F.one_hot(y, z.shape[1]).to(z).clamp(1e-4, 1)
    return -(p * label.log()).sum(1)


@given(batch=batches(), epsilon=st.sampled_from([0.0, 0.1, 0.5, 1.0]))
def test_label_smoothing_is_that_of_torch_and_not_of_code_that_spreads_it_over_the_others(
    batch, epsilon
):
    z, y = map(torch.from_numpy, batch)
    k, loss = z.shape[1], LabelSmoothing(epsilon)
    torch.testing.assert_close(loss(z, y), F.cross_entropy(z, y, label_smoothing=epsilon))
    q = torch.full_like(z, epsilon / (k - 1)).scatter(1, y[:, None], 1 - epsilon)
    over_others = -(q * z.log_softmax(1)).sum(1).mean()
    if epsilon * k / (k - 1) <= 1:
        torch.testing.assert_close(LabelSmoothing(epsilon * k / (k - 1))(z, y), over_others)


def test_a_clamp_as_in_public_code_would_kill_the_gradient_and_change_the_value():
    z = torch.tensor(
        [[-40.0, 0.0, 0.0]], dtype=torch.float64
    )  # p_y is 2e-18, below any clamp in use
    for name, clamped in (
        ("gce", lambda p: (1 - p**0.7) / 0.7),
        ("nce", lambda p: p.log() / (p.log() + 2 * math.log(0.5))),
    ):
        logits = z.clone().requires_grad_()
        value = losses.build(name)(logits, torch.tensor([0]))
        value.backward()
        other = clamped(torch.tensor(1e-7, dtype=torch.float64))
        assert logits.grad[0, 0] < 0 and abs(value - other) > 1e-6


@given(batch=batches())
def test_the_clamped_label_of_reverse_cross_entropy_is_another_a(batch):
    """log 1e-4 instead of the paper's -4, and almost nothing from the clamp of p."""
    z, y = map(torch.from_numpy, batch)
    ours = losses.RCE(math.log(1e-4), "none")(z, y)
    extra = rce_in_code(z, y) - ours
    assert (extra >= -1e-12).all() and (extra <= 1e-7 * -math.log(1e-4) * z.shape[1]).all()
    factor = math.log(1e-4) / -4
    torch.testing.assert_close(ours, factor * losses.RCE(reduction="none")(z, y))


def test_the_normalized_reverse_cross_entropy_of_ma_et_al_multiplies_where_it_should_divide():
    """1 / 4 * (K - 1) is (K - 1) / 4, and with their A the constant is not 4 either."""
    k, loss = 10, losses.RCE()
    labels = torch.arange(k)
    values = loss.per_example(torch.randn(1, k).log_softmax(1).repeat(k, 1), labels)
    assert float(values.sum()) / loss.symmetry_constant(k) == pytest.approx(1, rel=1e-5)
    assert float((1 / 4 * (k - 1) * values).sum()) == pytest.approx((k - 1) ** 2, rel=1e-5)


@given(batch=batches(), passive=st.floats(0.1, 10))
def test_nce_and_mae_in_code_have_half_the_mae(batch, passive):
    z, y = map(torch.from_numpy, batch)
    halved = losses.NCE("none")(z, y) + passive * (1 - z.softmax(1).gather(1, y[:, None])[:, 0])
    torch.testing.assert_close(losses.NCEandMAE(1, passive / 2, "none")(z, y), halved)


@given(batch=batches(), pi=st.sampled_from([0.1, 0.7, 0.9]))
def test_the_clamp_of_jensen_shannon_alters_almost_nothing(batch, pi):
    z, y = map(torch.from_numpy, batch)
    p, label = z.softmax(1), F.one_hot(y, z.shape[1]).to(z)
    log_m = (pi * label + (1 - pi) * p).clamp(1e-7, 1).log()
    parts = [(q * (q.clamp(min=1e-7).log() - log_m)).sum(1) for q in (label, p)]
    clamped = (pi * parts[0] + (1 - pi) * parts[1]) / (-(1 - pi) * math.log(1 - pi))
    apart = (clamped - losses.JensenShannon(pi, "none")(z, y)).abs()
    assert (apart < 1e-6 * z.shape[1]).all()


@pytest.mark.parametrize(("p_y", "bounded"), [(0.002, False), (0.0009, True), (1e-9, True)])
def test_the_clamp_of_epsilon_softmax_makes_a_bound_and_ends_the_gradient(p_y, bounded):
    """At p_y = .001 with m = 1e5; the bound of cross entropy's part is log 1e8."""
    z, m = logits_of(p_y, 0.7, 0.3 - p_y), 1e5
    p = z.softmax(1) + m * F.one_hot(z.argmax(1), 3)
    in_code = -(p / (m + 1)).clamp(min=1e-8).log()[:, 0]
    loss = losses.EpsilonSoftmax(1, 0)
    ours = loss(z, Z0)
    (theirs,) = torch.autograd.grad(in_code.sum(), z, retain_graph=True)
    (gradient,) = torch.autograd.grad(ours, z)
    torch.testing.assert_close(gradient[0, 0].item(), p_y - 1)  # cross entropy's, whatever m
    if bounded:
        assert in_code.item() == pytest.approx(8 * math.log(10)) and not theirs.any()
        assert ours.item() > in_code.item()
    else:
        torch.testing.assert_close(theirs, gradient)
        torch.testing.assert_close(ours, in_code[0])


def logit_clip_in_code(z, temp):
    """Logits of a norm above temp get the norm 1/temp."""
    norm = z.norm(dim=1, keepdim=True)
    return torch.where(norm > temp, z / norm / temp, z)


@given(batch=batches(), size=st.floats(0.1, 10))
def test_logit_clip_in_code_is_the_paper_s_at_tau_1_and_jumps_elsewhere(batch, size):
    z, y = batch
    z = z / np.maximum(np.linalg.norm(z, axis=1, keepdims=True), 1e-3) * size
    for temp in (1.0, 1.5):
        clipped = logit_clip_in_code(torch.from_numpy(z), temp)
        theirs = F.cross_entropy(clipped, torch.from_numpy(y), reduction="none").numpy()
        ours = values_of(losses.LogitClipCCE(1 / temp, "none"), z, y)
        if temp == 1 or not 1 / temp <= size <= temp:  # both clip, or neither
            np.testing.assert_allclose(theirs, ours, rtol=1e-9)
    z = torch.tensor([[1.49, 0], [1.51, 0]], dtype=torch.float64)
    norms = [float(row.norm()) for row in logit_clip_in_code(z, 1.5)]
    assert norms == pytest.approx([1.49, 1 / 1.5])  # a longer vector comes out shorter


def test_five_iterations_of_the_tempered_softmax_are_not_enough_for_a_high_temperature():
    """The values are those in the authors' own test, ``test_tempered_softmax`` of
    github.com/google/bi-tempered-loss, at temperature 4: the last row sums to 1.002."""
    z = torch.tensor([[-0.5, 0.1, 2.0], [0.1, 1.5, -5.0], [4.0, -3.0, -6.0]], dtype=torch.float64)
    theirs = torch.tensor(
        [
            [0.3205458, 0.32714278, 0.3523402],
            [0.3430056, 0.36491093, 0.29220778],
            [0.41369352, 0.30534995, 0.28299212],
        ],
        dtype=torch.float64,
    )
    ours = divergences.log_tempered_softmax(z, 4.0).exp()
    torch.testing.assert_close(ours.sum(1), torch.ones(3, dtype=torch.float64))
    torch.testing.assert_close(ours[:2], theirs[:2], rtol=0, atol=2e-4)
    assert float(theirs[2].sum()) > 1.002 and float((ours - theirs)[2].abs().max()) > 1e-3
