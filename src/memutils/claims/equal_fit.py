"""What a fit costs: excess memorization where two losses fit equally much,
or are equally accurate on new images.

Claim P1 compares over all step sizes (``contrasts``, ``steps``). Here runs of one protocol are
compared: one network, learning rate and number of images, loss against loss, seed by seed.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from memutils.claims.contrasts import x_at_level
from memutils.claims.outcomes import Measured, at_level, excess
from memutils.claims.selection import ALPHA, LOSSES, SHOWN, Pool, Protocol
from memutils.claims.thresholds import LIMITS
from memutils.names import title

LEVELS = (0.5, 0.7, 0.8, 0.9, 0.95, 0.975)
"""Training-mode f at which x is read."""

NEAR = 0.02
"""By how much a run's first epoch may lie above a level to be read there: beyond, its fit is not
the level's.
"""


@dataclass(frozen=True, eq=False)
class Group:
    """Runs of one protocol and noise rate that differ in loss and seed alone.

    Attributes:
        network: and its data set, for the reader.
        images, learning_rate, epochs, eta: of the training.
        runs: by loss and seed; every seed has RLL and CCE.
    """

    network: str
    images: int
    learning_rate: float
    epochs: int
    eta: float
    runs: dict[tuple[str, int], Measured]

    @property
    def title(self) -> str:
        """What the group is."""
        return f"{self.network}, n = {self.images:,}, learning rate {self.learning_rate:g}"

    @property
    def losses(self) -> list[str]:
        """The losses with a run, in the order of LOSSES."""
        return [loss for loss in LOSSES if any(name == loss for name, _ in self.runs)]

    @property
    def seeds(self) -> list[int]:
        """The seeds, in order."""
        return sorted({seed for _, seed in self.runs})


def group(protocol: Protocol, eta: float) -> Group | None:
    """The runs of a protocol at a noise rate, in the seeds that have RLL and CCE;
    None without one.
    """
    found = {
        (loss, seed): run
        for loss in LOSSES
        for seed in protocol.seeds()
        if (run := protocol.get(loss, eta, seed, ALPHA))
    }
    whole = {seed for _, seed in found if {("rll", seed), ("cce", seed)} <= found.keys()}
    if not whole:
        return None
    network, dataset, *way = (protocol.settings[n] for n in ("network", "dataset", "lr", "epochs"))
    runs = {key: run for key, run in found.items() if key[1] in whole}
    return Group(title(network, dataset), protocol.images, *way, eta, runs)


def groups(pool: Pool, eta: float | None = None) -> list[Group]:
    """The groups at a noise rate (by default the main one), a network's beside each other."""
    eta = LIMITS.main_eta if eta is None else eta
    every = (group(p, eta) for c in SHOWN for p in pool.fitting(c.wanted("rll")))
    found = list(filter(None, every))
    order = list(dict.fromkeys(g.network for g in found))
    return sorted(found, key=lambda g: (order.index(g.network), -g.images, g.learning_rate))


def x_at_fit(run: Measured, level: float) -> float:
    """A run's x where its training-mode f first reaches a level; NaN if it never does, or is beyond
    it in its first epoch.
    """
    passed = run.columns["training_fitted"][0] > level + NEAR
    return math.nan if passed else x_at_level(run, level)


def at_fits(found: Group, levels: Iterable[float] = LEVELS) -> pd.DataFrame:
    """x where each run's training-mode f first reaches a level: loss, seed, level, x; without the
    levels that it does not reach, or has passed in its first epoch.
    """
    rows = [
        (loss, seed, level, x_at_fit(run, level))
        for (loss, seed), run in found.runs.items()
        for level in levels
    ]
    return pd.DataFrame(rows, columns=["loss", "seed", "level", "x"]).dropna()


def table(found: Iterable[Group]) -> pd.DataFrame:
    """Every x at equal fit as rows, for whoever wants the data: network, images, lr, loss,
    seed, level, x.
    """
    frames = [
        at_fits(g).assign(network=g.network, images=g.images, lr=g.learning_rate) for g in found
    ]
    columns = ["network", "images", "lr", "loss", "seed", "level", "x"]
    return pd.concat(frames)[columns] if frames else pd.DataFrame(columns=columns)


def gaps(found: Group, other: str = "cce", levels: Iterable[float] = LEVELS) -> pd.DataFrame:
    """How much less RLL memorizes at equal fit: seed, level, rll, the other loss, gap, for each
    seed and level that both reach.
    """
    x = at_fits(found, levels).pivot_table(index=["seed", "level"], columns="loss", values="x")
    return _gaps(x.reindex(columns=["rll", other]).dropna().reset_index(), other)


def highest(found: Group, other: str = "cce", levels: Iterable[float] = LEVELS) -> pd.DataFrame:
    """The gaps at the highest level that both losses reach in every seed; empty without one."""
    by_level, seeds = gaps(found, other, levels), sum(loss == other for loss, _ in found.runs)
    whole = by_level.groupby("level")["seed"].transform("nunique") == seeds
    return by_level[by_level["level"] == by_level.loc[whole, "level"].max()]


def _gaps(x: pd.DataFrame, other: str) -> pd.DataFrame:
    return x.rename_axis(columns=None).assign(gap=x[other] - x["rll"])


def at_accuracy(run: Measured, level: float) -> float:
    """A run's x at the evaluation where test accuracy first reaches a level, interpolated between
    two evaluations; NaN if it never does.
    """
    part = {n: run.columns[n][run.evaluated] for n in ("test_accuracy", "memorized", "recovered")}
    x = excess(part["memorized"], part["recovered"], run.classes)
    return at_level(part["test_accuracy"], x, level)


def best_accuracy(run: Measured) -> float:
    """The highest test accuracy of a run's evaluations; NaN without one."""
    values = run.columns["test_accuracy"][run.evaluated]
    return float(np.nanmax(values)) if np.isfinite(values).any() else math.nan


def accuracy_gaps(found: Group, other: str = "cce", less: float = 0.0) -> pd.DataFrame:
    """The same at equal test accuracy, which is the highest that both losses reach in a seed:
    seed, level, rll, the other loss, gap.

    Args:
        less: how far below that accuracy, to see what hangs on a few test images.
    """
    rows = []
    for seed in found.seeds:
        pair = {loss: found.runs.get((loss, seed)) for loss in ("rll", other)}
        if all(pair.values()):
            level = min(map(best_accuracy, pair.values())) - less
            x = {loss: at_accuracy(run, level) for loss, run in pair.items()}
            rows.append({"seed": seed, "level": level} | x)
    frame = pd.DataFrame(rows, columns=["seed", "level", "rll", other]).dropna()
    return _gaps(frame, other)
