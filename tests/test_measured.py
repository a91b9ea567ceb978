"""What a record's arrays hold: labels and predictions, or only how they compare where the labels
may not be handed on.
"""

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke
from hypothesis import given
from hypothesis import strategies as st
from test_committed_records import check_identities

from memutils import labeling, runs
from memutils.errors import UserError
from memutils.noise import NoisyLabels
from memutils.report.grids import gallery
from memutils.runs import measured, records, specs

CLASSES = {
    f"{split}_{part}" for split in ("train", "holdout") for part in ("noisy", "true", "predicted")
}
CLASSES.add("mislabeled_predicted")


@st.composite
def made(draw):
    """Labels and predictions of a made-up run with three splits and some evaluations."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k, evaluations = draw(st.integers(2, 10)), draw(st.integers(0, 4))
    labels, predicted = {}, {}
    for split, n in {"train": draw(st.integers(1, 30)), "test": 5, "holdout": 7}.items():
        true = rng.integers(k, size=n)
        noisy = (
            true
            if split == "test"
            else np.where(rng.random(n) < 0.4, rng.integers(k, size=n), true)
        )
        labels[split], predicted[split] = NoisyLabels(noisy, true), rng.integers(k, size=n)
    m = int(labels["train"].mislabeled.sum())
    dynamics = {
        epoch: torch.from_numpy(rng.integers(k, size=m).astype(np.uint8))
        for epoch in range(1, evaluations + 1)
    }
    return labels, predicted, dynamics


@given(made())
def test_arrays_are_the_labels_and_predictions(run):
    labels, predicted, dynamics = run
    arrays = measured.class_arrays(labels, predicted, dynamics)
    assert (
        arrays.keys() == {*CLASSES, "test_true", "test_predicted"} and measured.counts(arrays) == {}
    )
    for split, given_labels in labels.items():
        np.testing.assert_array_equal(arrays[f"{split}_true"], given_labels.true)
        np.testing.assert_array_equal(arrays[f"{split}_predicted"], predicted[split])
    np.testing.assert_array_equal(arrays["train_noisy"], labels["train"].noisy)
    assert arrays["mislabeled_predicted"].shape == (len(dynamics), labels["train"].mislabeled.sum())
    assert all(array.dtype == np.uint8 for array in arrays.values())
    for row, epoch in zip(arrays["mislabeled_predicted"], dynamics, strict=True):
        np.testing.assert_array_equal(row, dynamics[epoch])


@given(made())
def test_labels_that_may_not_be_handed_on_leave_outcomes_and_no_class(run):
    labels, predicted, dynamics = run
    arrays = measured.class_arrays(labels, predicted, dynamics, redistributable=False)
    assert arrays.keys() == {
        "train_outcome",
        "holdout_outcome",
        "mislabeled_outcome",
        "test_true",
        "test_predicted",
    }
    for split in ("train", "holdout"):
        noisy, true, said = labels[split].noisy, labels[split].true, predicted[split]
        for i, outcome in enumerate(arrays[f"{split}_outcome"]):
            assert measured.OUTCOMES[outcome] == (
                "true" if said[i] == true[i] else "given" if said[i] == noisy[i] else "neither"
            )
    tallies = measured.counts(arrays)
    assert sum(tallies["train"].values()) == len(labels["train"].true)
    wrong, last = labels["train"].mislabeled, max(dynamics, default=0)
    if last:
        said = np.asarray(dynamics[last])
        assert tallies["mislabeled"]["given"] == (said == labels["train"].noisy[wrong]).sum()
        assert tallies["mislabeled"]["true"] == (said == labels["train"].true[wrong]).sum()


@given(made(), st.permutations(range(10)))
def test_outcomes_do_not_tell_classes(run, names):
    """Renaming the classes changes nothing of what is stored of the training images."""
    labels, predicted, dynamics = run
    names = np.array(names)
    others = {split: NoisyLabels(names[y.noisy], names[y.true]) for split, y in labels.items()}
    renamed = {split: names[classes] for split, classes in predicted.items()}
    moved = {
        epoch: torch.from_numpy(names[classes.numpy()].astype(np.uint8))
        for epoch, classes in dynamics.items()
    }
    one, two = (
        measured.class_arrays(*a, redistributable=False)
        for a in ((labels, predicted, dynamics), (others, renamed, moved))
    )
    for name in one.keys() - {"test_true", "test_predicted"}:
        np.testing.assert_array_equal(one[name], two[name])


def test_a_run_without_its_labels_keeps_every_identity(quick_data, monkeypatch):
    monkeypatch.setattr(labeling, "redistributable", lambda kind, name: False)
    record = run_spec(smoke(n_holdout=50, n_train=100))
    arrays = record.arrays()
    assert not CLASSES & arrays.keys() and not {"train_log_p", "holdout_log_p"} & arrays.keys()
    assert {
        "train_p_given",
        "train_rll",
        "holdout_p_true",
        "test_p_true",
        "test_log_p",
    } <= arrays.keys()
    check_identities(record)
    last, tallies = record.history.iloc[-1], record.content["counts"]
    assert tallies["mislabeled"]["given"] / sum(tallies["mislabeled"].values()) == pytest.approx(
        last["memorized"]
    )
    assert (tallies["train"]["true"]) / 100 == pytest.approx(last["j2"])
    with pytest.raises(UserError, match="holds no pictures"):
        gallery.mislabeled(record)


@pytest.mark.parametrize("alpha", [0.01, 0.1, 0.45])
def test_probabilities_and_rll_follow_their_formulas(alpha):
    """RLL in numpy, float64, from equation 6 of the paper."""
    rng = np.random.default_rng(0)
    z = rng.normal(size=(50, 10)) * 3
    p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
    noisy, true = rng.integers(10, size=(2, 50))
    rows, log_p = np.arange(50), torch.from_numpy(np.log(p))
    others = np.log(alpha + p).sum(1) - np.log(alpha + p[rows, noisy])
    rll = np.log((1 + alpha) / alpha) - np.log(alpha + p[rows, noisy]) + others / 9
    found = {
        split: measured.probabilities(split, log_p, noisy, true, alpha)
        for split in ("train", "test", "holdout")
    }
    assert [sorted(arrays) for arrays in found.values()] == [
        ["train_p_given", "train_rll"],
        ["test_p_true"],
        ["holdout_p_given", "holdout_p_true"],
    ]
    for arrays, name, expected in (
        (found["train"], "train_p_given", p[rows, noisy]),
        (found["train"], "train_rll", rll),
        (found["test"], "test_p_true", p[rows, true]),
        (found["holdout"], "holdout_p_true", p[rows, true]),
    ):
        assert arrays[name].dtype == np.float16
        np.testing.assert_allclose(arrays[name], expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize(
    ("settings", "alpha"),
    [
        ({"loss": "rll", "switch_loss": "", "alpha": 0.45}, 0.45),
        ({"loss": "cce", "switch_loss": "rll", "alpha": 0.45}, 0.45),
        ({"loss": "cce", "switch_loss": "", "alpha": 0.45}, 0.1),
        ({"loss": "rll", "switch_loss": "", "loss_parameters": {"alpha": 0.01}}, 0.01),
        ({"loss": "cce", "switch_loss": "", "loss_parameters": {}}, 0.1),
    ],
)
def test_alpha_is_the_run_s_where_rll_is_one_of_its_losses(settings, alpha):
    assert measured.rll_alpha(settings) == alpha


def test_log_probabilities_are_stored_where_the_scale_asks_for_them(quick_data):
    spec, quick = smoke(epochs=1), specs.load_scale("smoke")
    for storage in (quick.records, type(quick.records)()):
        scale = specs.Scale("mine", quick.defaults, quick.networks, records=storage)
        arrays = runs.run(spec, scale, progress=False).arrays()
        assert ({"train_log_p", "test_log_p"} <= arrays.keys()) == storage.log_probabilities
        records.path_of("mine", scale.key(spec)).unlink()
