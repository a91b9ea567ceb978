"""Fifty steps as a CUDA graph, each against the same step eager and on the CPU.

Each from the state that the graph had come to, since behind batch normalization fifty steps let a
rounding error grow until two devices have little in common (measured: to .4 of the way and more).
"""

import copy

import numpy as np
import on_gpu
import pytest
import torch
from on_gpu import needs_gpu
from torch import Tensor, nn

from memutils import losses, models, training
from memutils.batches import DeviceSplit, channel_statistics
from memutils.data import Split
from memutils.graph import own_stream, restore
from memutils.recipe import Execution, Recipe
from memutils.training import Trainer

pytestmark = needs_gpu
SEED, N = 3, 160
STEPS = {"epochs": 5, "batch_size": 16}
RECIPES = {
    "sgd": Recipe(**STEPS, lr=0.01, weight_decay=1e-3, schedule="step", milestones=(2,)),
    "adam": Recipe(**STEPS, optimizer="adam", lr=1e-3, schedule="step", milestones=(2,)),
}
EAGER, CPU = 1e-3, 0.05
"""How far a step may be from another, as a share of its length. On one device the kernels are the
same. Between two, rounding is not: float32 and float64 on one CPU are up to 4e-3 apart (measured).
A wrong batch, no momentum or the learning rate of the epoch before are off by .3 and more. The CPU
is asked once for each network, with SGD: it is slow, and Adam makes a whole step of a gradient that
is zero there and rounding here, as on ResNet-18's maps of one pixel.
"""


def make(network: nn.Module, channels: int, loss, recipe: Recipe, execution: Execution) -> Trainer:
    """A trainer of a copy of the network, on made-up images."""
    pixels, labels = on_gpu.images(N, 12, channels, 0)
    noisy = np.where(np.random.default_rng(1).random(N) < 0.4, (labels + 1) % 10, labels)
    statistics = channel_statistics(pixels)
    data = {"train": DeviceSplit(Split(pixels, labels), noisy, *statistics, execution.device)}
    return Trainer(copy.deepcopy(network), lambda epoch: loss, data, recipe, execution, SEED)


def vectors(trainer: Trainer, tensors: list[Tensor]) -> list[Tensor]:
    """The weights, and the running statistics, among tensors as ``changing`` gives them."""
    n, m = len([*trainer.network.parameters()]), len([*trainer.network.buffers()])
    groups = tensors[:n], [t for t in tensors[n : n + m] if t.is_floating_point()]
    return [
        torch.cat([t.detach().to(on_gpu.DEVICE).double().flatten() for t in group])
        for group in groups
        if group
    ]


def apart(found: list[Tensor], wanted: list[Tensor], before: list[Tensor]) -> float:
    """How far two steps are from each other, as a share of their length: weights or statistics."""
    triples = zip(found, wanted, before, strict=True)
    return max(float((f - w).norm() / (w - b).norm()) for f, w, b in triples)


def compare(replayed: Trainer, others: dict[Trainer, float], loss, recipe: Recipe) -> None:
    """Takes each step as a graph, then from the state before it with the others."""
    replayed.prepare()
    assert replayed.execution.step == "graph"
    for epoch in range(1, recipe.epochs + 1):
        for trainer in (replayed, *others):
            trainer.network.train()
            trainer.step.begin(training.order(SEED, epoch, N), recipe.lr_at(epoch))
        for number in range(1, len(replayed.step) + 1):
            before = [t.clone() for t in replayed.step.changing()]
            replayed.captured.take(1)
            found = vectors(replayed, replayed.step.changing())
            for other, tolerance in others.items():
                restore(other.step.changing(), before)
                other.step(loss)
                wanted = vectors(other, other.step.changing())
                share = apart(found, wanted, vectors(other, before))
                where = f"epoch {epoch}, step {number}, {other.execution}"
                assert share < tolerance, f"{share:.1e} apart in {where}"
                assert int(replayed.step.number) == int(other.step.number) == number
                torch.testing.assert_close(
                    replayed.step.sums.cpu(), other.step.sums.cpu(), rtol=1e-3, atol=1.0
                )  # an example on the border between two classes may fall to either


@pytest.mark.parametrize("loss", ["cce", "rll", "mse"])
@pytest.mark.parametrize("optimizer", RECIPES)
@pytest.mark.parametrize("name", models.NETWORKS)
def test_fifty_steps_in_float32(name, optimizer, loss):
    on_cpu = loss == "rll" and (optimizer == "sgd" or name == "mlp")
    channels, recipe, loss = (
        (1 if name in ("mlp", "resnet18") else 3),
        RECIPES[optimizer],
        losses.build(loss),
    )
    network = models.build(name, (channels, 12, 12), 10, seed=0)
    places = [(on_gpu.DEVICE, "graph"), (on_gpu.DEVICE, "eager")]
    places += [("cpu", "eager")] if on_cpu else []
    with own_stream(on_gpu.DEVICE):
        replayed, *others = (
            make(network, channels, loss, recipe, Execution(device, "float32", 1, step))
            for device, step in places
        )
        compare(replayed, dict(zip(others, (EAGER, CPU))), loss, recipe)


@pytest.mark.parametrize("optimizer", RECIPES)
@pytest.mark.parametrize("name", ["resnet18", "inception-lite"])
def test_fifty_steps_in_bfloat16(name, optimizer):
    channels, recipe, loss = (
        (1 if name == "resnet18" else 3),
        RECIPES[optimizer],
        losses.build("rll"),
    )
    network = models.build(name, (channels, 12, 12), 10, seed=0)
    with own_stream(on_gpu.DEVICE):
        made = [
            make(network, channels, loss, recipe, Execution(on_gpu.DEVICE, "bfloat16", 1, step))
            for step in ("graph", "eager")
        ]
        compare(made[0], {made[1]: EAGER}, loss, recipe)
