"""Around a visit to a GPU: data packed without loss, the folder that travels, what is chosen."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conftest import REPOSITORY, in_git
from hypothesis import given
from hypothesis import strategies as st

from memutils import data, sources
from memutils.errors import UserError
from memutils.report import speed
from memutils.runs import provenance

sys.path.insert(0, str(REPOSITORY / "benchmarks"))
sys.path.insert(0, str(REPOSITORY / "workflow/gpu"))
import bring
import first
import pack
import second
import send
from visit import Visit


def made_up(name: str, n: int = 23, seed: int = 0):
    """Arrays in the form of MNIST or CIFAR-10."""
    generator, shape = np.random.default_rng(seed), (28, 28) if name == "mnist" else (32, 32, 3)
    images = [generator.integers(0, 256, (k, *shape), np.uint8) for k in (n, 3)]
    classes = np.arange(n, dtype=np.uint8) % 10
    return images[0], classes, images[1], classes[:3]


@pytest.fixture
def known(monkeypatch):
    """Has the fingerprints of the made-up arrays be those of the data sets."""
    for name in ("mnist", "cifar10"):
        x_train, y_train, x_test, y_test = made_up(name)
        for part, pair in (("train", (x_train, y_train)), ("test", (x_test, y_test))):
            monkeypatch.setitem(
                data.FINGERPRINTS, (name, part), data.fingerprint(data.canonical(*pair))
            )


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_data_are_packed_and_unpacked_without_loss(name, tmp_path, monkeypatch):
    """In two halves, the second at another time; the order of the source stays."""
    monkeypatch.setattr(pack, "SHEET", 4)
    arrays, root, there = made_up(name), tmp_path / "root", tmp_path / "there"
    root.mkdir()
    np.savez(root / f"{name}.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays)))
    parts = [part for part in pack.PARTS if part.startswith(name)]
    for i, part in enumerate(parts):
        pack.pack(tmp_path / part, [part], root)
        assert pack.unpack(tmp_path / part, there) == ([name] if i == len(parts) - 1 else [])
    found = sources.mnist_raw(there) if name == "mnist" else sources.read_npz(there / "cifar10.npz")
    assert all(np.array_equal(a, b) for a, b in zip(found, arrays))
    assert pack.unpack(tmp_path / parts[-1], there) == [name]


@given(st.integers(1, 6), st.integers(1, 5), st.randoms())
def test_a_sheet_is_lossless(n, side, random):
    images = np.frombuffer(random.randbytes(n * side * side * 3), np.uint8).reshape(
        n, side, side, 3
    )
    assert np.array_equal(pack.decoded(pack.encoded(images)), images)


@pytest.mark.usefixtures("known")
def test_what_came_damaged_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pack, "SHEET", 4)
    came = tmp_path / "came"
    for number in (1, 2):
        pack.pack_cifar10(made_up("cifar10", seed=1), came, number)
    with pytest.raises(UserError, match="damaged or not cifar10"):
        pack.unpack(came, tmp_path / "other")
    (came / "cifar10.2.zip").write_bytes((came / "cifar10.2.zip").read_bytes()[:-40])
    with pytest.raises(UserError, match="send it again"):
        pack.unpack(came, tmp_path / "cut")
    assert not (tmp_path / "cut/cifar10.npz").exists()


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A clone of one commit of what is here, as which this process takes itself."""
    folder = tmp_path / "checkout"
    files = subprocess.run(
        ["git", "-C", REPOSITORY, "ls-files", "-z", *send.CODE], capture_output=True, check=True
    ).stdout
    for name in files.decode().split("\0")[:-1]:
        if (REPOSITORY / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((REPOSITORY / name).read_bytes())
    (folder / ".gitignore").write_text("/provenance.json\n")
    git = ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@t"]
    for words in (["init", "--quiet"], ["add", "-A"], ["commit", "--quiet", "-m", "all"]):
        subprocess.run([*git, *words], check=True)
    monkeypatch.setattr(provenance, "__file__", str(folder / "src/memutils/runs/provenance.py"))
    return folder


@in_git
def test_the_folder_that_travels_holds_a_commit_its_note_and_what_is_missing(
    checkout, tmp_path, monkeypatch, capsys
):
    parcel, commit = tmp_path / "parcel", provenance.state_in_git()["commit"]
    assert send.main([str(parcel)]) == 0 and "is ready" in capsys.readouterr().out
    assert not (parcel / "results").exists() and not (checkout / "provenance.json").exists()
    assert (parcel / "src/memutils/step.py").read_bytes() == (
        checkout / "src/memutils/step.py"
    ).read_bytes()
    assert "cifar10-inception-lite-rll-eta0-seed0" in (parcel / "workflow/queue.yaml").read_text()
    monkeypatch.setattr(provenance, "__file__", str(parcel / "src/memutils/runs/provenance.py"))
    assert provenance.source_state() == {"commit": commit, "dirty": False}


@in_git
def test_nothing_travels_that_is_no_commit_and_no_other_folder_is_replaced(
    checkout, tmp_path, capsys
):
    (tmp_path / "mine").mkdir()
    assert (
        send.main([str(tmp_path / "mine")]) == 1 and "name another one" in capsys.readouterr().err
    )
    (checkout / "src/memutils/step.py").write_text("changed")
    assert send.main([str(tmp_path / "parcel")]) == 1 and "Commit first" in capsys.readouterr().err
    assert not (tmp_path / "parcel").exists()


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
