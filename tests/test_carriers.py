"""Who carries out a run: a process of its own, or a stream of this one; and when it may not."""

import math
import os
import signal
import time

import pytest
from conftest import smoke

from memutils import graph, runs
from memutils.runs import carriers, records, specs
from memutils.runs.carriers import Process, Stream
from memutils.runs.order import Job

SMOKE = specs.load_scale("smoke")
SPECS = SMOKE.specs()


def job(**settings) -> Job:
    """A run of the scale smoke."""
    spec = smoke(**settings)
    return Job(SMOKE, SMOKE.key(spec), spec)


@pytest.fixture(autouse=True)
def safe():
    """The process may use the GPU again afterward."""
    yield
    graph.UNSAFE.clear()


def test_a_process_that_was_killed_is_started_anew():
    carrier = Process()
    try:
        first = carrier(job(epochs=1), math.inf)
        child = carrier.child
        os.kill(child.pid, signal.SIGKILL)
        child.join()
        assert carrier(job(epochs=1, seed=1), math.inf).key != first.key
        assert carrier.child.pid != child.pid
        late = time.monotonic() + 0.5
        with pytest.raises(runs.OutOfTimeError, match="stopped at the limit, after epoch"):
            carrier(job(epochs=5000), late)
    finally:
        carrier.child.kill()


@pytest.mark.usefixtures("quick_data")
def test_a_run_whose_steps_are_no_graph_gets_a_process_of_its_own(monkeypatch):
    passed = []
    monkeypatch.setattr(
        Process, "__call__", lambda self, one, deadline: passed.append((one, self.environment))
    )
    one = Job(SMOKE, *next(iter(SPECS.items())))
    Stream()(one, math.inf)
    assert passed == [(one, {"MEMUTILS_GRAPHS": "no"})] and not records.load("smoke")


def test_after_a_capture_that_broke_off_a_fresh_process_may_have_graphs(monkeypatch):
    passed = []

    def refused(*spec, **options):
        graph.UNSAFE.set()
        raise runs.NoGraphError("the capture broke off")

    monkeypatch.setattr(runs, "run", refused)
    monkeypatch.setattr(
        Process, "__call__", lambda self, one, deadline: passed.append(self.environment)
    )
    Stream()(Job(SMOKE, *next(iter(SPECS.items()))), math.inf)
    assert passed == [{}]


def test_after_an_error_of_the_gpu_every_job_gets_a_process(monkeypatch):
    tried, passed = [], []

    def broken(spec, *more, until, **options):
        tried.append(until)
        raise RuntimeError("CUDA error: an illegal memory access was encountered")

    monkeypatch.setattr(runs, "run", broken)
    monkeypatch.setattr(Process, "__call__", lambda self, one, deadline: passed.append(one))
    jobs = [Job(SMOKE, *item) for item in [*SPECS.items()][:2]]
    for one in jobs:
        Stream()(one, 7.5)
    assert tried == [7.5] and passed == jobs
    assert carriers.answer(jobs[0], math.inf)[0] == "failure"


@pytest.mark.usefixtures("quick_data")
def test_another_error_of_a_run_is_its_own(monkeypatch):
    def failing(spec, *more, **options):
        raise ValueError("it is wrong")

    monkeypatch.setattr(runs, "run", failing)
    with pytest.raises(ValueError, match="it is wrong"):
        Stream()(Job(SMOKE, *next(iter(SPECS.items()))), math.inf)
    assert not graph.UNSAFE.is_set()
