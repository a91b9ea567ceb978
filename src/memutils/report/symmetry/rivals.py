"""Rivals of the loss at the same cost: how much of RLL's effect each of them gives to CCE.

A rival changes one setting of CCE's run, or stops it early. Its share of RLL's effect is what it
takes off CCE's memorized share, over what RLL takes off, with the same seed: 1 where it does as
much as RLL.
"""

import math
from collections.abc import Iterable

import pandas as pd

from memutils.claims import steps
from memutils.claims.cases import tells
from memutils.claims.outcomes import Measured, Run
from memutils.claims.selection import MAIN, Column, Pool, Protocol
from memutils.claims.thresholds import LIMITS
from memutils.names import title
from memutils.report.plots import NOT_RUN, of_grid
from memutils.report.symmetry.plane import STEP
from memutils.runs import records
from memutils.runs.records import Record
from memutils.values import grouped
from memutils.words import counted, listed, percent, plural

AUGMENTED = "flips and crops"

RIVALS = {
    "label smoothing": ("label-smoothing", {}),
    "weight decay 0.0005": ("cce", {"weight_decay": 0.0005}),
    "crops": ("cce", {"augment": "crop"}),
    AUGMENTED: ("cce", {"augment": "flip+crop"}),
}
"""A rival's loss, and what else of CCE's run it changes."""

EARLY = "early stopping"
"""CCE's run at the evaluation that noisy held-out labels choose."""

ENDS = ("fitted", "memorized", "test_accuracy")
COLUMNS = ("network", "images", "rival", "seed", *ENDS, "share", "gain")

LEAST = {"memorized": 0.01, "test_accuracy": 0.03}
"""Effects of RLL below these are nothing to compare with: one point of what is memorized, and two
standard errors of a difference of accuracies on 2,000 test images.
"""


def load(pool: Pool) -> Pool:
    """The runs of the claims, and those of the scale ``plane``, which has the rivals."""
    return Pool([*pool.runs, *(Measured.of(r) for r in records.load("plane") if not r.diverged)])


def held_out() -> list[Record]:
    """The convolutional runs at steps of equal size, which have held-out images."""
    return of_grid("steps-cnn")


def table(pool: Pool, stopped: Iterable[Record] = ()) -> pd.DataFrame:
    """A row a network, rival and seed that has CCE and RLL too.

    ``share`` is of RLL's effect on what is memorized, ``gain`` of its effect on test accuracy; NaN
    where RLL has no effect to compare with (below ``LEAST``), or where a run cannot tell: an
    underfitted network memorizes little with any loss.

    Args:
        pool: from ``load``.
        stopped: runs with held-out images, of the plane or from ``held_out``: there stopping early
            is a rival too.
    """
    rows = [row for column in MAIN for name in RIVALS for row in of_rival(pool, column, name)]
    networks = grouped((place(record), record) for record in stopped)
    early = (row for where, found in networks.items() for row in at_equal_steps(where, found))
    return pd.DataFrame([*rows, *early], columns=list(COLUMNS))


def trios(
    pool: Pool, column: Column, rival: tuple[str, dict]
) -> list[tuple[Protocol, int, list[Measured], list[Measured | None]]]:
    """The protocol, seed, runs of CCE, RLL and the rival, and their runs on clean labels, of each
    seed that has all three, for the largest number of images that has any.

    Args:
        rival: its loss, and what else of CCE's run it changes.
    """
    eta, (loss, changes) = LIMITS.main_eta, rival
    for usual in pool.fitting(column.wanted("rll")):
        for protocol in pool.fitting(usual.settings | changes) if changes else [usual]:
            wanted = ((usual, "cce"), (usual, "rll"), (protocol, loss))
            found = [
                (usual, seed, runs, [of.get(name, 0.0, seed, column.alpha) for of, name in wanted])
                for seed in protocol.seeds()
                if all(runs := [of.get(name, eta, seed, column.alpha) for of, name in wanted])
            ]
            if found:
                return found
    return []


def of_rival(pool: Pool, column: Column, name: str) -> Iterable[tuple]:
    """The rows of a rival on one network."""
    for usual, seed, runs, clean in trios(pool, column, RIVALS[name]):
        tell = all(map(tells, map(Run, runs), (run and Run(run) for run in clean)))
        ends = {part: [Run(run).end(part) for run in runs] for part in ENDS}
        yield column.title, usual.images, name, seed, *effects(ends, tell)


def place(record: Record) -> tuple[str, int]:
    """Network, with its step size, and number of images."""
    spec = record.spec
    return f"{title(spec['network'], spec['dataset'])}, s = {STEP:g}", spec["n_train"]


def at_equal_steps(where: tuple[str, int], found: list[Record]) -> Iterable[tuple]:
    """The rows of stopping early and of label smoothing for one network, all at the step size
    ``STEP``; the end is the last evaluation.
    """
    frame = steps.paths(record for record in found if not record.diverged)
    for seed, runs in frame[frame["s"] == STEP].groupby("seed"):
        paths = {loss: path.reset_index(drop=True) for loss, path in runs.groupby("loss")}
        if not {"cce", "rll"} <= paths.keys():
            continue
        cce, rll = (paths[loss].iloc[-1] for loss in ("cce", "rll"))
        rivals = {EARLY: steps.stopped_early(paths["cce"])}
        if "label-smoothing" in paths:
            rivals["label smoothing"] = paths["label-smoothing"].iloc[-1]
        for name, rival in rivals.items():
            ends = {part: [run[part] for run in (cce, rll, rival)] for part in ENDS}
            fits = ends["fitted"][: 2 if name == EARLY else 3]  # stopped before: that is the point
            tell = all(fit >= LIMITS.clean_fit for fit in fits)
            yield *where, name, seed, *effects(ends, tell)


def effects(ends: dict[str, list[float]], tell: bool) -> tuple[float, ...]:
    """A rival's ``ENDS``, and its effects over RLL's.

    Args:
        ends: of CCE, RLL and the rival.
        tell: whether the three can tell.
    """
    shares = [
        (ends[part][2] - ends[part][0]) / effect
        if tell and abs(effect := ends[part][1] - ends[part][0]) >= least
        else math.nan
        for part, least in LEAST.items()
    ]
    return *(of[2] for of in ends.values()), *shares


def sentence(found: pd.DataFrame) -> str:
    """What the rivals do and which have no runs, in Markdown."""
    told = []
    for (network, images), rows in found.dropna(subset=["share"]).groupby(
        ["network", "images"], sort=False
    ):
        shares = listed(
            f"{name} {whole(of['share'])} ({whole(of['gain'].dropna())}; {plural(len(of), 'seed')})"
            for name, of in rows.groupby("rival", sort=False)
        )
        told.append(f"- {network}, n = {images:,}: {shares}.")
    if not told:
        there = "can be compared with" if len(found) else "is recorded beside"
        return f"No rival {there} CCE and RLL of its seed."
    lead = (
        "Of what RLL takes off the memorized share each rival takes off the following part; in "
        "brackets its part of what RLL gains in test accuracy, and the number of seeds."
    )
    absent = [name for name in (*RIVALS, EARLY) if name not in set(found["rival"])]
    others = f" The others are {NOT_RUN}: {'; '.join(absent)}." if absent else ""
    text = f"{unlearned(found)}{untold(found)}{others}".strip()
    return "\n".join([lead, "", *told, "", text]).rstrip()


def untold(found: pd.DataFrame) -> str:
    """The runs of rivals that have no share of RLL's effect, and what they do; '' without one."""
    rows = found[found["share"].isna()]
    if rows.empty:
        return ""
    number = counted(len(rows), "run").capitalize()
    why = "one of CCE, RLL and the rival fits too few of the clean images, or RLL has no effect"
    if (rows["fitted"] < LIMITS.clean_fit).all():
        why = f"{'it fits' if len(rows) == 1 else 'they fit'} too few of the clean images"
    shown = " ".join(
        f"With {rival} {network} fits {percent([*of['fitted']])} of the clean images and memorizes "
        f"{percent([*of['memorized']])} of the wrong labels."
        for (rival, network), of in rows.groupby(["rival", "network"], sort=False)
    )
    return f" {number} of a rival cannot be compared, since {why}. {shown}"


def unlearned(found: pd.DataFrame) -> str:
    """How many clean images CCE fits where it is stopped early; '' without such a run."""
    fitted = found.dropna(subset=["share"]).query("rival == @EARLY")["fitted"]
    return (
        f" Stopped early, CCE fits {percent([*fitted])} of the clean images, so some of what it "
        "does not memorize is what it has not learned."
        if len(fitted)
        else ""
    )


def whole(shares: pd.Series) -> str:
    """Shares over seeds in whole percent; a dash without one."""
    return percent([round(v, 2) + 0.0 for v in shares]) if len(shares) else "–"
