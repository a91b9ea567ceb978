"""The chapter on RLL's parameter, on made-up records and on the gradients themselves."""

import math

import numpy as np
import pytest
from chapter import execute
from made_up import write

from memutils.claims.cases import FAILS, HOLDS
from memutils.report import alpha
from memutils.report.claims.turned import turned
from memutils.runs import specs

F = np.array([0.5, 0.9, 0.98])


def write_all(share, among=lambda scale, spec: True):
    """Records of every alpha; ``share`` gives what a run memorizes, by its alpha (CCE: None)."""
    for scale in ("cpu", "control", *alpha.OTHERS):
        for key, spec in specs.load_scale(scale).specs().items():
            a = dict(spec.loss_parameters).get("alpha")
            if spec.loss in ("cce", "rll") and spec.seed == 0 and among(scale, spec):
                write(scale, key, spec, F, (share(a) if spec.eta else 0) * F)


def falling(a):
    return 1.0 if a is None else 0.1 - 0.1 * a


def test_the_chapter_says_how_much_alpha_changes():
    write_all(falling)
    chapter = execute("alpha")
    runs = chapter["runs"]
    text = alpha.seen(runs)
    m = [f"{100 * falling(a) * F[-1]:.0f} %" for a in alpha.ALPHAS]
    assert (
        text.startswith(f"- Of the wrong labels ResNet-18 memorizes {m[0]} at α = 0.01")
        and "Inception-Lite" in text
    )
    assert "J2 ends above J1 at 3 of 3 values of α." in text
    verdict = alpha.verdict(runs, alpha.with_cce("cpu"))
    share = 100 * 0.044 / (1 - falling(0.1))
    assert "On ResNet-18 the memorized share falls as α grows." in verdict
    assert f"by {0.044 * F[-1]:.3f} on ResNet-18, which is {share:.0f} % of the change" in verdict
    assert alpha.absent(runs) == ""


def test_an_order_that_is_not_that_of_alpha_is_said():
    write_all(lambda a: {None: 1.0, 0.01: 0.1, 0.1: 0.05, 0.45: 0.2}.get(a, 0.1))
    assert "does not fall at each step" in alpha.verdict(alpha.load("cpu"), {})


def test_a_network_with_one_alpha_is_not_compared():
    write_all(falling, lambda scale, spec: scale != "readings")
    runs = alpha.load("cpu")
    assert {r.spec["network"] for r in runs} == {"resnet18"}
    assert alpha.absent(runs).startswith("Inception-Lite on CIFAR-10")


def test_part_of_the_records_renders_and_says_what_is_absent():
    write_all(falling, lambda scale, spec: scale == "cpu" or spec.eta == 0)
    runs = execute("alpha")["runs"]
    assert "α = 0.45, η = 0.4" in alpha.absent(runs)


def test_no_record_renders():
    assert execute("alpha")["runs"] == [] and alpha.seen([]).startswith("**Open.**")


def test_the_gradients_are_those_of_the_formulas():
    norms = alpha.gradients(points=41).set_index("p_y")
    p = norms.index.to_numpy()
    spread = np.sqrt(1 + 1 / 9)  # of a change at the label, taken evenly from the others
    assert norms["CCE"].to_numpy() == pytest.approx((1 - p) * spread)
    assert norms["MAE"].to_numpy() == pytest.approx(2 * p * (1 - p) * spread)
    for a in alpha.ALPHAS:
        rest = (1 - p) / 9
        slope = p * (1 - p) * (1 / (a + p) + 1 / 9 / (a + rest))
        assert norms[f"RLL, α = {a:g}"].to_numpy() == pytest.approx(slope * spread)


@pytest.mark.parametrize("width", [680, 342])
def test_every_alpha_has_a_line_in_every_panel(width):
    write_all(falling)
    axes = alpha.draw(alpha.load("cpu"), width).axes
    assert len(axes) == 4
    for axis in axes:
        assert len({line.get_linestyle() for line in axis.lines}) == len(alpha.ALPHAS)
    assert not math.isnan(axes[0].lines[0].get_ydata()[-1])


def test_a_verdict_that_differs_by_alpha_and_by_seed_is_said_to():
    def verdict(column, *states):
        cells = [
            {"loss": "rll", "seed": seed, "eta": 0.4, "state": state}
            for seed, state in enumerate(states)
        ]
        return {"part": "", "column": column, "cells": cells}

    def told(*verdicts):
        claim = {"id": "C16", "reading": "It is so.", "verdicts": [*verdicts]}
        return turned({"claims": [claim]}, {0.1: "usual", 0.45: "large"})

    text = told(verdict("usual", HOLDS), verdict("large", FAILS))
    assert text.endswith("- C16 (It is so) holds at α = 0.1 and fails at α = 0.45.")
    text = told(verdict("usual", HOLDS, FAILS), verdict("large", FAILS))
    assert text.endswith("; at α = 0.1 the seeds differ as well, so α need not be the reason.")
    assert told(verdict("usual", HOLDS), verdict("large", HOLDS)) == ""
