"""Runs in order and in time: no run is begun that would not end, none is lost,
and a kill costs no finished record.
"""

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import zipfile

import pytest
import torch
from conftest import REPOSITORY, made, measured, smoke
from hypothesis import given
from hypothesis import strategies as st

from memutils import graph, recipe, runs
from memutils.errors import UserError
from memutils.runs import archive as records_archive
from memutils.runs import checkpoints, merge, order, queue, records, specs
from memutils.runs.order import Job, Rates, read_order
from memutils.runs.queue import Queue

SMOKE = specs.load_scale("smoke")
SPECS = SMOKE.specs()


def job(name: str, epochs: int = 1, **more) -> Job:
    """A job of so many thousand images."""
    spec = dataclasses.replace(next(iter(SPECS.values())), epochs=epochs, n_train=1000)
    return Job(SMOKE, name, spec, **more)


class Clock:
    """Time that passes only in runs."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def rates(seconds: float) -> Rates:
    """One second an image by default, and nothing beside."""
    found = Rates("cpu")
    found.beside, found.known = [0.0], {"mlp": seconds / 1000}
    return found


def result(j1: float = 1.0, **content):
    content = {"provenance": {"seconds": 0.0}} | content
    each = {"seconds": content["provenance"]["seconds"] / 3}
    rows = [each | {"epoch": epoch, "j1": value} for epoch, value in ((1, 0.5), (2, j1), (3, None))]
    return made("run", rows, **content)


@given(
    lengths=st.lists(st.integers(1, 20), max_size=12),
    limit=st.integers(0, 60),
    factor=st.floats(0.2, 1),
    prior=st.floats(1, 3),
)
def test_no_run_is_begun_that_would_not_end_in_time(lengths, limit, factor, prior):
    """A run's length in seconds is its epochs times a factor; the prior is not below it."""
    clock, begun = Clock(), []
    jobs = [job(f"run-{i}", epochs) for i, epochs in enumerate(lengths)]
    work = Queue(jobs, rates(prior), limit=limit, clock=clock, say=lambda line: None)

    def carry(one, deadline):
        assert deadline == limit and clock.now + work.rates.seconds(one.spec) <= limit
        before = [other for other in work.waiting if jobs.index(other) < jobs.index(one)]
        assert all(clock.now + work.rates.seconds(other.spec) > limit for other in before), (
            "in order, but for what is too long"
        )
        begun.append(one)
        clock.now += one.spec.epochs * factor
        return result(provenance={"seconds": one.spec.epochs * factor})

    work.work(carry)
    assert clock.now <= limit and not work.failed
    assert sorted(work.waiting + begun, key=jobs.index) == jobs
    each = factor if begun else prior
    assert all(one.spec.epochs * each > limit - clock.now - 1e-9 for one in work.waiting), (
        "all that fits is done"
    )


def test_estimates_are_the_slowest_measured_else_what_is_known_else_a_prior(tmp_path):
    (tmp_path / "rates.json").write_text('{"mlp": 0.002}')
    found, spec = Rates("cpu", path=tmp_path / "rates.json"), job("a", 5).spec
    assert found.seconds(spec) == pytest.approx(3 + 5000 * 0.002)
    assert Rates("cpu").seconds(spec) == pytest.approx(3 + 5000 * order.PRIOR["cpu"]["mlp"])
    for seconds in (23, 13, 18):
        found.learn(spec, seconds, seconds - 3)
    assert found.seconds(spec) == pytest.approx(23) and found.measured == {
        "mlp": pytest.approx(0.004)
    }
    short = job("b", 1).spec
    found.learn(short, 17, 2)  # what it took beside its epochs says nothing of a long run
    assert found.seconds(spec) == pytest.approx(23)
    assert Rates("cuda", 4).prior["mlp"] == 2 * Rates("cuda", 1).prior["mlp"]
    whole = dataclasses.replace(spec, n_train=0, dataset="mnist")
    assert order.images(whole) == 5 * 60_000
    (tmp_path / "rates.json").write_text("[1]")
    with pytest.raises(UserError, match=r"rates\.json cannot be read"):
        Rates("cpu", path=tmp_path / "rates.json")


@pytest.mark.parametrize("j1, expected", [(0.96, ["a", "b", "c"]), (0.94, ["a", "c"])])
def test_a_run_that_needs_another_s_fit_is_left_out_without_it(j1, expected):
    lines, begun = [], []
    jobs = [job("a"), job("b", first=("smoke", "a"), j1=0.95), job("c")]
    work = Queue(jobs, rates(0), say=lines.append)
    work.work(lambda one, deadline: (begun.append(one.key), result(j1))[1])
    assert begun == expected and any(
        "b is left out: a is not recorded with a J1 of 0.95 or more" in line for line in lines
    ) == (j1 < 0.95)


def test_a_run_that_was_gone_on_with_teaches_what_all_of_it_took():
    clock, work = Clock(), Queue([job("a", 10)], rates(1), say=lambda line: None)
    work.clock = clock

    def carry(one, deadline):
        clock.now += 1  # nine tenths were done before
        return result(provenance={"seconds": 10.0})

    work.work(carry)
    assert work.rates.seconds(job("b", 10).spec) == pytest.approx(10)


def test_while_a_run_is_under_way_none_that_may_fit_is_given_up():
    """The prior is a hundred times too long: what the first run takes shows that all fit."""
    begun, first = [], threading.Event()
    jobs = [job("short", 3), *(job(f"long-{i}", 10) for i in range(4))]
    work = Queue(jobs, rates(10), limit=40, clock=lambda: 0.0, say=lambda line: None)
    both = threading.Barrier(2)

    def carry(one, deadline):
        begun.append(one.key)
        if one.key == "short":
            first.wait(0.2)
        else:
            both.wait(20)  # two at once, or the barrier breaks
        return result(provenance={"seconds": 0.1 * one.spec.epochs})

    queue.work_through(work, [carry, carry])
    assert len(begun) == 5 and not work.failed and not work.waiting


def test_a_condition_that_is_recorded_counts_though_it_is_not_selected(tmp_path, capsys):
    path, (key, *_) = tmp_path / "order.yaml", [key for key in SPECS if "rll-eta0.4" in key]
    path.write_text(f"- {{scale: smoke, runs: '*', first: {{run: {key}, j1: 0.0}}}}")
    runs.run(SPECS[key], SMOKE, progress=False)
    assert queue.main(["--order", str(path), "--only", "cce", "--list"]) == 0
    assert capsys.readouterr().out.count("- {") == sum("cce" in name for name in SPECS)
    assert queue.main(["--order", str(path), "--only", "resnet81"]) == 1
    assert "has 'resnet81' in its name" in capsys.readouterr().err


def test_a_run_that_another_process_holds_is_waited_for_until_the_limit():
    key, spec = next(iter(SPECS.items()))
    with checkpoints.only_one("smoke", key):
        with pytest.raises(runs.OutOfTimeError, match="another process still runs it"):
            runs.run(spec, SMOKE, progress=False, until=time.monotonic() + 0.3)


def test_a_run_that_diverged_did_not_fit():
    assert queue.final_j1(result(0.9)) == 0.9
    assert (
        queue.final_j1(result(0.9, diverged={"epoch": 4})) == 0 == queue.final_j1(made("run", []))
    )


def test_a_run_waits_for_the_one_it_needs_while_others_go_on():
    begun, may_end = [], threading.Event()
    jobs = [
        job("slow"),
        job("after", first=("smoke", "slow")),
        job("free"),
        job("orphan", first=("smoke", "nowhere")),
    ]
    work = Queue(jobs, rates(0), say=lambda line: None)

    def carry(one, deadline):
        begun.append(one.key)
        if one.key == "slow":
            assert may_end.wait(20)
        elif one.key == "free":
            may_end.set()
        return result()

    queue.work_through(work, [carry, carry])
    assert begun == ["slow", "free", "after"] and not work.waiting


def test_a_run_that_fails_stops_no_other_and_its_followers_are_left_out():
    lines, jobs = [], [job("a"), job("b", first=("smoke", "a")), job("c"), job("d")]
    work = Queue(jobs, rates(0), say=lines.append)

    def carry(one, deadline):
        if one.key == "a":
            raise UserError("No such thing.")
        if one.key == "c":
            raise ValueError("unforeseen")
        return result()

    work.work(carry)
    assert [one.key for one in work.failed] == ["a", "c"] and list(work.finished) == [
        ("smoke", "d")
    ]
    assert any("a failed: No such thing." in line for line in lines) and any(
        "c failed: ValueError: unforeseen" in line for line in lines
    )


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
