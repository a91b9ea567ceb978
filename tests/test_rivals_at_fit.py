"""Rivals of the loss before the end of training, at equal fit."""

import numpy as np
import pytest
from made_up import MNIST, make

from memutils.claims.selection import Pool
from memutils.report.symmetry import rivals_at_fit

FIT = np.linspace(0.5, 1, 40)
CROPS = {"augment": "crop"}


def run(loss, m, fit=FIT, seed=0, **changes):
    """A run whose training-mode f rises while what it memorizes stays as it is."""
    made = MNIST | {"seed": seed} | changes
    return make(loss, training=(m, 1 - m, fit), m=m, r=1 - m, **made)


def table(*found):
    return rivals_at_fit.table(Pool(list(found)))


def three(m, seed=0, **changes):
    usual = (run(loss, x, seed=seed) for loss, x in (("cce", 0.8), ("rll", 0.2)))
    return *usual, run("cce", m, seed=seed, **changes)


def test_a_share_is_of_what_rll_takes_off_x_at_each_level():
    found = table(*three(0.35, **CROPS))
    assert found["rival"].tolist() == ["crops"] * 4
    assert found["f"].tolist() == list(rivals_at_fit.LEVELS) == [0.9, 0.95, 0.975, 0.99]
    assert found["share"].tolist() == pytest.approx([0.75] * 4, abs=0.01)
    (row,) = rivals_at_fit.summary(found).to_dict("records")
    assert row["share at f = 0.99"] == pytest.approx(0.75, abs=0.01) and row["seed"] == 0
    text = rivals_at_fit.sentence(found)
    assert "- ResNet-18 on MNIST, n = 5,000, f = 0.9: crops 75 % (one seed)." in text


def test_a_rival_that_never_gets_there_has_no_share():
    slow = run("cce", 0.35, fit=np.linspace(0.5, 0.94, 40), **CROPS)
    found = table(run("cce", 0.8), run("rll", 0.2), slow)
    assert found["share"].isna().tolist() == [False, True, True, True]
    assert "f = 0.95" not in rivals_at_fit.sentence(found)


def test_mse_is_the_yardstick_where_a_rival_is_recorded():
    mse = run("mse", 0.5)
    found = table(*three(0.35, **CROPS), mse)
    assert found["rival"].tolist() == ["crops"] * 4 + ["MSE"] * 4
    assert "crops 75 % (one seed) and MSE 50 % (one seed)." in rivals_at_fit.sentence(
        table(*three(0.35, **CROPS), *three(0.35, seed=1, **CROPS), mse)
    ).replace("75 % (two seeds)", "75 % (one seed)")
    assert table(run("cce", 0.8), run("rll", 0.2), mse).empty


def test_without_an_effect_of_rll_there_is_no_share_of_it():
    found = table(run("cce", 0.24), run("rll", 0.2), run("cce", 0.1, **CROPS))
    assert found["share"].isna().all() and rivals_at_fit.sentence(found) == ""
    assert table(run("cce", 0.8), run("cce", 0.3, **CROPS)).empty, "without RLL"


def test_the_number_of_seeds_stands_once_where_it_is_the_same():
    both = [*three(0.35, **CROPS), *three(0.5, seed=1, **CROPS)]
    decayed = run("cce", 0.8, weight_decay=0.0005)
    assert "crops 50 to 75 % (two seeds)." in rivals_at_fit.sentence(table(*both))
    told = rivals_at_fit.sentence(table(*both, decayed))
    assert "weight decay 0.0005 0 % (one seed) and crops 50 to 75 % (two seeds)." in told


def test_mirrored_and_cropped_images_are_told_beside_rll():
    changed = three(0.35, augment="flip+crop")
    assert rivals_at_fit.augmented(Pool([*changed])) == (
        "With cross entropy on mirrored and cropped images ResNet-18 on MNIST repeats 35 % of the "
        "wrong labels and fits 100 % of the right ones (RLL 20 % and 100 %; one seed). Where all "
        "three runs fit the same share f of the right labels, mirroring and cropping takes off "
        "75 % with ResNet-18 on MNIST (f = 0.99) of what RLL takes off cross entropy's excess "
        "memorization."
    )
    slow = run("cce", 0.35, fit=FIT / 2, augment="flip+crop")
    assert rivals_at_fit.augmented(Pool([*changed[:2], slow])).endswith("; one seed).")
    assert rivals_at_fit.augmented(Pool([*changed[:2]])) == ""
