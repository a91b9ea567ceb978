"""Weight or symmetry before training ends: the share that evened RLL has of RLL's effect where the
losses fit as many of the clean images.

At the end of training a loss that only delays memorizing looks as one that does nothing.
"""

from collections.abc import Iterable

import pandas as pd

from memutils.claims.contrasts import x_at_level
from memutils.claims.selection import Pool
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.symmetry import weights
from memutils.runs.records import Record
from memutils.words import counted, in_words, listed_with, percent

CHAIN = weights.CHAINS[0]
LEVELS = (*LIMITS.fit_levels, 0.975, 0.99)
"""P1's levels of f, and two nearer to the end of training."""

MOST = 0.75
"""The share from which on the weight does most of what RLL does, for the reader."""

COLUMNS = ["where", "n", "f", "seed", *(LOSS_NAMES[loss] for loss in CHAIN)]


def table(pool: Pool, mlp: Iterable[Record]) -> pd.DataFrame:
    """A row a place, level of the training-mode f, and seed that has the three losses: the excess
    memorization x of each where it first gets there, and the share of the middle, of what RLL
    takes off that of CCE; NaN where that is at most ``fit_gap``, or where a loss never gets there.

    Args:
        pool, mlp: as ``weights.contrasts`` takes them.
    """
    rows = []
    for where, protocol, alpha in weights.places(pool, mlp):
        for seed in protocol.seeds():
            runs = [protocol.get(loss, LIMITS.main_eta, seed, alpha) for loss in CHAIN]
            for level in LEVELS if all(runs) else ():
                x = (x_at_level(run, level) for run in runs)
                rows.append((where, protocol.images, level, seed, *x))
    return with_shares(pd.DataFrame(rows, columns=COLUMNS), *COLUMNS[-3:])


def with_shares(found: pd.DataFrame, first: str, middle: str, last: str) -> pd.DataFrame:
    """With a column ``share``: what the middle one of three columns of x takes off the first, over
    what the last one does; NaN where the last one takes off at most ``fit_gap``, or
    one of the three is NaN.
    """
    effect = found[first] - found[last]
    share = (found[first] - found[middle]) / effect
    return found.assign(share=share.where(effect > LIMITS.fit_gap))


def sentence(found: pd.DataFrame) -> str:
    """The shares at each level, network by network, a list in Markdown; '' without one."""
    told = [
        f"- {network}: {at_levels(of)}"
        for network, of in found.groupby(found["where"].map(weights.network), sort=False)
        if of["share"].notna().any()
    ]
    if not told:
        return ""
    lead = (
        "The rule looks at the end of training, where a loss that only delays memorizing looks as "
        "one that does nothing. So here are the same losses compared where each network fits the "
        "same share *f* of the clean images ({doc}`steps` explains the comparison). This was "
        "looked at after the runs, and no rule was written for it. Of RLL's effect on the excess "
        "memorization *x*, evened RLL has:"
    )
    tail = (
        f"Where CCE and RLL are less than {LIMITS.fit_gap:g} apart, or one of them never "
        "gets there, there is no effect to have a share of."
    )
    return "\n".join([lead, "", *told, "", tail])


def at_levels(rows: pd.DataFrame) -> str:
    """'92 % at f = 0.9 and 88 % at f = 0.95 (one seed)', with the number of cases at each level
    where it is not the same: there is no share where RLL has no effect.
    """
    told, counts = [], []
    for level, of in rows.groupby("f"):
        shares = of.dropna(subset=["share"])
        if len(shares):
            told.append(f"{percent([*shares['share']])} at f = {level:g}")
            some = f"{in_words(len(shares))} of {counted(len(of), 'case')}"
            whole = counted(shares["seed"].nunique(), "seed")
            counts.append(whole if len(shares) == len(of) else some)
    return listed_with(told, counts)


def delayed(found: pd.DataFrame, places: Iterable[str]) -> str:
    """What the weight does at equal fit in places where in the end it does nothing; '' where there
    is nothing to compare, or it does nothing there either.

    Args:
        found: from ``table``.
        places: as ``weights.named`` has them.
    """
    rows = found[[f"{row.where}, n = {row.n:,}" in set(places) for row in found.itertuples()]]
    if not rows["share"].notna().any() or rows["share"].min() <= weights.LEAST:
        return ""
    most = rows["share"].min() >= MOST
    lead = "It delays memorizing: where" if most else "Before the end it does more: where"
    return (
        f" {lead} each network fits the same share f of the clean images, it has {at_levels(rows)} "
        "of RLL's effect."
    )
