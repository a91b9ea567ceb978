"""The matrix of panels: what is where, of made-up runs."""

import re
import xml.etree.ElementTree as xml

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import EPOCHS, INCEPTION, curve, make

from memutils.claims.measured import Measured
from memutils.report import curves, figures, matrix
from memutils.report.looks import INK, look, opacity

BOTH = {"j1": "-", "j2": "--"}
WIDTHS = {figures.WIDE: 11, figures.NARROW: 9}


def run(loss="cce", eta=0.4, **settings):
    """A measured made-up run with an evaluation in every fifth epoch."""
    given_ = {"every": 5, "m": curve(0, 1), "r": curve(0.9, 0)} | settings
    return Measured.of(make(loss, eta, **given_))


def drawn(panels, columns=BOTH, ncols=2, width=figures.WIDE):
    """The axes of a figure, whose lines stay after it is closed."""
    with mpl.rc_context(figures.style(width)):
        figure = matrix.draw(panels, columns, ncols, width)
    plt.close(figure)
    return figure.axes


def cells():
    """Two rows of two panels; one has no run."""
    found = {("CCE", "A"): [run()], ("RLL", "A"): [run("rll")], ("CCE", "B"): [run(**INCEPTION)]}
    return [
        matrix.Panel(title, found.get((title, row), []), row)
        for row in "AB"
        for title in ("CCE", "RLL")
    ]


@pytest.mark.parametrize("loss", ["cce", "rll", "nmse"])
def test_a_panel_has_every_run_as_curves_draws_it(loss):
    measured = [run(loss), run(loss, seed=1, m=0.5)]
    (axis,) = drawn([matrix.Panel("one", measured)], ncols=1)
    own = [x for x in axis.lines if x.get_color() == look(loss).color]
    _, alone = plt.subplots()
    for each in measured:
        curves.draw_run(alone, each, BOTH, 1.0)
    assert len(own) == len(alone.lines) == 8
    for mine, other in zip(own, alone.lines, strict=True):
        np.testing.assert_array_equal(mine.get_ydata(), other.get_ydata())
        assert mine.get_marker() == other.get_marker() and mine.get_alpha() == 1


@given(st.sets(st.sampled_from([0.0, 0.2, 0.4, 0.6]), min_size=1))
def test_one_minus_e_is_marked_for_every_noise_rate_where_j1_is(etas):
    panel = matrix.Panel("one", [run(eta=eta, every=20) for eta in sorted(etas)])
    (axis,) = drawn([panel], ncols=1)
    level = [x.get_ydata()[0] for x in axis.lines if x.get_color() == INK]
    assert level == pytest.approx([1 - eta for eta in sorted(etas) if eta])
    (other,) = drawn([panel], {"memorized": "-"}, ncols=1)
    assert not [x for x in other.lines if x.get_color() == INK]


@given(st.sampled_from([0.0, 0.2, 0.4]), st.sampled_from([0.2, 0.4, 0.6]))
def test_the_highest_noise_rate_of_a_figure_has_the_full_color(low, high):
    panels = [matrix.Panel("low", [run(eta=low, every=20)])]
    panels += [matrix.Panel("high", [run(eta=high, every=20)])]
    first, second = ({x.get_alpha() for x in axis.lines} for axis in drawn(panels))
    top = max(low, high)
    assert opacity(low, top) in first and opacity(high, top) in second


def test_a_panel_without_runs_is_gray_and_says_so():
    *there, empty = drawn(cells())
    assert [t.get_text() for t in empty.texts] == ["no run"] and not empty.lines
    assert empty.get_facecolor()[3] > 0
    assert all(axis.lines for axis in there)


def test_a_phone_has_one_column_without_gray_panels_and_each_panel_names_its_row():
    axes = drawn(cells(), width=figures.NARROW)
    assert [axis.get_title(loc="left") for axis in axes] == ["A, CCE", "A, RLL", "B, CCE"]
    assert {axis.get_subplotspec().get_gridspec().ncols for axis in axes} == {1}
    wide = drawn(cells())
    texts = [[t.get_text() for t in axis.texts] for axis in wide]
    assert texts == [["A", "J1", "J2"], [], ["B"], ["no run"]]
    assert [axis.get_title(loc="left").strip() for axis in wide] == ["CCE", "RLL"] * 2


def test_the_first_panel_names_each_metric_at_the_lowest_end_of_its_curves():
    runs = [run(m=curve(0, m), r=curve(0.9, 0)) for m in (1.0, 0.8)]
    first, second = drawn([matrix.Panel("CCE", runs), matrix.Panel("RLL", [run("rll")])])
    lowest = {name: min(r.history[name].iloc[-1] for r in runs) for name in BOTH}
    named = {t.get_text(): t.xy for t in first.texts}
    assert named == {"J1": (EPOCHS, lowest["j1"]), "J2": (EPOCHS, lowest["j2"])}
    assert not second.texts
    (alone,) = drawn([matrix.Panel("CCE", runs)], {"memorized": "-"}, ncols=1)
    assert not alone.texts, "one metric needs no name"


def test_nothing_recorded_is_one_gray_panel_on_a_phone():
    (axis,) = drawn([matrix.Panel("CCE"), matrix.Panel("RLL")], width=figures.NARROW)
    assert [t.get_text() for t in axis.texts] == ["no run"]


@pytest.mark.parametrize("width", WIDTHS)
def test_its_text_can_be_read_and_its_key_names_what_is_drawn(width):
    panels = [*cells(), matrix.Panel("RLL", [run("rll", 0.6)], "C")]
    with mpl.rc_context(figures.style(width)):
        text = figures.svg(matrix.draw(panels, BOTH, 2, width), "What to see.", "one")
    found = [e for e in xml.fromstring(text).iter() if e.tag.endswith("}text")]
    sizes = [float(re.search(r"font-size: ([\d.]+)px", e.get("style"))[1]) for e in found]
    assert min(sizes) >= WIDTHS[width]
    assert {"J1", "J2", "η = 0.4", "η = 0.6", "1 − e"} <= {e.text for e in found}


@pytest.mark.parametrize("width", WIDTHS)
def test_test_accuracy_has_a_panel_for_each_network_and_noise_rate(width):
    runs = [run(loss, eta, test=0.5) for loss in ("cce", "rll") for eta in (0.0, 0.4)]
    with mpl.rc_context(figures.style(width)):
        figure = matrix.draw_test([matrix.Panel("Net", runs)], (0.4, 0.0), width)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == ["Net, η = 0.4", "Net, clean labels"]
    for axis in figure.axes:
        assert {x.get_color() for x in axis.lines} == {look(x).color for x in ("cce", "rll")}


def test_what_runs_have_in_common_is_told():
    told = matrix.conditions([run(), run("rll", seed=1, lr=0.05)])
    assert told == (
        "5,000 images; η = 0.4; seeds 0, 1; 40 epochs; learning rate 0.05 and 0.1; RLL with α = "
        "0.1; float32."
    )
    several = matrix.conditions([run(lr=0.1), run(eta=0.2, **INCEPTION | {"lr": 0.01})])
    assert "η" not in several
    assert "learning rate 0.1 (ResNet-32), 0.01 (Inception-Lite); float32." in several
    assert matrix.conditions([]) == "No run is recorded yet."


def test_the_table_has_the_evaluations():
    measured = run()
    frame = matrix.table([measured, run("rll")])
    assert list(frame["loss"].unique()) == ["cce", "rll"]
    own = frame[frame["loss"] == "cce"]
    assert list(own["epoch"]) == list(measured.columns["epoch"][measured.evaluated])
    assert list(own["memorized"]) == list(measured.columns["memorized"][measured.evaluated])
    assert len(own) < EPOCHS and matrix.table([]).empty
