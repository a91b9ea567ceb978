"""Finding the wrong labels: does the probability that a trained network gives to a label tell?"""

from collections.abc import Iterable

import numpy as np
from scipy.stats import rankdata

from memutils.claims.measured import Measured
from memutils.names import LOSS_NAMES
from memutils.words import counted, listed_with, percent

NEEDED = ("train_p_given", "train_noisy", "train_true")


def area(p: np.ndarray, wrong: np.ndarray) -> float:
    """The area under the ROC curve of a low p as the sign of a wrong label: the share of the pairs
    of a wrong and a right label in which the wrong one has the lower p; a tie counts half.

    Args:
        p: probabilities of the labels, (n,).
        wrong: which labels are wrong, bool (n,); some are and some are not.
    """
    ranks, rights = rankdata(p), int((~wrong).sum())
    above = ranks[~wrong].sum() - rights * (rights + 1) / 2  # pairs with the right label above
    return float(above / (rights * wrong.sum()))


def areas(runs: Iterable[Measured]) -> dict[str, list[float]]:
    """The area of each run on wrong labels whose record tells the probabilities, by loss."""
    found: dict[str, list[float]] = {}
    for run in runs:
        arrays = run.load()
        if all(name in arrays for name in NEEDED):
            p, noisy, true = (arrays[name] for name in NEEDED)
            if 0 < (noisy != true).mean() < 1:
                found.setdefault(run.spec["loss"], []).append(area(p.astype(float), noisy != true))
    return found


def sentence(runs: Iterable[Measured], network: str) -> str:
    """The areas loss by loss, in Markdown; '' where no record tells the probabilities."""
    found = areas(runs)
    if not found:
        return ""
    parts = [f"{percent(p)} of the pairs with {LOSS_NAMES[loss]}" for loss, p in found.items()]
    seeds = [counted(len(values), "seed") for values in found.values()]
    each = [f"{one} each" for one in seeds] if len(set(seeds)) == 1 else seeds
    told = listed_with(parts, each)
    return f"At the end of training {network} ranks the wrong label lower in {told}."
