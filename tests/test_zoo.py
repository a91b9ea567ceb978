"""The losses beside the paper's: each against its paper's formula in numpy, constant and range."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from zoo_formulas import (
    CONSTANT,
    RANGE,
    REFERENCE,
    batches,
    chosen,
    every_label,
    values_of,
)

from memutils import losses, names
from memutils.errors import UserError

ZOO = [name for name in losses.LOSSES if name not in losses.PAPER]


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


NCE_BY_HAND = math.log(0.7) / math.log(0.7 * 0.2 * 0.1)
JS_BY_HAND = -0.7 * math.log(0.91) + 0.3 * (
    0.7 * math.log(0.7 / 0.91) + 0.2 * math.log(0.2 / 0.06) + 0.1 * math.log(0.1 / 0.03)
)
NORM_BY_HAND = math.hypot(math.log(0.7), math.log(0.2), math.log(0.1))
CLIPPED_BY_HAND = math.log(sum((p / 0.7) ** (1 / NORM_BY_HAND) for p in (0.7, 0.2, 0.1)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("shifted-ce", math.log(1.1 / 0.8)),
        ("gce", (1 - 0.7**0.7) / 0.7),
        ("symmetrized-gce", (1 - 0.7**0.7 + (0.2**0.7 + 0.1**0.7) / 2) / 0.7),
        ("unhinged", math.log(0.7 * 0.2 * 0.1) / 3 - math.log(0.7)),
        ("label-smoothing", -0.9 * math.log(0.7) - 0.1 / 3 * math.log(0.7 * 0.2 * 0.1)),
        ("nce", NCE_BY_HAND),
        ("rce", 4 * 0.3),
        ("sce", -0.1 * math.log(0.7) + 4 * 0.3),
        ("nce-rce", NCE_BY_HAND + 4 * 0.3),
        ("nce-mae", NCE_BY_HAND + 2 * 0.3),
        ("nce-agce", NCE_BY_HAND + 4 * (7**1.5 - 6.7**1.5) / 1.5),
        ("agce", (1.6**0.6 - 1.3**0.6) / 0.6),
        ("aul", (4.8**3 - 4.5**3) / 3),
        ("ael", math.exp(-0.7 / 2.5)),
        ("js", JS_BY_HAND / (-0.3 * math.log(0.3))),
        ("taylor-ce", 0.3 + 0.3**2 / 2),
        ("eps-softmax", -0.01 * math.log(100000.7 / 100001) + 5 * 2 * 0.3),
        ("logit-clip-cce", CLIPPED_BY_HAND),
        ("even-rll", math.log(11) - math.log(0.8) + math.log(0.25)),
        ("even-mse", 0.09 * 1.5),
    ],
)
def test_values_by_hand_at_p_of_point_7_2_and_1_with_the_defaults(name, value):
    logits = torch.tensor([[0.7, 0.2, 0.1]], dtype=torch.float64).log()
    assert losses.build(name)(logits, torch.tensor([0])).item() == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize("name", ZOO)
@given(data=st.data(), batch=batches(1e4))
def test_symmetric_losses_sum_to_their_constant_and_the_others_say_that_they_have_none(
    name, data, batch
):
    parameters, k = chosen(data, name), batch[0].shape[1]
    loss = losses.build(name, reduction="none", **parameters)
    constant = CONSTANT[name](k, **parameters) if name in CONSTANT else None
    if constant is None:
        assert loss.symmetry_constant(k) is None
        return
    assert loss.symmetry_constant(k) == pytest.approx(constant, rel=1e-12)
    values = every_label(loss, batch[0])
    size = max(1, np.abs(values).max())
    np.testing.assert_allclose(values.sum(1), constant, rtol=1e-10, atol=1e-12 * size * k)


def sums_stated(name, k, z):
    """The sums over the labels at the uniform p and where p is certain, logit z above the rest."""
    values = {n: p.default for n, p in losses.parameters_of(name).items()}
    alpha, q, a, m, tau = (values.get(n) for n in ("alpha", "q", "a", "m", "tau"))
    active, passive = (values.get(n) for n in ("active", "passive"))
    uniform, certain = k * math.log(k), (k - 1) * z  # of cross entropy
    if name == "shifted-ce":
        high = math.log((1 + alpha) / alpha)
        return k * math.log((1 + alpha) / (alpha + 1 / k)), (k - 1) * high
    if name == "even-rll":
        constant = math.log((1 + alpha) / alpha)
        return k * constant, (k - 1) * (constant + math.log1p(1 / ((k - 1) * alpha)))
    if name == "even-mse":
        return k - 1, k
    if name == "gce":
        return (k - k ** (1 - q)) / q, (k - 1) / q
    if name == "label-smoothing":
        return uniform, certain
    if name == "sce":
        constant = -values["log_zero"] * (k - 1) * passive
        return active * uniform + constant, active * certain + constant
    if name in ("agce", "nce-agce"):
        factor, constant = (1, 0) if name == "agce" else (passive, active)
        spread = (a + 1) ** q - (a + 1 / k) ** q, (a + 1) ** q - a**q
        return tuple(n * s / q * factor + constant for n, s in zip((k, k - 1), spread))
    if name == "aul":
        low = (a - 1) ** q
        return k * ((a - 1 / k) ** q - low) / q, (k - 1) * (a**q - low) / q
    if name == "ael":
        return k * math.exp(-1 / (k * a)), k - 1 + math.exp(-1 / a)
    if name == "js":
        at_uniform = REFERENCE["js"](np.zeros((1, k)), np.zeros(1, int), values["pi"])[0]
        return k * at_uniform, (k - 1) * RANGE["js"](k, values["pi"])[1]
    if name == "bi-tempered":
        t1, t2 = values["t1"], values["t2"]
        one = (1 - k ** (t1 - 1)) * (1 / (1 - t1) - 1 / (2 - t1))
        ruled_out = (1 + (t2 - 1) * z) ** (-(1 - t1) / (t2 - 1))  # p^(1 - t1)
        return k * one, (k - 1) * (1 - ruled_out) / (1 - t1)
    if name == "taylor-ce":
        return k * (1 - 1 / k + (1 - 1 / k) ** 2 / 2), (k - 1) * 1.5
    if name == "eps-softmax":  # of equal probabilities the first counts as the largest
        first, bonus = math.log((1 + m) / (1 / k + m)), (k - 1) * math.log(1 + m)
        both = first + (k - 1) * math.log(k) + bonus, certain + bonus
        return tuple(active * ce + passive * 2 * (k - 1) for ce in both)
    assert name == "logit-clip-cce"
    rest = (k - 1) * math.log(math.exp(tau) + k - 1)
    return uniform, math.log1p((k - 1) * math.exp(-tau)) + rest


@pytest.mark.parametrize("k", [2, 3, 10, 50])
@pytest.mark.parametrize("name", [n for n in ZOO if n not in CONSTANT or n == "even-rll"])
def test_the_sum_of_the_others_is_the_stated_one_at_the_uniform_and_at_a_certain_prediction(
    name, k
):
    loss = losses.build(name, reduction="none")
    low, high = every_label(loss, np.stack([np.zeros(k), 1e4 * np.eye(k)[0]])).sum(1)
    assert (low, high) == pytest.approx(sums_stated(name, k, 1e4), rel=1e-5)
    if name == "even-rll" and k == 2:
        return  # there it is RLL
    assert abs(high - low) > 5e-4 * high, "near symmetry, but not symmetric"


@pytest.mark.parametrize(
    ("symmetric", "near"),
    [
        (losses.GCE(1), losses.GCE(0.999)),
        (losses.AGCE(0.6, 1), losses.AGCE(0.6, 0.999)),
        (losses.AUL(5.5, 1), losses.AUL(5.5, 1.001)),
        (losses.TaylorCE(1), losses.TaylorCE(2)),
        (losses.NCEandAGCE(0, 1, q=1), losses.NCEandAGCE(0, 1)),
        (losses.SCE(0, 0.25), losses.SCE(0.001, 0.25)),
    ],
    ids=lambda loss: repr(loss),
)
def test_some_losses_are_symmetric_exactly_at_an_end_of_their_parameters(symmetric, near):
    assert symmetric.symmetry_constant(10) == 9 and near.symmetry_constant(10) is None
    assert losses.check_symmetry(symmetric).constant == pytest.approx(9)
    assert losses.check_symmetry(near).constant is None


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
    far = 1e300 if name == "bi-tempered" else 1e4  # a heavy tail falls as a power of the logit
    z = np.zeros((7, k))
    z[0, 0], z[1, 1:] = far, far  # certain; ruled out, the rest even
    z[2, 1], z[3, 0] = far, -far  # certain of another label; ruled out
    z[5], z[6] = (np.eye(k)[0] - 1 / k) * far, (1 / k - np.eye(k)[0]) * far  # the same, centered
    epsilon = parameters.get("epsilon") or 1e-300
    z[4, 0] = math.log((1 - epsilon) * k / epsilon + 1)  # the smoothed label itself
    found = values_of(losses.build(name, reduction="none", **parameters), z, np.zeros(7, np.int64))
    for end, extreme in ((low, found.min()), (high, found.max())):
        size = 1e-3 * parameters.get("active", 1) if "nce" in name else 1e-9  # as 1 / |log p|
        near = extreme == pytest.approx(end, abs=size * k)
        assert abs(extreme) > 100 if math.isinf(end) else near


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


@pytest.mark.parametrize("name", ZOO)
def test_every_loss_can_be_trained_with(name):
    for k in (2, 10, 50):
        losses.check_loss(losses.build(name), k)


@pytest.mark.parametrize(
    "change",
    [{"q": 0}, {"q": 5.01}, {"epsilon": -0.1}, {"epsilon": 1.1}, {"alpha": 0}, {"a": 0}, {"pi": 1}],
)
def test_parameters_out_of_range_are_named(change):
    (parameter,) = change
    for name in (n for n in ZOO if parameter in losses.parameters_of(n)):
        with pytest.raises(
            UserError, match=f"In the loss '{name}', {parameter} must be a number from"
        ):
            losses.build(name, **change)


@pytest.mark.parametrize("order", [1.5, math.pi])
def test_an_order_is_a_whole_number(order):
    with pytest.raises(UserError, match="order must be a whole number from 1 to 100"):
        losses.build("taylor-ce", order=order)
    assert losses.build("taylor-ce", order=3.0).order == 3


@pytest.mark.parametrize("name", list(losses.LOSSES))
@given(batch=batches(), shift=st.floats(-100, 100))
def test_whether_log_probabilities_tell_the_loss_is_declared(name, batch, shift):
    z, y = batch
    loss = losses.build(name, reduction="none")
    if loss.shift_invariant:
        found = values_of(loss, z + shift, y)
        np.testing.assert_allclose(found, values_of(loss, z, y), rtol=1e-9, atol=1e-9)
        return
    z = np.eye(4)
    moved, here = values_of(loss, z + 10, np.arange(4)), values_of(loss, z, np.arange(4))
    assert np.abs(moved - here).min() > 0.1
