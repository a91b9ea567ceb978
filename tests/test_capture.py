"""A capture that breaks off, and a graph that does something else than its step."""

import threading

import pytest
import torch
from tape import taped
from test_graph import GRAPH, make

from memutils import graph


class Raising:
    """Stands for ``torch.cuda.graph``, which ends a capture that broke off with an error of its
    own.
    """

    def __init__(self, *given, **named):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        raise RuntimeError("operation failed due to a previous error during capture")


def test_a_capture_that_breaks_off_tells_its_cause_and_leaves_the_process_unsafe(monkeypatch):
    monkeypatch.undo()
    monkeypatch.setattr(torch.cuda, "CUDAGraph", lambda: None)
    monkeypatch.setattr(torch.cuda, "graph", Raising)
    try:
        trainer = make(GRAPH)
        trainer.prepare()
        assert trainer.execution.step == "eager" and graph.UNSAFE.is_set()
        monkeypatch.setattr(graph, "cuda_graph", lambda step, stream: pytest.fail("it captured"))
        waiting = make(GRAPH)
        waiting.prepare()
        assert waiting.execution.step == "eager", "no capture begins after that one"
    finally:
        graph.UNSAFE.clear()


def test_the_first_cause_of_an_error_is_found():
    try:
        try:
            raise ValueError("the cause")
        finally:
            raise RuntimeError("a previous error")
    except RuntimeError as error:
        assert str(graph.first_cause(error)) == "the cause"


def test_a_thread_has_one_stream(monkeypatch):
    monkeypatch.setattr(torch.cuda, "Stream", object)
    monkeypatch.setattr(graph, "switched", lambda stream: stream)
    monkeypatch.setattr(graph, "LOCAL", threading.local())
    assert graph.own_stream("cuda") is graph.own_stream("cuda") is not None
    assert graph.own_stream("cpu") is None


def test_a_graph_that_repeats_a_batch_or_has_no_momentum_is_noticed(monkeypatch, capsys):
    def first_batch(trainer, replay):
        number = int(trainer.step.number)
        trainer.step.number.zero_()
        replay()
        trainer.step.number.fill_(number + 1)

    def no_momentum(trainer, replay):
        for state in trainer.step.optimizer.state.values():
            state["momentum_buffer"].zero_()
        replay()

    for wrong in (first_batch, no_momentum):
        trainer = make(GRAPH)

        def captured(step, stream, trainer=trainer, wrong=wrong):
            replay = taped(step)
            return lambda: wrong(trainer, replay)

        monkeypatch.setattr(graph, "cuda_graph", captured)
        trainer.prepare()
        assert trainer.execution.step == "eager"
        assert "replayed, it does not do what the step does" in capsys.readouterr().err
