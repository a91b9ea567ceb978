"""The picture of memorization: points, the rule, and what is counted."""

import dataclasses

import torch

from memutils.report.theory import picture
from memutils.report.theory.points import LOSSES


def test_the_rule_has_three_classes_of_equal_share_and_labels_are_replaced_at_the_noise_rate():
    shares = torch.bincount(picture.rule(picture.disc(30_000, 0))) / 30_000
    assert len(shares) == picture.K and (shares - 1 / 3).abs().max() < 0.02
    true, noisy = picture.World(points=4000, eta=0.3).labels
    assert abs((true != noisy).double().mean() - 0.3) < 0.03


def test_points_lie_evenly_in_the_disc():
    radius = picture.disc(20_000, 1).norm(dim=1)
    assert radius.max() <= 1 and abs((radius < 0.5**0.5).double().mean() - 0.5) < 0.02


def test_an_answer_that_is_the_rule_recovers_every_label_and_has_no_wrong_area():
    world = picture.World(points=200)

    def truth(x):
        return torch.nn.functional.one_hot(picture.rule(x / 2), picture.K)

    found, everywhere = picture.measured(truth, world)
    assert found["fitted"] == found["recovered"] == 1 and found["memorized"] == 0
    assert found["wrong area"] == 0 and len(everywhere) == len(picture.PLANE)


def test_a_short_training_is_drawn_and_counted_at_its_moments():
    world = dataclasses.replace(picture.World(), points=20, steps=160)
    table = picture.table(world, LOSSES, ("mae",))
    assert table["step"].tolist() == [30, 150, 160] and table["loss"].unique().tolist() == ["MAE"]
    assert len(picture.draw(world, LOSSES, ("mae",)).axes) == 3
    assert len(picture.points_table(world)) == 20
