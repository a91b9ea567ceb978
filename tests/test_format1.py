"""A record of each format as it was written once is read for good;
those of format 1 have the same interface.
"""

import hashlib
import json
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import REPOSITORY, in_git, measured
from test_committed_records import check_identities

from memutils.errors import UserError
from memutils.report import plots
from memutils.runs import merge, records, specs

FROZEN = {
    format: next((REPOSITORY / "tests" / "frozen" / f"format{format}").glob("*.json"))
    for format in (1, 2)
}
RENAMED = {"running_memorised": "training_memorized", "memorised": "memorized"}
RENAMED |= {f"running_{n}": f"training_{n}" for n in ("j1", "j2", "fitted", "recovered")}
TIMES = ["seconds", "train_seconds"]


def raw(format: int) -> tuple[dict, dict[str, np.ndarray]]:
    """A frozen record's JSON and arrays, read by nothing of the package."""
    path = FROZEN[format]
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        return json.loads(path.read_bytes()), {name: file[name] for name in file.files}


@pytest.mark.parametrize("format", [1, 2])
def test_a_frozen_record_is_what_its_file_says(format):
    content, arrays = raw(format)
    record = records.read(FROZEN[format])
    assert content["format"] == format and record.content["format"] == 2
    for part in ("key", "scale", "noise_rate", "risks", "provenance", "dataset", "parameters"):
        assert record.content[part] == content[part]
    for name, array in arrays.items():
        np.testing.assert_array_equal(record.arrays()[name], array)
    assert (
        record.spec["loss"],
        record.spec["n_train"],
        record.spec["lr"],
        record.spec["evaluations"],
    ) == ("rll", 60, 0.001, 5)
    assert record.spec["inputs"] == "standardize" and record.spec["train_on"] == "all"
    check_identities(record)
    assert len(plots.final_table([record])) == 1 and len(records.histories([record])) == 6


def test_the_history_of_format_1_is_that_of_its_rows():
    content, _ = raw(1)
    frame = records.read(FROZEN[1]).history
    expected = (
        pd.DataFrame(content["history"])
        .rename(columns=RENAMED)
        .astype(float)
        .astype({"epoch": int})
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_the_history_of_format_2_is_that_of_its_table():
    content, arrays = raw(2)
    frame = records.read(FROZEN[2]).history
    assert frame["epoch"].dtype == int and list(frame) == content["columns"]
    np.testing.assert_array_equal(frame.to_numpy(float), arrays["history"].T)


def test_both_formats_tell_the_same_of_the_same_run():
    """The two frozen records are of one run, before and after."""
    old, new = (records.read(FROZEN[format]) for format in (1, 2))
    assert old.spec == new.spec and old.content["columns"] == new.content["columns"]
    pd.testing.assert_frame_equal(*(r.history.drop(columns=TIMES) for r in (old, new)), rtol=1e-6)
    assert old.content["final"] == pytest.approx(new.content["final"], rel=1e-6)
    assert (
        old.content["stood_for"] == new.content["stood_for"] and old.content["converted_from"] == 1
    )
    one, two = old.arrays(), new.arrays()
    assert two.keys() - one.keys() == {"mislabeled_predicted"}
    assert one.keys() - two.keys() == {"thumbnails", "thumbnail_index"}
    for name in ("train_p_given", "train_rll", "test_p_true", "holdout_p_true", "holdout_p_given"):
        np.testing.assert_allclose(one[name], two[name], rtol=5e-3, atol=1e-3)


def test_dynamics_are_recorded_for_each_evaluation():
    content, arrays = raw(2)
    wrong = arrays["train_noisy"] != arrays["train_true"]
    assert (
        arrays["mislabeled_predicted"].shape
        == (len(arrays["evaluated_epochs"]), wrong.sum())
        == (6, 19)
    )
    np.testing.assert_array_equal(
        arrays["mislabeled_predicted"][-1], arrays["train_predicted"][wrong]
    )
    for row, epoch in zip(arrays["mislabeled_predicted"], arrays["evaluated_epochs"], strict=True):
        memorized = arrays["history"][content["columns"].index("memorized"), epoch - 1]
        assert memorized == pytest.approx((row == arrays["train_noisy"][wrong]).mean())


@pytest.mark.parametrize("format", [1, 2])
@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_damage_is_noticed_in_either_format(tmp_path, format, suffix):
    for kind in (".json", ".npz"):
        shutil.copy(FROZEN[format].with_suffix(kind), tmp_path)
    path = (tmp_path / FROZEN[format].name).with_suffix(suffix)
    content, at = bytearray(path.read_bytes()), len(path.read_bytes()) // 2
    content[at] ^= 2
    path.write_bytes(content)
    with pytest.raises(UserError, match="damaged"):
        records.read(path.with_suffix(".json")).arrays()


@in_git  # elsewhere no commit is known, and records that name one do not count
def test_old_records_come_home_and_count(tmp_path, capsys):
    folder = tmp_path / "elsewhere" / "smoke"
    folder.mkdir(parents=True)
    for kind in (".json", ".npz"):
        shutil.copy(FROZEN[1].with_suffix(kind), folder)
    assert merge.main([str(folder.parent)]) == 0 and "1 copied" in capsys.readouterr().out
    assert merge.main([str(folder.parent)]) == 0 and "1 here already" in capsys.readouterr().out
    (record,) = records.load("smoke")
    assert measured(record) == measured(records.read(FROZEN[1]))
    spec = specs.load_scale("smoke").spec(**record.spec)
    assert records.find("smoke", record.key, spec).content == record.content
    digest = hashlib.sha256(FROZEN[1].read_bytes()).hexdigest()
    assert hashlib.sha256(record.path.read_bytes()).hexdigest() == digest
