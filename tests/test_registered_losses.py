"""Whatever can be registered as a loss is built and trains; what cannot is one sentence."""

import functools
import math

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke
from torch import nn
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError
from memutils.losses import RLL
from memutils.runs.specs import Scale

SCALE = Scale("test", {"dataset": "mnist5k", "network": "mlp", "eta": 0.4})


Z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))


Y = torch.tensor([0, 1, 2, 3, 0, 1])


def smoothed(logits, target, epsilon=0.1):
    return F.cross_entropy(logits, target, label_smoothing=epsilon)


class Whole(nn.Module):
    """A module whose parameter is a whole number."""

    def __init__(self, power: int = 2):
        super().__init__()
        self.power = power

    def forward(self, logits, target):
        return (1 - logits.softmax(1).gather(1, target[:, None])).pow(self.power).mean()


ENTRIES = {
    "a class of its own": (RLL, {"alpha"}),
    "another class": (Whole, {"power"}),
    "a class with a value": (functools.partial(RLL, 0.45), set()),
    "a function": (lambda z, y: F.cross_entropy(z, y), set()),
    "a function with a number": (smoothed, {"epsilon"}),
    "a function of torch": (F.cross_entropy, {"ignore_index", "label_smoothing"}),
    "a module": (nn.CrossEntropyLoss(label_smoothing=0.1), set()),
    "a loss": (RLL(0.45), set()),
    "what makes a loss": (lambda: losses.CCE(), set()),
    "what makes one with a number": (lambda alpha=0.45: RLL(alpha), {"alpha"}),
    "what makes a function": (lambda: lambda z, y: F.cross_entropy(z, y), set()),
    "an object that is called": (
        type("Called", (), {"__call__": lambda self, z, y: F.cross_entropy(z, y)})(),
        set(),
    ),
    "a decorated function": (
        functools.wraps(smoothed)(lambda *values, **named: smoothed(*values, **named)),
        {"epsilon"},
    ),
    "a function of anything": (lambda *values: F.cross_entropy(*values), set()),
}


@pytest.mark.parametrize("what", ENTRIES)
def test_whatever_can_be_registered_is_built_and_trains(mine, quick_data, what):
    entry, parameters = ENTRIES[what]
    mine(entry)
    assert set(losses.parameters_of("mine")) == parameters
    losses.check_loss(losses.build("mine"), 10)
    record = run_spec(smoke(loss="mine", epochs=1))
    assert record.spec["loss_parameters"].keys() == parameters and math.isfinite(
        record.history["train_loss"].iloc[-1]
    )
    assert {"true", "fresh"} <= record.risks["test"]["mine"].keys()


def test_parameters_reach_what_is_registered(mine):
    mine(smoothed)
    torch.testing.assert_close(
        losses.build("mine", epsilon=0.3)(Z, Y), F.cross_entropy(Z, Y, label_smoothing=0.3)
    )
    mine(Whole)
    assert (
        losses.build("mine", power=3.0).power == 3
        and type(losses.build("mine", power=np.int64(3)).power) is int
    )
    mine(lambda alpha=0.45: RLL(alpha))
    assert losses.build("mine").alpha == 0.45 and losses.build("mine", alpha=1).alpha == 1
    module = RLL(0.45)
    mine(module)
    assert losses.build("mine") is module


def broken(q=0.5):
    raise RuntimeError("first line\nsecond line")


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            3,
            "registered as '3', which is no loss; register a class, a function of logits",
        ),
        (None, "which is no loss"),
        ("cce", "which is no loss"),
        (lambda: 3, "makes '3', which cannot be called"),
        (lambda: None, "makes 'None', which cannot be called"),
        (lambda q: RLL(q), "cannot be built with no parameters: .*missing 1 required"),
        (broken, "cannot be built with q=0.5: first line"),
    ],
)
def test_what_is_no_loss_is_one_sentence_at_every_door(mine, entry, message):
    mine(entry)
    for door in (lambda: losses.build("mine"), lambda: SCALE.spec(loss="mine").build_loss()):
        with pytest.raises(UserError, match=message) as error:
            door()
        assert "\n" not in str(error.value)
    assert SCALE.spec(loss="rll", alpha=0.45).loss_parameters == {"alpha": 0.45}, (
        "it costs no other loss's run"
    )


def test_a_parameter_that_a_loss_does_not_have_is_named():
    with pytest.raises(
        UserError, match=r"The loss 'rll' has no parameter 'alhpa'\. Did you mean 'alpha'\?"
    ):
        losses.build("rll", alhpa=0.1)
    with pytest.raises(UserError, match=r"The loss 'rll' has no parameter 'q'\. It has alpha\."):
        losses.build("rll", q=0.1)
    with pytest.raises(UserError, match=r"The loss 'cce' has no parameter 'alpha'\. It has none\."):
        losses.build("cce", alpha=0.1)
    with pytest.raises(UserError, match="Unknown loss 'rl'. Did you mean 'rll'"):
        losses.parameters_of("rl")


def test_a_label_out_of_range_is_said():
    for label in (-1, -100, 4):
        for name in losses.LOSSES:
            with pytest.raises(ValueError, match="class indices from 0 to 3"):
                losses.build(name)(Z[:2], torch.tensor([0, label]))
