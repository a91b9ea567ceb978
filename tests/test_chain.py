"""The run notebook through papermill, one run or many in one kernel."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from memutils import runs
from memutils.runs import records, specs

ROOT = Path(__file__).parents[1]
SMOKE = {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4}


def papermill(folder: Path, *parameters: str) -> subprocess.CompletedProcess:
    command = [
        sys.executable,
        "-m",
        "papermill",
        "--no-progress-bar",
        ROOT / "notebooks/run.ipynb",
        folder / "out.ipynb",
    ]
    return subprocess.run(
        [*command, *parameters], capture_output=True, text=True, cwd=ROOT, timeout=600
    )


def test_papermill_runs_and_records(results):
    done = papermill(results, "-p", "loss", "rll", "-p", "eta", "0.4", "-p", "epochs", "2")
    assert done.returncode == 0, done.stderr
    (path,) = (results / "smoke").glob("*.json")
    assert path.stem == "mnist5k-mlp-rll-eta0.4-seed0-epochs2"
    assert len(records.read(path).history) == 2


def test_papermill_refuses_an_unknown_parameter(results):
    """Wrong values of known ones are refused in the next test, in one kernel."""
    done = papermill(results, "-p", "lss", "rll")
    assert done.returncode != 0
    assert all(word in done.stderr for word in ("Unknown parameter 'lss'", "'loss'")), done.stderr
    assert not list(results.glob("*/*.json"))


def test_one_kernel_executes_many_runs_and_a_failure_stops_no_other(results, tmp_path):
    runs_of = {
        "first": {"loss": "rll", "eta": 0.4},
        "wrong": {"loss": "rl", "eta": 0},
        "too-much": {"loss": "cce", "eta": 1.5},
        "second": {"loss": "cce", "eta": 0.4, "epochs": 2},
    }
    batch = tmp_path / "batch.json"
    batch.write_text(
        json.dumps(
            {
                f"{tmp_path}/{name}.ipynb": {"scale": "smoke"} | given
                for name, given in runs_of.items()
            }
        )
    )
    command = [sys.executable, "workflow/execute.py", batch]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600)
    assert done.returncode == 1 and "wrong failed: Unknown loss 'rl'" in done.stdout, done
    assert (
        re.search("too-much failed: .*from 0 to 1", done.stdout) and len(records.load("smoke")) == 2
    )
    assert {p.stem for p in tmp_path.glob("*.ipynb") if not p.name.startswith(".")} == {
        "first",
        "second",
    }
    assert "IPython" not in done.stderr and "Traceback" not in done.stdout
    scale = specs.load_scale("smoke")
    for name in ("first", "second"):
        given = SMOKE | runs_of[name]
        recorded = records.find("smoke", scale.key(scale.spec(**given)), scale.spec(**given))
        alone = runs.run(
            scale.spec(**given),
            specs.Scale("alone", scale.defaults, scale.networks),
            progress=False,
        )
        # one machine, one thread, the same kernels: no rounding may differ
        pd.testing.assert_frame_equal(
            *(r.history.drop(columns=["seconds", "train_seconds"]) for r in (recorded, alone))
        )
        cells = json.loads((tmp_path / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
        assert [c["execution_count"] for c in cells if c["cell_type"] == "code"][:2] == [
            1,
            2,
        ]  # as in a fresh kernel


def kernel_of(batch: subprocess.Popen) -> psutil.Process:
    """The kernel of a batch: it leads a session, which a child that it is just starting,
    under its name, does not.
    """
    family = psutil.Process(batch.pid).children(recursive=True)
    (kernel,) = (
        p for p in family if os.getsid(p.pid) == p.pid and "ipykernel_launcher" in p.cmdline()
    )
    return kernel


def test_a_kernel_that_dies_fails_its_run_and_the_next_run_gets_a_new_one(results, tmp_path):
    batch, given = tmp_path / "batch.json", {"scale": "smoke", "loss": "cce"}
    batch.write_text(
        json.dumps(
            {
                f"{tmp_path}/dies.ipynb": given | {"eta": 0, "epochs": 5000},
                f"{tmp_path}/next.ipynb": given | {"eta": 0.4},
            }
        )
    )
    process = subprocess.Popen(
        [sys.executable, "workflow/execute.py", batch],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    lock = next(
        iter(wait_for(lambda: list((results / "smoke" / ".work").glob("*epochs5000.lock"))))
    )  # it trains
    kernel_of(process).kill()
    out, err = process.communicate(
        timeout=600
    )  # papermill looks every five seconds whether its kernel lives
    assert (
        process.returncode == 1
        and re.search("dies failed: DeadKernelError", out)
        and "2 of 2: next\n" in out
    ), (out, err)
    assert (
        (tmp_path / "next.ipynb").exists()
        and not (tmp_path / "dies.ipynb").exists()
        and "eta0.4" not in lock.name
    )
    assert len(records.load("smoke")) == 1


@pytest.mark.skipif(
    sys.platform != "linux",
    reason="only Linux tells a process that its parent ended, and weighs sessions",
)
def test_a_nice_batch_has_nice_kernels_and_killed_leaves_no_process_behind(results, tmp_path):
    batch = tmp_path / "batch.json"
    batch.write_text(
        json.dumps(
            {f"{tmp_path}/long.ipynb": {"scale": "smoke", "loss": "cce", "eta": 0, "epochs": 5000}}
        )
    )
    process = subprocess.Popen(
        ["nice", "-n", "1", sys.executable, "workflow/execute.py", batch],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
    )
    wait_for(lambda: list((results / "smoke" / ".work").glob("*.lock")))
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 2  # a worker and its kernel
    session = Path(f"/proc/{kernel_of(process).pid}/autogroup")
    assert (
        not session.exists()
        or session.read_text().split()[-1] == str(psutil.Process(process.pid).nice()) != "0"
    )
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=60)
    assert not alive


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGSTOP")
def test_a_kernel_that_answers_late_is_not_dead(monkeypatch):
    """On a busy machine seconds go by without a heartbeat: only a process that ended is dead."""
    monkeypatch.syspath_prepend(str(ROOT / "workflow"))
    import execute

    manager = execute.warm_kernel()
    try:
        os.kill(manager.provisioner.pid, signal.SIGSTOP)
        threading.Timer(6, os.kill, (manager.provisioner.pid, signal.SIGCONT)).start()
        execute.empty(manager)
    finally:
        execute.stop(manager)
        execute.warm_kernel.cache_clear()


def test_a_kernel_that_cannot_start_fails_its_run_alone(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(str(ROOT / "workflow"))
    import execute

    async def start(manager, **options):
        raise OSError("no memory")

    monkeypatch.setattr(execute.AsyncKernelManager, "start_kernel", start)
    assert (
        execute.execute("notebooks/run.ipynb", str(tmp_path / "out.ipynb"), {})
        == "OSError: no memory"
    )
    assert not execute.warm_kernel.cache_info().currsize


def wait_for(found, seconds: float = 240):
    """What ``found`` returns, once it is not empty;
    a busy machine may take minutes to start a kernel.
    """
    end = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < end
        time.sleep(0.1)
    return result
