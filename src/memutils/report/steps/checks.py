"""The numerical checks of the chapter on the loss and the step size: what its two propositions say,
and that its learning rates are what it claims.

Each raises AssertionError where it does not hold, and returns a sentence for the reader.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch

from memutils.claims import outcomes, steps
from memutils.names import LOSS_NAMES
from memutils.runs.specs import Scale
from memutils.words import exponent


def other_scales() -> dict[str, tuple[Callable, float]]:
    """The same losses as other code has them, by name: the loss and its scale c."""

    def own(z, y):
        return z.softmax(1).gather(1, y[:, None])[:, 0]

    def squared(z, y):
        return z.softmax(1).square().sum(1) - 2 * own(z, y) + 1

    def labels_sum(z):
        return 4 * z.softmax(1).square().sum(1) + 2  # of the MSE over K = 4 labels

    return {
        "cce": (lambda z, y: -own(z, y).log2().mean(), 1 / math.log(2)),
        "mse": (lambda z, y: squared(z, y).mean() / z.shape[1], 1 / 4),
        "mae": (lambda z, y: (1 - own(z, y)).mean(), 1 / 2),
        "nmse": (lambda z, y: 0.1 * (squared(z, y) / labels_sum(z)).mean(), 1 / 10),
    }


def train(loss, lr: float, make=torch.optim.SGD, **options) -> torch.Tensor:
    """The weights of a linear network after 15 full batches of random inputs, in float64."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(60, 5, generator=generator, dtype=torch.float64)
    y = torch.randint(4, (60,), generator=generator)
    theta = torch.zeros(5, 4, dtype=torch.float64, requires_grad=True)
    optimizer = make([theta], lr=lr, **options)
    for _ in range(15):
        optimizer.zero_grad()
        loss(x @ theta, y).backward()
        optimizer.step()
    return theta.detach()


def check_rescaling(losses: Mapping[str, type]) -> str:
    """A learning rate undoes a scale: (a) SGD with momentum, (b) with weight decay, (c) Adam."""
    adam, momentum, largest = torch.optim.Adam, {"momentum": 0.9}, 0.0
    for name, (other, c) in other_scales().items():
        loss = losses[name]()
        lr = 0.5 / steps.initial_norm(loss, 4)
        decayed = momentum | {"weight_decay": 0.02}
        pairs = {
            "a": (train(loss, lr, **momentum), train(other, lr / c, **momentum)),
            "b": (
                train(loss, lr, **decayed),
                train(other, lr / c, momentum=0.9, weight_decay=0.02 * c),
            ),
            "c": (train(loss, 0.01, adam, eps=1e-30), train(other, 0.01, adam, eps=1e-30)),
        }
        for part, (one, two) in pairs.items():
            largest = max(largest, float((one - two).abs().max()))
            near = torch.allclose(one, two, rtol=1e-9, atol=1e-12)
            assert near, f"({part}) fails for {LOSS_NAMES[name]}"
        twice = torch.allclose(train(loss, lr), train(loss, 2 * lr), rtol=1e-9, atol=1e-12)
        assert not twice, f"{LOSS_NAMES[name]}: the learning rate does nothing"
    return (
        f"Checked with {len(other_scales())} losses at two scales each: the largest difference of a"
        f" weight is {exponent(largest)}."
    )


def check_learning_rates(losses: Mapping[str, type], scale: Scale) -> str:
    """Every loss and seed gets the same step sizes s."""
    given: dict[tuple[str, int], set[float]] = {}
    for spec in scale.specs().values():
        if spec.train_on == "all" and spec.epochs == scale.defaults["epochs"]:
            s = steps.step_scale(spec, losses)
            given.setdefault((spec.loss, spec.seed), set()).add(s)
    values = {tuple(sorted(found)) for found in given.values()}
    assert len(values) == 1, f"the losses do not get the same step sizes: {values}"
    (same,) = values
    listed = ", ".join(f"{s:g}" for s in same)
    return f"Checked: every loss and seed gets the same {len(same)} step sizes, s = {listed}."


def check_blind(excess: Callable = outcomes.excess, classes: int = 10) -> str:
    """Predictions whose errors all fall on the next class have no excess under fresh noise."""
    generator, images, draws, largest = np.random.default_rng(0), 4000, 25, 0.0
    for right in (0.1, 0.5, 0.95):
        true = generator.integers(0, classes, images)
        predicted = np.where(generator.random(images) < right, true, (true + 1) % classes)
        values = []
        for _ in range(draws):
            noisy = (true + generator.integers(1, classes, images)) % classes
            shares = (predicted == noisy).mean(), (predicted == true).mean()
            values.append(excess(*shares, classes))
        error = math.sqrt((1 - right) / (classes - 1) / images / draws)  # of m
        deviation = error * (classes - 1) / (classes - 2)  # times dx/dm
        mean = float(np.mean(values))
        assert abs(mean) < 4 * deviation, f"x is {mean:.4f} for a blind network"
        largest = max(largest, abs(mean))
    return (
        f"Checked with {draws} draws of noise and three shares of right predictions: the mean of x"
        f" is at most {largest:.4f} away from 0."
    )
