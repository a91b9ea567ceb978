"""What the runs say about the number of images, in words that follow from the numbers."""

from collections.abc import Iterable

import pandas as pd

from memutils.claims import equal_fit
from memutils.claims.equal_fit import LEVELS, Group
from memutils.claims.outcomes import Run
from memutils.claims.thresholds import Thresholds
from memutils.names import NETWORK_NAMES
from memutils.report.plots import conditions, flags, missing
from memutils.report.size.chapter import NETWORKS, PAPER_RATE
from memutils.runs.records import Record
from memutils.runs.specs import Scale
from memutils.words import listed, plural

LIMITS = Thresholds()
TOO_FEW = "**Open.** No network is recorded with two numbers of images yet."


def means(frame: pd.DataFrame, network: str, case: str, column: str) -> pd.Series:
    """The mean of a metric over the seeds, by number of images, smallest first."""
    rows = frame[(frame["network"] == network) & (frame["case"] == case)]
    return rows.groupby("images")[column].mean().dropna().sort_index()


def trend(values: pd.Series, digits: int = 2) -> str:
    """'from 0.36 with 1,250 images to 0.01 with 20,000'; '' with fewer than two sizes."""
    if len(values) < 2:
        return ""
    first, last = f"{values.iloc[0]:.{digits}f}", f"{values.iloc[-1]:.{digits}f}"
    return f"from {first} with {values.index[0]:,} images to {last} with {values.index[-1]:,}"


def compared(frame: pd.DataFrame) -> list[str]:
    """The networks with CCE and RLL at two numbers of images at least."""
    return [
        network
        for network in NETWORKS
        if all(len(means(frame, network, case, "memorized")) > 1 for case in ("CCE", "RLL"))
    ]


def longer(frame: pd.DataFrame, network: str, case: str) -> str:
    """'0.98 with 20,000 images', of the runs that were trained for longer; '' without one."""
    values = means(frame, network, f"{case}, longer", "memorized")
    return listed(f"{m:.2f} with {n:,} images" for n, m in values.items()) if len(values) else ""


def of_case(frame: pd.DataFrame, network: str, case: str) -> str:
    """What more images do to a network with a loss, as an item of a list."""
    share = trend(means(frame, network, case, "memorized"))
    text = f"- {NETWORK_NAMES[network]}, {case}: the memorized share goes {share}."
    if late := longer(frame, network, case):
        text += f" After longer training it is {late}."
    if lost := trend(cost(frame, network, case)):
        text += f" The test accuracy lost to the noise goes {lost}."
    return text


def cost(frame: pd.DataFrame, network: str, case: str) -> pd.Series:
    """The test accuracy lost to the noise, by number of images."""
    clean = means(frame, network, f"{case}, clean labels", "test_accuracy")
    return (clean - means(frame, network, case, "test_accuracy")).dropna()


def seen(frame: pd.DataFrame) -> str:
    """What more images do, network by network."""
    named = compared(frame)
    if not named:
        return TOO_FEW
    lead = "With the number of optimizer steps held fixed, from the fewest to the most images:"
    items = [of_case(frame, network, case) for network in named for case in ("CCE", "RLL")]
    return "\n".join([lead, "", *items])


def falls(values: pd.Series) -> bool:
    """Whether a share is lower with the most images than with the fewest,
    by more than the tolerance.
    """
    return bool(values.iloc[0] - values.iloc[-1] > LIMITS.fit_gap)


def verdict(frame: pd.DataFrame) -> str:
    """Whether RLL resists more with more images, whether CCE still memorizes them,
    and the take-away.
    """
    named = compared(frame)
    if not named:
        return TOO_FEW
    less = [n for n in named if falls(longest(frame, n, "RLL", "memorized"))]
    late = {n: means(frame, n, "CCE, longer", "memorized") for n in named}
    late = {n: values.iloc[-1] for n, values in late.items() if len(values)}
    full = [n for n, m in late.items() if m >= LIMITS.full_memorized]
    fits = {n: longest(frame, n, "RLL", "fitted").iloc[-1] for n in named}
    fitted = listed(f"{f:.2f} on {NETWORK_NAMES[n]}" for n, f in fits.items())
    texts = [
        f"In the longest runs RLL memorizes less of a larger set on {counted(less, named)}. Of the "
        f"clean images of the largest set it fits {fitted}.",
        f"CCE still memorizes the largest set (a share of {LIMITS.full_memorized:g} or more) when "
        f"it is trained for longer, on {counted(full, list(late))}."
        if late
        else "No run of CCE was trained for longer.",
    ]
    wider = all(advantage(frame, n).iloc[-1] > advantage(frame, n).iloc[0] for n in full)
    told = takeaway(less == named, bool(late) and full == list(late), wider)
    return f"{' '.join(texts)}\n\n{told}"


def longest(frame: pd.DataFrame, network: str, case: str, column: str) -> pd.Series:
    """The mean of a metric by number of images, of the longest runs of each."""
    late = means(frame, network, f"{case}, longer", column)
    return late.combine_first(means(frame, network, case, column))


def advantage(frame: pd.DataFrame, network: str) -> pd.Series:
    """Memorized with CCE less memorized with RLL, by number of images; of the longest runs."""
    cce, rll = (longest(frame, network, case, "memorized") for case in ("CCE", "RLL"))
    return (cce - rll).dropna()


def counted(some: list[str], every: list[str]) -> str:
    """'both networks', '1 of 2 networks (ResNet-18)'."""
    if some == every:
        return {1: NETWORK_NAMES[every[0]], 2: "both networks"}.get(len(every), "every network")
    names = f" ({listed(NETWORK_NAMES[n] for n in some)})" if some else ""
    return f"{len(some)} of {len(every)} networks{names}"


def takeaway(resists: bool, memorizes: bool, wider: bool) -> str:
    """The chapter in one sentence."""
    if resists and memorizes:
        grows = (
            "the difference between the two losses grows with the data"
            if wider
            else "there is a difference at every size"
        )
        return (
            "**Take-away.** More images help RLL to resist and do not keep CCE from memorizing, so "
            f"{grows}, up to the sizes tried here."
        )
    if resists:
        return "**Take-away.** More images help RLL to resist, up to the sizes tried here."
    return "**Take-away.** These runs do not show that more images help RLL to resist."


def at_fits(groups: Iterable[Group], level: float = LEVELS[2]) -> str:
    """x of both losses at one fit, with the fewest and with the most images."""
    lines = []
    for (network, lr), found in by_setting(groups).items():
        gaps = {g.images: equal_fit.gaps(g, levels=(level,)) for g in found}
        told = [
            f"{rows['rll'].mean():.2f} with RLL and {rows['cce'].mean():.2f} with CCE "
            f"({n:,} images)"
            for n, rows in gaps.items()
            if len(rows)
        ]
        if len(told) > 1:
            lines.append(f"- {network}, learning rate {lr:g}: from {told[0]} to {told[-1]}.")
    if not lines:
        return f"No network reaches f = {level:g} with both losses at two numbers of images."
    return "\n".join([f"At f = {level:g} the excess memorization goes", "", *lines])


def by_setting(groups: Iterable[Group]) -> dict[tuple[str, float], list[Group]]:
    """Groups by network and learning rate; of one size the one with the most epochs comes last."""
    found: dict[tuple[str, float], list[Group]] = {}
    for group in sorted(groups, key=lambda g: (g.images, g.epochs)):
        found.setdefault((group.network, group.learning_rate), []).append(group)
    return found


def drawn(found: list[Record], scale: Scale) -> str:
    """From how many runs the chapter is drawn, and what its grid still lacks."""
    absent = len(missing(found, scale))
    collapsed = sum(Run(record).collapsed for record in found)
    text = f"The figure is drawn from {len(found)} runs: {conditions(found)}. "
    text += f"{collapsed} of them collapsed." if collapsed else "None of them collapsed."
    text += f" Of the grid {absent} runs are not recorded yet." if absent else ""
    return text + flags(found)


def paper_rate(found: list[Record], frame: pd.DataFrame) -> str:
    """What Inception-Lite memorizes at the paper's learning rate, size by size.

    Args:
        found: its records.
        frame: their metrics at the end, from ``plots.final_table``.
    """
    rows = frame.assign(images=[r.spec["n_train"] for r in found])
    rows = rows[rows["eta"] == LIMITS.main_eta]
    parts = [
        f"{m['rll'].mean():.2f} with RLL ({plural(len(m['rll'].dropna()), 'seed')}) and "
        f"{m['cce'].mean():.2f} with CCE ({plural(len(m['cce'].dropna()), 'seed')}) of {n:,} images"
        for n, part in rows.groupby("images")
        for m in [part.pivot(index="seed", columns="loss", values="memorized")]
        if {"rll", "cce"} <= set(m)
    ]
    if not parts:
        return f"No pair of runs at learning rate {PAPER_RATE:g} is recorded yet."
    text = f"At learning rate {PAPER_RATE:g} the memorized share is {'; '.join(parts)}."
    if len(parts) < 2:
        text += " A second size is not recorded yet."
    return text
