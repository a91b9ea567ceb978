"""What moving a threshold does to the ledger, on made-up records."""

import pytest
from made_up import CLEAN, GOOD, make

from memutils.claims import sensitivity, table
from memutils.claims.outcomes import TOLERANCES, T


@pytest.mark.parametrize(
    "name, expected",
    [("near_all", (0.99, 0.96)), ("high", (0.875, 0.5)), ("test", (0.015, 0.06)), ("drop_share", (0.25, 0.75)), ("lr_drop", (0.25, 0.75)),
     ("deviations", (1.5, 6.0)), ("last_epochs", (2, 10))],
)  # fmt: skip
def test_a_margin_is_halved_and_doubled(name, expected):
    assert sensitivity.margins(name) == pytest.approx(expected)


@pytest.mark.parametrize("name", TOLERANCES)
def test_a_moved_threshold_is_another_of_its_kind(name):
    low, high = sensitivity.margins(name)
    assert low != T[name] != high and type(low) is type(high) is type(T[name])
    assert T[name] >= 1 or 0 < min(low, high) < max(low, high) < 1


def test_a_move_ends_with_its_block_even_where_that_fails():
    before = dict(T)
    with pytest.raises(ZeroDivisionError), sensitivity.moved("near_all", 0.5):
        assert T["near_all"] == 0.5
        raise ZeroDivisionError
    assert before == T


def test_changes_are_those_of_a_cell_at_the_edge_and_no_others():
    found = [make("mse", m=0.96, f=0.98), make(), make("rll", m=0.02, r=0.95), CLEAN["rll"]]  # the squared error's J1 is .972
    before, rows = dict(T), sensitivity.changes(found)
    assert before == T
    assert [(r["threshold"], r["moved_to"], r["verdict"], r["passed"], r["tested"]) for r in rows if r["claim"] == "C2"] == [
        ("near_all", 0.96, table.SUPPORTED, 1, 1)
    ]
    assert {r["claim"] for r in rows if r["threshold"] == "near_all"} == {"C2"}
    assert not [r for r in rows if r["claim"] == "C1"]  # all memorized: no margin matters


def test_a_stricter_threshold_can_leave_nothing_to_test():
    rows = sensitivity.changes([GOOD, make("rll", 0.0, f=0.96)])
    fit = {(r["claim"], r["passed"], r["tested"]) for r in rows if (r["threshold"], r["moved_to"]) == ("clean_fit", 0.975)}
    assert ("C6", 0, 0) in fit and ("C12", 0, 0) in fit
