"""The picture of memorization: points of the disc, some with wrong labels, and what a small network
that is trained on them answers everywhere.
"""

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from torch import Tensor

from memutils import models, noise, training
from memutils.claims import outcomes
from memutils.names import LOSS_NAMES
from memutils.report import figures
from memutils.report.looks import INK
from memutils.report.theory.points import Losses

K, TWIST = 3, 1.6
"""Classes, and how far an arm of the spiral turns from the center to the border, in radians."""

SIDE = torch.linspace(-1.05, 1.05, 150)
PLANE = torch.cartesian_prod(SIDE, SIDE)
INSIDE = PLANE.norm(dim=1) <= 1
SHOWN = ("cce", "mse", "rll", "mae")


@dataclass(frozen=True)
class World:
    """What is trained on what: n points, a noise rate, a seed, and full-batch steps of Adam."""

    points: int = 150
    eta: float = 0.3
    seed: int = 0
    steps: int = 900
    learning_rate: float = 0.005

    @functools.cached_property
    def x(self) -> Tensor:
        """The training points (n, 2)."""
        return disc(self.points, self.seed)

    @functools.cached_property
    def labels(self) -> tuple[Tensor, Tensor]:
        """True and training labels (n,)."""
        true, matrix = rule(self.x).numpy(), noise.symmetric_matrix(self.eta, K)
        made = noise.apply_noise(true, matrix, self.seed)
        return torch.from_numpy(made.true), torch.from_numpy(made.noisy)

    @property
    def moments(self) -> tuple[int, ...]:
        """The steps that are shown: early, later, and the last."""
        return (30, 150, self.steps)


def rule(x: Tensor) -> Tensor:
    """The true class of points x (N, 2): which arm of the spiral they lie on."""
    angle = torch.atan2(x[:, 1], x[:, 0]) + TWIST * x.norm(dim=1)
    return torch.remainder(torch.floor(angle / (2 * math.pi / K)), K).long()


def disc(n: int, seed: int) -> Tensor:
    """Points (n, 2), spread evenly over the unit disc."""
    generator = torch.Generator().manual_seed(seed)
    radius = torch.rand(n, generator=generator).sqrt()
    angle = 2 * math.pi * torch.rand(n, generator=generator)
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)


def measured(network: Callable, world: World) -> tuple[dict[str, float], Tensor]:
    """f, m, r and x on the training points, the share of the disc where the network contradicts the
    rule, and its answers on the plane.
    """
    true, noisy = world.labels
    with torch.no_grad():
        answers, everywhere = network(2 * world.x).argmax(1), network(2 * PLANE).argmax(1)
    found = training.fractions(answers, noisy, true)
    found["x"] = outcomes.excess(found["memorized"], found["recovered"], K)
    found["wrong area"] = (everywhere != rule(PLANE))[INSIDE].double().mean().item()
    return found, everywhere


@functools.cache
def train(world: World, factory: Callable) -> dict[int, tuple[dict[str, float], Tensor]]:
    """Trains a network with the loss that ``factory`` builds; ``measured`` at the moments shown."""
    torch.manual_seed(world.seed)
    torch.set_num_threads(1)
    network, loss = models.MLP((2, 1, 1), K, width=128), factory()
    optimizer, kept = torch.optim.Adam(network.parameters(), lr=world.learning_rate), {}
    for step in range(1, world.steps + 1):
        optimizer.zero_grad()
        loss(network(2 * world.x), world.labels[1]).backward()
        optimizer.step()
        if step in world.moments:
            kept[step] = measured(network, world)
    return kept


def draw(
    world: World, losses: Losses, shown: Iterable[str] = SHOWN, width: float = figures.WIDE
) -> plt.Figure:
    """What each network predicts, ``width`` pixels wide: a row per loss, a column per moment."""
    shown, ncols = tuple(shown), len(world.moments)
    height = len(shown) * (width / ncols + 24)
    figure, axes = figures.canvas(width, height, len(shown), ncols)
    for row, name in zip(axes, shown, strict=True):
        states = train(world, losses[name])
        for axis, (step, (_, answers)) in zip(row, states.items(), strict=True):
            draw_answers(axis, answers)
            draw_points(axis, world, width / figures.WIDE)
            axis.set_title(f"{LOSS_NAMES[name]}, step {step}")
            axis.set(aspect="equal")
            axis.axis("off")
    return figure


COLORS = ("#0072B2", "#E69F00", "#009E73")
"""Of the classes, Okabe and Ito's."""


def draw_answers(axis: Axes, answers: Tensor) -> None:
    """The class predicted over the disc, and the borders of the rule."""
    values = np.where(INSIDE.numpy(), answers.double().numpy(), np.nan).reshape(len(SIDE), -1).T
    look = {"cmap": ListedColormap(COLORS), "vmin": 0, "vmax": K - 1, "alpha": 0.4}
    extent = (float(SIDE[0]), float(SIDE[-1])) * 2
    axis.imshow(values, origin="lower", interpolation="none", extent=extent, **look)
    radius = np.linspace(0, 1, 50)
    for k in range(K):
        angle = 2 * math.pi * k / K - TWIST * radius
        axis.plot(radius * np.cos(angle), radius * np.sin(angle), color=INK, linewidth=0.8)


def draw_points(axis: Axes, world: World, size: float = 1) -> None:
    """The training points, shape and color by training label, large with an edge where wrong; of
    that size, so that on a phone they cover no more of a panel.
    """
    true, noisy = world.labels
    right = {"s": 14 * size**2, "edgecolor": "white", "linewidth": 0.3 * size, "zorder": 3}
    wrong = {"s": 40 * size**2, "edgecolor": INK, "linewidth": 1.3 * size, "zorder": 4}
    for k, marker in enumerate("os^"):
        for look, chosen in ((right, noisy == true), (wrong, noisy != true)):
            points = world.x[(noisy == k) & chosen].numpy().T
            axis.scatter(*points, color=COLORS[k], marker=marker, **look)


def table(world: World, losses: Losses, shown: Iterable[str] = SHOWN) -> pd.DataFrame:
    """A row a loss and moment: f, m, r, x and the wrong area."""
    columns = ["fitted", "memorized", "recovered", "x", "wrong area"]
    return pd.DataFrame(
        {"loss": LOSS_NAMES[name], "step": step} | {c: found[c] for c in columns}
        for name in shown
        for step, (found, _) in train(world, losses[name]).items()
    )


def points_table(world: World) -> pd.DataFrame:
    """The training points with both labels."""
    true, noisy = world.labels
    x, y = world.x.numpy().T
    return pd.DataFrame({"x": x, "y": y, "true": true.numpy(), "given": noisy.numpy()})


def check_islands(losses: Losses) -> None:
    """In the world as it is given, CCE and MSE memorize and pay for it in area, RLL and MAE do not.

    Raises:
        AssertionError: the figure does not show what the chapter says.
    """
    world = World()
    for name in SHOWN:
        states = train(world, losses[name])
        early, final = (states[step][0] for step in (world.moments[0], world.steps))
        assert final["fitted"] > 0.8, f"{name} has not learned the clean points"
        grown = final["wrong area"] - early["wrong area"]
        if name in ("cce", "mse"):
            assert final["x"] > 0.6 and grown > 0.08, f"{name} shows no islands"
        else:
            assert final["x"] < 0.4 and grown < 0.04, f"{name} shows islands"
