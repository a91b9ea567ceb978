"""The verdict of the chapter on the loss and the step size: what is seen, claim P1, and the
take-away, in words that follow from the numbers.
"""

import pandas as pd

from memutils.claims import equal_fit as fits
from memutils.claims import steps
from memutils.claims.contrasts import Contrast
from memutils.claims.early_stopping import EARLY, END, difference, of, told_apart, two_errors
from memutils.claims.equal_fit import Group, highest
from memutils.claims.intervals import over_seeds
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report.steps import p1
from memutils.report.steps.sentences import (
    LEVELS,
    at_accuracies_counted,
    count_below,
    levels,
    lowest,
    stops_short,
    where_lower,
)
from memutils.report.steps.stopping import at_edge
from memutils.words import in_words, listed, plural


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
                f"{where_lower(below, pairs)}, at the highest of the compared fits that both reach "
                "in every seed, and at one learning rate per pair."
            )
    parts.append(stops_short(groups))
    gaps = steps.gap_at_fits(compared, LEVELS) if len(compared) else pd.DataFrame()
    if len(gaps):
        parts.append(
            f"With the learning rate varied too, on the MLP, RLL memorizes less than CCE at "
            f"{of_fits(gaps)}, in every seed.{spread(gaps)}"
        )
        parts.append(same_accuracy(compared))
    return " ".join(filter(None, parts)) or "**Open.** No run that decides is recorded."


def of_fits(gaps: pd.DataFrame) -> str:
    """'one of three fits, f = 0.975': where RLL memorizes less in every seed."""
    found = lowest(gaps)
    clear = found[found > LIMITS.fit_gap].index
    which = f", f = {levels(clear)}" if len(clear) else ""
    return f"{in_words(len(clear))} of {in_words(len(found))} fits{which}"


def spread(gaps: pd.DataFrame) -> str:
    """That the interval over seeds covers the margin at a fit at which every seed is beyond it; ''
    where it does not.
    """
    found, told = lowest(gaps), []
    for level in found[found > LIMITS.fit_gap].index:
        values = gaps.loc[gaps["level"] == level, "gap"]
        ends = over_seeds([*values], LIMITS.confidence)
        if ends and ends[0] <= LIMITS.fit_gap:
            told.append(
                f" But over {in_words(len(values))} seeds the interval of the difference at f = "
                f"{level:g}, {ends[0]:.3f} to {ends[1]:.3f}, covers {LIMITS.fit_gap:g}."
            )
    return "".join(told)


def same_accuracy(compared: pd.DataFrame) -> str:
    """Whether the difference is left at equal test accuracy, on the MLP; '' without runs."""
    gaps = steps.gap_at_accuracy(compared)
    if gaps.empty:
        return ""
    below, seeds = count_below([gaps])
    if not below:
        return "At equal test accuracy no difference is left on the MLP."
    some = f"{below} of {plural(seeds, 'seed')}"
    return f"At equal test accuracy a difference is left on the MLP in {some}."


def takeaway(
    groups: list[Group], compared: pd.DataFrame, stopped: dict[str, tuple[pd.DataFrame, int]]
) -> str:
    """The chapter in two sentences; the arguments are those of ``conclusion``."""
    below, pairs = below_everywhere(groups)
    gaps = steps.gap_at_fits(compared, LEVELS)
    told = []
    for network, (chosen, images) in stopped.items():
        late, rival = of(chosen, "rll", END), of(chosen, "cce", EARLY)
        if len(difference(late, rival)):
            told.append(f"{against(late, rival, images)} CCE that is stopped early with {network}")
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
        "*One learning rate for both.* At the highest of the compared fits that both reach in "
        f"every seed, RLL memorizes less than CCE {where_lower(below, pairs)}{elsewhere(groups)}.",
        "*Many learning rates, on an MLP, a small network without convolutions.* RLL at its worst "
        f"learning rate memorizes less than CCE at its best at {of_fits(gaps)}.{spread(gaps)}",
        p1.varied(convolutional),
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
    if difference(mine, rival).empty:
        return ""
    return (
        f"With {network}, stopped alike, RLL {against(mine, rival, images)} CCE "
        f"({ahead(mine, rival, images)}); trained to the end, it "
        f"{against(late, rival, images)} CCE that is stopped early."
        f"{at_edge(rival)}"
    )


def ahead(mine: pd.DataFrame, rival: pd.DataFrame, images: int) -> str:
    """'by 0.012 more accurate on average, in 3 of 3 seeds, on one test set of 1,000 images, where
    two standard errors are 0.029 if they err independently'.
    """
    gap = difference(mine, rival)
    way, seeds = ("more", gap > 0) if gap.mean() > 0 else ("less", gap <= 0)
    return (
        f"by {abs(gap.mean()):.3f} {way} accurate on average, in {seeds.sum()} of "
        f"{plural(len(gap), 'seed')}, on one test set of {images:,} images, where two standard "
        f"errors are {two_errors(mine, rival, images):.3f} if they err independently"
    )


def against(mine: pd.DataFrame, rival: pd.DataFrame, images: int) -> str:
    """How RLL compares with a rival by test accuracy."""
    if not told_apart(mine, rival, images):
        return "cannot be told apart from"
    return f"is {'more' if difference(mine, rival).mean() > 0 else 'less'} accurate than"
