"""More noise than the paper's: does RLL refuse labels that say nothing, or is it slower?"""

from collections.abc import Iterable

import pandas as pd

from memutils.claims.outcomes import Run, excess
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.plots import NOT_RUN, of_grid
from memutils.runs.records import Record
from memutils.runs.specs import load_scale
from memutils.words import listed, percent

ENDS = ("fitted", "memorized", "recovered", "test_accuracy", "classes")
COLUMNS = ["eta", "loss", "epochs", "seed", *ENDS, "x"]
CLEAR = 0.05
"""Excess memorization up to which labels are refused, and a rise beyond which a loss is slower;
written into ``configs/noise.yaml`` before the runs.
"""

DIGITS = 10


def load() -> list[Record]:
    """The records of the scale ``noise``."""
    return of_grid("noise")


def table(found: Iterable[Record]) -> pd.DataFrame:
    """A row a run: its metrics at the end of training, and its excess memorization x."""
    rows = []
    for record in found:
        run, spec = Run(record), record.spec
        ends = {name: run.end(name) for name in ENDS}
        ends["x"] = excess(ends["memorized"], ends["recovered"], run.classes)
        rows.append({name: spec[name] for name in COLUMNS[:4]} | ends)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values(["eta", "epochs", "loss"], ignore_index=True)


def sentence(found: pd.DataFrame) -> str:
    """What each loss memorizes at each noise rate, in Markdown; that there are no runs without."""
    if found.empty:
        return f"The runs with more noise are {NOT_RUN}."
    told = []
    for (eta, epochs), runs in found.groupby(["eta", "epochs"]):
        shares, fitted = (
            listed(f"{percent(of[part])} ({LOSS_NAMES[loss]})" for loss, of in runs.groupby("loss"))
            for part in ("memorized", "fitted")
        )
        dumb = [LOSS_NAMES[loss] for loss, of in runs.groupby("loss") if few(of["classes"].min())]
        told.append(
            f"At η = {eta:g}, after {epochs} epochs, ResNet-18 repeats {shares} of the wrong "
            f"labels and {fitted} of the right ones."
        )
        if dumb:
            told.append(
                f"With {listed(dumb)} it predicts few of the classes: it has learned nothing, so "
                "the rule says nothing of it."
            )
    grid = {spec.eta for spec in load_scale("noise").specs().values()}
    absent = [f"η = {eta:g}" for eta in sorted(grid - set(found["eta"]))]
    told += [f"The runs at {listed(absent)} are {NOT_RUN}."] if absent else []
    return " ".join(told)


def few(classes: float) -> bool:
    """Whether a network predicts too few of the ten digits to have learned from the labels."""
    return classes < LIMITS.class_share * DIGITS


def verdict(found: pd.DataFrame) -> str:
    """Cannot, or slower: RLL's excess after shorter and longer training; that it is open where
    there is one length only, and '' without runs.
    """
    mine, told, unknown = found[found["loss"] == "rll"], [], []
    for eta, runs in mine.groupby("eta"):
        by_epochs = runs.groupby("epochs")
        x, classes = by_epochs["x"].mean(), by_epochs["classes"].min()
        if len(x) < 2:
            unknown.append(f"{eta:g}")
            continue
        first, last = x.index[0], x.index[-1]
        told.append(
            f"From {first} to {last} epochs RLL's excess memorization goes from {x[first]:.2f} to "
            f"{x[last]:.2f} at η = {eta:g}: it {says(x, learned=not few(classes[last]))}."
        )
    if unknown:
        where = f"at η = {listed(unknown)}"
        told.append(f"Whether RLL is only slower is open {where}: the longer runs are {NOT_RUN}.")
    return " ".join(told)


def says(x: pd.Series, learned: bool) -> str:
    """What RLL's excess by epochs says, fewest first; ``learned``: whether the network tells most
    classes apart after the longer training.
    """
    if not learned:
        return "has learned nothing, for it predicts few of the classes, so this says little"
    if x.iloc[-1] <= CLEAR:
        return "refuses such labels"
    return "is slower" if x.iloc[-1] - x.iloc[0] > CLEAR else "had memorized already"
