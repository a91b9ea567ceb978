"""Losses: symmetry and ranges as properties, closed-form values, extreme logits, errors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError
from memutils.losses import CCE, MAE, MSE, RLL, NormalizedMSE

ALPHAS = (0.01, 0.1, 0.45)
SYMMETRIC = [MAE(), NormalizedMSE(), *(RLL(a) for a in ALPHAS)]
EVERY = [CCE(), MSE(), *SYMMETRIC]
name_of = repr


@st.composite
def batches(draw, max_logit: float = 40.0):
    """Logits (N, K) in float64 and targets (N,)."""
    n, k = draw(st.integers(1, 6)), draw(st.integers(2, 12))
    logits = draw(arrays(np.float64, (n, k), elements=st.floats(-max_logit, max_logit)))
    return torch.from_numpy(logits), torch.from_numpy(
        draw(arrays(np.int64, n, elements=st.integers(0, k - 1)))
    )


def sums_over_labels(loss, logits):
    """sum_k L(p, k) for each row of logits, (N,)."""
    per_example = type(loss)(
        reduction="none", **({"alpha": loss.alpha} if isinstance(loss, RLL) else {})
    )
    return sum(per_example(logits, torch.full((len(logits),), k)) for k in range(logits.shape[1]))


def logits_of(*p):
    """Float64 logits (1, K) whose softmax is p; a probability of 0 becomes e^-10000."""
    return torch.tensor([[math.log(v) if v else -1e4 for v in p]], dtype=torch.float64)


@pytest.mark.parametrize("loss", SYMMETRIC, ids=name_of)
@given(batch=batches(1e4))
def test_symmetric_losses_sum_to_their_constant(loss, batch):
    logits, _ = batch
    constant = loss.symmetry_constant(logits.shape[1])
    torch.testing.assert_close(
        sums_over_labels(loss, logits),
        torch.full((len(logits),), constant, dtype=torch.float64),
        rtol=1e-10,
        atol=1e-10,
    )


@pytest.mark.parametrize("loss", [CCE(), MSE()], ids=name_of)
def test_the_other_losses_are_not_symmetric(loss):
    sums = sums_over_labels(loss, torch.cat([logits_of(*[0.1] * 10), logits_of(1, *[0] * 9)]))
    assert loss.symmetry_constant(10) is None and sums[1] - sums[0] > 1


@given(batch=batches())
def test_the_sum_of_the_squared_error_is_the_stated_function_of_p(batch):
    logits, _ = batch
    k, norm = logits.shape[1], logits.softmax(1).square().sum(1)
    torch.testing.assert_close(sums_over_labels(MSE(), logits), k * norm + k - 2)


@pytest.mark.parametrize("alpha", ALPHAS)
@given(batch=batches())
def test_rll_is_the_symmetrized_shifted_cross_entropy(alpha, batch):
    logits, target = batch
    k = logits.shape[1]
    shifted = -torch.log(alpha + logits.softmax(1))
    expected = k / (k - 1) * (shifted[range(len(target)), target] - shifted.mean(1)) + math.log(
        (1 + alpha) / alpha
    )
    torch.testing.assert_close(RLL(alpha, "none")(logits, target), expected)


@given(batch=batches(200.0))
def test_mae_is_the_full_absolute_error(batch):
    logits, target = batch
    p, one_hot = logits.softmax(1), F.one_hot(target, logits.shape[1])
    torch.testing.assert_close(
        MAE("none")(logits, target), (p - one_hot).abs().sum(1), atol=1e-12, rtol=1e-9
    )
    torch.testing.assert_close(
        MAE("none")(logits, target), 2 * (1 - p[range(len(target)), target]), atol=1e-12, rtol=1e-9
    )


@pytest.mark.parametrize("name", losses.LOSSES)
@given(batch=batches())
def test_mean_divides_by_the_number_of_examples(name, batch):
    values = losses.build(name, reduction="none")(*batch)
    assert values.shape == batch[1].shape
    torch.testing.assert_close(losses.build(name)(*batch), values.sum() / len(values))
    torch.testing.assert_close(losses.build(name, reduction="sum")(*batch), values.sum())


def maximum(loss, k: int) -> float:
    """The stated supremum of each loss."""
    if isinstance(loss, RLL):
        return math.log((1 + loss.alpha) / loss.alpha) + math.log(1 + 1 / ((k - 1) * loss.alpha))
    return {CCE: math.inf, MSE: 2, MAE: 2, NormalizedMSE: k / (k * k - 2 * k + 2)}[type(loss)]


@pytest.mark.parametrize("loss", EVERY, ids=name_of)
@given(batch=batches(1e4))
def test_values_stay_in_the_stated_range(loss, batch):
    value = loss(*batch).item()
    assert -1e-12 <= value <= maximum(loss, batch[0].shape[1]) + 1e-12


@pytest.mark.parametrize("loss", EVERY[1:], ids=name_of)
def test_the_range_is_attained(loss):
    zero = torch.tensor([0])
    wrong = [logits_of(0, 1, *[0] * 8), logits_of(0, *[1 / 9] * 9)]
    assert max(loss(z, zero).item() for z in wrong) == pytest.approx(maximum(loss, 10), abs=1e-9)
    assert loss(logits_of(1, *[0] * 9), zero).item() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("loss", "constant", "highest"),
    [
        (MAE(), 18, 2),
        (NormalizedMSE(), 1, 0.122),
        (RLL(0.01), 46.15, 7.11),
        (RLL(0.1), 23.98, 3.15),
        (RLL(0.45), 11.70, 1.39),
    ],
    ids=name_of,
)
def test_constants_and_maxima_for_ten_classes(loss, constant, highest):
    assert loss.symmetry_constant(10) == pytest.approx(constant, abs=0.005)
    assert maximum(loss, 10) == pytest.approx(highest, abs=0.005)


def test_values_by_hand():
    logits, target = logits_of(0.7, 0.2, 0.1), torch.tensor([0])
    expected = {
        "cce": -math.log(0.7),
        "mse": 0.09 + 0.04 + 0.01,
        "mae": 0.6,
        "rll": math.log(11) - math.log(0.8) + (math.log(0.3) + math.log(0.2)) / 2,
        "nmse": 0.14 / (3 * 0.54 + 1),
    }
    assert expected.keys() == set(losses.PAPER)
    for name, value in expected.items():
        assert losses.build(name)(logits, target).item() == pytest.approx(value, abs=1e-12), name


@pytest.mark.parametrize(
    ("loss", "norm"),
    list(
        zip(
            [CCE(), RLL(0.01), RLL(0.1), RLL(0.45), MSE(), MAE(), NormalizedMSE()],
            (0.95, 0.96, 0.53, 0.19, 0.19, 0.19, 0.021),
        )
    ),
    ids=str,
)
def test_gradients_at_a_blind_network(loss, norm):
    logits = torch.zeros(1, 10, dtype=torch.float64, requires_grad=True)
    loss(logits, torch.tensor([3])).backward()
    assert logits.grad.norm().item() == pytest.approx(norm, abs=0.0005 if norm < 0.1 else 0.005)
    assert logits.grad[0, 3] < 0 and (logits.grad[0, :3] > 0).all()


EXTREME = (
    torch.cat(
        [
            torch.eye(10),
            -torch.eye(10),
            torch.zeros(1, 10),
            torch.ones(1, 10),
            2 * torch.eye(10)[:3] - 1,
        ]
    )
    * 1e4
)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("loss", EVERY, ids=name_of)
def test_extreme_logits_are_finite_and_agree_with_float64(loss, dtype):
    noise = torch.randn(64, 10, generator=torch.Generator().manual_seed(0))
    low = torch.cat([EXTREME, noise, noise * 30, noise * 3000]).to(dtype).requires_grad_()
    high = low.detach().double().requires_grad_()
    target = torch.arange(len(low)) % 10
    for logits in (low, high):
        loss(logits, target).backward()
    assert loss(low, target).isfinite() and low.grad.isfinite().all() and low.grad.dtype == dtype
    assert loss(low, target).item() == pytest.approx(loss(high, target).item(), rel=1e-5)
    torch.testing.assert_close(
        low.grad.double() * len(low),
        high.grad * len(low),
        rtol=0.01,
        atol=2e-5 if dtype == torch.float32 else 1e-2,
    )


def test_gradient_does_not_die_where_a_clamp_would_kill_it():
    logits = torch.tensor([[-60.0, 60.0]], requires_grad=True)
    value = CCE()(logits, torch.tensor([0]))
    value.backward()
    assert value.item() == pytest.approx(120) and logits.grad[0].tolist() == pytest.approx([-1, 1])


@pytest.mark.parametrize(
    ("logits", "target"),
    [
        (torch.zeros(4), torch.zeros(4, dtype=int)),
        (torch.zeros(4, 3, 2), torch.zeros(4, dtype=int)),
        (torch.zeros(4, 3), torch.zeros(3, dtype=int)),
        (torch.zeros(4, 3), torch.zeros(4, 1, dtype=int)),
        (torch.zeros(4, 3), torch.zeros(4, 3, dtype=int)),
        (torch.zeros(4, 3), torch.zeros(4)),
        (torch.zeros(4, 3), torch.zeros(4, dtype=bool)),
        (torch.zeros(4, 1), torch.zeros(4, dtype=int)),
    ],
)
def test_wrong_shapes_and_types_are_errors(logits, target):
    for loss in EVERY:
        with pytest.raises(ValueError, match="expected logits|class indices"):
            loss(logits, target)


def test_what_is_no_tensor_is_an_error():
    logits, target = np.zeros((4, 3)), [0, 1, 2, 0]
    for loss in EVERY:
        with pytest.raises(TypeError, match="as tensors, got Tensor and list"):
            loss(torch.from_numpy(logits), target)
        with pytest.raises(TypeError, match="as tensors, got ndarray and Tensor"):
            loss(logits, torch.tensor(target))


@pytest.mark.parametrize("alpha", [1e-30, 1e30])
def test_the_least_and_the_largest_alpha_can_be_trained_with(alpha):
    losses.check_loss(RLL(alpha), 10)


@pytest.mark.parametrize("alpha", [0, -1, 1e-31, 1e31, math.nan, math.inf])
def test_alpha_must_be_positive(alpha):
    with pytest.raises(ValueError, match="alpha"):
        RLL(alpha)
    with pytest.raises(UserError, match="alpha"):
        losses.build("rll", alpha=alpha)


def test_build_names_what_is_wrong():
    with pytest.raises(UserError, match="Did you mean 'nmse'"):
        losses.build("nmsee")
    with pytest.raises(UserError, match="alpha"):
        losses.build("cce", alpha=0.1)
    with pytest.raises(UserError, match="reduction"):
        losses.build("mse", reduction="average")
