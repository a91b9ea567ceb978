"""What the runs say about the number of images, in words that follow from the numbers."""

from collections.abc import Callable, Iterable

import pandas as pd

from memutils.claims import equal_fit
from memutils.claims.equal_fit import Group
from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.names import NETWORK_NAMES
from memutils.report.plots import NOT_RUN, conditions, flags, missing
from memutils.report.size.chapter import FIT, NETWORKS, PAPER_RATE
from memutils.runs.records import Record
from memutils.runs.specs import Scale
from memutils.words import listed, percent, plural, points

TOO_FEW = "**Open.** No network is recorded with two numbers of images."


def means(frame: pd.DataFrame, network: str, case: str, column: str) -> pd.Series:
    """The mean of a metric over the seeds, by number of images, smallest first."""
    rows = frame[(frame["network"] == network) & (frame["case"] == case)]
    return rows.groupby("images")[column].mean().dropna().sort_index()


def share(value: float) -> str:
    """'36 %'."""
    return percent([value])


def in_points(value: float) -> str:
    """'64 points', of a difference of shares."""
    return f"{points([value])} points"


def trend(values: pd.Series, form: Callable[[float], str] = "{:.2f}".format) -> str:
    """'from 0.36 with 1,250 images to 0.01 with 20,000'; '' with fewer than two sizes."""
    if len(values) < 2:
        return ""
    first, last = form(values.iloc[0]), form(values.iloc[-1])
    return f"from {first} with {values.index[0]:,} images to {last} with {values.index[-1]:,}"


def compared(frame: pd.DataFrame) -> list[str]:
    """The networks with CCE and RLL at two numbers of images at least."""
    return [
        network
        for network in NETWORKS
        if all(len(means(frame, network, case, "memorized")) > 1 for case in ("CCE", "RLL"))
    ]


def longer(frame: pd.DataFrame, network: str, case: str) -> str:
    """'98 % with 20,000 images', of the runs that were trained for longer; '' without one."""
    values = means(frame, network, f"{case}, longer", "memorized")
    return listed(f"{share(m)} with {n:,} images" for n, m in values.items()) if len(values) else ""


def of_case(frame: pd.DataFrame, network: str, case: str) -> str:
    """What more images do to a network with a loss, as an item of a list."""
    goes = trend(means(frame, network, case, "memorized"), share)
    text = f"- {NETWORK_NAMES[network]}, {case}: the memorized share goes {goes}."
    if unclear := unfit(frame, network, case):
        few = f"With {sizes(unclear)} images it is underfitted"
        text += f" {few}, so there the share is inconclusive."
    if late := longer(frame, network, case):
        note = " (inconclusive)" if unfit(frame, network, f"{case}, longer") else ""
        text += f" After longer training the share is {late}{note}."
    if lost := trend(cost(frame, network, case)):
        text += f" The test accuracy lost to the noise goes {lost}."
    return text


def unfit(frame: pd.DataFrame, network: str, *cases: str) -> list[int]:
    """The numbers of images at which the longest run of these cases is inconclusive."""
    own = frame[(frame["network"] == network) & frame["case"].isin(cases)]
    last = own[own["steps"] == own.groupby("images")["steps"].transform("max")]
    return sorted(last.loc[last["inconclusive"] != "", "images"].unique())


def sizes(found: Iterable[int]) -> str:
    """'5,000, 10,000 and 20,000'."""
    return listed(f"{n:,}" for n in found)


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


def at_fits(groups: Iterable[Group], level: float = FIT) -> str:
    """x of both losses at one fit, with the fewest and with the most images."""
    lines = []
    for (network, lr), x in x_by_setting(groups, level).items():
        told = [
            f"{row['rll']:.2f} with RLL and {row['cce']:.2f} with CCE ({n:,} images)"
            for n, row in x.iterrows()
        ]
        if len(told) > 1:
            lines.append(f"- {network}, learning rate {lr:g}: from {told[0]} to {told[-1]}.")
    if not lines:
        return f"No network reaches f = {level:g} with both losses at two numbers of images."
    return "\n".join([f"At f = {level:g} the excess memorization goes", "", *lines])


def x_by_setting(groups: Iterable[Group], level: float) -> dict[tuple[str, float], pd.DataFrame]:
    """Mean x of both losses at one fit, and the gap, by network and learning rate: a row a number
    of images at which both reach it, smallest first; of one size the group with the
    most epochs that gets there.
    """
    found: dict[tuple[str, float], dict[int, pd.Series]] = {}
    for group in sorted(groups, key=lambda g: (g.images, g.epochs)):
        gaps = equal_fit.gaps(group, levels=(level,))
        if len(gaps):
            own = found.setdefault((group.network, group.learning_rate), {})
            own[group.images] = gaps[["rll", "cce", "gap"]].mean()
    return {setting: pd.DataFrame(x).T for setting, x in found.items()}


def told_of(found: list[Record]) -> str:
    """What the runs have in common, for a caption; n counts the images of a whole training set."""
    return conditions([r for r in found if r.spec["train_on"] == "all"])


def drawn(found: list[Record], scale: Scale) -> str:
    """From how many runs the chapter is drawn, and how many of its grid are not run."""
    absent = len(missing(found, scale))
    collapsed = sum(Run(record).collapsed for record in found)
    rest = f" {plural(absent, 'run')} of the grid are {NOT_RUN}." if absent else ""
    return (
        f"The figure is drawn from {len(found)} runs: {told_of(found)}. {collapsed or 'None'} of "
        f"them collapsed.{rest}{flags(found)}"
    )


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
        return f"No pair of runs at learning rate {PAPER_RATE:g} is recorded."
    alone = f" A second size is {NOT_RUN}." if len(parts) < 2 else ""
    return f"At learning rate {PAPER_RATE:g} the memorized share is {'; '.join(parts)}.{alone}"
