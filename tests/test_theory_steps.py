"""The chapters on the step size and on switching, on made-up records: they render with part of
them, and say what the records say.
"""

import matplotlib
import numpy as np
import pytest
from test_theory import execute

from memutils.report import plots
from memutils.runs import records, specs

matplotlib.use("Agg")


def write(scale, key, spec, fitted, x):
    """A record of the grid with these paths, an evaluation in each of its first epochs and in its
    last.
    """
    epochs = [*range(1, len(fitted)), spec.epochs]
    rows = []
    for epoch, f, m in zip(epochs, fitted, x, strict=True):
        j1 = 0.6 * f + 0.4 * m
        shares = {
            "j1": j1,
            "j2": 0.6 * f + 0.4 * (1 - m),
            "fitted": f,
            "memorized": m,
            "recovered": 1 - m,
        }  # so that x = m
        if spec.train_on == "clean":
            shares |= {"memorized": None, "recovered": None}
        rows.append(
            {
                "epoch": epoch,
                "lr": spec.lr,
                "training_j1": j1,
                "classes": 10,
                "test_accuracy": 1 - m / 2,
            }
            | shares
        )
        rows[-1] |= {"holdout_noisy_accuracy": 0.6 - m / 4}
    content = {
        "spec": records.spec_dict(spec),
        "noise_rate": 0.4,
        "dataset": {
            "classes": list("0123456789"),
            "sizes": {"train": 3000, "test": 1000, "holdout": 1000},
        },
        "provenance": {"execution": {"device": "cpu", "precision": "float32"}, "dirty": False},
        "results_version": records.RESULTS_VERSION,
        "risks": {"train": {"rll": {"true": 1.0, "fresh": 1.5, "training": 0.5}}},
    }
    records.write(scale, key, content, rows, {})


FIT = np.array([0.5, 0.8, 0.92, 0.96, 0.98, 0.999])
CLOCK = np.array([0.0, 0.01, 0.1, 0.4, 0.8, 1.0])


def write_steps(resisting, among=lambda spec: True):
    """Records of the grid, in which the resisting losses pay a tenth of the price; the others share
    one curve.
    """
    for key, spec in specs.load_scale("steps").specs().items():
        if among(spec):
            write("steps", key, spec, FIT, CLOCK / 10 if spec.loss in resisting else CLOCK)


@pytest.fixture(autouse=True)
def closed():
    yield
    matplotlib.pyplot.close("all")


def test_the_answer_is_that_the_loss_matters_where_it_does():
    write_steps({"rll", "mae", "nmse"})
    chapter = execute("theory_steps")
    text = chapter["answer"](chapter["compared"])
    assert (
        text.startswith("**The loss is more than a clock, at f = 0.9, 0.95, 0.975.**")
        and "3 seeds" in text
    )
    assert "the rule needs" not in text and "would not decide" not in text
    x = {level: np.interp(level, FIT, CLOCK) for level in chapter["LEVELS"]}
    assert all(
        f"{v / 10:.3f} for RLL and {v:.3f} for CCE at f = {level:g}" in text
        for level, v in x.items()
    )
    rest = chapter["others"](chapter["compared"])
    assert (
        "MSE is on CCE's curve" in rest
        and "MAE is below CCE's curve" in rest
        and "normalized MSE is below CCE's curve" in rest
    )
    stopping = chapter["stopping"](
        chapter["chosen"]
    )  # CCE may stop at its first pass, where x is 0; the oracle runs on to x = 1
    assert "-0.050 against CCE stopped early (better in 0 of 3 seeds)" in stopping
    assert "+0.450 against the oracle (better in 3 of 3 seeds)" in stopping
    assert "clearly worse than CCE stopped early" in stopping
    every = chapter["alike"](chapter["chosen"])  # at its first evaluation each loss has x = 0
    assert (
        "in 0 of 3 seeds (+0.000, +0.000, +0.000)" in every
        and "has the lower excess memorization" in every
    )
    assert len(chapter["extended"]) == 15 and "RLL at s = 0.03 goes from" in chapter["patience"](
        chapter["extended"]
    )


def test_the_answer_names_the_level_that_decides_alone():
    late = np.where(FIT > 0.97, 0.41, CLOCK)  # the paths part after f = 0.96
    for key, spec in specs.load_scale("steps").specs().items():
        if spec.loss in ("cce", "rll"):
            write("steps", key, spec, FIT, late if spec.loss == "rll" else CLOCK)
    chapter = execute("theory_steps")
    text = chapter["answer"](chapter["compared"])
    assert text.startswith("**The loss is more than a clock, at f = 0.975.**")
    assert "the rule needs one of 3: at f = 0.9 and 0.95 there is no such difference" in text
    assert "The levels that claim P1 asks for, f = 0.9 and 0.95, would not decide" in text


def test_the_answer_is_a_clock_where_all_share_one_curve():
    write_steps(set(), lambda spec: spec.seed < 2 and spec.loss in ("cce", "rll"))
    chapter = execute("theory_steps")
    assert chapter["answer"](chapter["compared"]).startswith("**The loss is only a clock.**")
    last, epochs = (
        0.6 * FIT + 0.4 * CLOCK,
        (len(FIT) - 1, specs.load_scale("steps").defaults["epochs"]),
    )
    assert chapter["unit"] == pytest.approx(np.interp(0.98, last[-2:], epochs))


def test_seeds_that_disagree_give_no_clean_answer():
    write_steps({"rll"}, lambda spec: spec.seed == 0 and spec.loss in ("cce", "rll"))
    write_steps(set(), lambda spec: spec.seed == 1 and spec.loss in ("cce", "rll"))
    chapter = execute("theory_steps")
    assert chapter["answer"](chapter["compared"]).startswith("**Neither cleanly.**")


def test_the_smallest_rate_of_cross_entropy_counts():
    write_steps({"rll"}, lambda spec: spec.loss in ("cce", "rll"))
    for key, spec in specs.load_scale("steps").specs().items():
        if (spec.loss, spec.lr) == ("cce", 0.0003162):
            write("steps", key, spec, FIT, CLOCK / 20)
    chapter = execute("theory_steps")
    assert chapter["answer"](chapter["usual"]).startswith("**The loss is more than a clock")
    assert chapter["answer"](chapter["compared"]).startswith("**The loss is only a clock.**")


@pytest.mark.parametrize("loss", ["rll", "cce"])
def test_part_of_the_records_renders(loss):
    write_steps({"rll"}, lambda spec: (spec.loss, spec.seed) == (loss, 0))
    chapter = execute("theory_steps")
    assert chapter["answer"](chapter["compared"]).startswith("**Open.**")


def test_the_switching_chapter_says_what_happened():
    scale = specs.load_scale("switch")
    steady, rising = np.full(4, 0.97), np.array([0.1, 0.1, 0.1, 0.9])
    for key, spec in scale.specs().items():
        x = {"cce": steady, "rll": rising if spec.switch_loss else rising[[0, 0, 0, 0]]}[spec.loss]
        write("switch", key, spec, np.full(4, 0.99), x)
    chapter = execute("switching")
    text = chapter["switching_sentences"](chapter["moved"])
    assert (
        "*CCE, then RLL.* The memorized fraction stays: 0.970 at the switch, 0.970 at the end (mean"
        " of 3 seeds)" in text
    )
    assert (
        "*RLL, then CCE.* The memorized fraction rises: 0.100 at the switch, 0.900 at the end"
        in text
        and "ends at 0.100" in text
    )
    assert len(plots.standard(records.load("switch"), scale)) == 12
    assert chapter["outcome"](chapter["moved"]).startswith(
        "**Against the paper's explanation.** The memorizer stays"
    )
    swapped = chapter["moved"].assign(
        **{"at the end": chapter["moved"]["at the switch"]}
    )  # the resister stays, too
    assert chapter["outcome"](swapped).startswith("**Not as one.**")


def test_the_switching_chapter_renders_without_records():
    assert execute("switching")["moved"].empty
