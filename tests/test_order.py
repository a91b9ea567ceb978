"""The list of runs for a GPU, and the command that carries it out."""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

import pytest
import torch
from conftest import REPOSITORY, measured, smoke
from test_queue import SMOKE, SPECS, rates

from memutils import graph, recipe, runs
from memutils.runs import archive as records_archive
from memutils.runs import checkpoints, merge, queue, records, specs
from memutils.runs.order import Job, read_order
from memutils.runs.queue import Queue

ORDER = """
- {scale: smoke, runs: mnist5k-mlp-rll-eta0.4-seed0}
- {scale: smoke, runs: ["*-cce-*", "*"], first: {run: mnist5k-mlp-rll-eta0.4-seed0, j1: 0.5}}
"""


def test_an_order_is_patterns_of_keys_each_run_once(tmp_path):
    path = tmp_path / "order.yaml"
    path.write_text(ORDER)
    jobs = read_order(path)
    keys = [one.key.removeprefix("mnist5k-mlp-").removesuffix("-seed0") for one in jobs]
    assert keys == ["rll-eta0.4", "cce-eta0", "cce-eta0.4", "rll-eta0"] and {
        one.scale.name for one in jobs
    } == {"smoke"}
    assert [one.first for one in jobs] == [()] + [("smoke", jobs[0].key)] * 3 and jobs[1].j1 == 0.5
    assert [one.key for one in read_order(path, "rll")] == [jobs[0].key, jobs[3].key]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "must be a list of entries"),
        ("- {scale: smoke}", "entry 1: An entry must have scale and runs"),
        ("- {scale: smoke, runs: '*', frist: 1}", "Did you mean 'first'"),
        ("- {scale: smok, runs: '*'}", "Did you mean 'smoke'"),
        (
            "- {scale: smoke, runs: mnist5k-mlp-rll-eta0.4-seed1}",
            "Did you mean 'mnist5k-mlp-rll-eta0.4-seed0'",
        ),
        ("- {scale: smoke, runs: '*', first: {run: none, j1: 1}}", "a key of scale smoke"),
        ("- {scale: smoke, runs: '*', first: {run: [a], j1: 1}}", "a key of scale smoke"),
        ("- [", "cannot be read"),
    ],
)
def test_a_wrong_order_says_what_is_wrong(tmp_path, text, message, capsys):
    path = tmp_path / "order.yaml"
    path.write_text(text)
    assert queue.main(["--order", str(path)]) == 1
    told = capsys.readouterr().err
    assert re.search(message, told) and told.count("\n") == 1 and "order.yaml" in told


def test_the_order_of_the_repository_is_one_of_runs_that_there_are():
    jobs = read_order(REPOSITORY / "workflow/queue.yaml")
    names = [one.name for one in jobs]
    assert len(set(names)) == len(names) and {one.scale.name for one in jobs} >= {"paper"}
    assert [key for _, key in names[:3]] == [
        f"cifar10-inception-lite-{run}-seed0" for run in ("rll-eta0", "rll-eta0.4", "cce-eta0.4")
    ]
    for one in jobs:
        if (
            "resnet32-rll" in one.key
            and one.key != "cifar10-resnet32-rll-eta0-seed0"
            and one.scale.name == "paper"
        ):
            assert one.first == ("paper", "cifar10-resnet32-rll-eta0-seed0") and one.j1 == 0.95
    assert {spec for one in jobs if one.scale.name == "paper" for spec in [one.key]} == set(
        specs.load_scale("paper").specs()
    )
    assert all(spec.evaluations == 12 for spec in specs.load_scale("paper").specs().values())


@pytest.mark.usefixtures("quick_data")
def test_a_run_stopped_at_its_limit_goes_on_to_the_same_record(monkeypatch, epochs_run):
    spec = smoke(precision="float32")
    whole = runs.run(spec, "smoke", progress=False)
    expected = measured(whole)
    whole.path.unlink()
    epochs_run.clear()
    with pytest.raises(runs.OutOfTimeError, match="after epoch 1 of 3"):
        runs.run(spec, "smoke", progress=False, until=time.monotonic())
    assert (
        epochs_run == [1]
        and checkpoints.checkpoint_path("smoke", SMOKE.key(spec)).exists()
        and not records.load("smoke")
    )
    assert measured(runs.run(spec, "smoke", progress=False)) == expected and epochs_run == [1, 2, 3]


@pytest.mark.usefixtures("quick_data")
def test_runs_as_graphs_in_threads_of_one_process_are_the_runs_alone(monkeypatch, tmp_path):
    """A tape stands for CUDA's graph; initializations, which share torch's generator,
    do not get in each other's way.
    """
    from tape import taped

    settled = recipe.settle
    monkeypatch.setattr(
        recipe, "settle", lambda spec: dataclasses.replace(settled(spec), step="graph")
    )
    monkeypatch.setattr(graph, "cuda_graph", taped)
    jobs = [Job(SMOKE, key, spec) for key, spec in SPECS.items()]
    alone = {one.key: measured(runs.run(one.spec, SMOKE, progress=False)) for one in jobs}
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "together"))
    work = Queue(jobs, rates(0), say=lambda line: None)
    queue.work_through(work, [queue.Stream() for _ in range(4)])
    assert {
        key: measured(record) for (_, key), record in work.finished.items()
    } == alone and not work.failed
    assert {content["provenance"]["execution"]["step"] for content in alone.values()} == {"graph"}


def command(folder, *more: str) -> subprocess.Popen:
    environment = os.environ | {
        "MEMUTILS_RESULTS": str(folder / "there"),
        "PYTHONPATH": str(REPOSITORY / "src"),
    }
    words = [
        "--scale",
        "smoke",
        "--archive",
        str(folder / "out.zip"),
        "--by",
        "processes",
        "--at-once",
        "2",
        *more,
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.Popen(
        [sys.executable, "-m", "memutils.runs.queue", *words], env=environment, **pipes
    )


def test_the_command_carries_out_a_scale_survives_a_kill_and_brings_everything_home(
    tmp_path, monkeypatch
):
    first = command(tmp_path)
    end = time.monotonic() + 400
    while not (tmp_path / "out.zip").exists() and time.monotonic() < end:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        before = {name: archive.read(name) for name in archive.namelist()}  # checks the sums
    assert len(before) >= 2
    text, _ = (second := command(tmp_path)).communicate(timeout=600)
    assert second.returncode == 0 and "4 of 4 recorded, 0 failed" in text, text
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert {name: archive.read(name) for name in before} == before and len(
            archive.namelist()
        ) == 8
    assert "is recorded after" in (tmp_path / "out.log").read_text()
    assert json.loads((tmp_path / "out.rates.json").read_text()).keys() == {"mlp"}
    text, _ = (third := command(tmp_path, "--list")).communicate(timeout=400)
    assert third.returncode == 0 and text.strip() == "[]"
    monkeypatch.setattr(
        merge, "check_code", lambda record: None
    )  # which refuses code that is not committed yet
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "home"))
    assert merge.merge(tmp_path / "out.zip")["copied"] == sorted(f"smoke/{key}" for key in SPECS)
    assert set(SPECS) == {record.key for record in records.load("smoke")}


def test_the_list_is_an_order_for_a_machine_without_records(
    tmp_path, capsys, monkeypatch, quick_data
):
    path = tmp_path / "order.yaml"
    path.write_text(ORDER)
    assert queue.main(["--order", str(path), "--list", "--by", "processes"]) == 0
    (tmp_path / "list.yaml").write_text(capsys.readouterr().out)
    assert [(j.key, j.first, j.j1) for j in read_order(tmp_path / "list.yaml")] == [
        (j.key, j.first, j.j1) for j in read_order(path)
    ]
    first = read_order(path)[0]
    runs.run(first.spec, SMOKE, progress=False)  # three epochs: its J1 is below .5 or above
    for least in (0.0, 1.01):
        path.write_text(ORDER.replace("0.5", str(least)))
        assert queue.main(["--order", str(path), "--list", "--by", "processes"]) == 0
        (tmp_path / "list.yaml").write_text(capsys.readouterr().out)
        left = read_order(tmp_path / "list.yaml")
        assert len(left) == (3 if least == 0 else 0) and not any(one.first for one in left)


def test_the_list_for_a_gpu_has_a_gpu_s_estimates(capsys):
    """A run of scale paper takes a minute or so there, and hours on a core."""
    found = {}
    for by in ("streams", "processes"):
        assert queue.main(["--list", "--by", by, "--scale", "paper", "--at-once", "1"]) == 0
        seconds = [
            int(line.split("#")[1].split()[0]) for line in capsys.readouterr().out.splitlines()
        ]
        found[by] = min(seconds), max(seconds)
    assert 30 <= found["streams"][0] <= found["streams"][1] <= 125
    if not torch.cuda.is_available():
        assert found["processes"][0] > 3600
        assert queue.main(["--by", "streams", "--scale", "paper"]) == 1
        assert "need a GPU" in capsys.readouterr().err


def test_nothing_is_begun_after_the_limit_and_what_there_was_comes_home(tmp_path, capsys):
    record = runs.run(next(iter(SPECS.values())), SMOKE, progress=False)
    words = ["--scale", "smoke", "--by", "processes", "--limit", "0"]
    assert queue.main([*words, "--archive", str(tmp_path / "out.zip")]) == 0
    said = capsys.readouterr().out
    assert " begins; " not in said and f"{len(SPECS) - 1} were not begun." in said
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert f"smoke/{record.key}.json" in archive.namelist()
    assert records_archive.MOST < 16 * 2**20
