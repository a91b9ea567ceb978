"""What the chapters on symmetry and on gradients show: tables, curves and sentences."""

import math

import numpy as np
import pytest
import sympy

from memutils.report import figures
from memutils.report.theory import gradients, simplex
from memutils.report.theory.points import LOSSES, build


def test_the_sum_over_labels_is_flat_for_symmetric_losses_alone():
    frame = simplex.values(LOSSES)
    assert np.allclose(frame[["p_1", "p_2", "p_3"]].sum(axis=1), 1)
    flat = {name: np.ptp(frame[f"{name}, sum"]) < 1e-9 for name in LOSSES}
    assert flat == {"cce": False, "mse": False, "mae": True, "rll": True, "nmse": True}


def test_sums_are_told_in_formulas():
    sums = {"cce": None, "mae": sympy.Integer(6), "rll": 4 * sympy.log(11)}
    told = simplex.sums_sentence(sums)
    assert "CCE not constant" in told and "MAE $6$" in told and r"\log" in told


def test_a_spread_below_rounding_is_told_as_such():
    found = {("cce", 10): (0.93, None), ("mae", 10): (1e-15, 18.0), ("mae", 3): (0.0, 4.0)}
    frame = simplex.constants_table(found)
    assert frame["relative spread of the sum"].tolist() == ["0.93", "below 10⁻¹²"]
    assert math.isnan(frame["C"][0]) and frame["C"][1] == 18


def test_weights_are_those_of_closed_forms():
    curves = gradients.weight_curves()
    assert np.allclose(curves["CCE"], 1) and np.allclose(curves["MAE"], 2 * curves.p_y)
    even = curves.p_y * 20 / 9 * (1 - curves.p_y)
    assert np.allclose(curves["MSE"], even)  # 2K/(K-1) p (1 - p), the rest shared evenly


@pytest.mark.parametrize("name", ["cce", "mae"])
def test_the_way_back_is_longer_from_a_larger_margin(name):
    loss = build(LOSSES, name)
    steps = [gradients.steps_back(loss, margin) for margin in (0, 2, 4)]
    assert steps == sorted(steps) and steps[0] >= 1
    assert gradients.steps_back(loss, 8, limit=1) is None


def test_norms_are_compared_with_cross_entropys():
    rows = gradients.norms_table({"CCE": 1.0, "normalized MSE": 0.02}).set_index("loss")
    assert rows["CCE's over it"].tolist() == ["1.0", "50.0", "500.0"]


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_panels_stand_below_each_other_on_a_phone(width):
    figure = gradients.draw_weights(gradients.weight_curves(), width)
    first, second = (axis.get_subplotspec() for axis in figure.axes)
    assert (first.rowspan.start != second.rowspan.start) == figures.is_narrow(width)
    assert round(figure.get_figwidth() * figures.UNIT) == width
