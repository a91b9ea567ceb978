"""``make test-slurm``: a grid of 16 runs on a Slurm of one node; a job is canceled,
the workflow started again.

Nothing may be lost and nothing run twice. Not collected by ``pytest tests``: it takes minutes, and
Slurm.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

import pytest
from cluster import ask, cluster, missing

from memutils.runs import records, specs

ROOT = Path(__file__).parents[2]
SCALE = """\
extends: quick
defaults: {n_train: 1000, n_test: 200, epochs: 60}
grid:
  - {seed: [0, 1], loss: [cce, mse, rll, nmse], eta: [0.2, 0.4]}
"""
OPTIONS = [
    "--slurm-status-command",
    "squeue",
    "--slurm-init-seconds-before-status-checks",
    "5",
    "--latency-wait",
    "10",
]
"""Haste, and squeue: this cluster keeps no accounts. All else is the profile."""

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed here: {', '.join(missing())} (Debian: slurm-wlm)"
)


@pytest.fixture
def grid(tmp_path, monkeypatch):
    """The environment of a scale of 16 small runs, with records and build of its own."""
    configs = tmp_path / "configs"
    shutil.copytree(ROOT / "configs", configs)
    (configs / "cluster.yaml").write_text(SCALE)
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(configs))
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "results"))
    with cluster(tmp_path / "slurm") as environment:
        yield environment


def workflow(environment: dict, build: Path, *options: str, **kwargs) -> subprocess.Popen:
    """Starts the workflow with the committed profile, four runs a job, its log on stdout."""
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-s",
        "workflow/Snakefile",
        "--profile",
        "workflow/slurm",
        *OPTIONS,
        *options,
    ]
    return subprocess.Popen(
        [*command, "--config", "scale=cluster", "share=4", f"build={build}", "--", "runs"],
        cwd=ROOT,
        env=environment,
        **kwargs,
    )


def finished(environment: dict) -> dict[str, tuple[str, float]]:
    """sha256 and time of each record that is there, by key."""
    folder = Path(environment["MEMUTILS_RESULTS"]) / "cluster"
    return {
        p.stem: (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime)
        for p in folder.glob("*.json")
    }


def jobs(environment: dict) -> dict[int, dict]:
    """Every job the cluster has seen: its state, start and end,
    and the name of its table of runs.
    """
    rows = ask(environment, "squeue", "-h", "-t", "all", "-o", "%i|%T|%k").split()
    found = {}
    for number, state, comment in (row.split("|") for row in rows):
        detail = ask(environment, "scontrol", "show", "job", number)
        start, end = (re.search(rf"{word}Time=(\S+)", detail)[1] for word in ("Start", "End"))
        found[int(number)] = {
            "state": state,
            "table": comment.rsplit("_", 1)[-1],
            "start": start,
            "end": end,
        }
    return found


def test_a_canceled_job_costs_only_its_unfinished_runs(grid, tmp_path):
    build, expected = tmp_path / "build", specs.load_scale("cluster").specs()
    assert len(expected) == 16
    first = workflow(grid, build, "--retries", "0")
    locks = Path(grid["MEMUTILS_RESULTS"]) / "cluster" / ".work"
    victim = None
    while (
        victim is None and first.poll() is None
    ):  # some runs are recorded, and a later job's are under way
        time.sleep(0.2)
        now = jobs(grid) if len(finished(grid)) >= 2 else {}
        for number, job in now.items():
            table = json.loads(
                (build / "runs/cluster/v1/jobs" / f"{job['table']}.json").read_text()
            )
            keys = [Path(output).stem for output in table]
            if job["state"] == "RUNNING" and any((locks / f"{key}.lock").exists() for key in keys):
                victim = (number, keys)
    ask(grid, "scancel", str(victim[0]))
    assert first.wait() == 1
    before, seen = finished(grid), jobs(grid)
    assert seen[victim[0]]["state"] == "CANCELED"
    lost = expected.keys() - before.keys()
    assert lost and lost <= set(victim[1])  # and no other job's run

    assert workflow(grid, build).wait() == 0
    after, again = finished(grid), {n: job for n, job in jobs(grid).items() if n not in seen}
    assert after.keys() == expected.keys()
    assert {
        key: after[key] for key in before
    } == before  # not a byte, not a time stamp of a finished run
    tables = [
        json.loads((build / "runs/cluster/v1/jobs" / f"{job['table']}.json").read_text())
        for job in again.values()
    ]
    redone = {Path(output).stem for table in tables for output in table}
    print(
        f"Job {victim[0]} canceled with {sorted(victim[1])}; lost and run again: {sorted(lost)};"
        f" job(s) {sorted(again)}"
    )
    assert (
        lost <= redone <= set(victim[1]) and len(again) == 1
    )  # a record without its notebook: only that is executed again
    (restart,) = again.values()
    for key in expected:
        record = records.find("cluster", key, expected[key])
        start = datetime.fromisoformat(record.provenance["started"]).timestamp()
        assert (start >= datetime.fromisoformat(restart["start"]).timestamp() - 1) == (key in lost)
        assert (build / "runs/cluster/v1" / f"{key}.ipynb").exists() and len(
            record.history
        ) == record.spec["epochs"]
    assert workflow(grid, build).wait() == 0
    assert finished(grid) == after and len(jobs(grid)) == len(seen) + 1  # nothing left to submit
