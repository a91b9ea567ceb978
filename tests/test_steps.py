"""The rates of the step-size experiment are what they claim to be,
and its paths are read as they say.
"""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memutils import losses
from memutils.claims import early_stopping, steps
from memutils.claims.outcomes import excess
from memutils.runs import specs

GRID = specs.load_scale("steps").specs()
S = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3}
SMALLEST = 0.0003  # for cross entropy only, in a longer run


def test_every_loss_and_seed_gets_the_same_steps():
    for loss in losses.PAPER:
        for seed in (0, 1, 2):
            runs = [
                s
                for s in GRID.values()
                if (s.loss, s.seed, s.train_on, s.epochs) == (loss, seed, "all", 132)
            ]
            assert {steps.step_scale(spec) for spec in runs} == S and len(runs) == len(S)


def test_rates_are_rounded_to_four_digits_only():
    for key, spec in GRID.items():
        norm = steps.initial_norm(spec.build_loss())
        s = min(S | {SMALLEST}, key=lambda s: abs(math.log(s / (spec.lr * norm))))
        assert spec.lr == float(f"{s / norm:.4g}"), key


def test_only_loss_rate_and_length_differ():
    kept = {
        (s.optimizer, s.momentum, s.weight_decay, s.schedule, s.n_train, s.n_holdout, s.eta)
        for s in GRID.values()
    }
    assert kept == {("sgd", 0.9, 0.0, "constant", 3000, 1000, 0.4)}
    assert {tuple(s.loss_parameters.items()) for s in GRID.values()} == {(), (("alpha", 0.1),)}


@pytest.mark.parametrize(
    "name, weight", [("cce", 1), ("mse", 0.2), ("mae", 0.2), ("rll", 5 / 9), ("nmse", 1 / 45)]
)
def test_initial_norms_are_those_of_the_proposition(name, weight):
    assert math.isclose(
        steps.initial_norm(losses.build(name)), weight * math.sqrt(0.9), rel_tol=1e-12
    )


def made_up(fitted, x, **columns):
    return pd.DataFrame({"epoch": range(1, len(fitted) + 1), "fitted": fitted, "x": x} | columns)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 1))
def test_x_at_a_fit_is_x_itself_on_the_diagonal(fitted, level):
    found = steps.at_fit(made_up(fitted, fitted), level)
    if max(fitted) < level:
        assert math.isnan(found)
    else:
        assert found == pytest.approx(max(level, fitted[0]) if fitted[0] >= level else level)


def test_a_path_that_turns_back_counts_at_its_first_crossing():
    assert steps.at_fit(made_up([0.5, 0.9, 0.6, 1.0], [0.0, 0.1, 0.5, 1.0]), 0.7) == pytest.approx(
        0.05
    )


def test_early_stopping_takes_the_first_best_epoch_and_upto_the_last_one_before():
    path = made_up([0.5, 0.9, 0.9], [0, 0.1, 0.2], holdout_noisy_accuracy=[0.3, 0.5, 0.5])
    assert steps.stopped_early(path)["epoch"] == 2
    assert steps.upto(path, 2.9)["epoch"] == 2


def test_steps_needed_is_the_slowest_seed_s_quickest_rate():
    rows = [
        ("cce", 0, 0.1, 30, 0.99),
        ("cce", 0, 0.1, 40, 1.0),
        ("cce", 0, 0.3, 50, 0.99),
        ("mse", 1, 0.1, 99, 1),
    ]
    rows += [("cce", 1, 0.1, 30, 0.96), ("cce", 1, 0.1, 40, 1.0)]
    frame = pd.DataFrame(rows, columns=["loss", "seed", "s", "epoch", "j1"]).assign(oracle=False)
    assert steps.steps_needed(frame) == pytest.approx(35)  # half-way between two passes
    assert math.isnan(steps.steps_needed(frame[frame.seed == 0].assign(j1=0.9)))
    assert math.isnan(steps.steps_needed(frame[:0]))


def two_losses(rll, cce, seeds=(0, 1)):
    """Paths that reach f = .9 with the given x, a rate each."""
    given_x = {"rll": rll, "cce": cce}
    rows = [
        (loss, seed, s, 0.9, x)
        for loss in given_x
        for seed in seeds
        for s, x in enumerate(given_x[loss])
    ]
    return pd.DataFrame(rows, columns=["loss", "seed", "s", "fitted", "x"])


@pytest.mark.parametrize(
    "rll, cce, expected",
    [
        ([0.1, 0.02], [0.3, 0.2], "below"),
        ([0.25, 0.02], [0.3, 0.2], "common"),  # at its worst rate no lower than CCE at its best
        ([0.16, 0.02], [0.3, 0.2], "common"),
        ([0.28, 0.02], [0.3, 0.2], "mixed"),
        ([], [0.3], "open"),
    ],
)
def test_a_loss_is_below_another_only_if_its_worst_rate_is_below_the_other_s_best(
    rll, cce, expected
):
    gaps = steps.gap_at_fits(two_losses(rll, cce), (0.9,))
    assert steps.verdict(gaps) == expected
    assert list(gaps["gap"]) == pytest.approx([min(cce) - max(rll)] * 2 if rll else [])


@given(st.integers(3, 50), st.integers(0, 2**31))
def test_excess_of_predictions_blind_to_the_labels_is_zero_on_average(classes, seed):
    generator = np.random.default_rng(seed)
    right, n = generator.random(), 20_000
    predicted = np.where(
        generator.random(n) < right, 0, 1
    )  # true label 0; every error falls on class 1
    noisy = generator.integers(1, classes, n)
    m, r = (predicted == noisy).mean(), (predicted == 0).mean()
    assert abs(excess(m, r, classes)) < 6 / math.sqrt(n) * (1 + 1 / (classes - 2))


def test_the_learning_rates_of_the_convolutional_networks_are_the_same_steps_for_every_loss():
    runs = specs.load_scale("steps-cnn").specs()
    for network, loss in {(spec.network, spec.loss) for spec in runs.values()}:
        norm = steps.initial_norm(losses.build(loss))
        for seed in (0, 1, 2):
            named = (network, loss, seed)
            found = sorted(s.lr for s in runs.values() if (s.network, s.loss, s.seed) == named)
            assert found == [float(f"{s / norm:.4g}") for s in (0.001, 0.003, 0.01, 0.03)], loss
    kept = {
        (s.optimizer, s.momentum, s.weight_decay, s.schedule, s.n_train, s.n_holdout)
        for s in runs.values()
    }
    assert kept == {("sgd", 0.9, 0.0, "constant", 5000, 2000)}


def test_plane_and_even_give_every_loss_the_same_three_steps():
    grids = [specs.load_scale(scale).specs() for scale in ("plane", "even")]
    runs = [spec for grid in grids for spec in grid.values() if spec.network == "mlp"]
    compared = {spec.loss for spec in runs}
    assert set(losses.LOSSES) - compared == {"rce"} and losses.multiple(losses.RCE(), losses.MAE())
    for loss in compared:
        norm = steps.initial_norm(losses.build(loss))
        for seed in (0, 1, 2):
            found = sorted(s.lr for s in runs if (s.loss, s.seed) == (loss, seed))
            assert found == [float(f"{s / norm:.4g}") for s in (0.003, 0.01, 0.03)], loss


def test_equal_test_accuracy_is_the_highest_that_both_losses_reach():
    """RLL comes to .8 and CCE to .6, so they are compared at .6; RLL passes it half-way."""
    paths = {
        ("rll", 0.01): ([0.5, 0.7, 0.8], [0.0, 0.1, 0.2]),
        ("cce", 0.01): ([0.5, 0.6, 0.4], [0.0, 0.3, 0.9]),
        ("cce", 0.03): ([0.3, 0.4, 0.5], [0.0, 0.0, 0.0]),
    }
    frame = pd.concat(
        pd.DataFrame({"loss": loss, "seed": 0, "s": s, "test_accuracy": test, "x": x})
        for (loss, s), (test, x) in paths.items()
    )
    (row,) = steps.gap_at_accuracy(frame).to_dict("records")
    assert row["level"] == 0.6 and row["seed"] == 0
    assert [row[n] for n in ("rll", "cce", "gap")] == pytest.approx([0.05, 0.3, 0.25])


@pytest.mark.parametrize(
    ("gaps", "clear"), [([1.7] * 3, False), ([2.1] * 3, True), ([7, 7, -0.1], False)]
)
def test_a_difference_of_accuracies_is_clear_beyond_two_errors_and_in_every_seed(gaps, clear):
    error = math.sqrt(2 * 0.9 * 0.1 / 1000)
    other = pd.DataFrame({"test_accuracy": [0.9] * 3})
    mine = other + pd.DataFrame({"test_accuracy": gaps}) * error
    assert early_stopping.told_apart(mine, other, 1000) is clear
    assert early_stopping.told_apart(other, mine, 1000) is clear


def test_two_errors_are_of_both_accuracies():
    mine, other = (pd.DataFrame({"test_accuracy": [p] * 3}) for p in (0.957, 0.898))
    assert early_stopping.two_errors(mine, other, 2000) == pytest.approx(0.0163, abs=5e-5)
