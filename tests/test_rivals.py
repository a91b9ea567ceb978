"""The rivals of the loss: their shares of RLL's effect, from made-up runs."""

import math

import pandas as pd
import pytest
from made_up import MNIST, make, write

from memutils.claims.selection import Pool
from memutils.report.plots import NOT_RUN
from memutils.report.symmetry import plane, rivals
from memutils.runs.specs import load_scale

CCE = make("cce", m=0.9, r=0.1, test=0.6, **MNIST)
RLL = make("rll", m=0.1, r=0.9, test=0.8, **MNIST)


def decayed(m, test=0.7, **settings):
    return make("cce", m=m, r=1 - m, test=test, weight_decay=0.0005, **MNIST, **settings)


def test_a_share_is_of_rlls_effect():
    found = rivals.table(
        Pool([CCE, RLL, decayed(0.5), make("label-smoothing", m=0.7, r=0.3, test=0.6, **MNIST)])
    )
    assert found["rival"].tolist() == ["label smoothing", "weight decay 0.0005"]
    assert found["share"].tolist() == pytest.approx([0.25, 0.5])
    assert found["gain"].tolist() == pytest.approx([0.0, 0.5])
    text = rivals.sentence(found)
    assert "label smoothing 25 % (0 %; 1 seed) and weight decay 0.0005 50 % (50 %; 1 seed)" in text
    assert "- ResNet-18 on MNIST, n = 5,000: label" in text
    assert text.endswith(f"The others are {NOT_RUN}: crops; flips and crops; early stopping.")


def test_a_rival_that_does_harm_has_a_negative_share():
    (share,) = rivals.table(Pool([CCE, RLL, decayed(0.98)]))["share"]
    assert share == pytest.approx(-0.1)


def test_a_run_that_does_not_fit_the_clean_images_is_no_rival():
    found = rivals.table(Pool([CCE, RLL, decayed(0.2, f=0.7)]))
    assert found["fitted"].tolist() == pytest.approx([0.7]) and found["share"].isna().all()
    both = pd.concat([found, rivals.table(Pool([CCE, RLL, decayed(0.5)]))])
    told = rivals.sentence(both)
    assert "One run of a rival cannot be compared, since" in told
    shown = "fits 70 % of the clean images and memorizes 20 % of the wrong labels."
    assert f"With weight decay 0.0005 ResNet-18 on MNIST {shown}" in told
    unfit = make("rll", m=0.1, r=0.5, f=0.6, **MNIST)
    assert rivals.table(Pool([CCE, unfit, decayed(0.5)]))["share"].isna().all()


def test_a_small_effect_on_test_accuracy_is_nothing_to_compare_with():
    near = make("rll", m=0.1, r=0.9, test=0.62, **MNIST)
    (row,) = rivals.table(Pool([CCE, near, decayed(0.5)])).itertuples()
    assert row.share == pytest.approx(0.5) and math.isnan(row.gain)


def test_a_rival_needs_cce_and_rll_of_its_seed_and_settings():
    assert rivals.table(Pool([CCE, RLL, decayed(0.5, seed=1)])).empty
    assert rivals.table(Pool([CCE, decayed(0.5)])).empty
    assert rivals.table(Pool([CCE, RLL, decayed(0.5, lr=0.3)])).empty
    assert "No rival is recorded" in rivals.sentence(rivals.table(Pool([CCE, RLL])))


def test_without_an_effect_of_rll_there_is_no_share_of_it():
    even = make("rll", m=0.9, r=0.1, test=0.8, **MNIST)
    (row,) = rivals.table(Pool([CCE, even, decayed(0.5)])).itertuples()
    assert math.isnan(row.share) and row.gain == pytest.approx(0.5)
    assert "No rival can be compared" in rivals.sentence(
        rivals.table(Pool([CCE, even, decayed(0.5)]))
    )


def test_stopping_early_is_a_rival_where_images_are_held_out(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    paths = {"cce": [0.3, 0.1, 0.7, 0.9], "rll": [0.1, 0.1, 0.2, 0.5], "label-smoothing": [0.8] * 4}
    lr = {"cce": 0.01054, "rll": 0.01897, "label-smoothing": 0.01171}  # s = .01
    scale = load_scale("plane")
    for key, spec in scale.specs().items():
        if spec.network == "mlp" and spec.lr == lr.get(spec.loss) and spec.seed < 2:
            if (spec.loss, spec.seed) != ("rll", 1):
                write("plane", key, spec, [0.5, 0.9, 1, 1], paths[spec.loss])
    found = rivals.table(Pool([]), plane.load()).set_index("rival")
    assert set(found["seed"]) == {0}, "without RLL there is no effect to compare with"
    early = found.loc["early stopping"]  # made up: held-out accuracy falls with m
    assert (early["network"], early["images"]) == ("MLP on MNIST (5k), s = 0.01", 3000)
    assert early["memorized"] == pytest.approx(0.1), "at its second evaluation"
    assert early["share"] == pytest.approx(2) and early["gain"] == pytest.approx(2)
    assert found.loc["label smoothing", "share"] == pytest.approx(0.25)


def test_stopping_early_is_a_rival_on_a_convolutional_network_too(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    ends = {"cce": [0.1, 0.2, 0.8, 0.9], "rll": [0.1, 0.1, 0.1, 0.1]}
    for key, spec in load_scale("steps-cnn").specs().items():
        if (spec.network, spec.seed) == ("resnet18", 0) and spec.loss in ends:
            write("steps-cnn", key, spec, [0.5, 0.9, 1, 1], ends[spec.loss])
    (early,) = rivals.table(Pool([]), rivals.held_out()).itertuples()
    assert (early.network, early.images) == ("ResNet-18 on MNIST, s = 0.01", 5000)
    assert early.rival == "early stopping" and early.share == pytest.approx(1)


def test_the_rivals_of_the_grids_are_found_by_their_settings():
    asked = {
        (spec.loss, spec.weight_decay, spec.augment)
        for scale in ("plane", "symmetry")
        for spec in load_scale(scale).specs().values()
        if spec.network == "resnet18"
    }
    for loss, changes in rivals.RIVALS.values():
        wanted = {"weight_decay": 0, "augment": ""} | changes
        assert (loss, wanted["weight_decay"], wanted["augment"]) in asked
