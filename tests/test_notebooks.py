"""The committed notebooks are clean, and the check that says so notices what it must."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from check_notebooks import problems

NOTEBOOKS = sorted(Path(__file__).parents[1].glob("notebooks/*.ipynb"))


def notebook(metadata=None, **changes) -> str:
    """A notebook of one code cell with these changes, as text."""
    cell = {
        "cell_type": "code",
        "id": "cell-01",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": "1 + 1",
    }
    return json.dumps(
        {"cells": [cell | changes], "metadata": metadata or {}, "nbformat": 4, "nbformat_minor": 5}
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_are_clean(path):
    assert problems(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_committed_notebooks_are_valid_and_have_unique_ids(path):
    content = json.loads(path.read_text(encoding="utf-8"))
    ids = [cell["id"] for cell in content["cells"]]
    assert len(set(ids)) == len(ids)
    assert content["metadata"]["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (notebook(outputs=[{"output_type": "stream", "name": "stdout", "text": "2"}]), "outputs"),
        (notebook(execution_count=1), "execution count"),
        (notebook({"papermill": {}}), "metadata"),
        (notebook(attachments={"a.png": {"image/png": "iVBORw0KGgo="}}), "picture"),
        (notebook(source="![](data:image/png;base64,iVBORw0KGgo=)"), "picture"),
        (notebook(source=["x = 1\n", "open('/home/me/data.csv')"]), "/home/me/data.csv"),
        (notebook(source=r"open('C:\data\x.csv')"), "absolute path"),
        (notebook(source="see file:///x"), "absolute path"),
        ("{}", "format 4"),
    ],
)
def test_a_bad_notebook_is_refused(bad, word):
    (found,) = problems(bad)
    assert word in found


@pytest.mark.parametrize(
    "source", ["open('data/x.csv')", "https://example.org/home/x", "a /home b", "share of n/tmp/x"]
)
def test_an_innocent_one_is_not(source):
    assert problems(notebook(source=source)) == []


def test_the_script_exits_with_1_and_names_file_and_cell(tmp_path):
    path = tmp_path / "bad.ipynb"
    path.write_text(notebook(execution_count=3))
    script = [sys.executable, Path(__file__).with_name("check_notebooks.py")]
    done = subprocess.run([*script, path], capture_output=True, text=True)
    assert done.returncode == 1 and f"{path}: cell 1" in done.stdout
    path.write_text(notebook())
    assert subprocess.run([*script, path], capture_output=True).returncode == 0


def test_pre_commit_uses_the_pinned_ruff():
    root = Path(__file__).parents[1]
    (version,) = [
        v
        for name, _, v in (
            s.partition("==") for s in (root / "requirements.lock").read_text().split()
        )
        if name == "ruff"
    ]
    assert f"rev: v{version} " in (root / ".pre-commit-config.yaml").read_text()
