"""What a loss and its symmetrized form memorize, in Markdown; every number is a record's."""

from collections.abc import Iterable
from statistics import fmean
from typing import NamedTuple

from memutils.claims.outcomes import Measured, Run
from memutils.claims.selection import MAIN
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES, title
from memutils.report.plots import NOT_RUN
from memutils.report.symmetry.ablation import CHAINS, PAIRS, THREE, Contrast, of_chains
from memutils.report.symmetry.traits import traits
from memutils.runs.specs import load_scale
from memutils.values import grouped
from memutils.words import counted, in_words, listed, of_pairs, percent

LITTLE, MUCH = 0.1, 0.5
"""Shares of a chain's effect that are next to nothing and most of it, for the reader."""


def fewer(found: Iterable[Contrast]) -> tuple[int, int]:
    """In how many pairs of runs that can tell the second loss memorizes less, of how many."""
    told = [seed.difference < 0 for c in found for seed in c.told]
    return sum(told), len(told)


def sentence(c: Contrast) -> str:
    """A contrast in words."""
    first, second = LOSS_NAMES[c.first], LOSS_NAMES[c.second]
    if not c.told:
        return f"{c.where}: {first} and {second} cannot be compared, since {c.seeds[0].why}."
    shares = [percent([seed.memorized[i] for seed in c.told]) for i in (0, 1)]
    text = f"{c.where}: {first} memorizes {shares[0]} of the wrong labels and {second} {shares[1]}"
    way, sign = ("fewer", -100) if c.mean <= 0 else ("more", 100)
    apart, seeds = f"{sign * c.mean:.1f} points {way}", counted(len(c.told), "seed")
    if not c.interval:
        return f"{text}, {apart} ({seeds}: described, not tested)."
    low, high = sorted(sign * end for end in c.interval)
    interval = f"95 % interval {low:.1f} to {high:.1f}"
    return f"{text}, on average over {seeds} {apart} ({interval})."


def summary(found: list[Contrast]) -> str:
    """In how many pairs of runs the symmetric loss memorizes less, and where an interval says so;
    '' without a pair that can tell.
    """
    less, pairs = fewer(found)
    if not pairs:
        return ""
    unclear = sum(len(c.seeds) for c in found) - pairs
    verb = "is" if unclear == 1 else "are"
    rest = (
        f"; {counted(unclear, 'pair')} with a run that collapsed or is underfitted {verb} left out"
    )
    return (
        f"In {in_words(less)} of {in_words(pairs)} pairs of runs the symmetrized loss "
        "memorizes less than the loss it is made of. A pair has one network, step size and seed"
        f"{rest if unclear else ''}. {intervals(c for c in found if c.told)}"
    ).rstrip()


def seen(found: Iterable[Contrast]) -> str:
    """What the figure of the pairs shows, for its caption; '' without a pair that can tell."""
    found = list(found)
    less, pairs = fewer(found)
    if not pairs:
        return ""
    text = f"Made symmetric, a loss memorizes less in {of_pairs(less, pairs)} of runs that can tell"
    return f"{text}{silent(found)}."


def silent(found: Iterable[Contrast]) -> str:
    """How many pairs cannot tell, as the end of a sentence; '' if all can."""
    unclear = sum(len(c.seeds) - len(c.told) for c in found)
    why = "in which a network collapsed or does not fit the clean images"
    return f"; {counted(unclear, 'more pair')}, {why}, cannot" if unclear else ""


def unbounded(runs: Iterable[Measured]) -> str:
    """What the unhinged loss memorizes, CCE symmetrized without a bound, in words; '' without runs.

    Args:
        runs: of which those of the paper's protocols count.
    """
    wanted = {"loss": "unhinged", "eta": LIMITS.main_eta, "noise": "others"}
    by_network = grouped(
        (title(run.spec["network"], run.spec["dataset"]), Run(run).end("memorized"))
        for run in runs
        if wanted.items() <= run.spec.items()
    )
    if not by_network:
        return ""
    told = listed(
        f"{where} memorizes {percent(ends)} of the wrong labels with it "
        f"({counted(len(ends), 'seed')})"
        for where, ends in by_network.items()
    )
    return (
        "Made symmetric without a bound, cross entropy is the unhinged loss, and a bound is what "
        f"it lacks: {told}. It is in no pair, since it is trained with weight decay and its "
        "partner is not."
    )


def intervals(found: Iterable[Contrast]) -> str:
    """In how many comparisons with three seeds the interval is below zero; '' without one."""
    tested = [c for c in found if c.interval]
    surely = sum(c.interval[1] < 0 for c in tested)
    if not tested:
        return ""
    if len(tested) == 1:
        where = "lies below" if surely else "does not lie below"
        return f"One comparison has three seeds, and the interval of its difference {where} zero."
    n = in_words(len(tested))
    some = f"all {n}" if surely == len(tested) else f"{in_words(surely)} of {n}"
    return (
        f"In {some} comparisons with three seeds or more the interval of the difference lies below "
        "zero."
    )


def missing(found: Iterable[Contrast]) -> str:
    """Which pairs of the grid ``symmetry`` have no run of both losses; '' if none."""
    there = {(c.where, c.first, c.second) for c in found}
    networks = {spec.network for spec in load_scale("symmetry").specs().values()}
    titles = [c.title for c in MAIN if c.settings["network"] in networks]
    absent = {t: [p for p in PAIRS[:3] if (t, *p) not in there] for t in titles}
    told = [
        f"{'; '.join(f'{LOSS_NAMES[a]} and {LOSS_NAMES[b]}' for a, b in pairs)} (on {title})"
        for title, pairs in absent.items()
        if pairs
    ]
    return f"These pairs are {NOT_RUN}: {'; '.join(told)}." if told else ""


class Bounded(NamedTuple):
    """How much of what a whole chain takes off comes from bounding alone.

    Attributes:
        share: of it, the mean over the seeds.
        losses: the bounded loss and the one that is symmetric as well.
        where: network, data and step size.
        seeds: how many have all three losses.
    """

    share: float
    losses: str
    where: str
    seeds: int


def bounded_shares(found: Iterable[Contrast]) -> list[Bounded]:
    """The chains that take off one point at least.

    ``found``: contrasts of ``ablation.FIRST`` and ``ablation.WHOLE``.
    """
    shares = []
    for (_, bounded, end), c, of_seeds in of_chains(found, THREE):
        means = [fmean(differences) for differences in zip(*of_seeds.values(), strict=True)]
        if means and means[1] <= -0.01:
            names = f"{LOSS_NAMES[bounded]} and {LOSS_NAMES[end]}"
            shares.append(Bounded(means[0] / means[1], names, c.where, len(of_seeds)))
    return shares


def by_network(shares: Iterable[Bounded]) -> list[str]:
    """'74 to 94 % with MLP on MNIST (5k)', over losses and step sizes; with the number of seeds
    where it is one.
    """
    networks = grouped((one.where.partition(", s = ")[0], one) for one in shares)
    return [
        f"{percent([one.share for one in of])} with {network}{single(of)}"
        for network, of in networks.items()
    ]


def single(of: Iterable[Bounded]) -> str:
    """' (one seed)' where there is no more; else ''."""
    return " (one seed)" if {one.seeds for one in of} == {1} else ""


def bounding(found: Iterable[Contrast]) -> str:
    """What bounding alone does, in words; '' without a whole chain."""
    shares = bounded_shares(found)
    if not shares:
        return ""
    part = all(0 < one.share < 1 for one in shares)
    does = "already takes off part of" if part else "takes off this share of"
    told = listed(
        f"{percent([one.share])} for {one.losses} ({one.where}{', one seed' * (one.seeds == 1)})"
        for one in shares
    )
    return (
        f"Bounding cross entropy, without making it symmetric, {does} what the bounded and "
        f"symmetric loss takes off: {told}. These shares are for that order, first the bound and "
        "then symmetry."
    )


def from_bounded(found: Iterable[Contrast]) -> list[float]:
    """What symmetrizing takes off a loss that was bounded to begin with (MSE), as a share of what
    that loss memorizes: the mean of each contrast.
    """
    begun = [chain[0] for chain in CHAINS if len(chain) == 2 and traits(chain[0]).bounded]
    return [
        -c.mean / fmean(seed.memorized[0] for seed in c.told)
        for c in found
        if c.told and c.first in begun
    ]


def takeaway(found: Iterable[Contrast], more: Iterable[Contrast], weight: str = "") -> str:
    """The take-away: what symmetrizing does, from CCE with a bound before it and from MSE,
    which has one; and what the weight does.

    Args:
        found: contrasts of ``ablation.PAIRS``.
        more: of ``ablation.FIRST`` and ``ablation.WHOLE``.
        weight: from ``weights.seen``.
    """
    found = list(found)
    less, pairs = fewer(found)
    if not pairs:
        return "**Take-away.** No pair of a loss and its symmetrized form is recorded."
    places = listed(dict.fromkeys(c.where.partition(", s = ")[0] for c in found if c.told))
    told = [
        f"In {of_pairs(less, pairs)} of runs that can tell, on {places}, the symmetrized loss "
        f"memorizes less than its partner{silent(found)}."
    ]
    shares, begun = bounded_shares(more), from_bounded(found)
    least, most = (end((one.share for one in shares), default=1) for end in (min, max))
    if least < LITTLE and most > MUCH:
        told.append("What a bound does without symmetry depends on the network and the data.")
    elif begun and most < 1 and min(begun) > 0:
        told.append("Neither bounding nor symmetrizing alone explains how much is memorized.")
    if shares:
        rest = "; symmetrizing after it takes off the rest" if most < 1 else ""
        told.append(
            "Of what bound and symmetry together take off cross entropy, a bound takes off "
            f"{listed(by_network(shares))}{rest}."
        )
    if begun:
        told.append(
            f"From squared error, which is bounded, symmetrizing takes off {percent(begun)} of "
            "what it memorizes."
        )
    return f"**Take-away.** {' '.join([*told, weight]).rstrip()}"
