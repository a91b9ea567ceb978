"""The workflow beyond one machine, as far as it can be tried without one: refusals and dry runs."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def snakemake(build: Path, *options: str, share: int = 2, book: str = "", **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "snakemake", "-s", "workflow/Snakefile", *options]
    command += ["--config", "scale=smoke", f"share={share}", f"build={build}", f"book={book}", "--", "runs"]
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, timeout=120)


def test_without_sbatch_slurm_is_refused_before_anything_is_deleted(tmp_path):
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("bash", "sh", "env", "git", "which"):
        if found := shutil.which(name):
            (programs / name).symlink_to(found)
    done = snakemake(tmp_path / "build", "--profile", "workflow/slurm", "-F", PATH=str(programs))
    assert done.returncode == 1 and "There is no sbatch here" in done.stderr, done.stderr
    assert "PROFILE=local" in done.stderr and "Submitted" not in done.stderr
    assert list((tmp_path / "build").rglob("*.json")) and not list((tmp_path / "build").rglob("*.done"))


def test_a_dry_run_deletes_no_page_and_says_what_is_missing(tmp_path):
    page, staged = tmp_path / "html/index.html", tmp_path / "src/kept"
    for path in (page, staged):
        path.parent.mkdir()
        path.touch()
    done = snakemake(tmp_path, "-n", "--cores", "2", book="1", MEMUTILS_RESULTS=str(tmp_path / "results"))
    assert done.returncode == 0 and "4 of 4 runs are missing" in done.stderr, done.stderr
    assert page.exists() and staged.exists()


def test_a_cluster_must_be_told_how_many_runs_share_a_job(tmp_path):
    done = snakemake(tmp_path / "build", "--profile", "workflow/slurm", share=0)
    assert done.returncode == 1 and "add share=1" in done.stderr, done.stderr


@pytest.mark.skipif(find_spec("snakemake_executor_plugin_kubernetes") is None, reason="needs requirements-extras.lock")
def test_the_kubernetes_profile_passes_a_dry_run(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_DATA", str(tmp_path))
    build = Path("_build/test-kubernetes")
    done = snakemake(build, "-n", "--profile", "workflow/kubernetes", "--default-storage-prefix", str(ROOT))
    shutil.rmtree(ROOT / build)
    assert done.returncode == 0, done.stdout + done.stderr
    jobs = [line.split() for line in (done.stdout + done.stderr).splitlines() if line.startswith("run ")]
    assert ["run", "2"] in jobs  # four runs, two a pod
