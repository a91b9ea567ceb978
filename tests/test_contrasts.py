"""The contrasts over seeds: P1 at equal fit, and H1 on human labels."""

import dataclasses
import math

import numpy as np
import pytest
from made_up import INCEPTION, LIMITS, column, make

from memutils.claims import contrasts
from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED, OPEN
from memutils.claims.measured import Measured
from memutils.claims.selection import Pool

LEARNING_RATES = {
    "cce": (0.001054, 0.003162, 0.01054, 0.03162),
    "rll": (0.001897, 0.005692, 0.01897, 0.05692),
}
"""configs/steps-cnn.yaml's, which give s = .001, .003, .01, .03."""


def run(loss, lr, seed, x, top=1.0, edge=0.0):
    """A run whose f rises evenly from 0 to ``top`` in 50 epochs, with m = x (beyond what is
    neither) all the time.
    """
    base = make(
        loss, network="inception-lite", schedule="constant", lr=lr, seed=seed, scale="steps-cnn"
    )
    fitted = np.linspace(0, top, 50)
    columns = {
        "epoch": np.arange(1.0, 51),
        "training_fitted": fitted,
        "training_memorized": np.full(50, x + edge),
    }
    columns |= {"training_recovered": np.full(50, 1 - x - edge), "j1": np.full(50, 0.5)}
    return Measured(f"steps-cnn/{loss}-{lr}-{seed}", base.spec, 10, 5000, 0.4, columns, dict)


def grid(rll=0.1, cce=0.3, seeds=3, edge=0.0, tops=None, wobble=0.005):
    """All runs of P1; ``edge`` is taken off CCE's x at the smallest step."""
    found = []
    for seed in range(seeds):
        for loss, x in (("rll", rll), ("cce", cce)):
            for i, lr in enumerate(LEARNING_RATES[loss]):
                off = -edge if loss == "cce" and i == 0 else 0.01 * i
                found.append(
                    run(
                        loss,
                        lr,
                        seed,
                        x + wobble * seed + off,
                        top=(tops or {}).get((loss, i), 1.0),
                    )
                )
    return found


def judged(found, limits=LIMITS):
    return contrasts.equal_fit(Pool(found), column("inception-lite"), limits)


def test_rll_below_cce_at_equal_fit_holds_and_above_fails():
    low, high, near = (
        judged(grid()),
        judged(grid(rll=0.4)),
        judged(grid(rll=0.2, cce=0.285, wobble=0.0)),
    )
    assert (low.state, high.state, near.state) == (HOLDS, FAILS, HOLDS)
    assert [r["gap"] for r in near.rows] == pytest.approx([0.23 - 0.285] * 6), (
        "RLL's highest, .2 + .03, less CCE's lowest"
    )
    assert low.images == 5000 and len(low.records) == 24 and len(low.rows) == 6


def test_within_the_margin_it_fails_and_across_it_is_open():
    assert judged(grid(rll=0.26, cce=0.3)).state == FAILS
    wide = [*grid(rll=0.1, seeds=1), *(r for r in grid(rll=0.25, seeds=3) if r.spec["seed"])]
    assert judged(wide).state == OPEN


def test_cces_lowest_at_the_smallest_step_is_open():
    assert judged(grid(edge=0.06)).state == OPEN and judged(grid(edge=0.03)).state == HOLDS


def test_an_edge_says_what_no_smaller_step_can_change():
    found = judged(grid(rll=0.3, cce=0.3, edge=0.06))
    assert found.state == OPEN
    assert found.why.endswith("at f = 0.9 and f = 0.95 the interval already lies above -0.05")
    assert "But" not in judged(grid(edge=0.06)).why


def test_a_single_step_that_reaches_the_fit_has_no_next_one_and_is_open():
    alone = judged(grid(tops={("cce", i): 0.5 for i in (1, 2, 3)}))
    assert alone.state == OPEN and {row["edge"] for row in alone.rows} == {None}
    assert judged(grid(tops={("cce", i): 0.5 for i in (2, 3)})).state == HOLDS


def test_other_losses_are_not_left_out_and_a_run_of_another_kind_is_told():
    more = [run("mse", 0.0527, seed, 0.2, top=0.5) for seed in range(3)]
    assert judged([*grid(), *more]).why == ""
    first, *rest = [dataclasses.replace(r, device="cpu") for r in grid()]
    assert judged([first, *rest]).why == ""
    other = dataclasses.replace(first, device="cuda")
    assert judged([other, *rest]).why == "the runs differ: cpu and cuda"


def test_it_needs_three_seeds_with_every_run():
    assert (
        judged(grid(seeds=2)).state == NOT_TESTED
        and "fewer than 3 seeds" in judged(grid(seeds=2)).why
    )
    assert judged([]).why == "no run is recorded"
    few = judged(grid(seeds=1)[:-1])
    assert few.why == "no seed has all the runs that it compares"
    two = dataclasses.replace(LIMITS, seeds=2)
    assert judged(grid(seeds=2), two).state == HOLDS


def test_one_seed_has_no_interval_and_tests_nothing_whatever_the_threshold():
    one = dataclasses.replace(LIMITS, seeds=1)
    alone = (
        judged(grid(seeds=1), one),
        contrasts.human_labels(Pool(labels(0.1, 0.6, seeds=1)), column("inception-lite"), one),
    )
    for found in alone:
        assert found.state == NOT_TESTED and found.why == "fewer than 2 seeds"


def test_runs_that_do_not_reach_a_level_are_named_and_left_out():
    found = judged(grid(tops={("rll", 3): 0.92, ("cce", 0): 0.5}))
    assert found.state == HOLDS and "RLL at s = 0.03 (f = 0.95; seed 0, 1, 2)" in found.why
    assert "CCE at s = 0.001 (f = 0.9 and 0.95; seed 0, 1, 2)" in found.why
    nothing = judged(grid(tops={("rll", i): 0.5 for i in range(4)}))
    assert nothing.state == NOT_TESTED


def test_x_is_interpolated_in_f_between_two_epochs():
    fitted, x = np.array([0.5, 0.8, 1.0]), np.array([0.0, 0.1, 0.5])
    assert (
        contrasts.at_level(fitted, x, 0.9) == pytest.approx(0.3)
        and contrasts.at_level(fitted, x, 0.4) == 0
    )
    assert math.isnan(contrasts.at_level(fitted[:2], x, 0.9))


def labels(human, noise, seeds=3, fitted=1.0):
    """Runs under human labels and under symmetric noise,
    with these advantages of RLL (CCE memorizes all).
    """
    found = []
    for seed in range(seeds):
        for kind, advantage in (("given", human), ("others", noise)):
            for loss, m in (("cce", 1.0), ("rll", 1 - advantage - 0.005 * seed)):
                scale = "human" if kind == "given" else "cpu"
                columns = {
                    "epoch": np.arange(1.0, 41),
                    "j1": np.full(40, 0.8),
                    "j2": np.full(40, 0.8),
                    "classes": np.full(40, 10.0),
                }
                columns |= {
                    "memorized": np.full(40, m),
                    "fitted": np.full(40, fitted if loss == "rll" else 1.0),
                }
                spec = {
                    "loss": loss,
                    "eta": 0.4,
                    "seed": seed,
                    "noise": kind,
                    "loss_parameters": {"alpha": 0.1},
                    "epochs": 40,
                    "train_on": "all",
                    "switch_loss": "",
                }
                spec |= {"dataset": "cifar10", "momentum": 0.9} | INCEPTION
                found.append(
                    Measured(f"{scale}/{loss}-{seed}-{kind}", spec, 10, 5000, 0.4, columns, dict)
                )
    return found


def advantage(found):
    return contrasts.human_labels(Pool(found), column("inception-lite"), LIMITS)


def test_an_advantage_that_shrinks_to_less_than_half_holds():
    assert advantage(labels(0.1, 0.6)).state == HOLDS and advantage(labels(0.5, 0.6)).state == FAILS
    assert advantage(labels(0.3, 0.6)).state == OPEN


def test_human_labels_need_three_seeds_that_can_tell():
    few = advantage(labels(0.1, 0.6, seeds=2))
    assert few.state == NOT_TESTED and len(few.rows) == 2
    unfit = advantage(labels(0.1, 0.6, fitted=0.9))
    assert unfit.state == NOT_TESTED and "RLL is underfitted" in unfit.why
    assert advantage(labels(0.1, 0.6)[:2]).state == NOT_TESTED
