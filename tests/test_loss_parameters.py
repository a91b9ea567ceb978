"""Parameters of losses: declared and checked by the loss."""

import math
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError
from memutils.losses import CCE, RLL, Loss, Parameter
from memutils.runs import specs

Z = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
Y = torch.tensor([0, 1, 2, 3, 0, 1])


class Focal(Loss):
    """(1 - p_y)^gamma_f times cross entropy; its parameter is declared by the default alone."""

    def per_example(self, log_p, target, gamma_f=2.0):
        own = losses.pick(log_p, target)
        return -((1 - own.exp()) ** gamma_f) * own


@given(st.floats(-10, 10), st.floats(-10, 10), st.integers(-12, 12) | st.floats(-12, 12))
def test_a_value_is_accepted_exactly_within_the_range(one, other, value):
    parameter = Parameter(0.5, min(one, other), max(one, other))
    if parameter.low <= value <= parameter.high:
        assert parameter.check("q", value) == value and type(parameter.check("q", value)) is float
    else:
        with pytest.raises(ValueError, match=r"q must be a number from .* to .*, not"):
            parameter.check("q", value)


@pytest.mark.parametrize(
    "kind", [np.float64, np.float32, np.float16, np.int64, np.uint8, int, float]
)
def test_numbers_of_numpy_are_plain_numbers_afterward(kind):
    for default, expected in ((0.5, float), (1, int)):
        found = Parameter(default).check("q", kind(2))
        assert found == 2 and type(found) is expected
    assert Parameter(1).check("q", 0.5) == 0.5  # a whole default asks for no whole number


@pytest.mark.parametrize(
    "value",
    [
        True,
        False,
        np.True_,
        None,
        "0.1",
        math.nan,
        math.inf,
        -math.inf,
        10**400,
        1j,
        [0.1],
        torch.ones(()),
    ],
)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="q must be a number"):
        Parameter(0.5).check("q", value)


def test_declared_parameters_are_arguments_attributes_and_shown():
    assert (
        RLL(0.45).alpha == RLL(alpha=0.45).alpha == RLL(0.45, "sum").alpha == 0.45
        and RLL().alpha == 0.1
    )
    assert RLL(0.45, "sum").reduction == "sum" and repr(RLL(0.45)) == "RLL(alpha=0.45)"
    assert str(RLL.__signature__) == "(alpha=0.1, reduction='mean')"
    for wrong in ({"beta": 1}, {"alpha": 1, "reduction": "sum", "x": 0}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            RLL(**wrong)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_registered_losses_declare_what_they_take(name):
    declared = losses.parameters_of(name)
    assert not declared.keys() & specs.FIELDS.keys(), "a parameter named as a setting"
    loss = losses.build(name)
    for parameter, told in declared.items():
        assert (
            told.text
            and told.low <= told.default <= told.high
            and getattr(loss, parameter) == told.default
        )
        for value in (told.low, told.high):
            losses.check_loss(losses.build(name, **{parameter: value}), 10)
        for value in (math.nextafter(told.low, -math.inf), math.nextafter(told.high, math.inf)):
            with pytest.raises(
                UserError, match=f"In the loss '{name}', {parameter} must be a (whole )?number from"
            ):
                losses.build(name, **{parameter: value})


def test_number_defaults_of_per_example_are_parameters(mine):
    mine(Focal)
    assert losses.parameters_of("mine") == {"gamma_f": Parameter(2.0)}
    p_y = Z.double().softmax(1)[range(6), Y]
    for gamma in (2.0, 0.5):
        expected = (-((1 - p_y) ** gamma) * p_y.log()).mean()
        torch.testing.assert_close(losses.build("mine", gamma_f=gamma)(Z.double(), Y), expected)
    torch.testing.assert_close(Focal()(Z, Y), Focal(2.0)(Z, Y))
    own = Focal(5).per_example(
        Z.log_softmax(1), Y, gamma_f=0.0
    )  # called with a value of one's own, this one counts
    torch.testing.assert_close(own, F.cross_entropy(Z, Y, reduction="none"))


def test_a_subclass_inherits_parameters_and_may_declare_anew():
    class Steeper(Focal):
        loss_parameters: ClassVar = {
            "gamma_f": Parameter(3.0, 0, 5, "steepness"),
            "scale": Parameter(2, 1, 9, "factor"),
        }

        def per_example(self, log_p, target):
            return self.scale * super().per_example(log_p, target)

    class Gentle(Focal):
        def per_example(self, log_p, target, gamma_f=1.0):
            return super().per_example(log_p, target)

    assert Steeper().gamma_f == 3 and Steeper().scale == 2 and Gentle().gamma_f == 1
    torch.testing.assert_close(Steeper(2.0, 3)(Z, Y), 3 * Focal(2.0)(Z, Y))
    torch.testing.assert_close(Gentle()(Z, Y), Focal(1.0)(Z, Y))


@pytest.mark.parametrize("name", ["training", "reduction", "forward", "float", "per_example"])
def test_a_parameter_cannot_hide_a_part_of_every_loss(name):
    with pytest.raises(UserError, match=f"named '{name}'"):
        type("Hiding", (Loss,), {"loss_parameters": {name: Parameter(1.0)}})


def test_a_loss_may_take_the_logits_themselves():
    class Margin(Loss):
        from_logits = True

        def per_example(self, logits, target):
            return -losses.pick(logits, target)

    assert Margin("none")(Z.half(), Y).dtype == torch.float32
    torch.testing.assert_close(Margin("none")(Z, Y), -Z[range(6), Y])


def test_a_loss_without_its_function_says_what_to_define():
    with pytest.raises(NotImplementedError, match=r"define per_example\(self, outputs, target\)"):
        type("Empty", (Loss,), {})()(Z, Y)


def test_a_parameter_is_declared_as_one():
    with pytest.raises(UserError, match=r"\{'focus': Parameter\(2\.0\)\}"):
        type("Bare", (Loss,), {"loss_parameters": {"focus": 2.0}})


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_loss_that_is_reduced_twice_is_refused(reduction):
    class Mean(Loss):
        def per_example(self, log_p, target):
            return -losses.pick(log_p, target).mean()

    with pytest.raises(ValueError, match=r"a value for each example, \(6,\), not \(\)"):
        Mean(reduction)(Z, Y)


def test_an_argument_that_a_loss_does_not_have_is_named_with_those_it_has():
    with pytest.raises(TypeError, match=r"RLL: .*'alfa'; it takes alpha, reduction"):
        losses.RLL(alfa=1)


@pytest.mark.parametrize("make", [losses.symmetrized, lambda loss: losses.weighted(CCE, loss)])
def test_losses_are_made_of_classes(make):
    with pytest.raises(UserError, match=r"Give the class of a loss, e\.g\. CCE, not MAE\(\)"):
        make(losses.MAE())


def test_a_weight_that_a_sum_does_not_have_is_named():
    with pytest.raises(UserError, match="Unknown parameter 'activ'. Did you mean 'active'"):
        losses.weighted(CCE, losses.MAE, activ=2)
