"""The playground: trains what a student chooses, draws as it goes and keeps what came of it.

Nothing is recorded.
"""

import itertools
import re
import textwrap
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import clear_output
from torch import nn

from memutils import data, losses, runs, training
from memutils.data import Dataset, Split
from memutils.errors import UserError
from memutils.noise import NoisyLabels
from memutils.report import figures, looks
from memutils.report.grids import gallery
from memutils.report.grids.gallery import Picture
from memutils.runs import entries
from memutils.runs.spec import Spec
from memutils.runs.specs import load_scale

CURVES = {
    "j1": ("J1: agrees with the training label", "#0072B2", "-"),
    "j2": ("J2: agrees with the true label", "#D55E00", "--"),
    "memorized": ("memorized, of the wrong labels", looks.MEMORIZED, ":"),
    "recovered": ("recovered, of the wrong labels", looks.RECOVERED, "-."),
}
"""A column of the history: what it is, its color and dash."""

SCORES = ["j1", "j2", "memorized", "recovered", "test_accuracy"]
"""The scoreboard's columns of the last epoch."""

load = cache(data.load)


@dataclass
class Run:
    """A choice with its images and labels, and after training what came of it.

    Attributes:
        name: in the scoreboard.
        splits: images by split; ``all_labels`` their labels, true and noisy.
        history: a row an epoch.
        log_p: log-probabilities of the training images after the last epoch, float32 (N, K).
    """

    name: str
    spec: Spec
    dataset: Dataset
    splits: dict[str, Split]
    all_labels: dict[str, NoisyLabels]
    history: list[dict] = field(default_factory=list)
    network: nn.Module | None = None
    log_p: np.ndarray | None = None
    seconds: float = 0.0

    @property
    def labels(self) -> NoisyLabels:
        """Of the training images."""
        return self.all_labels["train"]


class Playground:
    """What was chosen, and everything trained so far.

    Args:
        epochs: passes over the training set.
        seed: of the noise, the first weights and the images' order.
    """

    def __init__(self, epochs: int, seed: int = 0):
        self.usual = {"epochs": epochs, "seed": seed}
        self.settings = dict(self.usual)
        self.results: dict[str, Run] = {}

    def choose(self, **settings) -> Run:
        """From now on ``train`` takes these settings.

        Raises:
            UserError: a setting or value that no run has; names the nearest.
        """
        before, self.settings = self.settings, self.usual | settings
        try:
            return self.prepare()
        except UserError:
            self.settings = before
            raise

    def prepare(self, **changes) -> Run:
        """The run of what was chosen and these changes, not yet trained."""
        chosen = dict(self.settings)
        if "loss" in chosen and changes.get("loss", chosen["loss"]) != chosen["loss"]:
            own = losses.parameters_of(chosen["loss"])  # which another loss does not have
            chosen = {n: value for n, value in chosen.items() if n not in own}
        spec = load_scale("quick").spec(**chosen | changes)
        dataset = load(spec.dataset)
        return Run(self.name(spec), spec, dataset, *runs.prepare(spec, dataset))

    def name(self, spec: Spec) -> str:
        """A run in the scoreboard: every setting that is not the usual one."""
        more = load_scale("quick").differing(spec)
        told = [f"{n} {v}" for n, v in more.items() if self.usual.get(n) != v]
        told += [spec.dataset] if spec.dataset != "mnist5k" else []
        return ", ".join([spec.loss, f"eta {spec.eta:g}", spec.network, f"seed {spec.seed}", *told])

    def train(self, loss: str | Callable | None = None, **changes) -> Run:
        """Trains what was chosen, with these changes, and draws as it goes.

        Args:
            loss: a registered name, or a function or module (logits (N, K), target (N,)) -> one
                number; None takes the chosen one.

        Raises:
            UserError: the loss cannot be trained with, or a setting is wrong.
        """
        if loss is not None:
            changes["loss"] = register(loss) if callable(loss) else loss
        run = self.prepare(**changes)
        trainer = runs.make_trainer(
            run.spec, run.splits, run.all_labels, run.dataset.num_classes, training.settle(run.spec)
        )
        start, every = time.perf_counter(), max(1, run.spec.epochs // 5)

        def live(trainer: training.Trainer) -> None:
            if len(trainer.history) % every == 0 or len(trainer.history) == run.spec.epochs:
                draw(trainer.history, run)

        run.history, run.network = trainer.run(after_epoch=live, progress=False), trainer.network
        run.seconds = time.perf_counter() - start
        run.log_p = training.predict(run.network, trainer.data["train"]).cpu().numpy()
        self.results[run.name] = run
        return run

    def scoreboard(self) -> pd.DataFrame:
        """A row for everything trained, after the last epoch."""
        rows = {
            name: {column: run.history[-1][column] for column in SCORES} | {"seconds": run.seconds}
            for name, run in self.results.items()
        }
        return pd.DataFrame(rows).T.astype(float).round(3)


def register(loss: Callable) -> str:
    """The name under which runs find a loss of one's own: a function, a module or its class. One
    that was changed gets a number, so that the scoreboard keeps both.
    """
    own = loss() if isinstance(loss, type) and issubclass(loss, nn.Module) else loss
    name = first = f"own {getattr(loss, '__name__', type(loss).__name__)}"
    for number in itertools.count(2):
        known = losses.LOSSES.get(name)
        if known is None or entries.digest(known()) == entries.digest(own):
            break
        name = f"{first} ({number})"
    losses.LOSSES[name] = lambda: own
    return name


def draw_curves(history: list[dict], run: Run, width: float = figures.WIDE) -> plt.Figure:
    """The curves so far, and the share of right labels."""
    narrow = figures.is_narrow(width)
    figure, ((axis,),) = figures.canvas(width, 330 if narrow else 320)
    for column, (label, color, dash) in CURVES.items():
        points = [(row["epoch"], row[column]) for row in history if row.get(column) is not None]
        if points:
            axis.plot(*zip(*points, strict=True), dash, color=color, label=label, linewidth=2)
    right = {"color": looks.INK, "linewidth": 1, "alpha": 0.5}
    axis.axhline(1 - run.labels.rate, label="share of right labels", **right)
    axis.set(xlabel="epoch", ylabel="share", ylim=(-0.02, 1.02))
    axis.set_xlim(0.5, run.spec.epochs + 0.5)
    figures.whole_ticks(axis)
    figures.legend(figure, [axis], ncols=1 if narrow else 2)
    return figure


def draw(history: list[dict], run: Run) -> None:
    """Shows the curves so far; replaces what the cell showed before."""
    last = {column: history[-1].get(column) for column in CURVES}
    ends = ", ".join(f"{column} {value:.2f}" for column, value in last.items() if value is not None)
    alt = f"Curves over the epochs. After epoch {history[-1]['epoch']}: {ends}."
    clear_output(wait=True)
    figures.show(draw_curves, history, run, alt=alt, name=re.sub(r"\W+", "-", f"of {run.name}"))


def surest(run: Run) -> np.ndarray:
    """Which training images have their wrong label memorized, the surest first."""
    taught = run.labels.noisy
    memorized = np.flatnonzero(run.labels.mislabeled & (run.log_p.argmax(1) == taught))
    return memorized[np.argsort(-run.log_p[memorized, taught[memorized]], kind="stable")]


def pictures(run: Run, index: Iterable[int], columns: int = 8) -> None:
    """Training images with the label that the network was taught, and the true one where that is
    another.
    """
    index, images, names = list(index), run.splits["train"].images, run.dataset.classes
    given, true = ([str(names[k]) for k in of] for of in (run.labels.noisy, run.labels.true))
    found = [Picture(images[i], given[i], true[i], "") for i in index]
    wrong = sum(picture.given != picture.true for picture in found)
    alt = f"{len(found)} training images with the labels given; {wrong} of these are wrong."
    name = f"images-{index[0]}-{len(index)}"
    figures.show(gallery.draw_labels, found, columns, alt=alt, name=name)


def say(text: str) -> None:
    """Prints a long sentence in lines that fit the page."""
    print(textwrap.fill(text, 72, subsequent_indent="    "))
