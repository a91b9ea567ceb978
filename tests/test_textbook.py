"""The fast step against its readable twin, 50 steps for every loss and 25 for every network, with
each optimizer; and the twin by hand.
"""

import copy
import dataclasses

import pytest
import torch
from test_training import make_data
from torch import nn

from memutils import losses, models, textbook, training
from memutils.batches import DeviceSplit
from memutils.recipe import Execution, Recipe
from memutils.training import Trainer

SGD = Recipe(epochs=5, batch_size=8, lr=0.05, weight_decay=1e-3, schedule="step", milestones=(2,))
ADAM = Recipe(
    epochs=5,
    batch_size=8,
    lr=1e-3,
    weight_decay=1e-3,
    optimizer="adam",
    schedule="exponential",
    gamma=0.9,
)
LOSSES = [(name, {}) for name in losses.LOSSES] + [("rll", {"alpha": a}) for a in (0.01, 0.45)]
EAGER = Execution("cpu", "float32", 1, "eager")


class Float64(DeviceSplit):
    """Batches in float64, for a network in float64."""

    def batch(self, index, augmentation=None):
        return super().batch(index, augmentation).double()


def moved(network: nn.Module, start: nn.Module) -> torch.Tensor:
    """How far the weights and the running statistics went, as one vector."""
    pairs = zip(network.state_dict().values(), start.state_dict().values(), strict=True)
    return torch.cat([(a.double() - b.double()).flatten() for a, b in pairs])


def distance(
    name: str, recipe: Recipe, loss, data: DeviceSplit, dtype: torch.dtype
) -> tuple[float, list, list]:
    """How far the fast network ends from its twin, as a share of the way;
    and the losses of their epochs.
    """
    start = models.build(name, (3, 8, 8), 5, seed=0).to(dtype)
    fast, plain = copy.deepcopy(start), copy.deepcopy(start)
    trainer = Trainer(fast, lambda epoch: loss, {"train": data}, recipe, EAGER, seed=3)
    rows = [
        trainer.training_pass(epoch, recipe.lr_at(epoch)) for epoch in range(1, recipe.epochs + 1)
    ]
    x = data.batch(slice(0, len(data))).contiguous()
    means = textbook.train(
        plain,
        lambda z, y: loss(z.float(), y),
        x,
        data.noisy,
        recipe,
        lambda epoch: training.order(3, epoch, len(data)),
    )
    way = moved(plain, start)
    return (
        float((moved(fast, start) - way).norm() / way.norm()),
        [row["train_loss"] for row in rows],
        means,
    )


@pytest.mark.parametrize("recipe", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize(
    ("name", "parameters"),
    LOSSES,
    ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())),
)
def test_every_loss_in_float32(name, parameters, recipe):
    """Rounding, 6e-8, grows by a small factor in an MLP without batch normalization: measured 6e-6;
    a wrong step is off by more than 1e-2."""
    if name in ("unhinged", "aul"):  # one has no minimum, one is thrice as steep as cross entropy
        recipe = dataclasses.replace(recipe, lr=recipe.lr / 5)
    apart, fast, plain = distance(
        "mlp", recipe, losses.build(name, **parameters), make_data(n=80)["train"], torch.float32
    )
    assert apart < 1e-4 and fast == pytest.approx(plain, rel=1e-5)


@pytest.mark.parametrize("recipe", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network(name, recipe):
    """In float64: behind batch normalization the steps let a rounding error grow a millionfold or
    more, so that float32's would come to .1, and with batches of 4 instead of 16 float64's too on
    some processors. The loss is in float32 on both sides, as always. Measured after 50 steps:
    4e-11."""
    data, recipe = make_data(n=80)["train"], dataclasses.replace(recipe, batch_size=16)
    data.__class__ = Float64
    apart, fast, plain = distance(name, recipe, losses.build("rll"), data, torch.float64)
    assert apart < 1e-7 and fast == pytest.approx(plain, rel=1e-6)


@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network_starts_in_float32_as_in_float64(name):
    """Two steps, in which rounding has not grown yet: measured below 1e-3."""
    recipe, found = Recipe(epochs=1, batch_size=40, lr=0.05), []
    for kind, dtype in ((DeviceSplit, torch.float32), (Float64, torch.float64)):
        data = make_data(n=80)["train"]
        data.__class__ = kind
        start = models.build(name, (3, 8, 8), 5, seed=0).to(dtype)
        trainer = Trainer(
            copy.deepcopy(start),
            lambda epoch: losses.build("cce"),
            {"train": data},
            recipe,
            EAGER,
            seed=3,
        )
        trainer.training_pass(1, recipe.lr)
        found.append(moved(trainer.network, start))
    assert (found[0] - found[1]).norm() < 0.02 * found[1].norm()


def test_the_twin_s_updates_by_hand():
    """Two steps along a constant gradient of 2, from 1, at learning rate .1."""
    weight = torch.ones(1, dtype=torch.float64)
    weight.grad = torch.full((1,), 2.0, dtype=torch.float64)
    state, recipe = {}, Recipe(momentum=0.9, weight_decay=0.5)
    textbook.sgd(weight, state, 0.1, recipe)  # v = 2 + .5 = 2.5
    assert weight.item() == pytest.approx(0.75)
    textbook.sgd(weight, state, 0.1, recipe)  # v = .9 * 2.5 + 2 + .375 = 4.625
    assert weight.item() == pytest.approx(0.2875)
    weight, state = torch.ones(1, dtype=torch.float64), {}
    weight.grad = torch.full((1,), 2.0, dtype=torch.float64)
    for expected in (
        0.9,
        0.8,
    ):  # m / (1 - .9^t) = 2 and v / (1 - .999^t) = 4: a step of the learning rate's size
        textbook.adam(weight, state, 0.1, Recipe())
        assert weight.item() == pytest.approx(expected, abs=1e-8)
