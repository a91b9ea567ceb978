"""Three answers of check_symmetry: symmetric, symmetric up to clamps or float32, not symmetric."""

import threading

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError
from memutils.losses import symmetry


def own(p, y):
    return p.gather(1, y[:, None])[:, 0]


def rce(clamp, single=False):
    """Reverse cross entropy as published code has it: p clamped, log 0 replaced by log 1e-4."""

    def loss(z, y):
        p = F.softmax(z.float() if single else z, 1).clamp(clamp, 1)
        return -(p * F.one_hot(y, z.shape[1]).clamp(1e-4, 1).log()).sum(1).mean()

    return loss


def gce(q):
    return lambda z, y: ((1 - own(F.softmax(z, 1), y) ** q) / q).mean()


class Weighted(nn.Module):
    """MAE with weights of its own, which are float32 as a module's are."""

    def __init__(self, shape=(10,)):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(*shape))

    def forward(self, z, y):
        return (F.one_hot(y, z.shape[1]).to(self.weight) - F.softmax(z, 1)).abs() @ self.weight


class Locked(Weighted):
    """Cannot be copied, and mixes its float32 weights with what it is given."""

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()

    def forward(self, z, y):
        if z.dtype != self.weight.dtype:
            raise RuntimeError("expected float32")
        return super().forward(z, y)


SYMMETRIC = {
    "RLL": (losses.RLL(), 23.979),
    "the class": (losses.RLL, 23.979),
    "a class of one's own": (Weighted, 18),
    "RCE without clamps": (rce(0), 82.893),
    "weights in float32": (Weighted(), 18),
    "the unhinged loss": (lambda z, y: (z.mean(1) - own(z, y)).mean(), 0),
    "normalized cross entropy": (
        lambda z, y: own(F.log_softmax(z, 1), y) / F.log_softmax(z, 1).sum(1),
        1,
    ),
    "the 0-1 loss, in float32": (lambda z, y: (z.argmax(1) != y).float().mean(), 9),
    "a number": (lambda z, y: 2.5, 25),
}


@pytest.mark.parametrize("name", SYMMETRIC)
def test_symmetric_losses(name):
    loss, constant = SYMMETRIC[name]
    found = losses.check_symmetry(loss)
    assert (
        found.answer == "symmetric"
        and found.constant == pytest.approx(constant, abs=1e-3)
        and found.cause == ""
    )
    assert str(found).startswith("symmetric: the sum over the labels is")


CLAMP, SINGLE = "a clamp is the likely cause", "it computes in float32"
NEARLY = {
    "RCE, clamp 1e-7": (rce(1e-7), CLAMP),
    "RCE, clamp 1e-4": (rce(1e-4), CLAMP),
    "RCE in float32": (rce(0, single=True), SINGLE),
    "RCE in float32, clamp 1e-4": (rce(1e-4, single=True), CLAMP),
    "MAE, clamp 1e-7": (lambda z, y: 1 - own(F.softmax(z, 1).clamp(min=1e-7), y).mean(), CLAMP),
    "MAE in float32": (lambda z, y: 1 - own(F.softmax(z.float(), 1), y).mean(), SINGLE),
    "MAE in float32, given back in float64": (
        lambda z, y: losses.MAE()(z.float(), y).double(),
        SINGLE,
    ),
    "MAE in float16": (lambda z, y: losses.MAE()(z.half(), y), SINGLE),
    "a module that takes float32 alone": (Locked(), SINGLE),
    "RLL from probabilities in float32": (lambda z, y: losses.RLL()(z.float(), y), SINGLE),
}


@pytest.mark.parametrize("name", NEARLY)
def test_nearly_symmetric_losses_and_the_likely_cause(name):
    loss, cause = NEARLY[name]
    found = losses.check_symmetry(loss)
    assert found.answer == "nearly symmetric" and found.constant is None
    assert (
        cause in found.cause
        and str(found).startswith(f"symmetric up to {found.spread:.1g}: ")
        and cause in str(found)
    )
    assert 0 < found.spread == found.sums[1] - found.sums[0] < 0.1


NOT = {
    "cross entropy": F.cross_entropy,
    "weighted cross entropy": nn.CrossEntropyLoss(weight=torch.ones(10)),
    "cross entropy in float32": lambda z, y: F.cross_entropy(z.float(), y),
    "cross entropy, clamped": lambda z, y: F.nll_loss(F.softmax(z, 1).clamp(min=1e-7).log(), y),
    "label smoothing": nn.CrossEntropyLoss(label_smoothing=0.1),
    "MSE": losses.MSE,
    "MSE in float32": lambda z, y: losses.MSE()(z.float(), y),
    "unequal weights": lambda z, y: losses.MAE(reduction="none")(z, y) * (1 + (y == 0)),
    "symmetric near the uniform answer alone": lambda z, y: (
        losses.MAE()(z, y) + (z.abs().max() > 3) * own(z, y).square()
    ),
    "GCE .7": gce(0.7),
    "GCE .999": gce(0.999),
    "GCE .9999": gce(0.9999),
}


@pytest.mark.parametrize("name", NOT)
def test_losses_that_are_not_symmetric(name):
    found = losses.check_symmetry(NOT[name])
    assert (
        found.answer == "not symmetric"
        and found.constant is None
        and str(found).startswith("not symmetric: ")
    )
    low, high = found.sums
    assert low < high and found.spread == high - low and found.counterexample.shape == (2, 10)


@given(st.sampled_from([1e-6, 1e-3, 1.0, 1e3]), st.sampled_from([2, 3, 7]))
def test_the_answer_does_not_depend_on_the_loss_s_scale(scale, k):
    for loss, answer in ((losses.RLL(), "symmetric"), (losses.CCE(), "not symmetric")):
        assert losses.check_symmetry(lambda z, y, loss=loss: scale * loss(z, y), k).answer == answer
    nearly = losses.check_symmetry(lambda z, y: scale * losses.MAE()(z.float(), y), k)
    assert nearly.answer in ("nearly symmetric", "symmetric") and "not" not in str(nearly)


def test_a_module_is_as_it_was_afterwards():
    loss = Weighted()
    losses.check_symmetry(loss)
    assert loss.weight.dtype == torch.float32 and loss.weight.grad is None


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda z: z, r"fails on logits \(1, 10\) and a target \(1,\), TypeError"),
        (lambda z, y: {}["x"], "fails on logits .* KeyError"),
        (lambda z, y: "text", "fails on logits"),
        (lambda z, y: (z - z).sum() / 0, "not finite for some logits"),
        (lambda z, y: F.softmax(z * 100, 1).log().sum(), "not finite for some logits"),
        (nn.Bilinear, "The loss Bilinear needs parameters; hand an object of it"),
    ],
)
def test_a_loss_that_cannot_be_tried_is_one_sentence(loss, message):
    with pytest.raises(UserError, match=message) as error:
        losses.check_symmetry(loss)
    assert "\n" not in str(error.value)


def test_rounding_of_float32_stays_within_what_is_allowed():
    for k in (2, 10, 64):
        found = losses.check_symmetry(lambda z, y: losses.RLL(0.01)(z.float(), y), k)
        assert found.spread < symmetry.ROUNDING * max(found.sums) / 2
