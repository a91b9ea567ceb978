"""Training as a textbook writes it: float32, one plain line for each thing that happens, a number
fetched where it is needed.

It is the readable twin of ``memutils.step`` and ``memutils.training``. No run uses it; the tests
compare the two over 50 steps for every network, optimizer and loss.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from memutils.recipe import Recipe


def sgd(weight: Tensor, state: dict, lr: float, recipe: Recipe) -> None:
    """v <- momentum v + g and w <- w - lr v, with g the gradient plus weight decay times w;
    v starts at 0.
    """
    gradient = weight.grad + recipe.weight_decay * weight
    state["v"] = recipe.momentum * state.get("v", 0) + gradient
    weight -= lr * state["v"]


def adam(weight: Tensor, state: dict, lr: float, recipe: Recipe) -> None:
    """Kingma and Ba, ICLR 2015, algorithm 1, with beta1 = .9, beta2 = .999, epsilon = 1e-8, and L2
    decay in the gradient.
    """
    gradient = weight.grad + recipe.weight_decay * weight
    state["t"] = state.get("t", 0) + 1
    state["m"] = 0.9 * state.get("m", 0) + 0.1 * gradient
    state["v"] = 0.999 * state.get("v", 0) + 0.001 * gradient**2
    m = state["m"] / (1 - 0.9 ** state["t"])
    v = state["v"] / (1 - 0.999 ** state["t"])
    weight -= lr * m / (v.sqrt() + 1e-8)


def step(
    network: nn.Module,
    states: dict,
    loss: Callable,
    x: Tensor,
    y: Tensor,
    lr: float,
    recipe: Recipe,
) -> float:
    """One step on inputs x (n, C, H, W) with labels y (n,); returns the loss before it."""
    value = loss(network(x), y)
    network.zero_grad()
    value.backward()
    update = {"sgd": sgd, "adam": adam}[recipe.optimizer]
    with torch.no_grad():
        for name, weight in network.named_parameters():
            update(weight, states.setdefault(name, {}), lr, recipe)
    return value.item()


def train(
    network: nn.Module, loss: Callable, x: Tensor, y: Tensor, recipe: Recipe, order: Callable
) -> list[float]:
    """Trains the network; returns the mean loss of each epoch.

    Args:
        network: is changed.
        loss: of logits (n, K) and labels (n,), the mean over a batch.
        x, y: normalized inputs (N, C, H, W) and the labels to train on (N,).
        recipe: how to optimize.
        order: gives an epoch's permutation of the N examples; what does not fill a batch is
            dropped.
    """
    states, means = {}, []
    network.train()
    for epoch in range(1, recipe.epochs + 1):
        batches = [b for b in order(epoch).split(recipe.batch_size) if len(b) == recipe.batch_size]
        values = [
            step(network, states, loss, x[b], y[b], recipe.lr_at(epoch), recipe) for b in batches
        ]
        means.append(sum(values) / len(values))
    return means
