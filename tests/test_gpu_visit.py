"""Around a visit to a GPU: what is tested, what is chosen, and what comes home."""

import json
import re
import sys
from pathlib import Path

import pytest
from conftest import REPOSITORY

from memutils.report import speed

sys.path.insert(0, str(REPOSITORY / "benchmarks"))
sys.path.insert(0, str(REPOSITORY / "workflow/gpu"))
import bring
import first
import second
from visit import Visit

GRAPHS = {"test_gpu_steps", "test_gpu_records"}


def way(by: str, step: str, at_once: int, *speeds: float) -> dict:
    return {"by": by, "step": step, "at_once": at_once} | (
        {"images_per_second": list(speeds)} if speeds else {"failed": "no"}
    )


@pytest.mark.parametrize(
    ("tested", "chosen"),
    [
        (GRAPHS | {"test_gpu_together"}, ("streams", "graph", 4)),
        (GRAPHS, ("processes", "graph", 2)),
        ({"test_gpu_steps", "test_gpu_together"}, ("processes", "eager", 2)),
        (set(), ("processes", "eager", 2)),
    ],
)
def test_the_fastest_way_of_those_whose_tests_passed(tested, chosen):
    found = [
        way("streams", "graph", 1, 100.0),
        way("streams", "graph", 4, *[60.0] * 4),
        way("streams", "graph", 8),
        way("processes", "graph", 2, 75.0, 75.0),
        way("processes", "eager", 1, 40.0),
        way("processes", "eager", 2, 25.0, 25.0),
    ]
    best = first.fastest({"ways": found, "alone": {}}, tested)
    assert (best["by"], best["step"], best["at_once"]) == chosen
    assert first.fastest({"ways": []}, tested) == first.CAREFUL


def test_a_way_in_which_no_run_would_end_is_not_taken_now():
    alone = {"resnet18": {"images_per_second": 100_000.0, "seconds_per_image": 1e-5}}
    found = [
        way("streams", "graph", 1, 100_000.0),
        way("streams", "graph", 4, *[50_000.0] * 4),
        way("streams", "graph", 8, *[30_000.0] * 8),
    ]
    tested, measured = GRAPHS | {"test_gpu_together"}, {"ways": found, "alone": alone}
    for seconds, at_once in ((411, 8), (400, 4), (251, 4), (240, 1), (100, 8)):
        assert first.fastest(measured, tested, seconds)["at_once"] == at_once, seconds


def test_a_run_beside_others_takes_as_much_longer_as_measured():
    alone = {
        "resnet18": {"images_per_second": 100.0, "seconds_per_image": 0.012},
        "resnet32": {"seconds_per_image": 0.05},
    }
    together = way("streams", "graph", 4, *[50.0] * 4)
    assert first.rates({"alone": alone}, together) == pytest.approx(
        {"resnet18": 0.024, "resnet32": 0.1}
    )
    assert (
        first.rates({"alone": {}}, together) == {} == first.rates({"alone": alone}, first.CAREFUL)
    )


LINES = """
tests/gpu/test_gpu_steps.py::test_a[x] PASSED [ 10%]
[gw1] [ 20%] PASSED tests/gpu/test_gpu_records.py::test_b
[gw0] [ 30%] FAILED tests/gpu/test_gpu_records.py::test_c
[gw0] [ 40%] PASSED tests/gpu/test_gpu_together.py::test_d[2]
tests/gpu/test_gpu_together.py::test_d[4]
"""


def test_a_file_of_tests_has_passed_where_all_did():
    counts = {"test_gpu_steps": 1, "test_gpu_records": 2, "test_gpu_together": 2}
    assert first.passed(LINES, counts) == {"test_gpu_steps"}
    whole = f"{LINES}[gw0] [ 50%] PASSED tests/gpu/test_gpu_together.py::test_d[4]"
    assert first.passed(whole, counts) == {"test_gpu_steps", "test_gpu_together"}
    assert first.passed("", counts) == first.passed(LINES, {}) == set()


def test_the_tests_on_a_gpu_are_counted_and_named_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(first, "TESTS", 280)  # a GPU's machine has more cores than this may have
    files = {path.stem for path in (REPOSITORY / "tests/gpu").glob("test_*.py")}
    assert {*first.FILES} == files and first.FILES[0] == "test_gpu_together"
    visit = Visit(tmp_path / "out", tmp_path / "work", 300)
    assert first.test(visit) == set()  # without a GPU they are skipped
    assert {*json.loads((tmp_path / "work/tests.json").read_text())} == files


def limit_of(words: str) -> float:
    """The queue's limit in seconds."""
    return float(re.search(r"--limit (\S+)", words)[1])


@pytest.fixture
def commands(monkeypatch) -> list:
    """What a visit would start, and what each command leaves; steps and records pass."""
    begun = []

    def start(self, *words, most=0, more=None):
        begun.append((" ".join(map(str, words)), dict(more or {})))
        if "benchmarks/ways.py" in words:
            alone = {"resnet18": {"images_per_second": 1e5, "seconds_per_image": 1e-6}}
            table = [way("processes", "graph", 2, 9e4, 9e4), way("processes", "eager", 2, 1e4, 1e4)]
            words[1].write_text(json.dumps({"ways": table, "alone": alone}))
        if "pytest" in words:
            Path(more["MEMUTILS_GPU_TESTS"]).write_text(json.dumps(dict.fromkeys(first.FILES, 1)))
        return 0, "Whole: mnist, cifar10." if "unpack" in words else start.tests

    start.tests = "".join(f"tests/gpu/{name}.py::test PASSED [ 9%]\n" for name in sorted(GRAPHS))
    monkeypatch.setattr(Visit, "python", start)
    return begun


def test_the_first_visit_hands_what_it_found_to_the_queue_and_to_the_second(tmp_path, commands):
    out, work = str(tmp_path / "out"), str(tmp_path / "work")
    assert first.main([out, "--work", work]) == 1, "the streams were not tested"
    unpacking, warming, testing, measuring, running, table = commands
    assert "import matplotlib.pyplot, torch" in warming[0]
    assert "unpack data" in unpacking[0] and "tests/gpu" in testing[0]
    assert "ways.json" in measuring[0] and "short.py" in table[0]
    assert "--by processes --at-once 2" in running[0] and "--only resnet18" in running[0]
    assert 0 < limit_of(running[0]) <= 420 - first.TABLE - first.ENDING
    assert running[1] == {} and "records.zip" in running[0]
    found = json.loads((tmp_path / "out/ways.json").read_text())
    assert found["chosen"]["step"] == "graph" and found["passed"] == sorted(GRAPHS)
    commands.clear()
    assert second.main([out, "--work", work]) == 0, "the folder of the work has it too"
    assert "--by processes --at-once 2" in commands[1][0] and commands[1][1] == {}
    assert 0 < limit_of(commands[1][0]) <= 420
    assert json.loads((tmp_path / "work/rates.json").read_text()) == found["rates"]


def test_without_tests_that_passed_steps_are_eager(tmp_path, commands):
    Visit.python.tests = "tests/gpu/test_gpu_steps.py::test FAILED"
    assert first.main([str(tmp_path / "out"), "--work", str(tmp_path / "work")]) == 1
    assert commands[4][1] == {"MEMUTILS_GRAPHS": "no"}
    assert "--by processes --at-once 2" in commands[4][0]


def test_the_second_visit_without_a_first_leaves_the_way_to_the_queue(tmp_path, commands):
    assert second.main([str(tmp_path / "out"), "--work", str(tmp_path / "work")]) == 0
    assert "memutils.runs.queue" in commands[1][0] and "--by" not in commands[1][0]


SLOW = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("on")
time.sleep(600)
"""
"""A command that holds on to its output, and so does its child."""


def test_a_visit_kills_what_outlasts_its_time_with_its_children(tmp_path):
    visit = Visit(tmp_path / "out", tmp_path / "work", 15)
    code, text = visit.python("-c", SLOW)
    assert code < 0 and text == "on\n" and visit.left() <= 0
    assert "\non\n" in (tmp_path / "out/visit.log").read_text()
    assert visit.python("-c", SLOW)[0] < 0, "the time is up"


def test_speeds_come_home_into_the_benchmark_s_file(tmp_path, monkeypatch, capsys):
    result = speed.read()[0]
    monkeypatch.setattr(speed, "RESULTS", tmp_path / "results.json")
    monkeypatch.setattr(speed.add, "__defaults__", (tmp_path / "results.json",))
    (tmp_path / "out").mkdir()
    assert bring.main([str(tmp_path / "out")]) == 1 and "no records" in capsys.readouterr().err
    (tmp_path / "out/speed.json").write_text(json.dumps(result))
    assert bring.main([str(tmp_path / "out")]) == 0 and speed.read(tmp_path / "results.json") == [
        result
    ]
    (tmp_path / "out/speed.json").write_text(json.dumps({"machine": {}}))
    assert (
        bring.main([str(tmp_path / "out")]) == 1 and "measure them again" in capsys.readouterr().err
    )
