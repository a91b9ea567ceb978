"""The commit that a record names is the one its code is of, with git and without."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

from memutils.runs import provenance

NOTHING = {"commit": None, "dirty": None}


def git(folder: Path, *words: str) -> str:
    command = ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@t", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def sources(tmp_path, monkeypatch) -> Path:
    """A copy of the sources with a commit of its own, as which this process takes itself."""
    folder = tmp_path / "sources"
    shutil.copytree(
        REPOSITORY / "src/memutils",
        folder / "src/memutils",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copytree(REPOSITORY / "configs", folder / "configs")
    git(tmp_path, "init", "--quiet", str(folder))
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "all")
    monkeypatch.setattr(provenance, "__file__", str(folder / "src/memutils/runs/provenance.py"))
    return folder


def sent(sources: Path, target: Path, monkeypatch) -> Path:
    """The sources without git somewhere else."""
    shutil.copytree(sources, target, ignore=shutil.ignore_patterns(".git"))
    monkeypatch.setattr(provenance, "__file__", str(target / "src/memutils/runs/provenance.py"))
    return target


def test_inside_another_repository_its_commit_is_not_taken(sources, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet", str(tmp_path / "notes"))
    (tmp_path / "notes/.gitignore").write_text("paper/\n")
    git(tmp_path / "notes", "add", "-A")
    git(tmp_path / "notes", "commit", "--quiet", "-m", "notes")
    sent(sources, tmp_path / "notes/paper", monkeypatch)
    assert provenance.source_state() == NOTHING


def test_the_note_tells_commit_and_state_where_there_is_no_git(
    sources, tmp_path, monkeypatch, capsys
):
    commit = git(sources, "rev-parse", "HEAD")
    assert provenance.main(["write"]) == 0 and (sources / "provenance.json").exists()
    there = sent(sources, tmp_path / "there", monkeypatch)
    assert provenance.source_state() == {"commit": commit, "dirty": False}
    path = there / "src/memutils/noise.py"
    for change in (
        lambda: path.write_text(path.read_text() + "# changed\n"),
        lambda: (there / "configs/new.yaml").touch(),
    ):
        change()
        assert provenance.source_state() == {"commit": commit, "dirty": True}
    for damaged in ("", "[]", "{}", json.dumps({"commit": commit})):
        (there / "provenance.json").write_text(damaged)
        assert provenance.source_state() == NOTHING


def test_no_note_without_a_commit_or_beside_changes(sources, tmp_path, monkeypatch, capsys):
    (sources / "configs/new.yaml").touch()
    assert provenance.main(["write"]) == 1 and "Commit first" in capsys.readouterr().err
    sent(sources, tmp_path / "there", monkeypatch)
    assert provenance.main(["write"]) == 1 and "no git repository" in capsys.readouterr().err
    assert not list(tmp_path.glob("*/provenance.json"))


def test_git_comes_before_a_note_that_was_left_behind(sources):
    provenance.write_note()
    git(sources, "commit", "--quiet", "--allow-empty", "-m", "later")
    assert provenance.source_state() == {
        "commit": git(sources, "rev-parse", "HEAD"),
        "dirty": False,
    }


def test_the_code_of_a_commit_is_what_its_runs_record(sources):
    recorded = provenance.code_hash.__wrapped__()  # as a process there has it
    first = git(sources, "rev-parse", "HEAD")
    assert provenance.code_of_commit(first) == recorded
    path = sources / "src/memutils/noise.py"
    path.write_text(path.read_text() + "# changed\n")
    assert provenance.code_of_commit(first) == recorded != provenance.code_hash.__wrapped__()
    git(sources, "commit", "--quiet", "-am", "changed")
    assert provenance.code_of_commit("HEAD") == provenance.code_hash.__wrapped__()
    assert (
        provenance.code_of_commit("0" * 40) is None
        and provenance.code_of_commit("no commit") is None
    )


def test_a_package_decides_with_all_its_files(sources):
    before = provenance.code_of_commit("HEAD")
    path = sources / "src/memutils/losses/paper.py"
    path.write_text(path.read_text() + "# changed\n")
    git(sources, "commit", "--quiet", "-am", "changed")
    changed = provenance.code_of_commit("HEAD")
    assert before != changed == provenance.code_hash.__wrapped__()
    assert len([p for p in provenance.decisive_files() if p.parent.name == "losses"]) > 5


def test_the_code_of_a_commit_that_names_its_modules_one_by_one(sources):
    path = sources / "src/memutils/runs/provenance.py"
    path.write_text('X = ("y",)\nDECISIVE = ("noise", "data", "gone")\n')
    git(sources, "commit", "--quiet", "-am", "as it was once")
    contents = [(sources / f"src/memutils/{name}.py").read_bytes() for name in ("noise", "data")]
    assert provenance.code_of_commit("HEAD") == hashlib.sha256(b"".join(contents)).hexdigest()
    path.write_text("")
    git(sources, "commit", "--quiet", "-am", "nothing")
    assert provenance.code_of_commit("HEAD") is None


def test_every_module_that_a_run_imports_from_here_decides_it_or_is_known_not_to():
    """A module that training came to use must not be forgotten:
    what it computes would not show in a record's code.
    """
    known = {"errors", "checks", "values", "paths", "runs", "runs/provenance", "runs/entries"}
    known |= {"runs/config_text"}  # how settings are read
    known |= {f"runs/{name}" for name in ("files", "format1", "record", "records", "storage")}
    code = "import sys, memutils.runs; print([m for m in sys.modules if m.startswith('memutils.')])"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    names = {name.removeprefix("memutils.") for name in json.loads(found.replace("'", '"'))}
    names = {name.replace(".", "/") if "runs." in name else name.split(".")[0] for name in names}
    assert "runs/execute" in names and names - known <= set(provenance.DECISIVE)
