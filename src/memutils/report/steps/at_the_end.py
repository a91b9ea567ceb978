"""What the convolutional networks of P1 memorize at the end of training, by step size: equal fit
leaves out what happens after it.
"""

import pandas as pd

from memutils.claims import contrasts
from memutils.claims.measured import Measured
from memutils.claims.outcomes import Run
from memutils.claims.selection import MAIN, Pool
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.words import counted, in_words, percent, span

COLUMNS = ["network", "loss", "s", "seed", "fitted", "memorized", "test_accuracy"]
BEYOND = 0.975
"""The third level of f at which the MLP is compared; P1 has the first two."""


def networks(pool: Pool) -> dict[str, list[Measured]]:
    """The runs of P1 by the name of their network."""
    found = {c.title: contrasts.at_every_step(pool, c) for c in MAIN}
    return {name: runs for name, runs in found.items() if runs}


def table(pool: Pool) -> pd.DataFrame:
    """A row a run of CCE or RLL: its metrics at the end of training."""
    rows = [
        (name, loss, s, seed, *(Run(run).end(part) for part in COLUMNS[4:]))
        for name, runs in networks(pool).items()
        for seed, of_seed in sorted(contrasts.by_step(runs).items())
        for (loss, s), run in sorted(of_seed.items())
        if loss in ("cce", "rll")
    ]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(COLUMNS[:4], ignore_index=True)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """A row a network, loss and step size: means over the seeds, and how many they are."""
    grouped = found.groupby(COLUMNS[:3], sort=False)
    means = grouped[COLUMNS[4:]].mean().join(grouped.size().rename("seeds")).reset_index()
    return means.assign(loss=means["loss"].map(LOSS_NAMES))


def sentences(found: pd.DataFrame) -> list[str]:
    """What both losses memorize at the smallest step size and at the largest at which every seed
    fits the clean images with RLL; a sentence a network.
    """
    told = []
    for network, runs in found.groupby("network", sort=False):
        rll, cce = (dict(list(runs[runs["loss"] == n].groupby("s"))) for n in ("rll", "cce"))
        seeds = max(map(len, rll.values()), default=0)
        fit = [
            s
            for s, of in rll.items()
            if len(of) == len(cce.get(s, ())) == seeds and of["fitted"].min() >= LIMITS.clean_fit
        ]
        if len(fit) > 1:
            low, high = min(fit), max(fit)
            mine, other = (
                [percent([*of[s]["memorized"]]) for s in (low, high)] for of in (rll, cce)
            )
            told.append(
                f"Trained with SGD at a constant learning rate, {network} repeats with RLL "
                f"{mine[0]} of the wrong labels at the step size *s* = {low:g}, and {mine[1]} at "
                f"{high:g}, the largest of {in_words(len(rll))} at which every seed fits the clean "
                f"images ({counted(seeds, 'seed')}); with CCE {other[0]} and {other[1]}."
            )
    return told


def beyond(pool: Pool) -> list[str]:
    """P1's numbers at the level that it does not ask, a sentence a network."""
    told = []
    for name, runs in networks(pool).items():
        seeds = contrasts.complete(contrasts.by_step(runs), LIMITS)
        rows, _ = contrasts.gaps(seeds, (BEYOND,))
        if rows:
            told.append(f"{of_level(name, rows)} {clear(rows)}")
    return told


def of_level(name: str, rows: list[dict]) -> str:
    """RLL's highest x and CCE's lowest at that level."""
    rll, cce = (span((row[part] for row in rows), ".3f") for part in ("rll_highest", "cce_lowest"))
    return (
        f"At f = {BEYOND:g}, a level that is not in P1 but in the MLP's rule, RLL's highest *x* "
        f"with {name} is {rll} and CCE's lowest {cce} ({counted(len(rows), 'seed')})."
    )


def clear(rows: list[dict]) -> str:
    """Whether RLL is lower there in every seed, and what could change it."""
    below = sum(row["gap"] < -LIMITS.fit_gap for row in rows)
    some = f"in {below} of {len(rows)} seeds"
    where = {len(rows): "in every seed", 0: "in no seed"}.get(below, some)
    told = f"There RLL memorizes less, by more than {LIMITS.fit_gap:g}, {where}."
    if any(row["edge"] is None or row["edge"] > LIMITS.edge_gap for row in rows):
        told += " CCE's lowest lies at the smallest step that gets there, so a smaller one might "
        told += "lower it."
    return f"{told} This was looked at after the runs and decides nothing."
