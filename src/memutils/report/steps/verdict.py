"""The verdict of the chapter on the loss and the step size: what is seen, claim P1, and the
take-away, in words that follow from the numbers.
"""

import pandas as pd

from memutils.claims import steps
from memutils.claims.cases import FAILS, HOLDS, NOT_TESTED
from memutils.claims.contrasts import Contrast, equal_fit
from memutils.claims.early_stopping import EARLY, END, difference, of, told_apart
from memutils.claims.equal_fit import Group
from memutils.claims.selection import COLUMNS, Pool
from memutils.claims.thresholds import Thresholds
from memutils.report.steps.sentences import LEVELS, count_below, highest, where_lower
from memutils.words import listed

LIMITS = Thresholds()
INCEPTION = next(c for c in COLUMNS if c.id == "inception-lite")


def p1(pool: Pool) -> Contrast:
    """Claim P1 on the convolutional network that it names."""
    return equal_fit(pool, INCEPTION, LIMITS)


def p1_sentence(found: Contrast) -> str:
    """Claim P1 in words: its verdict with the intervals, or that it is not tested yet."""
    levels = listed(f"{level:g}" for level in LIMITS.fit_levels)
    asks = (
        f"Claim P1 asks the same of a convolutional network, Inception-Lite, at "
        f"{len(LIMITS.step_scales)} step sizes and in {LIMITS.seeds} seeds, at f = {levels}."
    )
    if found.state == NOT_TESTED and not found.records:
        return (
            f"{asks} **It is not tested yet**: no seed has all its runs. `make runs "
            "SCALE=steps-cnn` makes them, and this page takes them in."
        )
    told = "; ".join(map(interval, found.intervals.items()))
    why = f" Note: {found.why}." if found.why else ""
    numbers = f" RLL's highest x less CCE's lowest: {told}." if told else ""
    return f"{asks} **{state(found)}**{numbers}{why}"


def state(found: Contrast) -> str:
    """P1's verdict as a sentence."""
    told = {HOLDS: "It holds.", FAILS: "It fails.", NOT_TESTED: "It is not tested yet."}
    return told.get(found.state, "It is open.")


def interval(named: tuple[str, tuple[float, tuple[float, float] | None]]) -> str:
    """'−0.10 at f = 0.9 (interval over the seeds −0.15 to −0.05)'."""
    level, (mean, ends) = named
    text = f"{mean:.3f} at {level}"
    if ends is None:
        return text
    share = f"{100 * LIMITS.primary_confidence:g} %"
    return f"{text} ({share} interval over the seeds {ends[0]:.3f} to {ends[1]:.3f})"


def below_everywhere(groups: list[Group]) -> tuple[int, int]:
    """In how many pairs of the paper's networks RLL lies below CCE at equal fit, of how many."""
    return count_below([highest(g) for g in groups])


def verdict(groups: list[Group], compared: pd.DataFrame) -> str:
    """The chapter's verdict: the clock on the paper's networks, the step size on the MLP."""
    below, pairs = below_everywhere(groups)
    gaps = steps.gap_at_fits(compared, LEVELS) if len(compared) else pd.DataFrame()
    parts = []
    if pairs:
        told = "more than" if below == pairs else "not always more than" if below else "only"
        parts.append(
            f"At one learning rate per network the loss is {told} a clock: at equal fit RLL "
            f"memorizes less than CCE {where_lower(below, pairs)}."
        )
    if len(gaps):
        lowest = gaps.groupby("level")["gap"].min()
        clear = [f"{level:g}" for level in lowest[lowest > LIMITS.fit_gap].index]
        count = f"{len(clear)} of {len(lowest)} fits"
        where = f", f = {listed(clear)}" if clear else ""
        parts.append(
            f"With the learning rate varied too, on the MLP, it is so at {count}{where}, in every "
            "seed."
        )
    return " ".join(parts) or "**Open.** No run that decides is recorded yet."


def takeaway(groups: list[Group], chosen: pd.DataFrame, images: int) -> str:
    """The chapter in one sentence.

    Args:
        groups: of the paper's networks.
        chosen: from ``early_stopping.choices``, of the MLP.
        images: number of test images of these runs.
    """
    below, pairs = below_everywhere(groups)
    late, early = of(chosen, "rll", END), of(chosen, "cce", EARLY)
    gap = difference(late, early)
    if not pairs or gap.empty:
        return "**Take-away.** The runs that would decide are not all recorded yet."
    loss = (
        "is more than a slower clock"
        if below == pairs
        else "is at times more than a slower clock"
        if below
        else "is only a slower clock"
    )
    clear = told_apart(gap, float(late["test_accuracy"].mean()), images)
    rival = (
        "cannot be told apart from it by test accuracy"
        if not clear
        else "is less accurate"
        if gap.mean() > 0
        else "is more accurate"
    )
    return (
        f"**Take-away.** At equal fit, RLL {loss}, but cross entropy that is stopped early {rival} "
        "on the MLP, so early stopping belongs in every comparison."
    )
