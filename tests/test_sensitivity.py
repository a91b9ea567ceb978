"""What moving a threshold does to the table, on made-up records."""

import dataclasses

import pytest
from made_up import CLEAN, GOOD, make

from memutils.claims import sensitivity
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds


@pytest.mark.parametrize(
    "name, expected",
    [
        ("full_j1", (0.975, 0.9)),
        ("high_j1", (0.875, 0.5)),
        ("equivalence", (0.015, 0.06)),
        ("drop_share", (0.875, 0.5)),
        ("lr_drop", (0.25, 0.75)),
        ("deviations", (1.5, 6.0)),
        ("last_epochs", (2, 10)),
    ],
)
def test_a_margin_is_halved_and_doubled(name, expected):
    assert sensitivity.margins(name) == pytest.approx(expected)


@pytest.mark.parametrize("name", sensitivity.NAMES)
def test_a_moved_threshold_is_another_of_its_kind(name):
    value, (low, high) = getattr(Thresholds(), name), sensitivity.margins(name)
    assert low != value != high and type(low) is type(high) is type(value)
    assert value >= 1 or 0 < min(low, high) < max(low, high) < 1


@pytest.mark.parametrize("name", sensitivity.NAMES)
def test_nine_values_are_in_order_and_hold_the_threshold(name):
    values, value = sensitivity.values(name), getattr(Thresholds(), name)
    assert values == sorted(set(values)) and value in values
    assert (min(values), max(values)) == pytest.approx(sorted(sensitivity.margins(name))) and (
        len(values) == 9 or isinstance(value, int)
    )


EDGE = [make("mse", m=0.93, f=0.98), make(), GOOD, CLEAN["rll"]]  # the squared error's m is near .9


def test_changes_are_those_of_a_verdict_at_the_edge_and_no_others():
    rows = sensitivity.changes(sensitivity.sweep(Pool(EDGE), 3))
    found = {
        (r["threshold"], r["moved_to"], r["old"], r["new"]) for r in rows if r["claim"] == "C2"
    }
    assert found == {
        ("full_memorized", 0.95, "holds", "fails"),
        ("full_j1", 0.975, "holds", "fails"),
    }
    assert not [r for r in rows if r["claim"] == "C1"], "all memorized: no threshold matters"
    assert all(r["meaning"] and r["old"] != r["new"] for r in rows)


def test_a_stricter_threshold_can_leave_nothing_to_test():
    rows = sensitivity.changes(sensitivity.sweep(Pool([GOOD, make("rll", 0.0, f=0.96)]), 3))
    found = {
        (r["claim"], r["new"])
        for r in rows
        if (r["threshold"], r["moved_to"]) == ("clean_fit", 0.975)
    }
    assert {("C6", "not tested"), ("C12", "not tested")} <= found


def test_a_sweep_agrees_with_the_table_at_every_value():
    pool = Pool(EDGE)
    swept = sensitivity.sweep(pool, points=3)
    at = [tuple(v) for v in swept["verdicts"]].index(("C2", "", "resnet32"))
    row = swept["alone"]["full_memorized"]
    assert [swept["words"][line[at]] for line in row["words"]] == [
        "holds",
        "holds",
        "fails",
    ] and row["values"] == [0.8, 0.9, 0.95]
    assert swept["usual"] == row["words"][1]
    together = next(g for g in swept["together"] if g["claim"] == "P0")
    names = ["deviations", "clean_fit", "underfit"]
    assert len(together["words"]) == 27 and together["thresholds"] == names
    own = tuple(c for c in sensitivity.JUDGED if c.id == "P0")
    lowest = {name: sensitivity.values(name)[0] for name in names}
    expected = sensitivity.words(pool, dataclasses.replace(Thresholds(), **lowest), own).values()
    assert [swept["words"][i] for i in together["words"][0]] == list(expected)


def test_thresholds_move_together_in_every_claim_that_they_are_a_part_of():
    groups = sensitivity.sweep(Pool([]), points=3)["together"]
    of = {g["claim"]: g["thresholds"] for g in groups if "clean_fit" in g["thresholds"]}
    assert of.keys() == {c.id for c in sensitivity.JUDGED}
    assert of["C9"] == ["deviations", "clean_fit", "underfit"] != of["C8"]
    assert [g["claim"] for g in groups if "fit_gap" in g["thresholds"]] == ["P1"]


@pytest.mark.parametrize("name", sensitivity.NAMES)
def test_a_threshold_changes_no_claim_but_those_that_name_it(name):
    pool = Pool([*EDGE, CLEAN["cce"], make("nmse", m=0.5, r=0.4), make("rll", 0.2, m=0.04, r=0.9)])
    usual = sensitivity.words(pool, Thresholds())
    named = {c.id for c in sensitivity.concerned(name)}
    for value in sensitivity.margins(name):
        found = sensitivity.words(pool, dataclasses.replace(Thresholds(), **{name: value}))
        assert {key[0] for key in usual if usual[key] != found[key]} <= named
