"""Records: whole or absent on disk; whatever happens to a file,
reading it is right or a clear error.
"""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY, made
from hypothesis import given
from hypothesis import strategies as st

from memutils.errors import UserError
from memutils.runs import records, specs

SCALE = specs.Scale("test", {"dataset": "mnist5k", "network": "mlp"})
SPEC = SCALE.spec(loss="rll", eta=0.4, milestones=[3])
KEY = SCALE.key(SPEC)
ROWS = [
    {"epoch": 1, "lr": 0.1, "j1": None, "train_loss": 2.5},
    {"epoch": 2, "lr": 0.1, "j1": 0.5, "train_loss": 1.5},
]
CONTENT = {
    "spec": records.spec_dict(SPEC),
    "noise_rate": 0.41,
    "dataset": {"name": "mnist5k", "classes": ["@", '"@"', "ü"]},
    "provenance": {"seconds": 1.5},
    "risks": {"test": {"cce": {"true": 0.1}}},
}
ARRAYS = {"train_true": np.arange(5, dtype=np.uint8), "train_p_given": np.zeros(5, np.float16)}


def write(rows=ROWS, **change) -> records.Record:
    return records.write("test", KEY, CONTENT | change, rows, ARRAYS)


def files_of(record) -> set[str]:
    return {p.name for p in record.path.parent.iterdir()}


def test_what_is_written_is_read():
    record = write()
    assert files_of(record) == {f"{KEY}.json", f"{KEY}.npz"}
    again = records.find("test", KEY, SPEC)
    for name, value in CONTENT.items():
        assert again.content[name] == value
    assert (again.key, again.scale, again.noise_rate, again.dataset["name"]) == (
        KEY,
        "test",
        0.41,
        "mnist5k",
    )
    assert (
        again.history["j1"].isna().tolist() == [True, False] and again.history["epoch"].dtype == int
    )
    assert again.arrays().keys() == {"history", "evaluated_epochs", *ARRAYS}
    for name, array in again.arrays(*ARRAYS).items():
        np.testing.assert_array_equal(array, ARRAYS[name])
        assert array.dtype == ARRAYS[name].dtype
    assert [r.key for r in records.load("test")] == [KEY] and records.load("nothing") == []


def test_the_history_is_a_table_and_the_last_evaluation_stands_in_the_json():
    record = write()
    assert (
        record.content["columns"] == ["epoch", "lr", "j1", "train_loss"]
        and "history" not in record.content
    )
    np.testing.assert_array_equal(record.table, [[1, 2], [0.1, 0.1], [np.nan, 0.5], [2.5, 1.5]])
    assert record.table.dtype == np.float64
    assert record.content["final"] == ROWS[1] and record.arrays()["evaluated_epochs"].tolist() == [
        2
    ]
    frame = record.history
    frame["j1"] = 7.0  # a frame of one's own
    assert record.history["j1"].tolist()[1] == 0.5 and record.diverged is None


@given(
    st.lists(
        st.fixed_dictionaries({"j1": st.none() | st.floats(0, 1), "lr": st.floats(0, 10)}),
        min_size=1,
        max_size=6,
    )
)
def test_a_history_comes_back_as_it_was(rows):
    rows = [{"epoch": i + 1, **row, "seconds": 1.0} for i, row in enumerate(rows)]
    record = made("any", rows)
    back = record.history.astype(object).where(record.history.notna(), None).to_dict("records")
    assert back == rows
    evaluated = [row for row in rows if row["j1"] is not None]
    final = {name: evaluated[-1][name] for name in ("epoch", "j1", "lr")} if evaluated else {}
    assert record.content["final"] == final
    assert record.arrays()["evaluated_epochs"].tolist() == [row["epoch"] for row in evaluated]


def test_what_needs_no_history_does_not_open_the_arrays():
    record = write()
    record.path.with_suffix(".npz").unlink()
    (again,) = records.load("test")
    assert again.content == record.content and records.find("test", KEY, SPEC)
    with pytest.raises(UserError, match="cannot be read"):
        _ = again.history


def test_histories_are_one_tidy_frame():
    frame = records.histories([write()])
    assert (
        len(frame) == 2
        and set(frame["key"]) == {KEY}
        and set(frame["eta"]) == {0.4}
        and set(frame["noise_rate"]) == {0.41}
    )
    assert {"dataset", "network", "loss", "seed", "alpha"} <= set(frame) and frame[
        "lr_now"
    ].tolist() == [0.1, 0.1]
    assert len(records.histories([])) == 0 and "key" in records.histories([])


def test_a_failed_write_leaves_the_old_file_and_no_rubbish(monkeypatch, tmp_path):
    path = tmp_path / "folder" / "file"
    records.write_whole(path, b"old")

    def full(*args):
        raise OSError(28, "No space left on device")

    for function in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            if function == "fsync":
                patch.setattr(os, "fsync", full)
            else:
                patch.setattr(Path, "replace", full)
            with pytest.raises(UserError, match="No space left on device. Free space"):
                records.write_whole(path, b"new")
        assert path.read_bytes() == b"old" and [p.name for p in path.parent.iterdir()] == ["file"]
    records.write_whole(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("failing", [1, 2])
def test_a_record_is_never_half_there(monkeypatch, failing):
    """A crash in either of the two writes leaves no record, never an old one beside new arrays."""
    path, calls, whole = write().path, [], records.write_whole

    def crash(target, content):
        calls.append(target)
        if len(calls) == failing:
            raise KeyboardInterrupt
        whole(target, content)

    monkeypatch.setattr(records, "write_whole", crash)
    with pytest.raises(KeyboardInterrupt):
        write(noise_rate=0.5)
    assert [p.suffix for p in calls] == [".npz", ".json"][:failing]
    assert not path.exists() and records.find("test", KEY, SPEC) is None


@pytest.mark.parametrize("seed", range(90))
def test_flipped_bytes_and_truncations_are_noticed(seed):
    """Or harmless: a blank between two values may change, the content may not."""
    record, rng = write(), np.random.default_rng(seed)
    path = record.path if seed % 3 else record.path.with_suffix(".npz")
    content = bytearray(path.read_bytes())
    if seed % 2:
        content = content[: rng.integers(len(content))]
    else:
        for place in rng.integers(len(content), size=rng.integers(1, 4)):
            content[place] ^= 1 << rng.integers(8)
    path.write_bytes(content)
    if path.suffix == ".npz":
        with pytest.raises(UserError, match="arrays .* damaged"):
            records.read(record.path).arrays()
        return
    try:
        assert records.read(path).content == record.content
        assert not seed % 2 or len(content) >= len(
            json.dumps(record.content)
        )  # only a last line's end may be missing
    except UserError as error:
        assert str(path) in str(error) and (
            "damaged" in str(error) or "format" in str(error) or "not a record" in str(error)
        )


@pytest.mark.parametrize(
    "part", ["noise_rate", "columns", "spec", "results_version", "key", "arrays_sha256"]
)
def test_a_changed_part_does_not_fit_the_checksum(part):
    path = write().path
    content = json.loads(path.read_text())
    content[part] = "changed" if isinstance(content[part], str) else 7
    path.write_text(json.dumps(content))
    with pytest.raises(UserError, match="checksum does not fit"):
        records.read(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is damaged"),
        ("{", "is damaged"),
        ("[" * 100_000, "is damaged"),
        ("[1]", "is not a record"),
        ("{}", "is not a record"),
        ('{"format": 1}', "checksum does not fit"),
        ('{"format": 1, "checksum": NaN}', "checksum does not fit"),
        ('{"format": 2}', "checksum does not fit"),
        ('{"format": 3}', "has format 3, this version reads formats 1 and 2"),
        ('{"format": [[]]}', "has format"),
    ],
)
def test_files_that_are_no_record(text, message):
    path = write().path
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        records.read(path)
    with pytest.raises(UserError, match=message):
        records.load("test")


def test_a_record_under_another_name_or_absent():
    record = write()
    other = record.path.rename(record.path.with_name("other.json"))
    with pytest.raises(UserError, match=f"is of the run {KEY}"):
        records.read(other)
    with pytest.raises(UserError, match="There is no record") as error:
        records.read(str(record.path.with_name("othr.json")))
    assert str(error.value).endswith("Did you mean 'other'?")
    assert records.find("test", KEY, SPEC) is None


def test_a_record_in_another_scales_folder_is_not_handed_out():
    record = write()
    folder = record.path.parents[1] / "other"
    folder.mkdir()
    for path in record.path.parent.glob(f"{KEY}.*"):
        path.rename(folder / path.name)
    with pytest.raises(UserError, match="is of the scale test; move it from the folder other to"):
        records.load("other")


def test_a_record_of_other_settings_is_an_error_that_names_them():
    write(spec=CONTENT["spec"] | {"lr": 0.3, "loss_parameters": {"alpha": 0.45}})
    with pytest.raises(UserError, match=r"other settings \(alpha, lr\)"):
        records.find("test", KEY, SPEC)


def test_a_record_of_another_results_version_does_not_count(monkeypatch):
    write()
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    assert records.find("test", KEY, SPEC) is None


def test_arrays_of_another_run_and_missing_ones():
    record = write()
    path = record.path.with_suffix(".npz")
    np.savez_compressed(path, train_true=np.zeros(5))
    with pytest.raises(UserError, match="damaged or of another run"):
        record.arrays()
    path.unlink()
    with pytest.raises(UserError, match="cannot be read"):
        record.arrays()


def test_a_value_that_is_not_finite_is_not_written():
    with pytest.raises(ValueError, match="not JSON compliant"):
        write(noise_rate=float("nan"))
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="not finite"):
            write([ROWS[0], ROWS[1] | {"train_loss": value}])
    assert records.find("test", KEY, SPEC) is None


def test_arrays_that_do_not_fit_the_columns_are_refused():
    record = write()
    path = record.path
    path.write_bytes(records.dump(record.content | {"columns": ["epoch"]}))
    with pytest.raises(UserError, match="do not fit its columns. Delete it"):
        _ = records.read(path).history


def test_where_records_lie(monkeypatch):
    monkeypatch.delenv("MEMUTILS_RESULTS")
    assert records.path_of("quick", "key") == REPOSITORY / "results" / "quick" / "key.json"


def test_an_array_that_is_not_there_is_no_damage():
    record = write()
    with pytest.raises(UserError, match=r"no array 'train_tru'; it has .*train_true") as error:
        record.arrays("train_tru")
    assert "Delete" not in str(error.value)
    with pytest.raises(UserError, match="log_probabilities: true"):
        record.arrays("train_log_p")
