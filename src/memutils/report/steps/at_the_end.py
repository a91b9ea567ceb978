"""What the convolutional networks of P1 memorize at the end of training, by step size: equal fit
leaves out what happens after it.
"""

from collections.abc import Iterable

import pandas as pd

from memutils.claims import contrasts
from memutils.claims.measured import Measured
from memutils.claims.outcomes import Run
from memutils.claims.selection import COLUMNS as NETWORKS
from memutils.claims.selection import Pool
from memutils.claims.thresholds import Thresholds
from memutils.names import LOSS_NAMES
from memutils.words import counted, listed, percent, typeset

LIMITS = Thresholds()
COLUMNS = ["network", "loss", "s", "seed", "fitted", "memorized", "test_accuracy"]
BEYOND = 0.975
"""The third level of f at which the MLP is compared; P1 has the first two."""


def networks(pool: Pool) -> dict[str, list[Measured]]:
    """The runs of P1 by the name of their network."""
    found = {c.title: contrasts.at_every_step(pool, c) for c in NETWORKS if c.main}
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
    """What RLL memorizes at the smallest and at the largest step, a sentence a network."""
    told = []
    for network, runs in found[found["loss"] == "rll"].groupby("network", sort=False):
        by_step = {s: of for s, of in runs.groupby("s")}
        if len(by_step) > 1:
            ends = listed(
                f"{of_step(by_step[s])} at s = {s:g}" for s in (min(by_step), max(by_step))
            )
            seeds = counted(runs["seed"].nunique(), "seed")
            told.append(
                typeset(
                    f"Trained with SGD at a constant step size *s*, {network} repeats with RLL "
                    f"{ends} ({seeds})."
                )
            )
    return told


def of_step(runs: pd.DataFrame) -> str:
    """'39 to 41 % of the wrong labels and 100 % of the right ones'."""
    wrong, right = percent([*runs["memorized"]]), percent([*runs["fitted"]])
    return f"{wrong} of the wrong labels and {right} of the right ones"


def beyond(pool: Pool) -> list[str]:
    """P1's numbers at the level that it does not ask, a sentence a network."""
    told = []
    for name, runs in networks(pool).items():
        wanted = {(loss, s) for loss in ("rll", "cce") for s in LIMITS.step_scales}
        seeds = {s: of for s, of in contrasts.by_step(runs).items() if wanted <= set(of)}
        rows, _ = contrasts.gaps(seeds, LIMITS.step_scales, (BEYOND,))
        if rows:
            told.append(f"{of_level(name, rows)} {clear(rows)}")
    return told


def of_level(name: str, rows: list[dict]) -> str:
    """'With ResNet-18 on MNIST RLL's highest x is 0.024 to 0.035 at f = 0.975, and CCE's ...'."""
    rll, cce = (span([row[part] for row in rows]) for part in ("rll_highest", "cce_lowest"))
    seeds = counted(len(rows), "seed")
    return (
        f"With {name} RLL's highest *x* is {rll} at f = {BEYOND:g}, a level that P1 does not ask "
        f"and the MLP's rule does; CCE's lowest is {cce} ({seeds})."
    )


def clear(rows: list[dict]) -> str:
    """Whether RLL is lower there in every seed."""
    below = sum(row["gap"] < -LIMITS.fit_gap for row in rows)
    return (
        f"So there RLL memorizes less, by more than {LIMITS.fit_gap:g} in "
        f"{f'all {below}' if below == len(rows) else f'{below} of {len(rows)}'} seeds. This was "
        "looked at after the runs and decides nothing."
    )


def span(values: Iterable[float]) -> str:
    """'0.024 to 0.035', or one number."""
    low, high = (f"{value:.3f}" for value in (min(values), max(values)))
    return low if low == high else f"{low} to {high}"
