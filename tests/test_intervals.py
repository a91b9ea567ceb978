"""Intervals, against closed forms and simulated coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils.claims import intervals


@given(st.integers(1, 5000), st.data())
def test_wilsons_ends_solve_its_equation(n, data):
    share = data.draw(st.integers(0, n)) / n
    z = 1.959963984540054
    for p in intervals.wilson(share, n, 0.95):
        assert (share - p) ** 2 == pytest.approx(z**2 * p * (1 - p) / n, abs=1e-12)


def test_the_standard_error_is_that_of_paired_differences():
    b, c, n = 30, 10, 200
    differences = np.array([1] * b + [-1] * c + [0] * (n - b - c))
    assert intervals.standard_error(b, c, n) == pytest.approx(differences.std() / math.sqrt(n))
    low, high = intervals.paired(b, c, n, 0.95)
    assert (low + high) / 2 == pytest.approx(0.1) and high - 0.1 == pytest.approx(
        1.959964 * intervals.standard_error(b, c, n)
    )
    assert intervals.standard_error(7, 0, 7) == 0


def test_mcnemar_is_zero_for_equals_and_signed():
    assert intervals.mcnemar(0, 0) == 0 and intervals.mcnemar(16, 0) == 4 == -intervals.mcnemar(
        0, 16
    )


def test_over_seeds_has_students_quantiles():
    assert intervals.over_seeds([1.0], 0.95) is None
    low, high = intervals.over_seeds([0.0, 1.0, 2.0], 0.95)
    assert high == pytest.approx(1 + 4.302653 / math.sqrt(3)) and low == pytest.approx(2 - high)
    low, high = intervals.over_seeds([0.0, 2.0], 0.975)
    assert high == pytest.approx(1 + 25.451700)


def test_the_paired_interval_covers_what_it_says():
    generator, n, hits = np.random.default_rng(0), 400, 0
    for b, c, _ in generator.multinomial(n, [0.2, 0.1, 0.7], size=2000):
        low, high = intervals.paired(int(b), int(c), n, 0.9)
        hits += low <= 0.1 <= high
    assert 0.88 < hits / 2000 < 0.92
