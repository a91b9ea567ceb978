"""Curves over epochs: a run is a line of every epoch, with marks, in its loss's look."""

import numpy as np
import pytest
from made_up import EPOCHS, LIMITS, curve, make

from memutils.report import curves, figures
from memutils.report.looks import look, opacity


@pytest.fixture
def lines():
    """Draws one panel and gives its lines."""

    def draw(*records, columns=None, width=figures.WIDE):
        figure = curves.draw([("one", list(records))], columns or {"j1": "-"}, width)
        return [line for line in figure.axes[0].lines if line.get_linestyle() != ":"]

    return draw


def test_a_line_has_every_epoch_and_marks_are_the_evaluations(lines):
    training = (curve(0, 0.5), 0.1, curve(0, 0.9))
    record = make("rll", m=curve(0, 1), f=curve(0, 0.8), every=4, training=training)
    line, marks = lines(record)
    history = record.history
    np.testing.assert_array_equal(line.get_ydata(), history.training_j1)
    np.testing.assert_array_equal(marks.get_ydata(), history.j1.dropna())
    assert (
        len(line.get_xdata()) == EPOCHS > len(marks.get_xdata()) and marks.get_linestyle() == "None"
    )


@pytest.mark.parametrize("loss", ["cce", "rll", "mse"])
def test_it_has_the_look_of_its_loss(lines, loss):
    solid, first, dashed, second = lines(make(loss), columns={"j1": "-", "j2": "--"})
    drawn = look(loss)
    assert {line.get_color() for line in (solid, first, dashed, second)} == {drawn.color}
    assert [first.get_marker(), second.get_marker()] == [drawn.marker] * 2
    assert [solid.get_linestyle(), dashed.get_linestyle()] == ["-", "--"]
    assert [first.get_mfc(), second.get_mfc()] == [drawn.color, "none"]


def test_what_has_no_training_mode_is_joined_at_its_evaluations(lines):
    record = make(every=5, test=curve(0.1, 0.9))
    line, marks = lines(record, columns={"test_accuracy": "-"})
    assert (
        list(line.get_ydata())
        == list(marks.get_ydata())
        == list(record.history.test_accuracy.dropna())
    )


def test_every_seed_is_a_line_of_its_own(lines):
    assert len(lines(make(seed=0), make(seed=1), make(seed=2))) == 6


def test_noise_is_strength(lines):
    drawn = lines(*(make(eta=eta) for eta in LIMITS.etas))
    assert [line.get_alpha() for line in drawn[::2]] == [opacity(eta) for eta in LIMITS.etas]


def test_a_drop_of_the_learning_rate_is_marked_and_a_decay_is_not(lines):
    decay = make("rll", rates=0.1 * 0.95 ** np.arange(EPOCHS))
    drop = make("rll", rates=np.where(np.arange(EPOCHS) < 20, 0.1, 0.01))
    assert curves.drops(decay) == [] and curves.drops(drop) == [21]
    assert len(lines(drop)) - len(lines(decay)) == 1


def test_a_collapsed_run_ends_in_a_cross(lines):
    crosses = [
        [line for line in lines(record) if line.get_marker() == "X"]
        for record in (make("rll", m=0.1, r=0.1, f=0.1, classes=1), make("rll"))
    ]
    assert [len(found) for found in crosses] == [1, 0]
    assert crosses[0][0].get_xydata().tolist() == [[EPOCHS, 0.1]]


def test_one_less_e_is_there_where_j1_is_and_labels_are_wrong():
    def ideal(record, column):
        axis = curves.draw([("one", [record])], {column: "-"}).axes[0]
        return [line.get_ydata()[0] for line in axis.lines if line.get_linestyle() == ":"]

    assert ideal(make(eta=0.4), "j1") == [0.6]
    assert ideal(make(eta=0.4), "memorized") == ideal(make(eta=0.0), "j1") == []


@pytest.mark.parametrize("width", [figures.WIDE, figures.NARROW])
def test_a_phone_has_one_column_of_panels_and_an_empty_panel_says_so(width):
    figure = curves.draw([("a", [make()]), ("b", []), ("c", [make()])], {"j1": "-"}, width)
    shown = [axis for axis in figure.axes if axis.get_visible()]
    columns = {axis.get_subplotspec().colspan.start for axis in shown}
    assert len(shown) == 3 and len(columns) == (1 if width == figures.NARROW else 2)
    assert shown[1].texts[0].get_text() == "no record yet" and not shown[1].lines
    assert [axis.get_title(loc="left") for axis in shown] == ["(a) a", "(b) b", "(c) c"]
    assert figure.get_figwidth() * figures.UNIT == pytest.approx(width)
