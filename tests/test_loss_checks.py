"""The checks that a loss of one's own goes through: is it symmetric, can it be trained with?"""

import math

import pytest
import torch
from test_losses import EVERY, SYMMETRIC, sums_over_labels
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError
from memutils.losses import CCE, MAE, MSE, RLL


@pytest.mark.parametrize("k", [2, 3, 10])
def test_check_symmetry_tells_the_losses_apart(k):
    for loss in SYMMETRIC:
        found = losses.check_symmetry(loss, k)
        assert found.constant == pytest.approx(
            loss.symmetry_constant(k)
        ) and "not symmetric" not in str(found)
    for loss in (CCE(), MSE()):
        found = losses.check_symmetry(loss, k)
        assert (
            found.constant is None and found.spread > 0.1 and str(found).startswith("not symmetric")
        )
        sums = sums_over_labels(loss, found.counterexample.log())
        torch.testing.assert_close(
            sums, torch.tensor(found.sums, dtype=torch.float64), rtol=1e-6, atol=1e-6
        )


def test_check_symmetry_tries_probabilities_from_uniform_to_nearly_one_hot_and_says_which_seed():
    tried = {}

    def watched(seed):
        def loss(z, y):
            tried.setdefault(seed, []).append(z[0])
            return MAE()(z, y)

        return loss

    found = losses.check_symmetry(watched(0))  # the defaults: 10 classes, seed 0
    assert found.constant == pytest.approx(18) and len(tried[0]) == 200 * 10
    sizes = [float(z.std()) for z in tried[0][::10]]
    assert 0.002 < min(sizes) < 0.02 and 10 < max(sizes) < 40
    losses.check_symmetry(watched("again"), 10, 0)
    losses.check_symmetry(watched("other"), 10, 1)
    assert torch.equal(torch.stack(tried[0]), torch.stack(tried["again"])) and not torch.equal(
        tried[0][0], tried["other"][0]
    )


@pytest.mark.parametrize("scale", [1e-6, 1, 1e9])
def test_check_symmetry_allows_for_rounding_in_proportion(scale):
    assert losses.check_symmetry(lambda z, y: scale * RLL()(z, y)).constant == pytest.approx(
        scale * RLL().symmetry_constant(10)
    )
    assert losses.check_symmetry(lambda z, y: scale * CCE()(z, y)).constant is None


@pytest.mark.parametrize(("limit", "size"), [(0, "0.1"), (0.6, "1"), (20, "100")])
def test_check_loss_names_the_smallest_logits_that_break_it(limit, size):
    def breaks(z, y):
        return CCE()(z, y) * (math.inf if float(z.detach().abs().max()) > limit else 1)

    with pytest.raises(UserError, match=f"logits of size {size};"):
        losses.check_loss(breaks, 10)


def test_check_symmetry_refuses_a_loss_that_is_not_finite():
    with pytest.raises(UserError, match="not finite"):
        losses.check_symmetry(lambda z, y: (z - z).sum() / 0)


@pytest.mark.parametrize(
    "loss",
    [*EVERY, lambda z, y: -z[:, 0].mean()],
    ids=lambda loss: getattr(loss, "__name__", str(loss)),
)
def test_check_loss_accepts_what_can_be_trained_with(loss):
    losses.check_loss(loss, 10)
    losses.check_loss(loss, 2)


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize(
    ("loss", "message"),
    [
        (lambda z, y: z.mean() * math.nan, "not finite"),
        (lambda z, y: -z.softmax(1).log().gather(1, y[:, None]).mean(), "not finite"),
        (lambda z, y: (z - z.detach()).abs().sqrt().sum(), "not finite"),
        (CCE("none"), "one number"),
        (lambda z, y: 0.5, "one number"),
        (lambda z, y: (z.argmax(1) != y).float().mean(), "differentiabl"),
        (lambda z, y: torch.ones((), requires_grad=True), "does not depend on the logits"),
        (lambda z, y: F.mse_loss(z, y), "fails on logits"),
        (lambda z, y: F.cross_entropy(z, y + 1), "fails on logits"),
    ],
)
def test_check_loss_says_what_is_wrong(loss, message):
    with pytest.raises(UserError, match=message):
        losses.check_loss(loss, 10)
