"""Curves over epochs: what each panel draws of made-up runs, and where."""

import re
import xml.etree.ElementTree as xml

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import EPOCHS, INCEPTION, curve, make

from memutils.claims.outcomes import Measured
from memutils.report import curves, figures
from memutils.report.looks import INK, look, opacity

BOTH = ("j1", "j2")
WIDTHS = {figures.WIDE: 11, figures.NARROW: 9}


def run(loss="cce", eta=0.4, **settings):
    """A measured made-up run with an evaluation in every fifth epoch."""
    given_ = {"every": 5, "m": curve(0, 1), "r": curve(0.9, 0)} | settings
    return Measured.of(make(loss, eta, **given_))


def drawn(panels, metrics=BOTH, ncols=2, width=figures.WIDE):
    """The axes of a figure, whose lines stay after it is closed."""
    with mpl.rc_context(figures.style(width)):
        figure = curves.draw(panels, metrics, ncols, width)
    plt.close(figure)
    return figure


def lines(axis, color=None):
    """The lines of an axis in a color, those with marks and those without."""
    chosen = [x for x in axis.lines if color in (None, x.get_color())]
    marked = [x for x in chosen if x.get_marker() != "None"]
    return marked, [x for x in chosen if x.get_marker() == "None"]


@pytest.mark.parametrize("loss", ["cce", "rll", "nmse"])
def test_every_epoch_is_a_thin_line_and_every_evaluation_a_mark(loss):
    measured = run(loss)
    (axis,) = drawn([curves.Panel("one", [measured])], ncols=1).axes
    marked, thin = lines(axis, look(loss).color)
    assert [len(x.get_xdata()) for x in thin] == [EPOCHS, EPOCHS]
    assert [x.get_linestyle() for x in thin] == ["-", "--"], "J1 is solid, J2 dashed"
    assert [x.get_mfc() for x in marked] == [look(loss).color, "none"]
    for metric, x in zip(BOTH, marked, strict=True):
        assert x.get_marker() == look(loss).marker
        np.testing.assert_allclose(x.get_ydata(), measured.columns[metric][measured.evaluated])
        assert list(x.get_xdata()) == list(measured.columns["epoch"][measured.evaluated])


def test_without_a_training_mode_curve_the_evaluations_are_joined():
    (axis,) = drawn([curves.Panel("one", [run()])], ("test_accuracy",), ncols=1).axes
    (marked,), (thin,) = lines(axis, look("cce").color)
    assert list(thin.get_xdata()) == list(marked.get_xdata())


@given(st.sets(st.sampled_from([0.0, 0.2, 0.4, 0.6]), min_size=1))
def test_a_gray_line_is_at_the_j1_of_the_truth_for_every_noise_rate(etas):
    panel = curves.Panel("one", [run(eta=eta, every=20) for eta in sorted(etas)])
    (axis,) = drawn([panel], ncols=1).axes
    level = [x.get_ydata()[0] for x in lines(axis, INK)[1]]
    assert level == pytest.approx([1 - eta for eta in sorted(etas) if eta])
    (other,) = drawn([panel], ("memorized", "recovered"), ncols=1).axes
    assert lines(other, INK) == ([], []), "only where J1 is drawn"


@given(st.sampled_from([0.0, 0.2, 0.4]), st.sampled_from([0.2, 0.4, 0.6]))
def test_a_higher_noise_rate_is_drawn_more_strongly(low, high):
    panel = curves.Panel("one", [run(eta=low, every=20), run(eta=high, every=20)])
    (axis,) = drawn([panel], ("j1",), ncols=1).axes
    strengths = [x.get_alpha() for x in lines(axis, look("cce").color)[1]]
    assert strengths == [opacity(low, max(low, high)), opacity(high, max(low, high))]


@given(st.lists(st.sampled_from([1.0, 0.95, 0.51, 0.5, 0.49, 0.1]), min_size=2, max_size=12))
def test_a_drop_is_where_the_learning_rate_more_than_halves(factors):
    lr = np.cumprod([0.1, *factors, *[1.0] * (EPOCHS - 1 - len(factors))])
    found = curves.drops(run(rates=list(lr), every=20))
    assert found == [i for i, factor in enumerate(factors, 1) if factor < 0.5]


def test_drops_are_dotted_lines():
    rates = [0.1] * 20 + [0.01] * (EPOCHS - 20)
    panels = [curves.Panel("steps", [run(rates=rates)]), curves.Panel("constant", [run()])]
    first, second = drawn(panels, ("memorized",)).axes
    (dotted,) = lines(first, INK)[1]
    assert dotted.get_linestyle() == ":" and list(dotted.get_xdata()) == [20, 20]
    assert lines(second, INK) == ([], [])


def test_a_seed_is_a_line_of_its_own():
    seeds = [run(seed=seed, m=0.1 * seed, r=0.0) for seed in range(3)]
    (axis,) = drawn([curves.Panel("one", seeds)], ("memorized",), ncols=1).axes
    marked, thin = lines(axis, look("cce").color)
    assert [x.get_ydata()[-1] for x in thin] == pytest.approx([0, 0.1, 0.2]) and len(marked) == 3


def matrix():
    """Two rows of two panels; one has no run."""
    cells = {("CCE", "A"): [run()], ("RLL", "A"): [run("rll")], ("CCE", "B"): [run(**INCEPTION)]}
    return [
        curves.Panel(title, cells.get((title, row), []), row)
        for row in "AB"
        for title in ("CCE", "RLL")
    ]


def test_a_panel_without_runs_is_gray_and_says_so():
    *there, empty = drawn(matrix()).axes
    assert [t.get_text() for t in empty.texts] == ["no run"] and not empty.lines
    assert empty.get_facecolor()[3] > 0
    assert all(not axis.texts or axis.texts[0].get_text() in "AB" for axis in there)


def test_a_phone_has_one_column_without_gray_panels_and_each_panel_names_its_row():
    axes = drawn(matrix(), width=figures.NARROW).axes
    assert [axis.get_title(loc="left") for axis in axes] == ["A, CCE", "A, RLL", "B, CCE"]
    assert {axis.get_subplotspec().get_gridspec().ncols for axis in axes} == {1}
    wide = drawn(matrix()).axes
    assert [[t.get_text() for t in axis.texts] for axis in wide] == [["A"], [], ["B"], ["no run"]]


def test_nothing_recorded_is_one_gray_panel():
    (axis,) = drawn([curves.Panel("CCE"), curves.Panel("RLL")], width=figures.NARROW).axes
    assert [t.get_text() for t in axis.texts] == ["no run"]


@pytest.mark.parametrize("width", WIDTHS)
def test_its_text_can_be_read_and_its_key_names_what_is_drawn(width):
    rates = [0.1] * 20 + [0.01] * (EPOCHS - 20)
    panels = [*matrix(), curves.Panel("RLL", [run("rll", 0.6, rates=rates)], "C")]
    with mpl.rc_context(figures.style(width)):
        text = figures.svg(curves.draw(panels, BOTH, 2, width), "What to see.", "one")
    found = [e for e in xml.fromstring(text).iter() if e.tag.endswith("}text")]
    sizes = [float(re.search(r"font-size: ([\d.]+)px", e.get("style"))[1]) for e in found]
    assert min(sizes) >= WIDTHS[width]
    words = {e.text for e in found}
    assert {"J1", "J2", "η = 0.4", "η = 0.6", "1 − e", "drop of the learning rate"} <= words


@pytest.mark.parametrize("width", WIDTHS)
def test_test_accuracy_has_a_panel_for_each_network_and_noise_rate(width):
    runs = [run(loss, eta, test=0.5) for loss in ("cce", "rll") for eta in (0.0, 0.4)]
    with mpl.rc_context(figures.style(width)):
        figure = curves.draw_test([curves.Panel("Net", runs)], (0.4, 0.0), width)
    titles = [axis.get_title(loc="left") for axis in figure.axes]
    assert titles == ["Net, η = 0.4", "Net, clean labels"]
    for axis in figure.axes:
        assert {x.get_color() for x in axis.lines} == {look(x).color for x in ("cce", "rll")}
    plt.close(figure)


def test_what_runs_have_in_common_is_told():
    told = curves.conditions([run(), run("rll", seed=1, lr=0.05)])
    assert told == (
        "5,000 images; seeds 0, 1; 40 epochs; learning rate 0.05, 0.1; RLL with α = 0.1; float32."
    )
    assert curves.conditions([]) == "No run is recorded yet."


def test_the_table_has_the_evaluations():
    measured = run()
    frame = curves.table([measured, run("rll")])
    assert list(frame["loss"].unique()) == ["cce", "rll"]
    own = frame[frame["loss"] == "cce"]
    assert list(own["epoch"]) == list(measured.columns["epoch"][measured.evaluated])
    assert list(own["memorized"]) == list(measured.columns["memorized"][measured.evaluated])
    assert curves.table([]).empty


def test_panels_of_records_have_letters():
    found = curves.of_records([("one", [make()]), ("two", [])])
    assert [(p.title, len(p.runs)) for p in found] == [("(a) one", 1), ("(b) two", 0)]
