"""The verdict of the chapter on the number of images, and its take-away, in words that follow from
the numbers.
"""

from collections.abc import Callable, Iterable

import pandas as pd

from memutils.claims.equal_fit import Group
from memutils.claims.thresholds import LIMITS
from memutils.names import NETWORK_NAMES
from memutils.report.size.chapter import FIT, NETWORKS
from memutils.report.size.sentences import (
    TOO_FEW,
    compared,
    in_points,
    means,
    share,
    sizes,
    trend,
    unfit,
    x_by_setting,
)
from memutils.words import listed

RLL = ("RLL", "RLL, longer")


def falls(values: pd.Series) -> bool:
    """Whether a share is lower with the most images than with the fewest,
    by more than the tolerance.
    """
    return len(values) > 1 and bool(values.iloc[0] - values.iloc[-1] > LIMITS.fit_gap)


def verdict(frame: pd.DataFrame, groups: Iterable[Group] = ()) -> str:
    """Whether RLL memorizes less of more images, whether CCE still memorizes them,
    and the take-away.

    Args:
        frame: of the runs, from ``chapter.load``.
        groups: the same runs in pairs, for the take-away's comparison at equal fit.
    """
    named = compared(frame)
    if not named:
        return TOO_FEW
    less = [n for n in named if resists(frame, n)]
    late = {n: means(frame, n, "CCE, longer", "memorized") for n in named}
    late = {n: values.iloc[-1] for n, values in late.items() if len(values)}
    full = [n for n, m in late.items() if m >= LIMITS.full_memorized]
    memorizes = (
        f"CCE still memorizes the largest set (a share of {LIMITS.full_memorized:g} or more) when "
        f"it is trained for longer, on {counted(full, list(late))}."
        if late
        else "No run of CCE was trained for longer."
    )
    told = [*(of_rll(frame, n) for n in named), memorizes, of_seeds(frame)]
    return f"{' '.join(filter(None, told))}\n\n{takeaway(frame, less, full, groups)}"


def resists(frame: pd.DataFrame, network: str) -> bool:
    """Whether RLL's share falls over the sizes whose runs can tell, up to the largest one."""
    values, unclear = longest(frame, network, "RLL", "memorized"), unfit(frame, network, *RLL)
    return values.index[-1] not in unclear and falls(values.drop(unclear))


def of_rll(frame: pd.DataFrame, network: str) -> str:
    """What more images do to RLL on a network, and whether that counts."""
    name, values = NETWORK_NAMES[network], longest(frame, network, "RLL", "memorized")
    late = len(means(frame, network, "RLL, longer", "memorized"))
    goes = trend(values, share) + (", of each size the longest run" if late else "")
    if resists(frame, network):
        return f"On {name} RLL memorizes less with more images: {goes}."
    unclear = unfit(frame, network, *RLL)
    if not falls(values):
        return f"On {name} RLL does not memorize less with more images: {goes}."
    largest = list(values.index[-len(unclear) :]) == unclear
    where = f"from {unclear[0]:,} images on" if largest else f"with {sizes(unclear)} images"
    return (
        f"On {name} the share falls too, {goes}, but {where} RLL does not fit the clean "
        "images, so this does not count."
    )


def of_seeds(frame: pd.DataFrame) -> str:
    """Which numbers of images have one seed; '' if none."""
    seeds = frame.groupby(["images", "network", "case"])["seed"].nunique().groupby("images").max()
    single = seeds.index[seeds == 1]
    return f"With {sizes(single)} images every setting has one seed." if len(single) else ""


def longest(frame: pd.DataFrame, network: str, case: str, column: str) -> pd.Series:
    """The mean of a metric by number of images, of the longest runs of each."""
    late = means(frame, network, f"{case}, longer", column)
    return late.combine_first(means(frame, network, case, column))


def advantage(frame: pd.DataFrame, network: str, of: Callable = longest) -> pd.Series:
    """Memorized with CCE less memorized with RLL, by number of images; ``of``: ``means`` or of the
    longest runs.
    """
    cce, rll = (of(frame, network, case, "memorized") for case in ("CCE", "RLL"))
    return (cce - rll).dropna()


def at_both(frame: pd.DataFrame, network: str) -> str:
    """How the difference goes with the number of images: after as many steps, and after more."""
    alike, late = (advantage(frame, network, of) for of in (means, longest))
    text, largest = f"goes {trend(alike, in_points)} after as many steps", late.index[-1]
    own = frame[(frame["network"] == network) & (frame["images"] == largest)]
    steps = own.groupby("case")["steps"].max()
    if {"CCE", "CCE, longer", "RLL, longer"} <= set(steps.index):
        times = steps["CCE, longer"] / steps["CCE"]
        more = f"{in_points(late.iloc[-1])} with {largest:,} after {times:.2g} times as many"
        text += f", and is {more}"
    return text


def counted(some: list[str], every: list[str]) -> str:
    """'both networks', '1 of 2 networks (ResNet-18)'."""
    if some == every:
        return {1: NETWORK_NAMES[every[0]], 2: "both networks"}.get(len(every), "every network")
    names = f" ({listed(NETWORK_NAMES[n] for n in some)})" if some else ""
    return f"{len(some)} of {len(every)} networks{names}"


def takeaway(frame: pd.DataFrame, less: list[str], full: list[str], groups: Iterable[Group]) -> str:
    """The chapter in a few sentences.

    Args:
        frame: of the runs.
        less: the networks on which RLL memorizes less of more images.
        full: those on which CCE, trained for longer, still memorizes the largest set.
        groups: the same runs in pairs.
    """
    if not less:
        return "**Take-away.** These runs do not show that more images help RLL to resist."
    where = listed(NETWORK_NAMES[n] for n in less)
    text = f"**Take-away.** On {where} more images help RLL to resist, up to the sizes tried here"
    text += few_seeds(frame, less)
    for network in (n for n in less if n in full):
        gap = advantage(frame, network)
        if gap.iloc[-1] > gap.iloc[0]:
            text += (
                " They do not keep CCE from memorizing: on "
                f"{NETWORK_NAMES[network]} the difference between the two losses at the end of "
                f"training {at_both(frame, network)}."
            )
            text += of_equal_fit(groups, network)
    return text


def few_seeds(frame: pd.DataFrame, networks: list[str]) -> str:
    """' (one seed at most sizes).', or '.' where most sizes have several."""
    own = frame[frame["network"].isin(networks) & (frame["case"] == "RLL")]
    seeds = own.groupby(["network", "images"])["seed"].nunique()
    return " (one seed at most sizes)." if (seeds == 1).mean() > 0.5 else "."


def of_equal_fit(groups: Iterable[Group], network: str) -> str:
    """How the difference goes with the data at equal fit; '' without two sizes."""
    found = x_by_setting(groups, FIT).items()
    own = (NETWORK_NAMES[network], NETWORKS[network])
    x = next((x for (name, lr), x in found if (name.partition(" on ")[0], lr) == own), ())
    if len(x) < 2:
        return ""
    why = ", since there neither loss has begun to memorize at that fit"
    began = x[["rll", "cce"]].iloc[-1].max() > LIMITS.fit_gap
    return (
        f" At equal fit (f = {FIT:g}) the difference in excess memorization x goes "
        f"{trend(x['gap'])}{'' if began else why}."
    )
