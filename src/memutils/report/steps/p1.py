"""Claim P1 in words: does RLL at every step size memorize less than CCE at any?"""

from memutils.claims.cases import OPEN
from memutils.claims.contrasts import Contrast, equal_fit
from memutils.claims.primary import P1
from memutils.claims.selection import COLUMNS, Pool
from memutils.claims.thresholds import LIMITS
from memutils.report.claims.vocabulary import VERBS
from memutils.report.plots import ALL_RUNS
from memutils.report.steps.sentences import levels
from memutils.values import grouped
from memutils.words import in_words, listed, span


def judged(pool: Pool) -> dict[str, Contrast]:
    """Claim P1 on each network that it names, by the network's name."""
    return {c.title: equal_fit(pool, c, LIMITS) for c in COLUMNS if c.id in P1.networks}


def sentence(found: dict[str, Contrast]) -> str:
    """Claim P1 in words: its verdicts with the intervals, or that it is not tested."""
    asks = (
        f"Claim P1 asks the same of convolutional networks, at {len(LIMITS.step_scales)} step "
        f"sizes and in {LIMITS.seeds} seeds, at f = {levels(LIMITS.fit_levels)}."
    )
    return " ".join([asks, *(of_network(*named) for named in found.items())])


def of_network(network: str, found: Contrast) -> str:
    """P1 on a network: its verdict, the intervals, and what they do not say."""
    told = f"With {network} **it {VERBS[found.state]}**"
    if not found.records:
        return f"{told}, since no seed has all its runs ({ALL_RUNS})."
    gaps = "; ".join(map(interval, found.intervals.items()))
    numbers = f": RLL's highest x minus CCE's lowest is {gaps}" if gaps else ""
    note = f"Note: {found.why}." if found.why else ""
    return " ".join(filter(None, [f"{told}{numbers}.", floor(found), note]))


def floor(found: Contrast) -> str:
    """At which levels a difference cannot be expected, since CCE at its best step has hardly begun
    to memorize; '' if at none.
    """
    told = []
    for level in LIMITS.fit_levels:
        lowest_x = [row["cce_lowest"] for row in found.rows if row["level"] == level]
        if lowest_x and max(lowest_x) < LIMITS.fit_gap:
            told.append(
                f"At f = {level:g} CCE at its best step has *x* = {span(lowest_x, '.3f')}, so it "
                f"has hardly begun to memorize: a difference of {LIMITS.fit_gap:g} cannot be "
                "expected there."
            )
    return " ".join(told)


def state(found: Contrast) -> str:
    """P1's verdict as the end of a sentence, with what an open one is open for."""
    above = found.state == OPEN and any(
        ends and ends[0] > -LIMITS.fit_gap for _, ends in found.intervals.values()
    )
    return (
        "fails by the interval over seeds, and is *open* by our rule, since CCE's lowest x lies at "
        "the smallest step size that was tried"
        if above
        else VERBS[found.state]
    )


def interval(named: tuple[str, tuple[float, tuple[float, float] | None]]) -> str:
    """'−0.10 at f = 0.9 (interval over the seeds −0.15 to −0.05)'."""
    level, (mean, ends) = named
    text = f"{mean:.3f} at {level}"
    if ends is None:
        return text
    share = f"{100 * LIMITS.primary_confidence:g} %"
    return f"{text} ({share} interval over the seeds {ends[0]:.3f} to {ends[1]:.3f})"


def varied(found: dict[str, Contrast]) -> str:
    """Whether P1's comparison over step sizes came out for RLL, network by network."""
    by_state = grouped((state(contrast), network) for network, contrast in found.items())
    told = []
    for how, networks in by_state.items():
        floors = filter(None, (floor(found[network]) for network in networks))
        told += [f"With {listed(networks)} the claim {how}.", *floors]
    sizes = f"{in_words(len(LIMITS.step_scales))} step sizes"
    return (
        f"*{sizes.capitalize()}, on convolutional networks.* Claim P1 says that RLL at each of "
        f"them memorizes less than CCE at any, at f = {levels(LIMITS.fit_levels)}. {' '.join(told)}"
    )
