"""Rivals of the loss at the same cost: how much of RLL's effect each of them gives to CCE.

A rival changes one setting of CCE's run. Its share of RLL's effect is what it takes off CCE's
memorized share, over what RLL takes off, with the same seed: 1 where it does as much as RLL.
"""

import math
from collections.abc import Iterable

import pandas as pd

from memutils.claims.outcomes import Measured, Run
from memutils.claims.selection import MAIN, Column, Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.plots import NOT_RUN
from memutils.runs import records
from memutils.words import listed, percent, typeset

RIVALS = {
    "label smoothing": ("label-smoothing", {}),
    "weight decay 5e-4": ("cce", {"weight_decay": 0.0005}),
    "crops": ("cce", {"augment": "crop"}),
    "flips and crops": ("cce", {"augment": "flip+crop"}),
}
"""A rival's loss, and what else of CCE's run it changes."""

COLUMNS = ("network", "images", "rival", "seed", "memorized", "test_accuracy", "share", "gain")


def load(pool: Pool) -> Pool:
    """The runs of the claims, and those of the scale ``plane``, which has the rivals."""
    return Pool([*pool.runs, *(Measured.of(r) for r in records.load("plane") if not r.diverged)])


def table(pool: Pool) -> pd.DataFrame:
    """A row a network, rival and seed that has CCE and RLL too.

    ``share`` is of RLL's effect on what is memorized, ``gain`` of its effect on test accuracy; NaN
    where RLL has no effect to compare with (less than one point).
    """
    rows = [row for column in MAIN for name in RIVALS for row in of_rival(pool, column, name)]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def of_rival(pool: Pool, column: Column, name: str) -> Iterable[dict]:
    """The rows of a rival on one network: the largest number of images that has all three runs."""
    eta, (loss, changes) = Thresholds().main_eta, RIVALS[name]
    for usual in pool.fitting(column.wanted("rll")):
        for protocol in pool.fitting(usual.settings | changes) if changes else [usual]:
            rows = []
            for seed in protocol.seeds():
                runs = [
                    usual.get("cce", eta, seed, column.alpha),
                    usual.get("rll", eta, seed, column.alpha),
                    protocol.get(loss, eta, seed, column.alpha),
                ]
                if all(runs):
                    named = (column.title, usual.images, name, seed)
                    rows.append(dict(zip(COLUMNS, (*named, *effects(*runs)), strict=True)))
            if rows:
                return rows
    return []


def effects(cce: Measured, rll: Measured, rival: Measured) -> tuple[float, float, float, float]:
    """What the rival memorizes, its test accuracy, and both effects over RLL's."""
    ends = [
        [Run(run).end(part) for run in (cce, rll, rival)] for part in ("memorized", "test_accuracy")
    ]
    shares = [
        (of_rival - of_cce) / (of_rll - of_cce) if abs(of_rll - of_cce) >= 0.01 else math.nan
        for of_cce, of_rll, of_rival in ends
    ]
    return ends[0][2], ends[1][2], *shares


def sentence(found: pd.DataFrame) -> str:
    """What the rivals do and which have no runs, in Markdown."""
    told = []
    for (network, images), rows in found.dropna(subset=["share"]).groupby(
        ["network", "images"], sort=False
    ):
        shares = listed(
            f"{name} {percent([round(v, 2) + 0.0 for v in of['share']])}"
            for name, of in rows.groupby("rival", sort=False)
        )
        told.append(f"on {network} with {images:,} images {shares}")
    if not told:
        return "No rival is recorded beside CCE and RLL of its seed."
    text = f"The share of RLL's effect on what is memorized that each rival has: {'; '.join(told)}."
    absent = [name for name in RIVALS if name not in set(found["rival"])]
    return typeset(text + (f" The others are {NOT_RUN}: {'; '.join(absent)}." if absent else ""))
