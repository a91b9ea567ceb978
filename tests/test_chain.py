"""The run notebook through papermill, the grid's estimate, and the figures' helpers."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
from conftest import changed

from memutils import runs
from memutils.errors import UserError
from memutils.report import curves, plots
from memutils.runs import grid, records, specs

ROOT = Path(__file__).parents[1]
SMOKE = {"dataset": "mnist5k", "network": "mlp", "loss": "cce", "eta": 0.4}


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    monkeypatch.setenv("MEMUTILS_SCALE", "smoke")
    return tmp_path


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


def test_an_estimate_of_a_scale_without_a_grid_is_one_sentence(monkeypatch, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text("defaults: {network: mlp, dataset: mnist5k}")
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    assert (
        grid.main(["--scale", "mine"]) == 1
        and "has no grid; add one to its config." in capsys.readouterr().err
    )


def test_estimate_counts_what_is_missing(results, capsys):
    scale = specs.load_scale("smoke")
    assert grid.main(["--scale", "smoke", "--jobs", "2"]) == 0
    assert "4 of 4 runs are missing; about" in capsys.readouterr().out
    assert (
        grid.estimate(scale, jobs=0) == "smoke: 4 of 4 runs are missing."
    )  # a login node's speed says nothing
    for spec in scale.specs().values():
        runs.run(spec, scale, progress=False)
    assert grid.estimate(scale) == "smoke: all 4 runs are recorded."
    assert grid.main(["--scale", "smok"]) == 1
    assert "Did you mean 'smoke'?" in capsys.readouterr().err


def test_an_estimate_for_runs_that_share_a_gpu_is_a_range(results, monkeypatch):
    settled = grid.recipe.settle
    monkeypatch.setattr(grid.recipe, "settle", lambda spec: replace(settled(spec), device="cuda"))
    monkeypatch.setattr(grid.provenance, "machine", lambda device: "a GPU")
    monkeypatch.setattr(grid, "measure", lambda spec: 10.0)
    images = sum(spec.n_train * spec.epochs for spec in specs.load_scale("smoke").specs().values())
    low, high = (f"{(5 + (10 * images + 4) / jobs) / 3600:.1f} hours" for jobs in (4, 1))
    found = grid.estimate(specs.load_scale("smoke"), jobs=4)
    assert f"about {low} with 4 at once; up to {high} if they slow each other" in found, found


def timed(machine, precision, seconds_per_image, network="mlp", dataset="mnist5k", device="cpu"):
    """A record that took so long an image, all that an estimate reads."""
    spec = {"network": network, "dataset": dataset, "epochs": 2}
    execution = {"device": device, "precision": precision}
    provenance = {"machine": machine, "execution": execution, "seconds": seconds_per_image * 400}
    return records.Record(
        None, {"spec": spec, "dataset": {"sizes": {"train": 200}}, "provenance": provenance}
    )


def test_an_estimate_takes_the_rate_of_this_processor_in_this_precision_first(monkeypatch):
    monkeypatch.setattr(grid.provenance, "machine", lambda device: "this one")
    spec = specs.load_scale("smoke").spec(**SMOKE, precision="float32", device="cpu")
    strange = [
        timed("this one", "float32", 99, **other)
        for other in ({"network": "resnet18"}, {"dataset": "mnist"}, {"device": "cuda"})
    ]
    half, other, here = (
        timed("this one", "bfloat16", 8),
        timed("another", "float32", 4),
        timed("this one", "float32", 2),
    )
    found = [
        grid.rate(spec, [*strange, *known])
        for known in ([], [half], [half, other], [half, other, here])
    ]
    assert found == [
        None,
        grid.Rate(8, "as recorded on this one, partly in another precision"),
        grid.Rate(4, "as recorded on another"),
        grid.Rate(2, "as recorded on this one"),
    ]


def test_an_estimate_names_each_kind_of_run_and_adds_them_up(monkeypatch):
    monkeypatch.setattr(grid, "rate", lambda spec, known: grid.Rate(1.0, "as made up"))
    scale = specs.parse_scale(
        "mine",
        {
            "defaults": {
                "dataset": "mnist5k",
                "network": "mlp",
                "loss": "cce",
                "device": "cpu",
                "precision": "float32",
            },
            "grid": [{"eta": [0, 0.4], "n_train": 1000, "epochs": 5}, {"eta": 0.4, "epochs": 1}],
        },
    )
    first, *lines = grid.estimate(scale, jobs=2).splitlines()
    assert (
        first
        == f"mine: 3 of 3 runs are missing; about {(5 + (2 * 5001 + 4001) / 2) / 3600:.1f} hours"
        " with 2 at once."
    )
    assert lines == [
        "  mlp on mnist5k, 1,000 images, 5 epochs, float32: 2 missing, 83 min each, as made up",
        "  mlp on mnist5k, 4,000 images, 1 epoch, float32: 1 missing, 67 min each, as made up",
    ]


def test_an_estimate_does_not_fail_by_another_scales_damaged_record(results):
    (results / "other").mkdir()
    (results / "other/broken.json").write_text("{")
    assert "4 of 4 runs are missing; about" in grid.estimate(specs.load_scale("smoke"))


def test_estimate_refuses_a_part_of_a_name_that_no_run_has():
    with pytest.raises(UserError, match="No run of scale smoke has 'resnet81' in its name"):
        grid.estimate(specs.load_scale("smoke"), "resnet81")


def test_estimate_counts_a_record_of_another_version_as_missing(results, monkeypatch):
    scale = specs.load_scale("smoke")
    runs.run(scale.spec(**SMOKE), scale, progress=False)
    assert len(grid.missing(scale)) == 3
    monkeypatch.setattr(records, "RESULTS_VERSION", records.RESULTS_VERSION + 1)
    assert len(grid.missing(scale)) == 4


def test_plots_draw_only_what_is_recorded(results):
    scale = specs.load_scale("smoke")
    record = runs.run(scale.spec(**SMOKE), scale, progress=False)
    variation = runs.run(scale.spec(**SMOKE, epochs=2), scale, progress=False)
    assert plots.standard([record, variation], scale) == [record]
    assert plots.missing([record], scale, loss="cce") == ["mnist5k-mlp-cce-eta0-seed0"]
    figure = curves.draw([("there", [record]), ("absent", [])], {"j1": "-", "j2": "--"})
    there, absent = figure.axes
    drawn = {line.get_linestyle(): list(line.get_ydata()) for line in there.lines}
    assert drawn["-"] == list(record.history.training_j1)
    assert drawn["--"] == list(record.history.training_j2)
    marks = [list(line.get_ydata()) for line in there.lines if line.get_linestyle() == "None"]
    assert marks == [list(record.history.j1), list(record.history.j2)]
    ideal = [line.get_ydata()[0] for line in there.lines if line.get_linestyle() == ":"]
    assert ideal == [1 - record.noise_rate]
    assert not absent.lines and any(text.get_text() == "no record yet" for text in absent.texts)
    table = plots.final_table([record])
    assert (
        table.j1.item() == record.history.j1.median()
    )  # three epochs: all of them are among the last five
    assert len(plots.final_table([])) == 0
    text = plots.summary([record], ["a-run"])
    assert (
        "1 run: n = 400; seed 0; 3 epochs; CPU, float32." in text
        and "1 run of the grid (`a-run`)" in text
    )
    record.provenance["dirty"] = True
    assert "Take with care" in plots.summary([record])


def test_a_caption_says_n_seeds_epochs_device_and_precision_of_all_its_runs():
    def record(seed, n, epochs, device="cpu", precision="float32"):
        content = {"spec": {"seed": seed, "epochs": epochs}, "dataset": {"sizes": {"train": n}}}
        return records.Record(
            None,
            content | {"provenance": {"execution": {"device": device, "precision": precision}}},
        )

    assert plots.conditions([]) == "no run recorded yet"
    assert plots.conditions([record(1, 4992, 1)]) == "n = 4,992; seed 1; 1 epoch; CPU, float32"
    several = [record(2, 5000, 60), record(0, 1250, 80), record(1, 5000, 60, "cuda", "bfloat16")]
    parts = (
        "n = 1,250 to 5,000",
        "seeds 0, 1 and 2 (not of every setting)",
        "60 to 80 epochs",
        "CPU and CUDA, bfloat16 and float32",
    )
    assert plots.conditions(several) == "; ".join(parts)
    assert "seeds 1 and 2; 60 epochs" in plots.conditions(several[::2])


def test_a_figures_legend_names_the_noise_rates_in_order_whichever_panel_has_them(results):
    scale = specs.load_scale("smoke")
    last, first = (
        runs.run(scale.spec(**SMOKE | {"eta": eta}), scale, progress=False) for eta in (0.4, 0.0)
    )
    figure = curves.draw([("late", [last]), ("early", [first])], {"j1": "-"})
    told = [text.get_text() for text in figure.legends[0].get_texts()]
    assert told == ["J1", "η = 0", "η = 0.4", "1 − e"]


def test_a_figure_takes_the_largest_scale_that_has_records_or_the_one_named(results):
    assert records.shown_scale() == "smoke" and records.shown_scale("paper") == "paper"
    shown = plots.paper_panels("", [("resnet18", "cce"), ("resnet32", "cce")])
    assert shown.scale == "smoke" and [label for label, _ in shown.panels] == [
        "MLP on MNIST (5k), CCE"
    ]
    assert not shown.records and len(shown.absent) == 2
    scale = specs.load_scale("cpu")
    settings = {
        "network": "resnet18",
        "loss": "cce",
        "eta": 0.4,
        "n_train": 100,
        "n_test": 50,
        "epochs": 1,
        "dataset": "mnist5k",
    }
    record = runs.run(scale.spec(**settings), scale, progress=False)
    shown = plots.paper_panels("", [("resnet18", "cce"), ("resnet32", "cce")])
    assert shown.scale == "cpu" and not shown.records  # a variation is not of the grid
    assert "mnist-resnet18-cce-eta0.4-seed0" in shown.absent
    assert records.identity_gap(record) < 1e-9
    assert records.identity_gap(changed(record, recovered=0.99)) > 1e-3


def test_a_collapsed_run_is_marked(results):
    scale = specs.load_scale("smoke")
    record = runs.run(scale.spec(**SMOKE), scale, progress=False)
    idle = changed(record, classes=1, j2=0.1)
    crosses = [
        [
            line
            for line in curves.draw([("", [r])], {"j1": "-"}).axes[0].lines
            if line.get_marker() == "X"
        ]
        for r in (record, idle)
    ]
    assert [len(lines) for lines in crosses] == [0, 1]
    assert "Collapsed" in plots.summary([idle]) and "Collapsed" not in plots.summary([record])
    assert plots.final_table([record, idle])["collapsed"].tolist() == [False, True]


def test_records_of_another_version_or_of_a_changed_tree_are_flagged():
    def record(i, version=records.RESULTS_VERSION, dirty=False):
        return records.Record(
            None, {"key": f"run{i}", "results_version": version, "provenance": {"dirty": dirty}}
        )

    assert plots.flags([]) == plots.flags([record(0), record(1)]) == ""
    text = plots.flags(
        [record(0), record(1, version=0), record(2, dirty=True), record(3, dirty=None)]
    )
    for words in (
        "1 of 4 of another version",
        "`run1`",
        "1 of 4 made from",
        "`run2`",
        "unknown state (`run3`)",
    ):
        assert words in text
    assert "`run0`" not in text
    assert "`run3` and 5 more" in plots.flags([record(i, version=0) for i in range(9)])
