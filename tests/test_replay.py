"""Replaying a record: what is equal is called equal, and what differs by how much."""

import sys

import pytest
from conftest import REPOSITORY, run_spec, smoke

from memutils.runs import records

sys.path.insert(0, str(REPOSITORY / "workflow"))

import replay


@pytest.fixture
def recorded(quick_data):
    return run_spec(smoke())


def test_a_run_replayed_on_the_same_machine_is_equal(recorded):
    assert (
        replay.replay("smoke", recorded.key)
        == f"smoke/{recorded.key}: equal: every metric and every prediction is the same."
    )
    assert [p.name for p in records.folder_of("smoke").glob("*.json")] == [
        f"{recorded.key}.json"
    ], "it is written elsewhere"


def test_what_differs_is_told_with_its_size(recorded):
    new = replay.last(recorded) | {"j1": replay.last(recorded)["j1"] + 0.25}
    assert (
        replay.compare(recorded, new, recorded.arrays(), [recorded])
        == "differs by up to 0.2500 in j1"
    )
    arrays = recorded.arrays()
    arrays["test_predicted"] = 9 - arrays["test_predicted"]
    assert replay.compare(recorded, replay.last(recorded), arrays, []).startswith(
        "differs by up to 0.0000"
    )


def test_three_seeds_make_a_range(recorded, quick_data):
    others = [recorded, *(run_spec(smoke(seed=seed)) for seed in (1, 2))]
    middle = {n: sum(replay.last(r)[n] for r in others) / 3 for n in replay.METRICS}
    assert replay.compare(recorded, middle, recorded.arrays(), others).startswith(
        "within the range of its 3 seeds"
    )
    assert replay.compare(recorded, middle, recorded.arrays(), others[:2]).startswith("differs")


def test_two_records_are_chosen_by_the_commit():
    keys = [f"run{i}" for i in range(16)]
    assert len(replay.chosen(keys, "a")) == 2 and replay.chosen(keys, "a") == replay.chosen(
        keys[::-1], "a"
    )
    assert len({tuple(replay.chosen(keys, commit)) for commit in "abcdefgh"}) > 3


def test_without_quick_records_it_says_so(capsys):
    assert (
        replay.main(["--some"]) == 0
        and capsys.readouterr().out == "No quick run is recorded, so none is replayed.\n"
    )
    assert replay.main(["cpu"]) == 1 and "make replay" in capsys.readouterr().err
