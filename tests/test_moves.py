"""Records have the names that their settings have now;
those that moved are the same but for their names.
"""

import csv
import hashlib

import pytest
from conftest import REPOSITORY

from memutils.runs import records, specs

RESULTS = REPOSITORY / "results"


@pytest.fixture
def committed(repository) -> list[records.Record]:
    names = sorted({path.parent.name for path in RESULTS.glob("*/*.json")} - {"quick", "smoke"})
    found = [record for name in names for record in records.load(name)]
    assert len(found) > 400, "the repository has its records"
    return found


def test_every_committed_record_has_the_name_of_its_settings(committed):
    scales = {name: specs.load_scale(name) for name in {record.scale for record in committed}}
    for record in committed:
        spec = specs.Spec(**record.spec)
        assert (
            record.key == scales[record.scale].key(spec) and record.path.parent.name == record.scale
        )
        assert scales[record.scale].specs().get(record.key) == spec, (
            f"{record.key} is not in the grid"
        )


def test_a_moved_record_has_the_arrays_that_it_had(committed):
    with (RESULTS / "moved.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    there = {(record.scale, record.key): record for record in committed}
    assert len(rows) == 21 and len({(row["new_scale"], row["new_key"]) for row in rows}) == 21
    for row in rows:
        found = there[row["new_scale"], row["new_key"]]
        content = found.path.with_suffix(".npz").read_bytes()
        assert hashlib.sha256(content).hexdigest() == row["npz"] == found.content["arrays_sha256"]
        assert hashlib.sha256(found.path.read_bytes()).hexdigest() == row["new_json"]
