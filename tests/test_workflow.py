"""The workflow beyond one machine, as far as it can be tried without one: refusals and dry runs."""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config
from snakemake_interface_executor_plugins.utils import format_cli_arg

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import start

ROOT = Path(__file__).parents[1]


def snakemake(
    build: Path, *options: str, share: int = 2, book: str = "", **environment: str
) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "-s", "workflow/Snakefile", *options]
    command += [
        "--config",
        "scale=smoke",
        f"share={share}",
        f"build={build}",
        f"book={book}",
        "--",
        "runs",
    ]
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=600
    )


def test_without_sbatch_slurm_is_refused_before_a_job_is_handed_on(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "sh", "env", "git", "which"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    done = snakemake(tmp_path / "build", "--profile", "workflow/slurm", "-F", PATH=str(programs))
    assert done.returncode == 1 and "There is no sbatch here" in done.stderr, done.stderr
    assert "PROFILE=local" in done.stderr and "Submitted" not in done.stderr
    assert list((tmp_path / "build").rglob("*.json")) and not list(
        (tmp_path / "build").rglob("*.done")
    )


def test_a_dry_run_deletes_no_page_and_says_what_is_missing(tmp_path):
    page, staged = tmp_path / "html/index.html", tmp_path / "src/kept"
    for path in (page, staged, tmp_path / ".memutils-build/x"):
        path.parent.mkdir()
        path.touch()
    done = snakemake(
        tmp_path, "-n", "--cores", "2", book="1", MEMUTILS_RESULTS=str(tmp_path / "results")
    )
    assert done.returncode == 0 and "4 of 4 runs are missing" in done.stderr, done.stderr
    assert page.exists() and staged.exists()


def test_a_cluster_must_be_told_how_many_runs_share_a_job(tmp_path):
    done = snakemake(tmp_path / "build", "--profile", "workflow/slurm", share=0)
    assert done.returncode == 1 and "add share=1" in done.stderr, done.stderr


@pytest.mark.skipif(
    find_spec("snakemake_executor_plugin_kubernetes") is None,
    reason="needs requirements-extras.lock",
)
def test_the_kubernetes_profile_passes_a_dry_run(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    build = Path("_build/test-kubernetes")
    done = snakemake(
        build, "-n", "--profile", "workflow/kubernetes", "--default-storage-prefix", str(ROOT)
    )
    shutil.rmtree(ROOT / build)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = [
        line.split() for line in (done.stdout + done.stderr).splitlines() if line.startswith("run ")
    ]
    assert ["run", "2"] in jobs  # four runs, two a pod


MADE_UP = """
defaults: {dataset: mnist5k, network: mlp, n_train: 200, n_test: 100}
grid:
  - {loss: [cce, rll], eta: [0, 0.4], lr: [0.01, 0.0005]}
"""


@pytest.fixture
def mine(tmp_path, monkeypatch) -> Path:
    """A scale with eight runs, four of whose names contain 0005, and none recorded."""
    (tmp_path / "mine.yaml").write_text(MADE_UP)
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("only", "runs"), [("0005", 4), ("-eta0.4", 4)])
def test_the_estimate_and_the_workflow_filter_by_what_was_typed(
    mine, capsys, monkeypatch, only, runs
):
    seen = []
    monkeypatch.setattr(start.os, "execv", lambda program, words: seen.extend(words))
    start.main(["runs", "--scale=mine", f"--only={only}", "--jobs=02", f"--build={mine}/build"])
    assert f"mine: {runs} of {runs} runs are missing" in capsys.readouterr().out
    done = subprocess.run(
        [*seen[:-2], "-n", *seen[-2:]], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert f"{runs} of {runs} runs are missing." in done.stderr, done.stdout + done.stderr
    (table,) = mine.glob("build/runs/mine/v*/jobs/*.json")
    assert len(json.loads(table.read_text())) == runs and all(
        only in Path(path).stem for path in json.loads(table.read_text())
    )


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ["--only=0000"],
            "No run of scale mine has '0000' in its name; one is mnist5k-mlp-cce-eta0-seed0",
        ),
        (["--only=it's"], 'No run of scale mine has "it\'s" in its name'),
        (["--only=$(touch x)"], "No run of scale mine has '$(touch x)' in its name"),
        (["--jobs=two"], "JOBS must be a whole number from 1 up, not 'two'."),
        (["--jobs=0"], "JOBS must be a whole number from 1 up, not '0'."),
        (["--jobs=1e3"], "JOBS must be a whole number from 1 up, not '1e3'."),
        (["--share=-1"], "SHARE must be a whole number from 1 up, not '-1'."),
        (["--scale=mime"], "Unknown scale 'mime'. Did you mean 'mine'?"),
        (["--profile=slrum"], "Unknown profile 'slrum'. Did you mean 'slurm'?"),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(mine, capsys, words, sentence):
    assert start.main(["runs", "--scale=mine", *words]) == 1
    assert sentence in capsys.readouterr().err


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12))
def test_every_text_gets_to_the_workflow_as_it_was_typed_on_a_clusters_node_too(text):
    options = argparse.Namespace(
        profile="local", share="", jobs="2", scale="010", only=text, build=text
    )
    words = start.snakemake("runs", options)
    entries = words[words.index("--config") + 1 : words.index("--")]
    on_a_node = shlex.split(format_cli_arg("--config", entries))[1:]
    for given_words in (entries, on_a_node):
        found = {name: unquote(value) for name, value in parse_config(given_words)["typed"].items()}
        assert found == {"scale": "010", "only": text, "build": text}


def test_a_number_for_a_text_is_refused_with_what_to_write(tmp_path):
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        "workflow/Snakefile",
        "-n",
        "--cores",
        "1",
        "--config",
        "scale=smoke",
        "only=000",
        "--",
        "runs",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert (
        done.returncode
        and "only was read as the number 0, not as typed" in done.stdout + done.stderr
    )


@pytest.mark.parametrize(
    ("name", "words"), [("full", "holds other things"), ("br{ace}", "has a brace in its name")]
)
def test_a_folder_with_other_things_in_it_is_no_place_to_build(tmp_path, name, words):
    """The workflow deletes and renames src and html in it."""
    kept = tmp_path / "full/src/paper.tex"
    kept.parent.mkdir(parents=True)
    kept.touch()
    done = snakemake(tmp_path / name, "--cores", "1", book="1")
    assert done.returncode and kept.exists() and words in done.stdout + done.stderr
    assert not (tmp_path / "full/.memutils-build").exists()


def test_a_tilde_is_the_home_folder(tmp_path):
    done = snakemake(Path("~/built"), "--cores", "1", "-n", HOME=str(tmp_path))
    assert done.returncode == 0 and list(tmp_path.glob("built/runs/smoke/*/jobs/*.json")), (
        done.stdout + done.stderr
    )


@pytest.mark.parametrize(("profile", "dirty"), [("slurm", True), ("slurm", False), ("local", True)])
def test_a_grid_for_a_cluster_notes_what_is_not_committed(profile, dirty, monkeypatch, capsys):
    """Records of code that is no commit's are refused when they are brought home."""
    monkeypatch.setattr(start.provenance, "source_state", lambda: {"commit": "", "dirty": dirty})
    typed = dict(target="runs", scale="smoke", only="", jobs="1", build="_build", share="")
    start.start(argparse.Namespace(profile=profile, **typed))
    noted = "commit first" in capsys.readouterr().err
    assert noted == (dirty and profile == "slurm")
