"""Replaying a record: what is equal is called equal, and what differs by how much."""

import dataclasses
import json
import sys

import pytest
from conftest import REPOSITORY, changed, run_spec, smoke

from memutils.runs import records, specs

sys.path.insert(0, str(REPOSITORY / "workflow"))

import replay


@pytest.fixture
def recorded(quick_data):
    return run_spec(smoke())


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setattr(replay, "FILE", tmp_path / "replays.json")
    return replay.FILE


def other(record, **arrays):
    """The same record with other arrays."""
    return records.Record(record.path, record.content, record.arrays() | arrays)


def test_a_run_replayed_on_the_same_machine_is_equal(recorded):
    found = replay.replay("smoke", recorded.key)
    text = f"smoke/{recorded.key}: equal: every metric of every epoch and every array is the same"
    assert str(found) == text and not found.far
    names = [p.name for p in records.folder_of("smoke").glob("*.json")]
    assert names == [f"{recorded.key}.json"], "it is written elsewhere"


def test_what_differs_is_told_with_its_size(recorded):
    new = changed(recorded, j1=replay.last(recorded)["j1"] + 0.25)
    found = replay.compare(recorded, new, [recorded])
    assert str(found).endswith(": differs by up to 0.2500 in j1") and found.far
    predicted = other(recorded, test_predicted=9 - recorded.arrays()["test_predicted"])
    found = replay.compare(recorded, predicted, [recorded])
    assert (
        str(found).endswith(": differs in earlier epochs or single predictions alone")
        and not found.far
    )


def test_what_differs_in_an_earlier_epoch_alone_is_not_equal(recorded):
    table = recorded.table.copy()
    table[recorded.content["columns"].index("j1"), 0] += 0.25
    earlier = records.Record(
        recorded.path, recorded.content, recorded.arrays() | {"history": table}
    )
    assert replay.compare(recorded, earlier, [recorded]).answer == "differs"
    outcome = recorded.arrays()["mislabeled_predicted"]
    found = replay.compare(recorded, other(recorded, mislabeled_predicted=9 - outcome), [recorded])
    assert found.answer == "differs" and found.by == 0


def test_what_its_seeds_differ_by_is_not_far(recorded):
    near = replay.compare(recorded, changed(recorded, j1=0.0), [recorded, changed(recorded, j1=1)])
    assert near.answer == "differs" and near.range > near.by and not near.far


def test_another_machine_is_named(recorded):
    made = recorded.content["provenance"] | {"machine": "an abacus"}
    moved = records.Record(
        recorded.path, recorded.content | {"provenance": made}, recorded.arrays()
    )
    assert "(machine an abacus then, " in str(replay.compare(moved, recorded, [moved]))


def test_every_committed_record_says_where_it_was_made(monkeypatch, recorded):
    monkeypatch.delenv("MEMUTILS_RESULTS")
    names = replay.environment(recorded.content).keys()
    paths = sorted((REPOSITORY / "results").glob("*/*.json"))
    assert len(paths) > 500, "the repository has its records"
    for path in paths:
        assert replay.environment(json.loads(path.read_bytes())).keys() == names


def test_three_seeds_make_a_range(recorded, quick_data):
    others = [recorded, *(run_spec(smoke(seed=seed)) for seed in (1, 2))]
    middle = {n: sum(replay.last(r)[n] for r in others) / 3 for n in replay.METRICS}
    new = changed(recorded, **middle)
    found = replay.compare(recorded, new, others)
    assert found.answer == "within the range of its seeds"
    assert "within the range of its 3 seeds: it differs by up to" in str(found)
    assert replay.compare(recorded, new, others[:2]).answer == "differs"


def test_what_is_kept_replaces_an_older_answer(recorded, file):
    found = replay.compare(recorded, recorded, [recorded])
    for kept in (found, dataclasses.replace(found, key="z"), dataclasses.replace(found, by=0.5)):
        replay.keep(kept)
    rows = json.loads(file.read_bytes())
    assert [(row["key"], row["by"]) for row in rows] == [(found.key, 0.5), ("z", 0.0)]


def test_the_command_keeps_only_what_it_is_told_to(recorded, file, capsys):
    assert replay.main(["smoke", recorded.key]) == 0 and not file.exists()
    assert replay.main(["smoke", recorded.key, "--keep"]) == 0 and file.exists()
    assert capsys.readouterr().out.count(": equal: ") == 2
    assert replay.main(["cpu"]) == 1 and "make replay" in capsys.readouterr().err


def test_records_are_chosen_by_the_commit():
    keys = [f"run{i}" for i in range(16)]
    assert len(replay.chosen(keys, "a", 2)) == 2
    assert replay.chosen(keys, "a", 2) == replay.chosen(keys[::-1], "a", 2)
    assert len({tuple(replay.chosen(keys, commit, 2)) for commit in "abcdefgh"}) > 3


def test_committed_are_the_quick_runs_and_short_ones_beside(repository):
    grid = {f"quick/{key}" for key in specs.load_scale("quick").specs()}
    quick, others = replay.candidates()
    assert len(grid) == 16 and set(quick) >= grid and len(others) > 10
    assert all(not name.startswith(("quick/", "smoke/")) for name in others)


def test_without_records_it_says_so(capsys):
    assert replay.main(["--some"]) == 1 and "no record to replay" in capsys.readouterr().err
