"""What a run trains on: seeds, subsets, noise and switches, equal for every loss."""

import hashlib

import numpy as np
import pytest
import torch
from conftest import run_spec, smoke

from memutils import data, runs, training

pytestmark = pytest.mark.usefixtures("quick_data")


def test_all_losses_of_a_seed_share_subset_noise_initialization_and_order(mnist5k):
    trainers = []
    for spec in (smoke(loss="cce"), smoke(loss="mse")):
        splits, labels = runs.prepare(spec, mnist5k)
        trainers.append(runs.make_trainer(spec, splits, labels, 10, training.settle(spec)))
    one, two = trainers
    assert torch.equal(one.data["train"].images, two.data["train"].images) and torch.equal(
        one.data["train"].noisy, two.data["train"].noisy
    )
    assert all(
        torch.equal(p, q)
        for p, q in zip(one.network.parameters(), two.network.parameters(), strict=True)
    )
    assert one.seed == two.seed
    seeds = [runs.child_seed(seed, purpose) for seed in range(3) for purpose in runs.PURPOSES]
    assert len(set(seeds)) == len(seeds)


def test_golden_seeds():
    """What a run's seed decides is the same on every platform."""
    seeds = [2968811710, 3964924996, 3141116543, 2613022947, 1874364848, 161328693, 2617721224]
    assert [runs.child_seed(0, purpose) for purpose in runs.PURPOSES] == seeds
    assert runs.child_seed(3, "subset") == 1576890651


PREPARED = [
    ({}, "d30c7df173e8de5e0b5f66cf51ad84db", "79609b040fc6810292af30d26940b371"),
    (
        {"noise": "all", "seed": 3},
        "9d09fe1f36db50e283ab898a5cabaa86",
        "455c5ba0703cfa2af909f316a036ab3f",
    ),
    (
        {"noise": "pair", "seed": 1, "n_train": 333, "n_holdout": 77},
        "7141268632a573e3a7edab4f970486a4",
        "73c4f8c2b2fe1090d72341e696c4216a",
    ),
]
"""Half of the sha256 of the images, then of the noisy labels,
of the training and of the held-out examples.

Integers, a portable generator and single operations in float64 make them: the same to the bit on
every processor.
"""


@pytest.mark.parametrize(("change", "train", "holdout"), PREPARED)
def test_golden_subsets_and_noise(mnist5k, change, train, holdout):
    splits, labels = runs.prepare(smoke(**({"n_holdout": 50} | change)), mnist5k)
    for name, expected in (("train", train), ("holdout", holdout)):
        parts = splits[name].images, labels[name].noisy.astype(np.uint8)
        assert (
            "".join(hashlib.sha256(np.ascontiguousarray(a)).hexdigest()[:16] for a in parts)
            == expected
        )


def test_a_run_may_take_all_there_is(mnist5k):
    splits, _ = runs.prepare(smoke(n_train=3990, n_holdout=10, n_test=1000, crop=28), mnist5k)
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 3990,
        "holdout": 10,
        "test": 1000,
    }
    splits, _ = runs.prepare(smoke(n_train=0, n_test=0), mnist5k)
    assert {name: len(split) for name, split in splits.items()} == {"train": 4000, "test": 1000}


def test_a_switch_takes_place_after_its_epoch():
    plain, switched = run_spec(smoke()), run_spec(smoke(switch_loss="rll", switch_epoch=2))
    one, two = (record.history["train_loss"].tolist() for record in (plain, switched))
    assert one[:2] == two[:2] and one[2] != two[2]


def test_what_prepare_hands_to_training(mnist5k):
    before = mnist5k.fingerprints
    splits, labels = runs.prepare(smoke(n_holdout=300, crop=20, noise="pair"), mnist5k)
    assert {k: v.images.shape for k, v in splits.items()} == {
        "train": (200, 20, 20, 1),
        "test": (100, 20, 20, 1),
        "holdout": (300, 20, 20, 1),
    }
    train, holdout = ({i.tobytes() for i in splits[name].images} for name in ("train", "holdout"))
    assert not train & holdout and np.bincount(splits["train"].labels).tolist() == [20] * 10
    assert labels["test"].rate == 0 and labels["holdout"].rate == pytest.approx(0.4, abs=0.1)
    wrong = labels["train"].mislabeled
    np.testing.assert_array_equal(
        labels["train"].noisy[wrong], (labels["train"].true[wrong] + 1) % 10
    )
    assert mnist5k.fingerprints == before  # nothing was mislabeled in place
    image = mnist5k.train.images[:1]
    np.testing.assert_array_equal(
        runs.center_crop(data.Split(image, np.zeros(1)), 20).images, image[:, 4:24, 4:24]
    )


def test_the_oracle_sees_the_clean_examples_of_the_same_run_only(mnist5k):
    (_, every), (splits, clean) = (
        runs.prepare(smoke(train_on=which), mnist5k) for which in ("all", "clean")
    )
    assert clean["train"].rate == 0 and len(splits["train"]) == (~every["train"].mislabeled).sum()
    np.testing.assert_array_equal(
        clean["train"].true, every["train"].true[~every["train"].mislabeled]
    )
    assert run_spec(smoke(train_on="clean")).noise_rate == 0
