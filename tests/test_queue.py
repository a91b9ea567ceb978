"""Runs in order and in time: no run is begun that would not end, none is lost,
and a kill costs no finished record.
"""

import dataclasses
import threading
import time

import pytest
from conftest import made
from hypothesis import given
from hypothesis import strategies as st

from memutils import runs
from memutils.errors import UserError
from memutils.runs import checkpoints, order, queue, specs
from memutils.runs.order import Job, Rates
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
