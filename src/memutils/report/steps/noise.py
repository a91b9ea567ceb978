"""More noise than the paper's: does RLL refuse labels that say nothing, or is it slower?"""

from collections.abc import Iterable

import pandas as pd

from memutils.claims.outcomes import Run
from memutils.names import LOSS_NAMES
from memutils.report.plots import NOT_RUN, standard
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import load_scale
from memutils.words import listed, percent, typeset

COLUMNS = ["eta", "loss", "epochs", "seed", "fitted", "memorized", "recovered", "test_accuracy"]
CLEAR = 0.05
"""By how much the share memorized must rise with more epochs for the loss to be slower."""


def load() -> list[Record]:
    """The records of the scale ``noise``."""
    return standard(records.load("noise"), load_scale("noise"))


def table(found: Iterable[Record]) -> pd.DataFrame:
    """A row a run: its metrics at the end of training."""
    rows = []
    for record in found:
        run, spec = Run(record), record.spec
        ends = {name: run.end(name) for name in COLUMNS[4:]}
        rows.append({name: spec[name] for name in COLUMNS[:4]} | ends)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    return frame.sort_values(["eta", "epochs", "loss"], ignore_index=True)


def sentence(found: pd.DataFrame) -> str:
    """What each loss memorizes at each noise rate, in Markdown; that there are no runs without."""
    if found.empty:
        return f"The runs with more noise are {NOT_RUN}."
    told = []
    for (eta, epochs), runs in found.groupby(["eta", "epochs"]):
        shares = listed(
            f"{percent(of['memorized'])} with {LOSS_NAMES[loss]}"
            for loss, of in runs.groupby("loss")
        )
        told.append(f"At η = {eta:g}, ResNet-18 repeats after {epochs} epochs {shares}.")
    return typeset(" ".join(told))


def verdict(found: pd.DataFrame) -> str:
    """Cannot, or slower: whether RLL memorizes more when it is trained for longer; '' without runs
    of both lengths at one noise rate.
    """
    mine, told = found[found["loss"] == "rll"], []
    for eta, runs in mine.groupby("eta"):
        by_epochs = runs.groupby("epochs")["memorized"].mean()
        if len(by_epochs) > 1:
            rises = by_epochs.iloc[-1] - by_epochs.iloc[0] > CLEAR
            told.append(f"at η = {eta:g} it {'is slower' if rises else 'refuses'}")
    if not told:
        return (
            "" if mine.empty else f"Whether it is slower only is open: longer runs are {NOT_RUN}."
        )
    return f"With ten times the epochs RLL shows which it is: {listed(told)}."
