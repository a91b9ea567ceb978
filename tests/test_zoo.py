"""The losses beside the paper's: each against its paper's formula in numpy, constant and range."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from memutils import losses, names
from memutils.errors import UserError
from memutils.losses import CCE, GCE, MAE, MSE, NCE, RLL, LabelSmoothing, ShiftedCE, Unhinged


def log_softmax(z):
    """Log-probabilities of logits (N, K), in numpy and float64."""
    shifted = z - z.max(1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(1, keepdims=True))


def own(values, y):
    """values[i, y[i]] for each row i."""
    return values[np.arange(len(y)), y]


def smoothed(z, y, epsilon):
    """Cross entropy with (1 - epsilon) of the label's mass on y and epsilon / K on each class."""
    k = z.shape[1]
    q = (1 - epsilon) * np.eye(k)[y] + epsilon / k
    return -(q * log_softmax(z)).sum(1)


def symmetrized_gce(z, y, q):
    """(L_y - mean of the other L_j) + 1/q, L being generalized cross entropy, a label at a time."""
    p, values = np.exp(log_softmax(z)), []
    for row, label in zip(p, y):
        costs = (1 - row**q) / q
        values.append(costs[label] - np.delete(costs, label).mean() + 1 / q)
    return np.array(values)


REFERENCE = {
    "shifted-ce": lambda z, y, alpha: np.log(
        (1 + alpha) / (alpha + np.exp(own(log_softmax(z), y)))
    ),
    "gce": lambda z, y, q: (1 - np.exp(own(log_softmax(z), y)) ** q) / q,
    "symmetrized-gce": symmetrized_gce,
    "unhinged": lambda z, y: z.mean(1) - own(z, y),
    "label-smoothing": smoothed,
    "nce": lambda z, y: own(log_softmax(z), y) / log_softmax(z).sum(1),
}
"""Each loss as its paper writes it: logits (N, K), labels (N,) and parameters to values (N,)."""


def smoothed_range(k, epsilon):
    """From the entropy of the smoothed label on."""
    q = np.full(k, epsilon / k)
    q[0] += 1 - epsilon
    return -sum(v * math.log(v) for v in q if v), math.inf


RANGE = {
    "shifted-ce": lambda k, alpha: (0, math.log((1 + alpha) / alpha)),
    "gce": lambda k, q: (0, 1 / q),
    "symmetrized-gce": lambda k, q: (0, (1 + (k - 1) ** -q) / q),
    "unhinged": lambda k: (-math.inf, math.inf),
    "label-smoothing": smoothed_range,
    "nce": lambda k: (0, 1),
}
"""The lowest and the highest value of each loss for K classes."""

CONSTANT = {
    "symmetrized-gce": lambda k, q: k / q,
    "unhinged": lambda k: 0,
    "nce": lambda k: 1,
}
"""C of the symmetric ones."""

PARAMETERS = {
    "shifted-ce": {"alpha": st.sampled_from([0.01, 0.1, 0.45, 3.0])},
    "gce": {"q": st.sampled_from([0.1, 0.3, 0.7, 0.95])},
    "symmetrized-gce": {"q": st.sampled_from([0.1, 0.3, 0.7, 1.0])},
    "label-smoothing": {"epsilon": st.sampled_from([0.0, 0.1, 0.5, 1.0])},
}
ZOO = [name for name in losses.LOSSES if name not in losses.PAPER]


@st.composite
def batches(draw, max_logit=30.0):
    """Logits (N, K) in float64, K from 2 to 50, and labels (N,)."""
    n, k = draw(st.integers(1, 4)), draw(st.integers(2, 50))
    z = draw(arrays(np.float64, (n, k), elements=st.floats(-max_logit, max_logit)))
    return z, draw(arrays(np.int64, n, elements=st.integers(0, k - 1)))


def chosen(data, name):
    """Parameters of a loss, drawn."""
    return {n: data.draw(values) for n, values in PARAMETERS.get(name, {}).items()}


def values_of(loss, z, y):
    """The loss of each row of numpy logits, in numpy."""
    return loss(torch.from_numpy(z), torch.from_numpy(y)).numpy()


def every_label(loss, z):
    """The loss of each row under each label, (N, K)."""
    n, k = z.shape
    columns = [values_of(loss, z, np.full(n, label)) for label in range(k)]
    return np.stack(columns, 1)


def test_every_loss_has_a_reference_a_range_and_a_name_for_readers():
    assert set(ZOO) == set(REFERENCE) == set(RANGE)
    assert list(losses.LOSSES)[:5] == list(losses.PAPER) and set(losses.LOSSES) == set(
        names.LOSS_NAMES
    )
    assert len(set(names.LOSS_NAMES.values())) == len(names.LOSS_NAMES)


@pytest.mark.parametrize("name", ZOO)
@given(data=st.data(), batch=batches())
def test_values_are_those_of_the_paper_s_formula(name, data, batch):
    parameters = chosen(data, name)
    found = values_of(losses.build(name, reduction="none", **parameters), *batch)
    np.testing.assert_allclose(found, REFERENCE[name](*batch, **parameters), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shifted-ce", math.log(1.1 / 0.8)),
        ("gce", (1 - 0.7**0.7) / 0.7),
        ("symmetrized-gce", (1 - 0.7**0.7 + (0.2**0.7 + 0.1**0.7) / 2) / 0.7),
        ("unhinged", math.log(0.7 * 0.2 * 0.1) / 3 - math.log(0.7)),
        ("label-smoothing", -0.9 * math.log(0.7) - 0.1 / 3 * math.log(0.7 * 0.2 * 0.1)),
        ("nce", math.log(0.7) / math.log(0.7 * 0.2 * 0.1)),
    ],
)
def test_values_by_hand_with_the_papers_parameters(name, value):
    logits = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).log()
    assert losses.build(name)(logits, torch.tensor([0])).item() == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", ZOO)
@given(data=st.data(), batch=batches(1e4))
def test_symmetric_losses_sum_to_their_constant_and_the_others_say_that_they_have_none(
    name, data, batch
):
    parameters, k = chosen(data, name), batch[0].shape[1]
    loss = losses.build(name, reduction="none", **parameters)
    if name not in CONSTANT:
        assert loss.symmetry_constant(k) is None
        return
    constant = CONSTANT[name](k, **parameters)
    assert loss.symmetry_constant(k) == pytest.approx(constant, rel=1e-12)
    values = every_label(loss, batch[0])
    size = max(1, np.abs(values).max())
    np.testing.assert_allclose(values.sum(1), constant, rtol=1e-10, atol=1e-12 * size * k)


@pytest.mark.parametrize("k", [2, 3, 10, 50])
@pytest.mark.parametrize("name", [name for name in ZOO if name not in CONSTANT])
def test_the_sum_of_the_others_is_the_stated_one_at_the_uniform_and_at_a_certain_prediction(
    name, k
):
    loss, declared = losses.build(name, reduction="none"), losses.parameters_of(name)
    low, high = every_label(loss, np.stack([np.zeros(k), 1e4 * np.eye(k)[0]])).sum(1)
    alpha, q = (declared[n].default if n in declared else math.nan for n in ("alpha", "q"))
    stated = {
        "shifted-ce": (
            k * math.log((1 + alpha) / (alpha + 1 / k)),
            (k - 1) * math.log((1 + alpha) / alpha),
        ),
        "gce": ((k - k ** (1 - q)) / q, (k - 1) / q),
        "label-smoothing": (k * math.log(k), (k - 1) * 1e4),
    }[name]
    assert (low, high) == pytest.approx(stated, rel=1e-9) and high - low > 0.01 * high


def test_gce_is_symmetric_exactly_at_its_end():
    assert GCE(1).symmetry_constant(10) == 9 and GCE(0.999).symmetry_constant(10) is None
    assert losses.check_symmetry(GCE(1)).constant == pytest.approx(9)
    assert losses.check_symmetry(GCE(0.999)).constant is None


@pytest.mark.parametrize("name", ZOO)
@given(data=st.data(), batch=batches(1e4))
def test_values_stay_in_the_stated_range(name, data, batch):
    parameters = chosen(data, name)
    low, high = RANGE[name](batch[0].shape[1], **parameters)
    found = values_of(losses.build(name, reduction="none", **parameters), *batch)
    assert (low - 1e-11 <= found).all() and (found <= high + 1e-11).all()


@pytest.mark.parametrize("name", ZOO)
@given(data=st.data(), k=st.integers(2, 50))
def test_the_ends_of_the_range_are_approached(name, data, k):
    parameters = chosen(data, name)
    low, high = RANGE[name](k, **parameters)
    z = np.zeros((6, k))
    z[0, 0], z[1, 1:] = 1e4, 1e4  # certain; ruled out, the rest even
    z[2, 1], z[3, 0] = 1e4, -1e4  # certain of another label; ruled out
    epsilon = parameters.get("epsilon") or 1e-300
    z[4, 0] = math.log((1 - epsilon) * k / epsilon + 1)  # the smoothed label itself
    found = values_of(losses.build(name, reduction="none", **parameters), z, np.zeros(6, np.int64))
    for end, extreme in ((low, found.min()), (high, found.max())):
        size = 1e-3 if name == "nce" else 1e-9  # which nears its ends as 1 / |log p|
        assert (
            abs(extreme) > 100 if math.isinf(end) else extreme == pytest.approx(end, abs=size * k)
        )


EXTREME = (
    torch.cat([torch.eye(10), -torch.eye(10), torch.zeros(1, 10), 2 * torch.eye(10)[:3] - 1]) * 1e4
)
NOISE = torch.randn(64, 10, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16], ids=str
)
@pytest.mark.parametrize("name", ZOO)
def test_extreme_logits_are_finite_and_agree_with_float64(name, dtype):
    low = torch.cat([EXTREME, NOISE, NOISE * 30, NOISE * 3000]).to(dtype).requires_grad_()
    high = low.detach().double().requires_grad_()
    loss, target = losses.build(name, reduction="none"), torch.arange(len(low)) % 10
    values, expected = loss(low, target), loss(high, target)
    values.sum().backward(), expected.sum().backward()
    assert values.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert values.isfinite().all() and low.grad.isfinite().all() and low.grad.dtype == dtype
    torch.testing.assert_close(values.double(), expected, rtol=2e-5, atol=2e-6)
    tolerance = 2e-5 if dtype in (torch.float32, torch.float64) else 1e-2
    torch.testing.assert_close(low.grad.double(), high.grad, rtol=0.01, atol=tolerance)


@pytest.mark.parametrize("k", [2, 10, 50])
@pytest.mark.parametrize("scale", [1.0, 10.0])
@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_gradients_are_those_of_finite_differences(name, k, scale):
    z = torch.randn(4, k, generator=torch.Generator().manual_seed(k), dtype=torch.float64) * scale
    loss, target = losses.build(name, reduction="none"), torch.arange(4) % k
    assert torch.autograd.gradcheck(lambda z: loss(z, target), z.requires_grad_())


@pytest.mark.parametrize("name", list(losses.LOSSES))
def test_losses_stay_on_the_logits_device(name):
    """A one-hot or label tensor made on the CPU in every step cannot be mixed with these."""
    logits, target = torch.zeros(4, 10, device="meta"), torch.zeros(4, dtype=int, device="meta")
    assert losses.build(name)(logits, target).device.type == "meta"


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


@pytest.mark.parametrize("name", ["symmetrized-gce", "unhinged", "nce"])
def test_normalized_and_unbounded_losses_can_be_trained_with(name):
    for k in (2, 10, 50):
        losses.check_loss(losses.build(name), k)


@pytest.mark.parametrize(
    "change", [{"q": 0}, {"q": 1.01}, {"epsilon": -0.1}, {"epsilon": 1.1}, {"alpha": 0}]
)
def test_parameters_out_of_range_are_named(change):
    (parameter,) = change
    for name in (n for n in ZOO if parameter in losses.parameters_of(n)):
        with pytest.raises(
            UserError, match=f"In the loss '{name}', {parameter} must be a number from"
        ):
            losses.build(name, **change)


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
