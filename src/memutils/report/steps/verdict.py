"""The verdict of the chapter on the loss and the step size: what is seen, claim P1, and the
take-away, in words that follow from the numbers.
"""

import pandas as pd

from memutils.claims import equal_fit as fits
from memutils.claims import steps
from memutils.claims.cases import OPEN
from memutils.claims.contrasts import Contrast, equal_fit
from memutils.claims.early_stopping import EARLY, END, difference, of, told_apart
from memutils.claims.equal_fit import Group
from memutils.claims.primary import P1
from memutils.claims.selection import COLUMNS, Pool
from memutils.claims.thresholds import Thresholds
from memutils.names import LOSS_NAMES
from memutils.report.claims.vocabulary import VERBS
from memutils.report.plots import ALL_RUNS
from memutils.report.steps.at_the_end import span
from memutils.report.steps.sentences import (
    LEVELS,
    at_accuracies_counted,
    count_below,
    highest,
    levels,
    lowest,
    stops_short,
    where_lower,
)
from memutils.words import in_words, listed, plural

LIMITS = Thresholds()


def p1(pool: Pool) -> dict[str, Contrast]:
    """Claim P1 on each network that it names, by the network's name."""
    return {c.title: equal_fit(pool, c, LIMITS) for c in COLUMNS if c.id in P1.networks}


def p1_sentence(found: dict[str, Contrast]) -> str:
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
                f"At f = {level:g} CCE at its best step has *x* = {span(lowest_x)}, so it has "
                f"hardly begun to memorize: a difference of {LIMITS.fit_gap:g} cannot be expected "
                "there."
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


def below_everywhere(groups: list[Group], other: str = "cce") -> tuple[int, int]:
    """In how many pairs of the paper's networks RLL lies below a loss at equal fit, of how many."""
    return count_below([highest(g, other) for g in groups if other in g.losses])


def verdict(groups: list[Group], compared: pd.DataFrame) -> str:
    """The chapter's verdict: the paper's networks at one learning rate, the MLP at all."""
    parts = []
    for other in ("cce", "mse"):
        below, pairs = below_everywhere(groups, other)
        if pairs:
            parts.append(
                f"RLL memorizes less than {LOSS_NAMES[other]} at equal fit "
                f"{where_lower(below, pairs)}, at the highest fit that both reach and at one "
                "learning rate per pair."
            )
    parts.append(stops_short(groups))
    gaps = steps.gap_at_fits(compared, LEVELS) if len(compared) else pd.DataFrame()
    if len(gaps):
        parts.append(
            f"With the learning rate varied too, on the MLP, RLL memorizes less than CCE at "
            f"{of_fits(gaps)}, in every seed."
        )
        parts.append(same_accuracy(compared))
    return " ".join(filter(None, parts)) or "**Open.** No run that decides is recorded."


def of_fits(gaps: pd.DataFrame) -> str:
    """'one of three fits, f = 0.975': where RLL memorizes less in every seed."""
    found = lowest(gaps)
    clear = found[found > LIMITS.fit_gap].index
    which = f", f = {levels(clear)}" if len(clear) else ""
    return f"{in_words(len(clear))} of {in_words(len(found))} fits{which}"


def same_accuracy(compared: pd.DataFrame) -> str:
    """Whether the difference is left at equal test accuracy, on the MLP; '' without runs."""
    gaps = steps.gap_at_accuracy(compared)
    if gaps.empty:
        return ""
    below = int((gaps["gap"] > LIMITS.fit_gap).sum())
    if not below:
        return "At equal test accuracy no difference is left on the MLP."
    seeds = plural(len(gaps), "seed")
    return f"At equal test accuracy a difference is left on the MLP in {below} of {seeds}."


def takeaway(
    groups: list[Group], compared: pd.DataFrame, stopped: dict[str, tuple[pd.DataFrame, int]]
) -> str:
    """The chapter in two sentences; the arguments are those of ``conclusion``."""
    below, pairs = below_everywhere(groups)
    gaps = steps.gap_at_fits(compared, LEVELS)
    told = []
    for network, (chosen, images) in stopped.items():
        late, rival = of(chosen, "rll", END), of(chosen, "cce", EARLY)
        if len(gap := difference(late, rival)):
            told.append(f"{against(gap, late, images)} CCE that is stopped early with {network}")
    if not pairs or gaps.empty or not told:
        return "**Take-away.** The runs that would decide are not all recorded."
    return (
        "**Take-away.** At one learning rate, where both fit the clean images equally well, RLL "
        f"memorizes less than CCE {where_lower(below, pairs)}; over all learning rates, on the MLP,"
        f" it does at {of_fits(gaps)}. Trained to the end, RLL {listed(told)}."
    )


def conclusion(
    groups: list[Group],
    compared: pd.DataFrame,
    stopped: dict[str, tuple[pd.DataFrame, int]],
    convolutional: dict[str, Contrast],
) -> list[str]:
    """Whether the loss or the step size decides, comparison by comparison, and early stopping last;
    empty without the runs.

    Args:
        groups: of the paper's networks.
        compared: the MLP's paths.
        stopped: by network what ``early_stopping.choices`` chose, and the number of test images.
        convolutional: what claim P1 came to.
    """
    below, pairs = below_everywhere(groups)
    gaps = steps.gap_at_fits(compared, LEVELS)
    early = " ".join(filter(None, (stopped_alike(name, *of) for name, of in stopped.items())))
    if not pairs or gaps.empty or not early:
        return []
    return [
        "*One learning rate for both.* At the highest fit that both reach, RLL memorizes less than "
        f"CCE {where_lower(below, pairs)}{elsewhere(groups)}.",
        "*Many learning rates, on an MLP.* RLL at its worst learning rate memorizes less than CCE "
        f"at its best at {of_fits(gaps)}.",
        varied(convolutional),
        f"**Early stopping** belongs in every comparison. {early}",
    ]


def elsewhere(groups: list[Group]) -> str:
    """In how many of these pairs it does so at each level of f, and at equal test accuracy."""
    counts = {
        level: count_below([fits.gaps(g, levels=(level,)) for g in groups]) for level in fits.LEVELS
    }
    by_fit = listed(f"{below} of {n} at f = {level:g}" for level, (below, n) in counts.items() if n)
    told = [f"of the pairs that reach a level from below, in {by_fit}"] if by_fit else []
    if unstable := at_accuracy(groups):
        told.append(f"at equal test accuracy {unstable}")
    return f"; {'; '.join(told)}" if told else ""


def at_accuracy(groups: list[Group]) -> str:
    """In how many pairs RLL memorizes less at equal test accuracy, and a point below that; ''
    without a pair.
    """
    first, lower = at_accuracies_counted(groups)
    if not first[1]:
        return ""
    text = where_lower(*first)
    return text if first == lower else f"{text}, and {where_lower(*lower)} one point below it"


def stopped_alike(network: str, chosen: pd.DataFrame, images: int) -> str:
    """RLL and CCE stopped early, and RLL trained to the end against CCE stopped early, on one
    network; '' without both losses.
    """
    late, mine, rival = (
        of(chosen, *named) for named in (("rll", END), ("rll", EARLY), ("cce", EARLY))
    )
    alike = difference(mine, rival)
    if alike.empty:
        return ""
    return (
        f"With {network}, stopped alike, RLL {against(alike, mine, images)} CCE "
        f"({ahead(alike, images)}); trained to the end, it "
        f"{against(difference(late, rival), late, images)} CCE that is stopped early."
        f"{at_edge(rival)}"
    )


def at_edge(rival: pd.DataFrame) -> str:
    """That CCE chose a step size at the edge of what was tried, so that another may do better; ''
    where it did in no seed.
    """
    edges = [edge for edge in rival["edge"] if edge]
    if not edges:
        return ""
    return (
        f" CCE's step size is the {' or '.join(dict.fromkeys(edges))} one tried in {len(edges)} of "
        f"{plural(len(rival), 'seed')}, so it might do better with another."
    )


def varied(found: dict[str, Contrast]) -> str:
    """Whether P1's comparison over step sizes came out for RLL, network by network."""
    by_state: dict[str, list[str]] = {}
    for network, contrast in found.items():
        by_state.setdefault(state(contrast), []).append(network)
    told = [
        " ".join(
            [f"With {listed(of)} the claim {how}.", *filter(None, (floor(found[n]) for n in of))]
        )
        for how, of in by_state.items()
    ]
    sizes = f"{in_words(len(LIMITS.step_scales))} step sizes"
    return (
        f"*{sizes.capitalize()}, on convolutional networks.* Claim P1 says that RLL at each of "
        f"them memorizes less than CCE at any, at f = {levels(LIMITS.fit_levels)}. {' '.join(told)}"
    )


def ahead(gap: pd.Series, images: int) -> str:
    """'by 0.012 more accurate on average, in 3 of 3 seeds, on one test set of 1,000 images'."""
    more = gap.mean() > 0
    count = int((gap > 0).sum() if more else (gap <= 0).sum())
    return (
        f"by {abs(gap.mean()):.3f} {'more' if more else 'less'} accurate on average, in {count} of "
        f"{plural(len(gap), 'seed')}, on one test set of {images:,} images"
    )


def against(gap: pd.Series, mine: pd.DataFrame, images: int) -> str:
    """How RLL compares with a rival by test accuracy."""
    if not told_apart(gap, float(mine["test_accuracy"].mean()), images):
        return "cannot be told apart from"
    return "is more accurate than" if gap.mean() > 0 else "is less accurate than"
