"""What evened RLL does before the end of training, at equal fit."""

import numpy as np
import pandas as pd
import pytest
from made_up import INCEPTION, MNIST, make

from memutils.claims.selection import Pool
from memutils.report.symmetry import weights, weights_at_fit

FIT = np.linspace(0.5, 1, 40)


def runs(settings=MNIST, **x):
    """A run a loss, whose training-mode f rises to 1 while x stays as it is."""
    return [
        make(loss.replace("_", "-"), training=(m, 1 - m, FIT), m=m, r=1 - m, **settings)
        for loss, m in x.items()
    ]


def table(*found):
    return weights_at_fit.table(Pool([run for made in found for run in made]), [])


def test_the_share_is_of_what_rll_takes_off_x_at_each_level():
    found = table(runs(cce=0.8, even_rll=0.3, rll=0.2))
    assert found["f"].tolist() == list(weights_at_fit.LEVELS) == [0.9, 0.95, 0.975, 0.99]
    assert found["share"].tolist() == pytest.approx([5 / 6] * 4, abs=0.01)
    text = weights_at_fit.sentence(found)
    at = [f"83 % at f = {level:g}" for level in weights_at_fit.LEVELS]
    assert f"- ResNet-18 on MNIST: {', '.join(at[:3])} and {at[3]} (one seed)" in text
    some = found.assign(share=[0.5, 0.5, float("nan"), float("nan")])
    both = weights_at_fit.at_levels(pd.concat([some, found.assign(seed=1)]))
    assert both.endswith("83 % at f = 0.99 (one of two cases)") and "at f = 0.9 (two seeds)" in both


def test_without_an_effect_of_rll_there_is_no_share():
    found = table(runs(cce=0.24, even_rll=0.3, rll=0.2))
    assert found["share"].isna().all() and weights_at_fit.sentence(found) == ""
    assert table(runs(cce=0.8, rll=0.2)).empty


def test_a_weight_that_helps_until_the_end_only_delays():
    found = table(runs(INCEPTION, cce=0.8, even_rll=0.3, rll=0.2))
    place = "Inception-Lite on CIFAR-10, n = 5,000"
    told = weights_at_fit.delayed(found, [place])
    assert told.startswith(" It delays memorizing") and "83" in told
    half = weights_at_fit.delayed(table(runs(INCEPTION, cce=0.8, even_rll=0.5, rll=0.2)), [place])
    assert half.startswith(" Before the end it does more")
    assert weights_at_fit.delayed(found, ["ResNet-18 on MNIST, n = 5,000"]) == ""
    idle = table(runs(INCEPTION, cce=0.8, even_rll=0.79, rll=0.2))
    assert weights_at_fit.delayed(idle, [place]) == "", "it does nothing there either"


def test_the_verdict_tells_it_where_the_weight_does_nothing_in_the_end():
    made = runs(INCEPTION, cce=1.0, even_rll=0.99, rll=0.2)
    contrasts = weights.contrasts(Pool(made), [])
    said = weights.verdict(
        contrasts, weights.CHAINS[:1], early=lambda places: f" Early: {len(places)}."
    )
    assert "of RLL's effect. Early: 1. What is left" in said
