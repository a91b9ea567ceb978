"""The runs of the answer figure: of 40 % wrong labels, what is memorized with each loss,
and test accuracy.

A group is a network, number of images and learning rate; a dot is one seed of a loss.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import fmean

import pandas as pd

from memutils.claims.cases import tells
from memutils.claims.outcomes import Run
from memutils.claims.selection import ALPHA, LOSSES, SHOWN, Column, Pool, Protocol
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, title
from memutils.words import listed, percent, range_of


@dataclass(frozen=True)
class Dot:
    """A run at the end of training, at the main noise rate.

    Attributes:
        loss, seed: of the run.
        memorized: share of the mislabeled training images predicted as their wrong label.
        test_accuracy: on the test images.
        precision: of the training.
        tells: False where the run collapsed or is underfitted.
    """

    loss: str
    seed: int
    memorized: float
    test_accuracy: float
    precision: str
    tells: bool


@dataclass(frozen=True)
class Group:
    """Runs that differ in loss and seed alone.

    Attributes:
        title: network and data set.
        images, learning_rate, epochs: of the training.
        dots: loss by loss.
        clean: test accuracy after training on clean labels, its mean over seeds, by loss.
    """

    title: str
    images: int
    learning_rate: float
    epochs: int
    dots: tuple[Dot, ...]
    clean: dict[str, float]

    def of(self, loss: str) -> list[Dot]:
        """The dots of a loss."""
        return [dot for dot in self.dots if dot.loss == loss]

    @property
    def losses(self) -> list[str]:
        """The losses that have a dot, in order."""
        return list(dict.fromkeys(dot.loss for dot in self.dots))


def groups(pool: Pool) -> list[Group]:
    """The groups in which RLL and CCE can be compared, a network's beside each other."""
    found = {}
    networks = [c.settings["network"] for c in SHOWN]
    for column in sorted(SHOWN, key=lambda c: networks.index(c.settings["network"])):
        for protocol in pool.fitting(column.wanted("rll")):
            made = group(protocol, column)
            if {"rll", "cce"} <= set(made.losses):  # of equal groups the one with the most epochs
                found.setdefault((made.title, made.images, made.learning_rate), made)
    return list(found.values())


def group(protocol: Protocol, column: Column) -> Group:
    """The dots of one protocol."""
    dots, clean, eta = [], {}, LIMITS.main_eta
    for loss in LOSSES:
        marks = {}
        for seed in protocol.seeds():
            run = protocol.get(loss, eta, seed, column.alpha)
            mark = protocol.get(loss, 0.0, seed, column.alpha)
            if mark:
                marks[seed] = Run(mark)
            if run:
                dots.append(dot(Run(run), marks.get(seed)))
        if marks:
            clean[loss] = fmean(mark.end("test_accuracy") for mark in marks.values())
    settings = protocol.settings
    named = title(settings["network"], settings["dataset"]), protocol.images
    return Group(*named, settings["lr"], settings["epochs"], tuple(dots), clean)


def dot(run: Run, clean: Run | None) -> Dot:
    """A run's dot; the run of the same loss and seed on clean labels says whether it can tell."""
    ends = run.end("memorized"), run.end("test_accuracy")
    seed = run.measured.spec["seed"]
    return Dot(run.loss, seed, *ends, run.measured.precision, tells(run, clean))


def alt(found: Iterable[Group]) -> str:
    """The figure in words."""
    told = [
        f"{g.title}, {g.images:,} images, learning rate {g.learning_rate:g}: "
        + ", ".join(
            f"{LOSS_NAMES[loss]} {over_seeds_told(g, loss, 'memorized')} and "
            f"{over_seeds_told(g, loss, 'test_accuracy')}"
            for loss in g.losses
        )
        for g in found
    ]
    return "Share of wrong labels memorized and test accuracy. " + "; ".join(told) + "."


def over_seeds_told(g: Group, loss: str, name: str) -> str:
    """A metric of a loss over its seeds: '7 %' or '73 to 80 %'; of all where no run can tell."""
    dots = [d for d in g.of(loss) if d.tells] or g.of(loss)
    return percent([getattr(d, name) for d in dots])


def conditions(found: Iterable[Group]) -> str:
    """What the runs have in common, for the caption."""
    found = list(found)
    if not found:
        return "No run is recorded yet."
    times = range_of(g.epochs for g in found)
    precisions = listed(sorted({d.precision for g in found for d in g.dots}))
    noise = f"Noise rate {LIMITS.main_eta:g}"
    return f"{noise}; {times} epochs; RLL with α = {ALPHA:g}; {precisions}."


def table(found: Iterable[Group]) -> pd.DataFrame:
    """The dots as rows, for whoever wants the data behind the figure."""
    return pd.DataFrame(
        {"network": g.title, "images": g.images, "learning_rate": g.learning_rate}
        | asdict(d)
        | {"clean_test_accuracy": g.clean.get(d.loss)}
        for g in found
        for d in g.dots
    )
