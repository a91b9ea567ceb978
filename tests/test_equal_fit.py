"""Losses compared at equal fit and at equal test accuracy, on made-up curves with known answers."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_up import EPOCHS, INCEPTION, MNIST, make

from memutils.claims import equal_fit
from memutils.claims.outcomes import Measured
from memutils.claims.selection import Pool

FIT = np.linspace(0.025, 1, EPOCHS)


def network(x, loss, f=FIT, **settings):
    """A run of Inception-Lite whose excess is x: what is not memorized is recovered."""
    m = np.broadcast_to(np.asarray(x, float), EPOCHS)
    return make(loss, m=m, r=1 - m, f=f, **(INCEPTION | settings))


def groups(*found, eta=None):
    return equal_fit.groups(Pool(found), eta)


@given(st.floats(0, 0.5), st.floats(0.5, 1))
def test_the_gap_is_the_difference_of_the_prices(cheap, dear):
    (group,) = groups(network(cheap * FIT, "rll"), network(dear * FIT, "cce"))
    gaps = equal_fit.gaps(group).set_index("level")["gap"]
    assert list(gaps.index) == list(equal_fit.LEVELS)
    assert gaps.to_numpy() == pytest.approx([(dear - cheap) * n for n in equal_fit.LEVELS])


@given(st.floats(0.3, 1))
def test_equal_curves_have_no_gap_and_only_the_levels_that_are_reached(top):
    (group,) = groups(network(FIT**2, "rll", f=top * FIT), network(FIT**2, "cce", f=top * FIT))
    gaps = equal_fit.gaps(group)
    assert set(gaps["level"]) == {n for n in equal_fit.LEVELS if n <= top * FIT[-1]}
    assert gaps["gap"].to_numpy() == pytest.approx(0)


def test_a_clock_leaves_no_gap_at_equal_fit():
    slow, quick = np.minimum(1, FIT / 2 + 0.5), FIT
    (group,) = groups(network(slow**3, "rll", f=slow), network(quick**3, "cce", f=quick))
    assert equal_fit.gaps(group)["gap"].abs().max() < 0.01  # what interpolation leaves


def test_fits_are_read_in_training_mode():
    other = (FIT, 1 - FIT, FIT)
    (group,) = groups(network(0.0, "rll", training=other), network(0.0, "cce", training=other))
    x = equal_fit.at_fits(group)
    assert x["x"].to_numpy() == pytest.approx(x["level"].to_numpy())


def test_a_group_is_one_protocol_and_pairs_are_of_one_seed():
    found = [network(0.1, "rll", seed=seed) for seed in (0, 1, 2)]
    found += [network(0.5, "cce", seed=seed) for seed in (0, 1)]
    found += [network(0.3, "mse"), network(0.2, "rll", lr=0.1), make("cce", **MNIST)]
    (group,) = groups(*found)
    assert group.seeds == [0, 1] and group.losses == ["cce", "mse", "rll"]
    assert group.title == "Inception-Lite on CIFAR-10, n = 5,000, learning rate 0.01"
    assert len(equal_fit.gaps(group, "mse")["seed"].unique()) == 1


def test_a_network_s_groups_lie_beside_each_other_and_the_largest_comes_first():
    found = [network(0.1, loss, lr=lr, n=n, n_train=n) for loss in ("rll", "cce")
             for lr, n in ((0.01, 5000), (0.1, 5000), (0.01, 50_000))]  # fmt: skip
    found += [make(loss, **MNIST) for loss in ("rll", "cce")]
    named = [(g.network.partition(" on")[0], g.images, g.learning_rate) for g in groups(*found)]
    assert named == [("ResNet-18", 5000, 0.1)] + [
        ("Inception-Lite", n, lr) for n, lr in ((50_000, 0.01), (5000, 0.01), (5000, 0.1))
    ]


def test_at_equal_test_accuracy_both_are_read_where_they_first_reach_it():
    up, early = np.linspace(0.1, 0.9, EPOCHS), np.full(EPOCHS, 0.2)
    early[:10] = np.linspace(0.1, 0.5, 10)
    found = network(FIT, "rll", test=up), network(FIT, "cce", test=early)
    (group,) = groups(*found)
    (pair,) = equal_fit.accuracy_gaps(group).to_dict("records")
    assert pair["level"] == pytest.approx(0.5)
    assert pair["cce"] == pytest.approx(FIT[9])
    assert pair["rll"] == pytest.approx(np.interp(0.5, up, FIT))
    assert pair["gap"] == pytest.approx(pair["cce"] - pair["rll"])


def test_below_that_accuracy_both_are_read_earlier():
    up, late = np.linspace(0.1, 0.9, EPOCHS), np.full(EPOCHS, 0.5)
    late[-1] = 0.505  # one image of 200 more, and only at the end
    (group,) = groups(network(FIT, "rll", test=up), network(FIT, "cce", test=late))
    (exact,), (lower,) = (
        equal_fit.accuracy_gaps(group, less=less).to_dict("records") for less in (0, 0.01)
    )
    assert lower["level"] == pytest.approx(exact["level"] - 0.01)
    assert exact["cce"] == pytest.approx(FIT[-1]) and lower["cce"] == pytest.approx(FIT[0])
    assert lower["rll"] < exact["rll"]


@given(st.floats(0, 0.3))
def test_a_level_that_the_first_epoch_has_passed_is_not_read(beyond):
    level = equal_fit.LEVELS[0]
    f = np.linspace(level + beyond, 1, EPOCHS)
    (group,) = groups(network(0.1, "rll", f=f), network(0.9, "cce", f=f))
    read = level in set(equal_fit.gaps(group)["level"])
    assert read == (f[0] <= level + equal_fit.NEAR)


def test_evaluations_only_count_for_test_accuracy():
    run = Measured.of(network(FIT, "rll", every=7, test=np.linspace(0, 1, EPOCHS)))
    assert equal_fit.best_accuracy(run) == 1
    assert math.isnan(equal_fit.at_accuracy(run, 1.5))
    assert equal_fit.at_accuracy(run, 0.5) == pytest.approx(0.5, abs=0.05)


def test_nothing_recorded_gives_empty_tables():
    assert groups() == [] and groups(network(0.1, "rll")) == []
    assert equal_fit.table([]).empty
    (group,) = groups(network(0.1, "rll"), network(0.1, "cce"))
    assert equal_fit.gaps(group, "mse").empty and equal_fit.accuracy_gaps(group, "mse").empty
    assert len(equal_fit.table([group])) == 2 * len(equal_fit.LEVELS)


def test_the_highest_level_is_one_that_both_losses_reach_in_every_seed():
    tops = {("rll", 0): 1, ("cce", 0): 1, ("rll", 1): 0.85, ("cce", 1): 1}
    (group,) = groups(*(network(0.5 * FIT, n, f=top * FIT, seed=s) for (n, s), top in tops.items()))
    found = equal_fit.highest(group)
    assert found["level"].tolist() == [0.8, 0.8] and found["seed"].tolist() == [0, 1]
    tops["rll", 1] = 0.4
    (group,) = groups(*(network(0.5 * FIT, n, f=top * FIT, seed=s) for (n, s), top in tops.items()))
    assert equal_fit.highest(group).empty, "a seed that reaches no level is a seed too"
