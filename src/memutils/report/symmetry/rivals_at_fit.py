"""Rivals of the loss before training ends: the share that each has of RLL's effect where the
networks fit as many of the clean images.

At the end a rival that only slows training may not fit the clean images, and then says nothing.
But equal fit is a moment, and a loss that memorizes late looks then as one that resists: MSE, which
memorizes nearly all in the end, stands beside the rivals as the yardstick.
"""

import pandas as pd

from memutils.claims.contrasts import x_at_level
from memutils.claims.outcomes import Run
from memutils.claims.selection import MAIN, Pool
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.symmetry.rivals import AUGMENTED, RIVALS, trios, whole
from memutils.report.symmetry.weights_at_fit import LEVELS, with_shares
from memutils.words import counted, listed, listed_with, percent

BESIDE = RIVALS | {LOSS_NAMES["mse"]: ("mse", {})}

COLUMNS = ["network", "n", "rival", "f", "seed", "CCE", "RLL", "rival's x"]


def table(pool: Pool) -> pd.DataFrame:
    """A row a network, rival, level of the training-mode f, and seed that has CCE and RLL too: the
    excess memorization x of the three where each first gets there, and the rival's share of what
    RLL takes off that of CCE; NaN where that is at most ``fit_gap``, or where one never gets there.
    MSE stands beside the rivals of its network.

    Args:
        pool: from ``rivals.load``.
    """
    rows = [
        (column.title, usual.images, name, level, seed, *(x_at_level(run, level) for run in runs))
        for column in MAIN
        for name, rival in BESIDE.items()
        for usual, seed, runs, _ in trios(pool, column, rival)
        for level in LEVELS
    ]
    found = with_shares(pd.DataFrame(rows, columns=COLUMNS), "CCE", "rival's x", "RLL")
    return found[found["network"].isin(found.loc[found["rival"].isin([*RIVALS]), "network"])]


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """The rival's x and share at each level, a row a network, rival and seed; ``found`` is from
    ``table``.
    """
    told = found.dropna(subset=["share"])
    wide = told.pivot(index=[*COLUMNS[:3], "seed"], columns="f", values=["rival's x", "share"])
    wide.columns = [f"{name} at f = {level:g}" for name, level in wide.columns]
    return wide.reset_index()


def sentence(found: pd.DataFrame) -> str:
    """The shares at each level, network by network, a list in Markdown; '' without one."""
    told = [
        f"- {network}, n = {images:,}, f = {level:g}: {of_rivals(rows)}."
        for (network, images, level), rows in found.dropna(subset=["share"]).groupby(
            ["network", "n", "f"], sort=False
        )
        if {*rows["rival"]} & RIVALS.keys()
    ]
    if not told:
        return ""
    lead = (
        "Those are the ends of training. Now the runs are compared where each first fits the same "
        "share *f* of the clean images as it trains on them, mirrored and cropped where the rival "
        "does so ({doc}`steps` explains the comparison). Of what RLL takes off CCE's excess "
        "memorization *x* there, each rival takes off:"
    )
    tail = (
        f"Where CCE and RLL are less than {LIMITS.fit_gap:g} apart, or one of the three "
        "never gets there, there is no share. A share here is one of a moment in training: MSE, "
        "which stands beside the rivals, shows what it is worth. This was looked at when the runs "
        "of seed 0 had been seen, and no rule was written for it."
    )
    return "\n".join([lead, "", *told, "", tail])


def of_rivals(rows: pd.DataFrame) -> str:
    """'weight decay 0.0005 -7 % and crops 100 % (one seed)'."""
    told, seeds = [], []
    for name, of in rows.groupby("rival", sort=False):
        told.append(f"{name} {whole(of['share'])}")
        seeds.append(counted(len(of), "seed"))
    return listed_with(told, seeds)


def augmented(pool: Pool) -> str:
    """What cross entropy memorizes and fits of images that are mirrored and cropped, beside RLL, at
    the end and at the highest fit at which there is a share; '' without runs.

    Args:
        pool: from ``rivals.load``.
    """
    told = []
    for column in MAIN:
        runs = [[Run(run) for run in of[2]] for of in trios(pool, column, RIVALS[AUGMENTED])]
        if not runs:
            continue
        m, f = (
            [percent([r[i].end(part) for r in runs]) for i in (1, 2)]
            for part in ("memorized", "fitted")
        )
        told.append(
            f"{column.title} repeats {m[1]} of the wrong labels and fits {f[1]} of the right ones "
            f"(RLL {m[0]} and {f[0]}; {counted(len(runs), 'seed')})"
        )
    if not told:
        return ""
    ends = f"With cross entropy on mirrored and cropped images {listed(told)}."
    found = table(pool).query("rival == @AUGMENTED").dropna(subset=["share"])
    shares = [
        f"{whole(of.loc[of['f'] == of['f'].max(), 'share'])} with {network} (f = {of['f'].max():g})"
        for network, of in found.groupby("network", sort=False)
    ]
    if not shares:
        return ends
    return (
        f"{ends} Where all three runs fit the same share f of the right labels, mirroring and "
        f"cropping takes off {listed(shares)} of what RLL takes off cross entropy's excess "
        "memorization."
    )
