"""Early stopping as the rival of the loss: noisy held-out labels choose the learning rate and the
epoch, for every loss alike.

No true label is used: by Theorem 1 for the 0-1 loss the accuracy on held-out images with noisy
labels rises and falls with the accuracy on their true labels.
"""

import math
from collections.abc import Iterable

import pandas as pd

from memutils.claims import steps
from memutils.claims.thresholds import LIMITS
from memutils.runs.records import Record

END, EARLY = "to the end", "stopped early"
COLUMNS = "loss oracle training seed s epoch fitted x test_accuracy edge".split()


def with_held_out(records: Iterable[Record]) -> list[Record]:
    """The records at the main noise rate that have held-out images."""
    eta = LIMITS.main_eta
    return [r for r in records if r.spec["n_holdout"] and r.spec["eta"] == eta and not r.diverged]


def choices(frame: pd.DataFrame) -> pd.DataFrame:
    """What the noisy held-out labels choose: a row a loss, seed and way of training.

    *To the end*, they choose among the last evaluations of the runs of a loss, so its learning
    rate; *stopped early*, among all evaluations, so the epoch too. The oracle is CCE trained on the
    correctly labeled images alone. ``edge`` tells where the step size lies at the edge of those
    tried.

    Args:
        frame: from ``steps.paths``.
    """
    rows = []
    for _, runs in tuned_alike(frame).groupby(["loss", "oracle", "seed"]) if len(frame) else ():
        ends = pd.DataFrame([run.iloc[-1] for _, run in runs.groupby("key")])
        for training, candidates in ((END, ends), (EARLY, runs)):
            best = steps.stopped_early(candidates.reset_index(drop=True))
            rows.append(dict(best) | {"training": training, "edge": edge(best["s"], ends["s"])})
    return pd.DataFrame(rows, columns=COLUMNS)


def edge(chosen: float, tried: pd.Series) -> str:
    """'smallest' or 'largest' where the chosen step size is at the edge of several; else ''."""
    if tried.nunique() < 2 or tried.min() < chosen < tried.max():
        return ""
    return "largest" if chosen == tried.max() else "smallest"


def tuned_alike(frame: pd.DataFrame) -> pd.DataFrame:
    """The runs of the losses with as many step sizes as any other of their seed, and the oracle's:
    a loss that had fewer to choose from would be worse off.
    """
    oracle, s = frame["oracle"].astype(bool), frame["s"]
    of_loss = s.groupby([frame["loss"], frame["seed"], oracle]).transform("nunique")
    most = of_loss[~oracle].groupby(frame["seed"]).max()
    return frame[oracle | (of_loss == frame["seed"].map(most))]


def summary(chosen: pd.DataFrame) -> pd.DataFrame:
    """Over the seeds: median s and epoch, mean f, x and test accuracy, its lowest and highest;
    the most accurate first.
    """
    grouped = chosen.groupby(["loss", "oracle", "training"])
    means = grouped[["fitted", "x", "test_accuracy"]].mean()
    test = grouped["test_accuracy"].agg(lowest="min", highest="max", seeds="count")
    table = grouped[["s", "epoch"]].median().join(means).join(test)
    return table.sort_values("test_accuracy", ascending=False).reset_index()


def of(chosen: pd.DataFrame, loss: str, training: str, oracle: bool = False) -> pd.DataFrame:
    """The choices of one loss and way of training, by seed."""
    rows = chosen[(chosen["loss"] == loss) & (chosen["training"] == training)]
    return rows[rows["oracle"].astype(bool) == oracle].set_index("seed")


def difference(mine: pd.DataFrame, other: pd.DataFrame) -> pd.Series:
    """By how much the test accuracy is higher, by seed; seeds that one of them lacks left out."""
    return (mine["test_accuracy"] - other["test_accuracy"]).dropna().astype(float)


def two_errors(mine: pd.DataFrame, other: pd.DataFrame, images: int) -> float:
    """Two standard errors of the difference of two mean test accuracies, as if their errors were
    independent; networks that err on the same images have less.
    """
    accuracies = (float(chosen["test_accuracy"].mean()) for chosen in (mine, other))
    return 2 * math.sqrt(sum(p * (1 - p) for p in accuracies) / images)


def told_apart(mine: pd.DataFrame, other: pd.DataFrame, images: int) -> bool:
    """Whether a difference of test accuracies is clear: its mean beyond ``two_errors``, all seeds
    on one side. Seeds share the test images, so more of them lower no error.
    """
    gap = difference(mine, other)
    beyond = abs(gap.mean()) > two_errors(mine, other, images)
    return bool(beyond and (gap > 0).nunique() == 1)
