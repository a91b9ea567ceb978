"""Records of another machine come home whole, and never over what is here."""

import contextlib
import random
import shutil
import types
import zipfile

import pytest

from memutils import runs
from memutils.errors import UserError
from memutils.runs import grid, merge, provenance, records, specs


@pytest.fixture
def elsewhere(quick_data, tmp_path, monkeypatch):
    """Two records of the smoke scale in another results folder; here there is none."""
    scale = specs.load_scale("smoke")
    monkeypatch.setattr(
        provenance, "SOURCE", {"commit": None, "dirty": None}
    )  # whatever is uncommitted here
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "elsewhere"))
    for spec in list(scale.specs("cce").values()):
        runs.run(spec, scale, progress=False)
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "here"))
    return tmp_path / "elsewhere"


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.glob("smoke/[!.]*.*")}


def test_records_are_copied_once_and_count(elsewhere, capsys):
    scale = specs.load_scale("smoke")
    assert len(grid.missing(scale)) == 4
    assert (
        merge.main([str(elsewhere)]) == 0 and "2 copied, 0 here already" in capsys.readouterr().out
    )
    assert contents(records.results_root()) == contents(elsewhere) and len(grid.missing(scale)) == 2
    assert (
        merge.main([str(elsewhere)]) == 0 and "0 copied, 2 here already" in capsys.readouterr().out
    )


def test_a_conflict_is_told_and_what_is_here_stays(elsewhere, capsys):
    scale = specs.load_scale("smoke")
    spec = next(iter(scale.specs("cce").values()))
    own = runs.run(spec, scale, progress=False)  # the same run: another start, other seconds
    before = own.path.read_bytes()
    assert merge.main([str(elsewhere)]) == 1
    told = capsys.readouterr()
    assert "1 copied, 0 here already, 1 conflicts" in told.out and own.key in told.err
    assert own.path.read_bytes() == before and own.arrays()


@pytest.mark.parametrize("suffix", [".json", ".npz"])
def test_a_damaged_record_is_refused_and_not_copied(elsewhere, suffix):
    path = next(elsewhere.glob(f"smoke/*{suffix}"))
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"damaged|cannot be read"):
        merge.merge(elsewhere)
    assert f"{path.stem}.json" not in contents(records.results_root())


def test_a_flipped_bit_of_an_archive_is_one_sentence_or_does_no_harm(elsewhere, tmp_path):
    path, rng = tmp_path / "out.zip", random.Random(0)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(elsewhere.glob("smoke/*.*")):
            archive.write(file, file.relative_to(elsewhere))
    whole = path.read_bytes()
    for _ in range(60):
        content = bytearray(whole)
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        path.write_bytes(content)
        with contextlib.suppress(UserError):
            merge.merge(path)
    assert contents(records.results_root()).items() <= contents(elsewhere).items()


def test_a_missing_folder_is_named(tmp_path, capsys):
    assert merge.main([str(tmp_path / "nowhere")]) == 1 and "nowhere" in capsys.readouterr().err


def test_a_wrong_folder_is_told_which_one_is_wanted(elsewhere, tmp_path):
    (tmp_path / "checkout").mkdir()
    shutil.copytree(elsewhere, tmp_path / "checkout" / "results")
    (tmp_path / "empty").mkdir()
    wanted = {
        "checkout": tmp_path / "checkout/results",
        "checkout/results/smoke": tmp_path / "checkout/results",
        "empty": "",
    }
    for name, hint in wanted.items():
        with pytest.raises(
            UserError, match=f"{name} is no results folder: .* cpu/KEY.json.*{hint}"
        ) as told:
            merge.merge(tmp_path / name)
        assert ("that may be" in str(told.value)) == bool(hint)
    assert not records.results_root().exists()


def test_an_archive_is_a_results_folder_and_what_else_is_in_it_stays_there(elsewhere, tmp_path):
    with zipfile.ZipFile(tmp_path / "out.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in elsewhere.glob("smoke/*.*"):
            archive.write(path, path.relative_to(elsewhere))
        for name in (
            "../evil.json",
            "/evil/a.json",
            "smoke/deep/a.json",
            "smoke/.work.json",
            "smoke/a.sh",
        ):
            archive.writestr(name, "{}")
    assert len(merge.merge(tmp_path / "out.zip")["copied"]) == 2 and contents(
        records.results_root()
    ) == contents(elsewhere)
    (tmp_path / "cut.zip").write_bytes((tmp_path / "out.zip").read_bytes()[:-30])
    with zipfile.ZipFile(tmp_path / "none.zip", "w"):
        pass
    for name, why in (("cut", "cannot be read"), ("none", "holds no records")):
        with pytest.raises(UserError, match=why):
            merge.merge(tmp_path / f"{name}.zip")


@pytest.mark.parametrize(
    ("commit", "code", "message"),
    [
        ("a" * 40, "right", None),
        ("a" * 40, "other", "was made by other code than the commit aaaaaaaaaaaa that it names"),
        ("b" * 40, "right", "names the commit bbbbbbbbbbbb, which is not here"),
        (None, "here", None),
        (None, "right", "other code than the sources here"),
    ],
)
def test_the_code_of_a_record_is_that_of_its_commit(monkeypatch, commit, code, message):
    monkeypatch.setattr(provenance, "code_of_commit", {"a" * 40: "right"}.get)
    monkeypatch.setattr(provenance, "state_in_git", lambda: {"commit": "c" * 40, "dirty": False})
    monkeypatch.setattr(provenance, "code_hash", lambda: "here")
    record = types.SimpleNamespace(key="a-run", provenance={"commit": commit, "code": code})
    if message is None:
        merge.check_code(record)
    else:
        with pytest.raises(UserError, match=message):
            merge.check_code(record)


def test_a_record_of_other_code_is_not_copied(elsewhere, monkeypatch, capsys):
    monkeypatch.setattr(provenance, "code_hash", lambda: "other")
    assert merge.main([str(elsewhere)]) == 1 and "was made by other code" in capsys.readouterr().err
    assert not contents(records.results_root())
