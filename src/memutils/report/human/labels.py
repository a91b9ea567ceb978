"""Labels from people: what they confuse, from CIFAR-10N as counts.

``python -m memutils.report.human.labels`` writes ``results/cifar10n.json`` from the label files.

The labels' license (CC BY-NC 4.0) keeps them out of the repository: the file holds counts alone.
"""

import json
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from memutils import data
from memutils.errors import command
from memutils.label_sets import CIFAR10N, LABEL_SETS, OFFICIAL, cifar10n
from memutils.runs.files import results_root, write_whole
from memutils.words import listed

FILE = "cifar10n.json"
ANNOTATORS = ("random1", "random2", "random3")
WORST = "worse"
"""Of an image's three labels a wrong one, where there is one."""


@dataclass(frozen=True)
class Counts:
    """What people made of CIFAR-10's training images, counted.

    Attributes:
        classes: their names.
        noise_rates: the share of wrong labels, by labeling.
        matrix: images by true class and worst label, int (K, K).
        wrong: how many images 0, 1, 2 and 3 annotators got wrong.
        wrong_alike: how many all three gave the same wrong label.
        agreed: on how many images all three, exactly two, and none agreed.
    """

    classes: tuple[str, ...]
    noise_rates: dict[str, float]
    matrix: np.ndarray
    wrong: tuple[int, ...]
    wrong_alike: int
    agreed: tuple[int, int, int]

    @property
    def images(self) -> int:
        """How many images."""
        return int(self.matrix.sum())

    @property
    def rates(self) -> np.ndarray:
        """The transition matrix: the share of a true class that got each worst label, (K, K)."""
        return self.matrix / self.matrix.sum(1, keepdims=True)


def count(labelings: dict[str, np.ndarray], clean: np.ndarray, classes: tuple[str, ...]) -> Counts:
    """Counts from labels, each (N,); ``labelings`` holds ``ANNOTATORS`` and ``WORST`` at least."""
    votes = np.stack([labelings[name] for name in ANNOTATORS])
    wrong = (votes != clean).sum(0)
    distinct = 1 + (np.diff(np.sort(votes, 0), axis=0) != 0).sum(0)
    matrix = np.zeros((len(classes), len(classes)), int)
    np.add.at(matrix, (clean, labelings[WORST]), 1)
    return Counts(
        tuple(classes),
        {name: float((labels != clean).mean()) for name, labels in labelings.items()},
        matrix,
        tuple(np.bincount(wrong, minlength=4).tolist()),
        int(((distinct == 1) & (wrong == 3)).sum()),
        tuple(int((distinct == n).sum()) for n in (1, 2, 3)),
    )


def dump(counts: Counts) -> bytes:
    """Counts as the file has them."""
    named = {
        "source": CIFAR10N,
        "license": LABEL_SETS[f"cifar10n-{WORST}"].license,
        "classes": counts.classes,
        "noise_rates": counts.noise_rates,
        "wrong": counts.wrong,
        "wrong_alike": counts.wrong_alike,
        "agreed": counts.agreed,
    }
    rows = ",\n  ".join(json.dumps(row) for row in counts.matrix.tolist())
    text = json.dumps(named, indent=1).removesuffix("\n}")
    return f'{text},\n "matrix": [\n  {rows}\n ]\n}}\n'.encode()


def load(path: Path | None = None) -> Counts | None:
    """The committed counts; None where the results folder has none."""
    path = path or results_root() / FILE
    if not path.exists():
        return None
    found = json.loads(path.read_bytes())
    tuples = {name: tuple(found[name]) for name in ("classes", "wrong", "agreed")}
    rest = {name: found[name] for name in ("noise_rates", "wrong_alike")}
    return Counts(**tuples, **rest, matrix=np.array(found["matrix"]))


def measure(root: Path) -> Counts:
    """The counts from the label files below a data root.

    Raises:
        UserError: the labels or CIFAR-10 are not there, or do not fit together.
    """
    dataset = data.load("cifar10", root)
    read = partial(cifar10n, root=root, dataset=dataset)
    labelings = {name: read(name)[0] for name in OFFICIAL if name != "clean"}
    return count(labelings, dataset.train.labels.astype(int), dataset.classes)


def described(counts: Counts) -> str:
    """What people confuse, in words."""
    wrong = counts.rates - np.diag(np.diag(counts.rates))
    k = len(counts.classes)
    order = [divmod(int(i), k) for i in np.argsort(-wrong, axis=None)]
    most = [
        f"{counts.classes[i]} as {counts.classes[j]} ({100 * wrong[i, j]:.0f} %)"
        for i, j in order[:4]
    ]
    off = np.sort(counts.matrix[~np.eye(k, dtype=bool)])
    share, even = 100 * off[-k:].sum() / off.sum(), 100 / (k - 1)
    return (
        f"Of {counts.images:,} training images {100 * counts.noise_rates[WORST]:.1f} % have a "
        f"wrong worst label. The most frequent confusions are {listed(most)}. The {k} most "
        f"frequent of {k * (k - 1)} confusions hold {share:.0f} % of the wrong labels; under "
        f"symmetric noise any {k} would hold {even:.0f} %."
    )


def agreement(counts: Counts) -> str:
    """How far the three annotators of an image agree, in words."""
    rates = listed(f"{100 * counts.noise_rates[name]:.1f} %" for name in ANNOTATORS)
    three, two, none = counts.agreed
    n = counts.images
    return (
        f"The three labels of an image, taken one each, are wrong in {rates} of the images, and "
        f"their majority in {100 * counts.noise_rates['aggre']:.1f} %. All three agree on "
        f"{100 * three / n:.0f} % of the images, exactly two on {100 * two / n:.0f} % and none "
        f"on {100 * none / n:.0f} %. At least one is wrong on {n - counts.wrong[0]:,} images, "
        f"all three are on {counts.wrong[3]:,}, of which {counts.wrong_alike:,} got the same wrong "
        "label three times."
    )


@command
def main() -> int:
    """The command: counts the labels and writes the file."""
    write_whole(results_root() / FILE, dump(measure(data.data_root())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
