"""P1's networks at the end of training, beyond its levels, and at the edge of the step sizes."""

import pandas as pd
import pytest
from made_up import write

from memutils.claims import early_stopping
from memutils.claims.selection import Pool
from memutils.report.steps import at_the_end, data, p1, verdict
from memutils.runs import records
from memutils.runs.specs import load_scale

FIT = [0.5, 0.92, 0.96, 0.98, 1.0]


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """P1 on ResNet-18: RLL memorizes the less the larger its step, CCE all after all is fitted."""
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    rll = {0.001897: 0.4, 0.005692: 0.3, 0.01897: 0.2, 0.05692: 0.1}
    for key, spec in load_scale("steps-cnn").specs().items():
        if spec.network == "resnet18" and spec.loss in ("cce", "rll"):
            end = rll.get(spec.lr, 1.0)
            late = 0.0 if spec.loss == "rll" else 0.3
            write("steps-cnn", key, spec, FIT, [0.0, 0.01, 0.02, late, end])
    return Pool(records.load("steps-cnn"))


def test_what_rll_memorizes_in_the_end_is_told_by_step_size(pool):
    found = at_the_end.table(pool)
    assert len(found) == 24 and at_the_end.summary(found)["seeds"].tolist() == [3] * 8
    (text,) = at_the_end.sentences(found)
    assert "repeats with RLL 40 % of the wrong labels at the step size *s* = 0.001" in text
    assert "and 10 % at 0.03, the largest of four at which every seed fits the clean" in text
    assert text.endswith("(three seeds); with CCE 100 % and 100 %.")
    unfit = found.assign(fitted=found["fitted"].where(found["s"] < 0.03, 0.9))
    assert "and 20 % at 0.01" in at_the_end.sentences(unfit)[0]
    assert at_the_end.sentences(at_the_end.table(Pool([]))) == []


def test_a_level_beyond_the_claim_is_described(pool):
    (text,) = at_the_end.beyond(pool)
    assert "At f = 0.975, a level that is not in P1" in text and "CCE's lowest 0.230" in text
    assert "by more than 0.05, in every seed. This was looked at" in text, "no edge: all alike"
    assert at_the_end.beyond(Pool([])) == []
    edge = [{"gap": 0.1, "edge": None}]
    assert "in no seed. CCE's lowest lies at the smallest step" in at_the_end.clear(edge)


def test_a_fit_at_which_no_difference_can_be_expected_is_named(pool):
    found = p1.judged(pool)["ResNet-18 on MNIST"]
    text = p1.floor(found)
    assert "At f = 0.9 CCE at its best step has *x* = 0.010, so it has hardly begun" in text
    assert text in p1.sentence({"ResNet-18 on MNIST": found})


def test_a_choice_at_the_edge_of_the_step_sizes_is_told(pool):
    ((frame, _),) = data.held_out().values()
    chosen = early_stopping.choices(frame)
    rival = early_stopping.of(chosen, "cce", early_stopping.EARLY)
    assert rival["edge"].tolist() == ["smallest"] * 3
    told = verdict.at_edge(rival.assign(edge=["largest", "largest", ""]))
    assert told.endswith(
        "the largest one tried in 2 of 3 seeds, so it might do better with another."
    )
    assert verdict.at_edge(rival.assign(edge="")) == ""
    s = pd.Series([1.0, 2.0, 3.0])
    assert [early_stopping.edge(v, s) for v in s] == ["smallest", "", "largest"]
    assert early_stopping.edge(1.0, s[:1]) == ""


def test_a_loss_with_fewer_step_sizes_is_not_compared(pool):
    ((frame, _),) = data.held_out().values()
    half = frame[(frame["loss"] == "rll") | (frame["s"] == 0.01)]
    chosen = early_stopping.choices(half)
    assert set(chosen["loss"]) == {"rll"} and len(early_stopping.choices(frame)) == 12
    apart = frame[frame["s"] == frame["loss"].map({"rll": 0.003, "cce": 0.01})]
    assert len(early_stopping.choices(apart)) == 12, "one learning rate, two step sizes: alike"
