"""The wrapper of the workflow's jobs: nothing outlives the workflow."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from conftest import REPOSITORY
from nbformat.v4 import new_code_cell, new_notebook

JOB = [sys.executable, str(REPOSITORY / "workflow/job.py")]


def alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # also where it ends between two looks
        return False


def wait_until(condition, seconds: float = 100) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(condition())


def sleeper(folder: Path) -> list[str]:
    """A command that leaves its process id behind, starts another process and sleeps."""
    return [
        "bash",
        "-c",
        f"echo $$ > {folder}/pid.part; mv {folder}/pid.part {folder}/pid; sleep 600; true",
    ]


def started(folder: Path) -> list[psutil.Process]:
    """The sleeper and the process it started."""
    assert wait_until((folder / "pid").exists)
    first = psutil.Process(int((folder / "pid").read_text()))
    assert wait_until(lambda: len(first.children()) == 1)
    return [first, *first.children()]


def test_output_goes_to_the_log_and_a_failure_shows_what_matters(tmp_path):
    def job(script: str) -> subprocess.CompletedProcess:
        command = [*JOB, str(os.getpid()), str(tmp_path / "log"), "bash", "-c", script]
        return subprocess.run(command, capture_output=True, text=True)

    done = job("echo fine; echo more >&2")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "log").read_text() == "fine\nmore\n"
    done = job("seq 30; exit 3")
    assert done.returncode == 3 and done.stderr.split() == [str(i) for i in range(11, 31)]
    done = job(
        "echo '[IPKernelApp] WARNING | chatter'; echo 'page.md: WARNING: look'; echo rest; exit 1"
    )
    assert done.returncode == 1 and done.stderr == "page.md: WARNING: look\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_job_ends_its_command(tmp_path, number):
    job = subprocess.Popen([*JOB, str(os.getpid()), str(tmp_path / "log"), *sleeper(tmp_path)])
    family = started(tmp_path)
    job.send_signal(number)
    assert job.wait(60) == 130
    assert wait_until(lambda: not any(alive(p.pid) for p in family))


@pytest.mark.parametrize("victim", ["workflow", "job"])
def test_a_killed_workflow_or_job_leaves_no_orphan(tmp_path, victim):
    command = " ".join(
        map(repr, [*JOB, "PARENT", str(tmp_path / "log"), *sleeper(tmp_path)])
    ).replace("'PARENT'", "$$")
    workflow = subprocess.Popen(["bash", "-c", f"{command} & wait"])
    family = started(tmp_path)
    job = family[0].parent()
    (workflow if victim == "workflow" else job).kill()
    if victim == "job" and sys.platform != "linux":
        pytest.skip("only Linux tells a process that its parent ended")
    assert wait_until(lambda: not alive(family[0].pid))
    for process in family:  # its group ends with the job where the job lives to see to it
        if victim == "workflow":
            assert wait_until(lambda pid=process.pid: not alive(pid))
        elif process.is_running():
            process.kill()
    workflow.wait(60)


def test_a_broken_run_gets_no_successor_in_its_kernel_and_a_refused_one_does(tmp_path):
    cells = [
        new_code_cell("fail = ''", metadata={"tags": ["parameters"]}),
        new_code_cell("import os; print(os.getpid())"),
    ]
    cells += [
        new_code_cell(
            "from memutils.errors import UserError\nif fail: raise {'UserError':"
            " UserError}.get(fail, RuntimeError)('no')"
        )
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    nbformat.write(new_notebook(cells=cells, metadata=kernel), tmp_path / "run.ipynb")
    fails = ("", "UserError", "", "RuntimeError", "")
    batch = {str(tmp_path / f"{i}.ipynb"): {"fail": fail} for i, fail in enumerate(fails)}
    (tmp_path / "batch.json").write_text(json.dumps(batch))
    command = [
        sys.executable,
        REPOSITORY / "workflow/execute.py",
        tmp_path / "batch.json",
        "--notebook",
        tmp_path / "run.ipynb",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1 and done.stdout.count("failed: no") == 2, done.stdout + done.stderr
    outputs = [(tmp_path / f"{i}.ipynb").exists() for i in range(5)]
    assert outputs == [not fail for fail in fails]
    pids = [(tmp_path / f"{i}.log").read_text().split()[0] for i in range(5)]
    assert pids[0] == pids[1] == pids[2] == pids[3] != pids[4]
