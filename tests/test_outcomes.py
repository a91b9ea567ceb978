"""What a run came to: the values that the claims are judged by, at their edges."""

import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils.claims.measured import Images, Measured
from memutils.claims.outcomes import Run, excess, lead, leads
from memutils.claims.thresholds import Thresholds

fractions = st.floats(0, 1)


def run(evaluated=None, classes=10, limits=None, **columns) -> Run:
    """A run with these columns, one value an epoch;
    evaluations in the epochs ``evaluated`` (none given: in all).
    """
    epochs = np.arange(1, len(next(iter(columns.values()))) + 1, dtype=float)
    found = {
        name: np.asarray(values, float)
        for name, values in ({"j1": np.full(len(epochs), 0.5)} | columns).items()
    }
    found["j1"] = np.where(np.isin(epochs, evaluated or epochs), found["j1"], np.nan)
    measured = Measured(
        "cpu/made-up",
        {"loss": "cce", "eta": 0.25},
        classes,
        1001,
        0.25,
        {"epoch": epochs} | found,
        dict,
    )
    return Run(measured, limits)


def test_a_lead_is_more_than_three_standard_errors():
    assert leads(0.6, 0.3, 100, 3) and not leads(
        0.6, 0.35, 100, 3
    )  # 3 sqrt(.9 - .09) / 10 = .27, 3 sqrt(.95 - .0625) / 10 = .283
    assert not leads(0.3, 0.6, 100, 3)
    assert (
        not leads(0.0, 0.0, 100, 3)
        and not leads(1.0, 0.0, 0, 3)
        and not leads(math.nan, 0.0, 100, 3)
    )
    assert leads(1.0, 0.0, 1, 3)


@given(fractions, fractions, st.integers(0, 10_000))
def test_two_fractions_never_lead_each_other(a, b, n):
    a, b = a / 2, b / 2  # of the same images: they exclude each other
    assert not (leads(a, b, n, 3) and leads(b, a, n, 3))
    assert (
        bool(lead(np.array([a]), np.array([b]), n, 3)[0]) == leads(a, b, n, 3) or abs(a - b) < 1e-9
    )


@given(st.integers(3, 100), fractions)
def test_excess_is_nothing_for_errors_spread_evenly(classes, right):
    each = (1 - right) / (classes - 1)
    assert excess(each, right, classes) == pytest.approx(0, abs=1e-12)
    assert excess(1, 0, classes) == 1


def test_two_classes_have_no_excess():
    assert np.isnan(excess(0.5, 0.5, 2)) and np.isnan(excess(np.array([0.0, 1.0]), 0.5, 2)).all()


def test_mislabeled_are_counted():
    assert run(j1=[0.5]).mislabeled == 250


def test_the_end_is_the_median_over_the_last_five_epochs_and_no_more():
    last = [0.9, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert run(j1=[0.0] * 30 + last).end("j1") == 0.3 == run(j1=last).final["j1"]
    assert run(j1=[0.9, *[0.1] * 9, *[0.7] * 90]).window == 10
    assert run(j1=[0.1] * 9 + [0.9], evaluated=[1, 10]).end("j1") == 0.9


def test_a_moved_window_is_not_the_old_ones_median():
    found = run(j1=[0.0] * 5 + [1.0] * 5)
    wide = dataclasses.replace(Thresholds(), last_epochs=10)
    assert (
        found.end("j1") == 1 and Run(found.measured, wide).end("j1") == 0.5 and found.end("j1") == 1
    )


def test_rise_compares_the_end_with_what_came_before_the_last_fifth():
    assert run(training_j1=[0.1] * 15 + [0.2] * 5 + [0.5] * 2 + [0.6] * 3).rise == pytest.approx(
        0.4
    )
    assert run(training_j1=[0.9, 0.1, 0.1, 0.9, 0.9]).rise == pytest.approx(
        0.4
    )  # the first epoch counts where there are few


@pytest.mark.parametrize(
    "classes, chance", [(10, 0.2), (2, 0.5 + 1 / 18), (100, 0.02), (5, 0.2 + 0.8 / 9)]
)
def test_chance_is_twice_one_in_k_but_near_one_in_k_for_few_classes(classes, chance):
    assert run(j1=[0.5], classes=classes).chance == pytest.approx(chance)


def test_collapsed_is_at_chance_or_with_few_classes():
    for j2, predicted, collapsed in (
        (0.2, 5, True),
        (0.201, 5, False),
        (0.19, 10, True),
        (0.9, 4, True),
    ):
        assert run(j1=[0.5], j2=[j2], classes=10, **{}).measured.classes == 10
        made = run(j1=[0.5], j2=[j2])
        made.measured.columns["classes"] = np.array([float(predicted)])
        assert made.collapsed is collapsed


def test_reached_is_the_first_epoch_from_which_training_stays():
    assert run(training_j1=[0.95, 1.0]).reached == 1
    assert run(training_j1=[0.96, 0.94, 0.95, 0.99]).reached == 3
    assert run(training_j1=[0.99, 0.94]).reached == math.inf
    assert run(training_j1=[0.1, 0.96, 0.98, 0.99], evaluated=[1, 4]).reached == 2


def test_a_drop_explains_what_happens_in_its_three_epochs():
    lr = [0.1] * 5 + [0.01] * 10
    assert [run(lr=lr).by_schedule(epoch) for epoch in range(5, 10)] == [
        False,
        True,
        True,
        True,
        False,
    ]
    assert not any(run(lr=[0.1, 0.05, 0.025]).by_schedule(epoch) for epoch in (1, 2, 3)), (
        "by half at once is still gradual"
    )


def test_images_are_read_from_arrays():
    arrays = {
        "train_predicted": [1, 0, 2, 0],
        "train_noisy": [1, 1, 1, 0],
        "train_true": [0, 0, 0, 0],
    }
    arrays |= {"test_predicted": [1, 0], "test_true": [1, 1]}
    images = Images.of({name: np.array(values) for name, values in arrays.items()})
    assert images.memorized.tolist() == [True, False, False]
    assert images.tested.tolist() == [True, False]
    assert images.given.tolist() == [True, False, False, True]
    assert images.true.tolist() == [False, True, False, True]


def test_images_whose_labels_may_not_be_handed_on_are_read_from_their_outcomes():
    arrays = {"mislabeled_outcome": [[1, 2, 0], [2, 1, 0]], "train_outcome": [2, 1, 0, 1]}
    arrays |= {"test_predicted": [1, 0], "test_true": [1, 1]}
    images = Images.of({name: np.array(values) for name, values in arrays.items()})
    assert images.memorized.tolist() == [True, False, False], "at the last evaluation"
    assert images.tested.tolist() == [True, False]
