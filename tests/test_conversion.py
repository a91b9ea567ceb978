"""The committed records of format 1 were converted,
and the proof that nothing changed notices whatever changes.
"""

import csv
import hashlib
import json
import subprocess

import numpy as np
import pytest
from conftest import REPOSITORY
from test_committed_records import committed
from test_format1 import FROZEN

from memutils.runs import records, specs

TABLE = REPOSITORY / "results" / "conversion.csv"


@pytest.fixture
def scripts(monkeypatch):
    """The converter and the proof, which lie beside each other in workflow."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "workflow"))
    import conversion_proof
    import convert_records

    return convert_records, conversion_proof


def sums() -> dict[str, str]:
    """The converted records' arrays: sum and key. Records may move since,
    and then only their JSON files change.
    """
    with TABLE.open(encoding="utf-8") as file:
        return {row["new_npz"]: row["key"] for row in csv.DictReader(file)}


def test_every_converted_record_has_the_arrays_that_were_proved():
    proved = sums()
    assert len(proved) == 282
    for record in (r for r in committed() if "converted_from" in r.content):
        content = record.path.with_suffix(".npz").read_bytes()
        assert (
            record.content["converted_from"] == 1 and hashlib.sha256(content).hexdigest() in proved
        )


def test_commits_that_records_name_are_in_the_history_or_said_not_to_be():
    def git(*words: str) -> str:
        return subprocess.run(
            ["git", "-C", REPOSITORY, *words], capture_output=True, text=True
        ).stdout.strip()

    if git("rev-parse", "--is-shallow-repository") != "false":
        pytest.skip("the history is not here")
    history = set(git("rev-list", "HEAD").splitlines())
    for record in committed():
        commit = record.provenance["commit"]
        assert (commit in history) == record.provenance.get("commit_in_history", True), record.key
        assert len(record.provenance["code"]) == 64


@pytest.fixture
def sides(scripts):
    """The frozen record of format 1, and what it was converted to."""
    convert, _ = scripts
    convert.convert(FROZEN[1], specs.load_scale("smoke"), True)
    return FROZEN[1], records.path_of("smoke", FROZEN[1].stem)


def test_a_true_conversion_is_proved(scripts, sides):
    _, proof = scripts
    assert proof.prove(*sides, log_p=True, pictures=True) > 2000
    record = records.read(sides[1])
    assert record.content[
        "converted_from"
    ] == 1 and record.content == record.content | records.in_todays_words(record.content)


@pytest.mark.parametrize(
    "part",
    ["noise_rate", "risks", "dataset", "parameters", "spec", "provenance", "final", "columns"],
)
def test_a_changed_part_of_the_json_is_noticed(scripts, sides, part):
    content = json.loads(sides[1].read_text())
    value = content[part]
    if isinstance(value, dict):
        name = next(n for n in value if isinstance(value[n], int | float | str | dict))
        value[name] = "other"
    else:
        content[part] = ["other"] if isinstance(value, list) else value + 1
    sides[1].write_text(json.dumps(content))
    with pytest.raises(scripts[1].Unproved):
        scripts[1].prove(*sides, log_p=True, pictures=True)


NAMES = [
    "history",
    "evaluated_epochs",
    "train_noisy",
    "train_true",
    "train_predicted",
    "test_true",
    "test_predicted",
    "holdout_noisy",
]
NAMES += [
    "train_p_given",
    "train_rll",
    "test_p_true",
    "holdout_p_given",
    "holdout_p_true",
    "train_log_p",
    "thumbnails",
    "thumbnail_index",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("how", ["change", "drop", "retype"])
def test_a_changed_array_is_noticed(scripts, sides, name, how):
    path = sides[1].with_suffix(".npz")
    with np.load(path, allow_pickle=False) as file:
        arrays = {n: file[n] for n in file.files}
    if how == "change":
        value = arrays[name].reshape(-1).copy()
        value[len(value) // 3] += 1 if value.dtype.kind in "iu" else 0.01
        arrays[name] = value.reshape(arrays[name].shape)
    elif how == "drop":
        del arrays[name]
    else:
        arrays[name] = arrays[name].astype(np.float32)
    np.savez_compressed(path, **arrays)
    content = json.loads(sides[1].read_text())
    content["arrays_sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    sides[1].write_bytes(records.dump(content))
    with pytest.raises((scripts[1].Unproved, KeyError)):
        scripts[1].prove(*sides, log_p=True, pictures=True)


def test_nothing_is_converted_twice(scripts, sides, capsys):
    convert, _ = scripts
    assert convert.main() == 1 and "converted already" in capsys.readouterr().err
    with pytest.raises(convert.UserError, match="not of format 1; put back the old one"):
        convert.convert(sides[1], specs.load_scale("smoke"), True)
