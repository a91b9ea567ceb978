"""The rules that compare losses, on made-up records: P0, and what normalized MSE is like (C13)."""

import pytest
from made_up import CLEAN, GOOD, MSE, UNFIT_CLEAN, make, one, verdict

from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, OPEN

LIKE = {
    "like RLL": (HOLDS, 0.04, 0.93),
    "half-way, nearer to RLL": (HOLDS, 0.45, 0.5),
    "nearer to MSE": (FAILS, 0.6, 0.35),
}


@pytest.mark.parametrize("name", LIKE)
def test_normalized_mse_is_like_rll_or_like_mse(name):
    expected, m, r = LIKE[name]
    found = [CLEAN["rll"], CLEAN["nmse"], GOOD, MSE, make("nmse", m=m, r=r)]
    assert one("C13", *found, part="like RLL")[0] == expected


def test_what_normalized_mse_is_like_is_open_where_mse_memorizes_no_more_than_rll():
    found = [CLEAN["nmse"], GOOD, make("mse", m=0.02, r=0.95), make("nmse", m=0.01, r=0.95)]
    assert one("C13", *found, part="like RLL")[0] == OPEN


def test_normalized_mse_is_judged_at_its_own_learning_rate_with_rll_and_mse_at_that():
    inception = {"network": "inception-lite", "schedule": "exponential", "gamma": 0.95}
    at = [
        make(loss, m=m, r=r, lr=0.1, **inception)
        for loss, m, r in (("rll", 0.1, 0.8), ("mse", 0.9, 0), ("nmse", 0.2, 0.7))
    ]
    other = make("rll", m=0.9, r=0, lr=0.01, **inception)
    found = verdict("C13", *at, other, part="like RLL", column="inception-lite")
    assert [c.learning_rate for c in found.cells] == [0.1] and found.cells[0].finding.statistics[
        "excess_rll"
    ] < 0.2
    assert not verdict("C13", *at[1:], other, part="like RLL", column="inception-lite").cells


def test_the_difference_of_a_pair_is_measured_image_by_image():
    cce, rll = make(m=0.30, r=0), make("rll", m=0.28, r=0.7)
    cell = verdict("P0", cce, rll, part="m below CCE's").cells[0]
    n, b = 2000, 40  # nested: every image that RLL memorizes, CCE does too
    assert cell.finding.statistics["difference"] == pytest.approx(b / n)
    assert cell.finding.statistics["standard_error"] == pytest.approx((b - b**2 / n) ** 0.5 / n)
    assert cell.finding.state == HOLDS, "as two independent samples it would be two standard errors"


@pytest.mark.parametrize("images, state", [(8, FAILS), (9, HOLDS), (0, FAILS), (-10, FAILS)])
def test_p0_asks_for_more_than_three_standard_errors(images, state):
    rll = make("rll", m=0.5, r=0.4)
    assert (
        one("P0", make(m=0.5 + images / 2000, r=0), rll, part="m below CCE's")[0] == state
    )  # b = 9: 3 SE is 8.98 images


def test_test_accuracies_are_compared_in_the_other_direction():
    found = [make(test=0.8), make("rll", m=0.1, r=0.8, test=0.9)]
    assert one("P0", *found, part="test accuracy above CCE's")[0] == HOLDS
    assert (
        one("P0", found[0], make("rll", m=0.1, r=0.8, test=0.7), part="test accuracy above CCE's")[
            0
        ]
        == FAILS
    )


def test_an_underfitted_rll_does_not_count_for_p0():
    assert (
        one("P0", make(), make("rll", m=0.02, r=0.9, f=0.9), part="m below CCE's")[0]
        == INCONCLUSIVE
    )
    assert one("P0", make(), GOOD, UNFIT_CLEAN, part="m below CCE's")[0] == INCONCLUSIVE
