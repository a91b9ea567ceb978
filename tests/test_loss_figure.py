"""The losses' values and gradients against p_y, by closed forms."""

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils.report import figures, loss_figure
from memutils.report.looks import look

K = loss_figure.CLASSES


def norm(g_label, g_other):
    """The norm of a gradient with one entry for the label and K - 1 equal ones."""
    return np.sqrt(g_label**2 + (K - 1) * g_other**2)


def closed_form(loss, t):
    """Value and gradient norm at p_y = t, the rest spread evenly: q = (1 - t) / (K - 1).

    The gradient's entry for the label is -h(t), those of the others h(t) / (K - 1).
    """
    q = (1 - t) / (K - 1)
    if loss == "cce":
        return -np.log(t), norm(1 - t, q)
    if loss == "mae":
        return 2 * (1 - t), norm(2 * t * (1 - t), 2 * t * q)
    if loss == "mse":
        value = (1 - t) ** 2 + (K - 1) * q**2
        h = 2 * t * (1 - t) * (1 - t + q)  # -dL/dt = 2 (1 - t) + 2 q, and dt/dz_y = t (1 - t)
        return value, norm(h, h / (K - 1))
    a = 0.1
    value = np.log((1 + a) / a) - np.log(a + t) + np.log(a + q)
    h = t * (1 - t) * (1 / (a + t) + 1 / ((K - 1) * (a + q)))
    return value, norm(h, h / (K - 1))


@given(st.sampled_from(["cce", "mae", "mse", "rll"]), st.floats(0.001, 0.999))
def test_values_and_gradients_have_their_closed_forms(loss, t):
    value, gradient = loss_figure.value_and_gradient(loss, np.array([t]))
    expected = closed_form(loss, t)
    assert value == pytest.approx(expected[0]) and gradient == pytest.approx(expected[1])


@pytest.mark.parametrize(
    ("loss", "norm_at_uniform"), [("cce", 0.95), ("rll", 0.53), ("mse", 0.19), ("nmse", 0.021)]
)
def test_at_the_uniform_prediction_the_norms_are_those_of_the_page(loss, norm_at_uniform):
    _, gradient = loss_figure.value_and_gradient(loss, np.array([1 / K]))
    assert gradient[0] == pytest.approx(norm_at_uniform, rel=0.03)


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_every_loss_is_in_both_panels_in_its_look(width):
    with mpl.rc_context(figures.style(width)):
        figure = loss_figure.draw(("cce", "rll"), width)
    for axis in figure.axes:
        colors = [line.get_color() for line in axis.lines]
        assert colors[:2] == [look("cce").color, look("rll").color]
