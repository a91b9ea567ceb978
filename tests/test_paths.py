"""The package without its repository, and on a system without POSIX locks: one sentence each,
and no traceback.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY, run_spec, smoke

from memutils import paths, sources
from memutils.errors import UserError
from memutils.runs import checkpoints, records, specs


@pytest.fixture
def installed(tmp_path) -> Path:
    """Where `pip install .` puts the package:
    a folder of packages and nothing of the repository.
    """
    folder = tmp_path / "lib/python3/site-packages"
    shutil.copytree(
        REPOSITORY / "src/memutils",
        folder / "memutils",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return folder


def python(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess:
    ours = ("MEMUTILS_CONFIGS", "MEMUTILS_RESULTS", "MEMUTILS_SCALE")
    environment = (
        {k: v for k, v in os.environ.items() if k not in ours}
        | {"PYTHONPATH": str(folder)}
        | settings
    )
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )


RUN = """
from memutils import data, models, runs
from memutils.runs import specs
from memutils.errors import UserError
scale = specs.Scale("mine", {"n_train": 100, "n_test": 50, "epochs": 1, "device": "cpu"})
try:
    spec = scale.spec(dataset="mnist5k", network="mlp", loss="cce", eta=0.4)
    print(runs.run(spec, scale, progress=False).path)
except UserError as error:
    print(error)
"""


def test_without_the_repository_grids_say_what_is_missing_and_what_to_do(installed, tmp_path):
    done = python(installed, "-m", "memutils.runs.grid", "--scale", "quick")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert (
        "was installed without its repository, so there is no folder configs: install it from a"
        " clone with `pip install -e .`" in done.stderr
    )
    done = python(
        installed,
        "-m",
        "memutils.runs.grid",
        "--scale",
        "quick",
        "--jobs",
        "0",
        MEMUTILS_CONFIGS=str(REPOSITORY / "configs"),
    )
    assert (
        done.returncode == 1
        and "no folder results" in done.stderr
        and "let MEMUTILS_RESULTS name such a folder" in done.stderr
    )


def test_without_the_repository_no_record_lands_among_the_packages(installed, tmp_path):
    refused = python(installed, "-c", RUN)
    assert "so there is no folder results" in refused.stdout, refused.stderr
    assert [p.name for p in installed.parent.iterdir()] == ["site-packages"]
    done = python(installed, "-c", RUN, MEMUTILS_RESULTS=str(tmp_path / "mine"))
    assert str(tmp_path / "mine/mine") in done.stdout, done.stderr


@pytest.mark.parametrize("name", ["empty", "nowhere"])
def test_a_folder_without_scales_is_named(monkeypatch, tmp_path, name):
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path / name))
    with pytest.raises(
        UserError,
        match=f"^There is no scale in {tmp_path / name}; let MEMUTILS_CONFIGS name a folder",
    ):
        specs.load_scale("quick")


@pytest.mark.parametrize(
    ("root", "variable"),
    [(records.results_root, "MEMUTILS_RESULTS"), (specs.configs_root, "MEMUTILS_CONFIGS")],
)
def test_a_tilde_is_the_home_folder_and_the_variable_comes_first(
    monkeypatch, tmp_path, root, variable
):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv(variable, "~/mine")
    assert root() == tmp_path / "mine"
    monkeypatch.setenv(variable, "")
    assert root() == paths.REPOSITORY / variable.removeprefix("MEMUTILS_").lower()


def test_without_posix_locks_the_package_imports_and_a_run_says_so(monkeypatch, quick_data):
    code = (
        "import sys; sys.modules['fcntl'] = None; import memutils.runs, memutils.runs.grid,"
        " memutils.runs.merge"
    )
    assert python(REPOSITORY / "src", "-c", code).returncode == 0
    monkeypatch.setattr(checkpoints, "fcntl", None)
    with pytest.raises(
        UserError,
        match="no POSIX locks, which keep two processes from one run; on Windows start this in WSL",
    ):
        run_spec(smoke())


def test_without_posix_locks_data_is_read_all_the_same(monkeypatch, tmp_path):
    monkeypatch.setattr(sources, "fcntl", None)
    with sources.one_at_a_time(tmp_path):
        pass
