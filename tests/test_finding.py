"""Finding wrong labels by their probability: the area under the ROC curve, and what is told."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from made_up import MNIST, make

from memutils.claims.measured import Measured
from memutils.report.grids import finding


@given(
    p=arrays(np.float16, 12, elements=st.floats(0, 1, width=16)),
    wrong=arrays(bool, 12).filter(lambda w: w.any() and not w.all()),
)
def test_the_area_is_the_share_of_pairs_in_which_the_wrong_label_has_the_lower_p(p, wrong):
    pairs = [(a, b) for a in p[wrong] for b in p[~wrong]]
    share = np.mean([1.0 if a < b else 0.5 if a == b else 0.0 for a, b in pairs])
    assert finding.area(p, wrong) == pytest.approx(share)


def run(loss, p_wrong, **settings):
    """A run that gives right labels .9 and wrong ones this."""
    record = make(loss, **MNIST, **settings)
    true, noisy = (record.arrays()[f"train_{name}"] for name in ("true", "noisy"))
    p = np.where(true == noisy, 0.9, p_wrong).astype(np.float16)
    found = Measured.of(record)
    return dataclasses.replace(found, load=lambda: record.arrays() | {"train_p_given": p})


def test_each_loss_is_told_with_its_seeds():
    runs = [run("cce", 0.9), run("rll", 0.1), run("rll", 0.2, seed=1)]
    text = finding.sentence(runs, "ResNet-18")
    assert text == (
        "At the end of training ResNet-18 ranks the wrong label lower in 50 % of the pairs with "
        "CCE (one seed) and 100 % of the pairs with RLL (two seeds)."
    )


def test_runs_that_cannot_tell_are_left_out():
    silent = Measured.of(make("cce", **MNIST))
    clean = run("cce", 0.1, eta=0.0)
    assert finding.sentence([silent, clean], "ResNet-18") == finding.sentence([], "") == ""
