"""How fast several runs at once are, which decides how a visit to a GPU goes on."""

import json
import sys
from types import SimpleNamespace

import pytest
from conftest import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "benchmarks"))
import ways


def test_ways_are_measured_and_one_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(ways, "NETWORKS", ("resnet18",))
    monkeypatch.setattr(ways, "PATIENCE", 200)
    assert (
        ways.main(
            [str(tmp_path / "ways.json"), "--at-once", "1", "2", "--seconds", "0.1", "--n", "128"]
        )
        == 0
    )
    found = json.loads((tmp_path / "ways.json").read_text())
    assert [(w["by"], w["at_once"], len(w["images_per_second"])) for w in found["ways"]] == [
        ("processes", 1, 1),
        ("processes", 2, 2),
    ]
    plan = ways.Plan("resnet18", "graph", (1,), 0.1, 128, "cpu")  # no GPU: eager instead
    (row,) = ways.rows("streams", plan, ways.as_streams(plan))
    assert "images_per_second" not in row and "steps are eager, not graph" in row["failed"]


def test_an_image_costs_its_steps_and_its_evaluations(monkeypatch):
    """A thousand images a second, and an evaluation of 2 x 100 images in one second."""
    clock = iter(range(100))
    monkeypatch.setattr(ways, "speed", lambda trainer, seconds: 1000.0)
    monkeypatch.setattr(ways.time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(ways, "make_trainer", lambda *given: SimpleNamespace(evaluate=lambda: None))
    found = ways.alone("resnet18", 100, 1)
    assert found["images_per_second"] == 1000
    evaluations = 1.2 * 12 / 200 / 200  # of 60,000 images, 12 in 200 epochs; a second for 200
    assert found["seconds_per_image"] == pytest.approx(1 / 1000 + evaluations)
