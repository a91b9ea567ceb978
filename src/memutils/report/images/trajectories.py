"""Following mislabeled images through training: sets of runs that differ in the loss alone, and
what each run predicts of every mislabeled training image at each evaluation.

An image is *memorized since* the first evaluation from which its prediction stays the label given,
to the end. It was *recovered* if the prediction was its true label at any evaluation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import hypergeom, norm, spearmanr

from memutils import names
from memutils.claims.thresholds import LIMITS
from memutils.errors import UserError
from memutils.names import LOSS_NAMES
from memutils.report import plots
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import Scale, Spec

ETA = LIMITS.main_eta
DYNAMICS = "mislabeled_predicted"
ENOUGH = 20
"""Images that two losses must both memorize before their order is compared."""


PAIR = "set first second images both expected low high most order order_low order_high".split()
"""The columns of ``pairs``."""


@dataclass(frozen=True)
class Choice:
    """A set of the page: runs of a scale with one network and one seed, at η = 0.4."""

    scale: str
    network: str
    seed: int

    @cached_property
    def grid(self) -> Scale:
        """The scale, or quick where it does not have this network; '' is ``specs.scale_name()``."""
        return plots.with_network(self.scale, self.network)

    @cached_property
    def specs(self) -> dict[str, Spec]:
        """The runs that belong to it, by key, in the order of the grid."""
        wanted = {"network": self.network, "seed": self.seed, "eta": ETA}
        found = self.grid.specs().items()
        return {key: spec for key, spec in found if plots.fits(vars(spec), wanted)}

    @cached_property
    def title(self) -> str:
        """'ResNet-18 on MNIST'."""
        data = next(iter(self.specs.values())).dataset
        return names.title(self.network, data)

    def found(self) -> list[Record]:
        """The runs that are recorded with what they predict at each evaluation, in order."""
        by_key = {r.key: r for r in records.load(self.grid.name) if r.key in self.specs}
        there = (by_key[key] for key in self.specs if key in by_key)
        return [r for r in there if not r.diverged and DYNAMICS in r.arrays()]

    def missing(self, found: Iterable[Record]) -> list[str]:
        """Keys of the runs that are not."""
        there = {record.key for record in found}
        return [key for key in self.specs if key not in there]


def choices(scale: str = "") -> tuple[Choice, ...]:
    """The sets of the page; the first one is of the scale that the book is built at."""
    return (
        Choice(scale, "mlp", 0),
        Choice("symmetry", "resnet18", 0),
        Choice("cpu", "resnet32", 1),
    )


@dataclass(frozen=True)
class Course:
    """What one run predicts of the M mislabeled images.

    Attributes:
        record: the run.
        name: its loss for the reader.
        predicted: classes, uint8 (E, M), a row an evaluation.
        since: the evaluation since which an image is memorized, (M,); E where it is not.
        recovered: whether an image was ever predicted as its true class, bool (M,).
    """

    record: Record
    name: str
    predicted: np.ndarray
    since: np.ndarray
    recovered: np.ndarray

    @property
    def memorized(self) -> np.ndarray:
        """Whether an image is memorized at the end, bool (M,)."""
        return self.since < len(self.predicted)


@dataclass(frozen=True)
class Followed:
    """Runs of one set side by side.

    Attributes:
        title: network and data set.
        classes: their names.
        epochs: of the evaluations, (E,).
        places: of the mislabeled images in the training set, (M,).
        given, true: their labels, (M,).
        courses: a run each.
    """

    title: str
    classes: tuple[str, ...]
    epochs: np.ndarray
    places: np.ndarray
    given: np.ndarray
    true: np.ndarray
    courses: tuple[Course, ...]

    @property
    def memorized(self) -> np.ndarray:
        """Whether each run memorizes each image, bool (runs, M)."""
        return np.array([course.memorized for course in self.courses])


def memorized_since(predicted: np.ndarray, given: np.ndarray) -> np.ndarray:
    """The evaluation since which each image is predicted as its given label to the end.

    Args:
        predicted: classes (E, M), a row an evaluation.
        given: labels (M,).

    Returns:
        Places 0..E-1, and E where the last prediction is another class, int64 (M,).
    """
    stays = np.logical_and.accumulate((predicted == given)[::-1])  # from the end backward
    return len(predicted) - stays.sum(0)


def follow(found: Sequence[Record], title: str) -> Followed:
    """Runs side by side.

    Raises:
        UserError: they have other mislabeled images or other evaluations, so that no image can be
            followed from one to the next.
    """
    courses, alike = [], []
    for record in found:
        arrays = record.arrays("train_noisy", "train_true", DYNAMICS, "evaluated_epochs")
        noisy, true = arrays["train_noisy"], arrays["train_true"]
        wrong, predicted = np.flatnonzero(noisy != true), arrays[DYNAMICS]
        alike.append((arrays["evaluated_epochs"], wrong, noisy[wrong], true[wrong]))
        for mine, first in zip(alike[-1], alike[0], strict=True):
            if not np.array_equal(mine, first):
                what = f"{found[0].key} and {record.key}"
                raise UserError(f"The runs {what} differ in mislabeled images or evaluations.")
        since = memorized_since(predicted, noisy[wrong])
        recovered = (predicted == true[wrong]).any(0)
        courses.append(Course(record, LOSS_NAMES[record.spec["loss"]], predicted, since, recovered))
    classes = tuple(map(str, found[0].dataset["classes"]))
    return Followed(title, classes, *alike[0], tuple(courses))


def at(followed: Followed, places: np.ndarray) -> np.ndarray:
    """Which of the mislabeled images are at these places of the training set, (n,).

    Raises:
        UserError: one of them is not mislabeled in these runs.
    """
    if not np.isin(places, followed.places).all():
        raise UserError(
            f"The images shown of {followed.title} are not mislabeled in its runs; "
            "`python workflow/sprites.py` writes them anew."
        )
    return np.searchsorted(followed.places, places)


def pairs(followed: Followed) -> pd.DataFrame:
    """Every two losses: do they memorize the same images, and in the same order?

    Columns: ``set``, ``first`` and ``second`` loss, ``images`` M; ``both``, how many images both
    memorize; ``expected``, how many if each memorized its own number at random, with ``low`` and
    ``high``, the 95 % interval of the hypergeometric distribution; ``most``, how many there can be;
    ``order``, Spearman's rank correlation of the epochs since which the images are memorized, over
    those that both memorize, with its 95 % interval (Bonett and Wright 2000), NaN for fewer than
    ``ENOUGH`` images.
    """
    rows, m = [], len(followed.given)
    for a, b in combinations(followed.courses, 2):
        counts = [int(course.memorized.sum()) for course in (a, b)]
        both = a.memorized & b.memorized
        low, high = hypergeom.interval(0.95, m, *counts)
        row = {"set": followed.title, "first": a.name, "second": b.name, "images": m}
        row |= {"both": int(both.sum()), "expected": counts[0] * counts[1] / m}
        row |= {"low": float(low), "high": float(high), "most": min(counts)}
        order = spearman(a.since[both], b.since[both])
        rows.append(row | dict(zip(("order", "order_low", "order_high"), order, strict=True)))
    return pd.DataFrame(rows, columns=PAIR)


def spearman(a: np.ndarray, b: np.ndarray) -> tuple[float, float, float]:
    """Spearman's rank correlation with its 95 % interval; NaN where nothing can be told."""
    if len(a) < ENOUGH or len(set(a)) == 1 or len(set(b)) == 1:
        return (float("nan"),) * 3
    rho = float(spearmanr(a, b).statistic)
    half = norm.ppf(0.975) * np.sqrt((1 + rho**2 / 2) / (len(a) - 3))
    low, high = np.tanh(np.arctanh(np.clip(rho, -0.999999, 0.999999)) + half * np.array([-1, 1]))
    return rho, float(low), float(high)
