"""What a run came to: the figures that the claims are judged by, at their edges."""

import math

import numpy as np
import pytest
from conftest import made
from hypothesis import given
from hypothesis import strategies as st

from memutils.claims.outcomes import Run, beats, excess

fractions = st.floats(0, 1)


def run(exact=None, **columns) -> Run:
    """A run with these columns, one value an epoch; exact figures stand in the epochs ``exact`` (none given: in all)."""
    epochs = len(next(iter(columns.values())))
    rows = [{"epoch": i + 1} | {name: values[i] for name, values in columns.items()} for i in range(epochs)]
    for row in rows:
        row["j1"] = row.get("j1", 0.5) if exact is None or row["epoch"] in exact else None
    dataset = {"classes": list(range(10)), "sizes": {"train": 1001}}
    return Run(made("made-up", rows, noise_rate=0.25, dataset=dataset))


def test_a_lead_is_more_than_three_standard_errors():
    assert beats(0.6, 0.3, 100) and not beats(0.6, 0.4, 100)  # 3 sqrt(.9 / 100) = .285, 3 sqrt(1 / 100) = .3
    assert not beats(0.3, 0.6, 100)
    assert not beats(0.0, 0.0, 100) and not beats(1.0, 0.0, 0) and not beats(float("nan"), 0.0, 100)
    assert beats(1.0, 0.0, 16)


@given(fractions, fractions, st.integers(0, 10_000))
def test_two_fractions_never_lead_each_other(a, b, n):
    assert not (beats(a, b, n) and beats(b, a, n))


@given(st.integers(3, 100), fractions)
def test_excess_is_nothing_for_errors_spread_evenly(classes, right):
    each = (1 - right) / (classes - 1)
    assert excess(each, right, classes) == pytest.approx(0, abs=1e-12)
    assert excess(1, 0, classes) == 1


def test_two_classes_have_no_excess():
    assert np.isnan(excess(0.5, 0.5, 2)) and np.isnan(excess(np.array([0.0, 1.0]), 0.5, 2)).all()


def test_flipped_are_counted():
    assert run(j1=[0.5]).mislabeled == 250


def test_final_is_the_median_over_the_last_five_epochs_and_no_more():
    last = [0.9, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert run(j1=[0.0] * 30 + last).final["j1"] == 0.3
    assert run(j1=last).final["j1"] == 0.3
    assert run(j1=[0.9, *[0.1] * 9, *[0.7] * 90]).window == 10


def test_rise_compares_the_end_with_what_came_before_the_last_fifth():
    assert run(training_j1=[0.1] * 15 + [0.2] * 5 + [0.5] * 2 + [0.6] * 3).rise == pytest.approx(0.4)
    assert run(training_j1=[0.9, 0.1, 0.1, 0.9, 0.9]).rise == pytest.approx(0.4)  # the first epoch counts where there are few


def test_chance_ends_at_a_fifth_right_and_half_of_the_classes():
    made = run(j1=[0.5] * 4, j2=[0.19, 0.2, 0.5, 0.5], classes=[10, 10, 4, 5])
    assert list(made.at_chance) == [True, False, True, False]
    for j2, classes, collapsed in ((0.2, 5, False), (0.19, 10, True), (0.9, 4, True)):
        assert run(j1=[0.5], j2=[j2], classes=[classes]).collapsed is collapsed


def test_reached_is_the_first_evaluate_from_which_on_it_stays():
    assert run(j1=[0.95, 1.0]).reached == 1
    assert run(j1=[0.96, 0.94, 0.95, 0.99]).reached == 3
    assert run(j1=[0.1, 0.97, 0.98, 0.99], exact=(1, 3, 4)).reached == 3
    assert run(j1=[0.99, 0.94]).reached == math.inf
    between = run(j1=[0.1, 0.96, 0.98, 0.99], training_j1=[0.1, 0.96, 0.98, 0.99], exact=(1, 4))
    assert between.reached == 4 and between.training_reached == 2


def test_before_is_the_evaluate_before():
    made = run(j1=[0.5] * 9, exact=(1, 4, 9))
    assert [made.before(epoch) for epoch in (1, 2, 4, 9)] == [0, 1, 1, 4]


def test_a_drop_explains_what_follows_within_three_epochs_or_up_to_the_next_evaluate():
    rates = [0.1] * 5 + [0.01] * 10
    assert [run(lr=rates).by_schedule(epoch) for epoch in range(5, 10)] == [False, True, True, True, False]
    sparse = run(lr=rates, exact=(1, 5, 12, 14))
    assert [sparse.by_schedule(epoch) for epoch in (5, 12, 14)] == [False, True, False]
    assert not any(run(lr=[0.1, 0.05, 0.025]).by_schedule(epoch) for epoch in (1, 2, 3)), "by half at once is still gradual"
