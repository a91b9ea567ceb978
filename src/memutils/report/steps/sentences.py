"""What the runs say about the loss and the step size, in sentences whose words follow from the
numbers: the paper's networks at one learning rate, and the MLP at all.
"""

from collections.abc import Iterable

import pandas as pd

from memutils.claims import equal_fit, steps
from memutils.claims.equal_fit import Group, highest
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.words import counted, listed, of_pairs, range_of

LEVELS = (0.9, 0.95, 0.975)
"""Of the MLP's fitted share, at an evaluation."""

MOST = 0.5
"""Excess memorization of a network that has memorized most wrong labels."""

POINT = 0.01
"""Of test accuracy."""

CLOSE = LIMITS.fit_gap
NO_GROUPS = "**Open.** No network has runs of RLL and CCE that can be compared at equal fit."


def conditions(groups: list[Group]) -> str:
    """What the runs have in common, for a caption."""
    if not groups:
        return "No run is recorded"
    runs = [run for g in groups for run in g.runs.values()]
    precisions = listed(sorted({run.precision for run in runs}))
    return (
        f"η = {groups[0].eta:g}; n = {range_of(g.images for g in groups)}; RLL with α = "
        f"{equal_fit.ALPHA:g}; {range_of(g.epochs for g in groups)} epochs; "
        f"{range_of(len(g.seeds) for g in groups)} seeds per network; {precisions}"
    )


def count_below(tables: list[pd.DataFrame]) -> tuple[int, int]:
    """In how many pairs RLL's x is lower by more than the threshold, of how many pairs."""
    gaps = all_gaps(tables)
    return int((gaps > CLOSE).sum()), len(gaps)


def all_gaps(tables: list[pd.DataFrame]) -> pd.Series:
    """The gaps of all tables below each other."""
    return pd.concat([t["gap"] for t in tables]) if tables else pd.Series(dtype=float)


def where_lower(below: int, pairs: int) -> str:
    """'in all 7 pairs', 'in 5 of 7 pairs', 'in the one pair'."""
    return f"in {of_pairs(below, pairs)}"


def of_networks(groups: list[Group], other: str = "cce") -> str:
    """The paper's networks at the highest fit that RLL and another loss reach."""
    found = {g: highest(g, other) for g in groups if other in g.losses}
    found = {g: gaps for g, gaps in found.items() if len(gaps)}
    if not found:
        return NO_GROUPS
    below, pairs = count_below([*found.values()])
    clauses = [f"- {of_network(g, gaps, other)}" for g, gaps in found.items()]
    lead = (
        f"At the highest of the fits f = {levels(equal_fit.LEVELS)} that both losses reach in "
        f"every seed, the excess memorization of RLL is lower than that of {LOSS_NAMES[other]} by "
        f"more than {CLOSE:g} {where_lower(below, pairs)}. A pair has one seed, network and "
        "learning rate, and every recorded one counts:"
    )
    return "\n".join([lead, "", *clauses])


def of_network(group: Group, gaps: pd.DataFrame, other: str) -> str:
    """A clause for a network."""
    return (
        f"{group.network}, n = {group.images:,}, learning rate {group.learning_rate:g}: "
        f"x = {gaps['rll'].mean():.3f} with RLL and {gaps[other].mean():.3f} with "
        f"{LOSS_NAMES[other]} at f = {gaps['level'].iloc[0]:g} ({counted(len(gaps), 'seed')})."
    )


def stops_short(groups: list[Group]) -> str:
    """Which pairs with CCE compare only where few clean images are fitted, and why; '' if none."""
    told = []
    for group in groups:
        gaps = highest(group)
        level = gaps["level"].max()
        if level < LEVELS[0]:
            more = min(n for n in equal_fit.LEVELS if n > level)
            there = equal_fit.at_fits(group, [more]).query("loss == 'rll'")["seed"].nunique()
            short = there < len(group.seeds)
            why = f", since RLL does not reach f = {more:g} in every seed" if short else ""
            told.append(
                f"{counted(len(gaps), 'pair')} ({group.network}, learning rate "
                f"{group.learning_rate:g}) at f = {level:g}{why}"
            )
    if not told:
        return ""
    return f"Of the pairs with CCE some are compared at a low fit: {'; '.join(told)}."


def early(groups: list[Group]) -> str:
    """That the difference comes late: the gaps to CCE at the lowest level."""
    level = min(equal_fit.LEVELS)
    tables = [t[t["level"] == level] for t in map(equal_fit.gaps, groups)]
    gaps = all_gaps(tables)
    if gaps.empty:
        return ""
    below, pairs = count_below(tables)
    lead = f"Early there is a difference {where_lower(below, pairs)}"
    text = f"at f = {level:g} it lies between {gaps.min():.3f} and {gaps.max():.3f}"
    return f"{lead if below else 'The difference comes late'}: {text}."


def at_accuracies_counted(groups: list[Group]) -> tuple[tuple[int, int], tuple[int, int]]:
    """``count_below`` at equal test accuracy against CCE, and one point below it: a single test
    image can decide at which evaluation a loss gets there.
    """
    return tuple(
        count_below([equal_fit.accuracy_gaps(g, less=less) for g in groups])
        for less in (0.0, POINT)
    )


def at_accuracies(groups: list[Group]) -> str:
    """The paper's networks at equal test accuracy, against CCE."""
    tables = [t for t in map(equal_fit.accuracy_gaps, groups) if len(t)]
    if not tables:
        return ""
    (below, pairs), lower = at_accuracies_counted(groups)
    gaps = pd.concat(tables)
    late, least, most = gaps["cce"] > MOST, gaps["gap"].min(), gaps["gap"].max()
    text = (
        f"At equal test accuracy, the highest that both losses reach, the excess memorization of "
        f"RLL is lower than that of CCE by more than {CLOSE:g} "
        f"{where_lower(below, pairs)}; the difference lies between {least:.3f} and {most:.3f}."
    )
    if late.any():
        text += (
            f" CCE reaches that accuracy only after it has memorized most wrong labels in "
            f"{late.sum()} of {pairs} pairs, and before that in the others."
        )
    if lower != (below, pairs):
        text += (
            " The count hangs on few test images: one point below that accuracy RLL's is lower "
            f"{where_lower(*lower)}."
        )
    return text + at_accuracies_of_mse(groups)


def at_accuracies_of_mse(groups: list[Group]) -> str:
    """The same against MSE; '' without a pair."""
    tables = [t for t in (equal_fit.accuracy_gaps(g, "mse") for g in groups) if len(t)]
    if not tables:
        return ""
    below, pairs = count_below(tables)
    higher = int((all_gaps(tables) < -CLOSE).sum())
    more = f", and higher by as much {where_lower(higher, pairs)}" if higher else ""
    lower = where_lower(below, pairs)
    return f" Compared with that of MSE, it is lower by as much {lower}{more}."


def answer(compared: pd.DataFrame) -> str:
    """The MLP: RLL against CCE at equal fit, at RLL's worst learning rate and CCE's best."""
    gaps = steps.gap_at_fits(compared, LEVELS)
    if gaps.empty:
        return "**Open.** No seed has paths of both CCE and RLL that reach the same fit."
    verdict = {
        "below": where_clear(gaps),
        "common": "**The loss is only a clock.** At equal fit RLL memorizes as much at its worst "
        "learning rate as CCE does at its best.",
        "mixed": "**The fits or the seeds disagree.** RLL memorizes less than CCE at equal fit at "
        "some fits or in some seeds only.",
    }[steps.verdict(gaps)]
    seeds = counted(gaps["seed"].nunique(), "seed")
    return f"{verdict} {numbers(gaps, 'rll')} (mean of {seeds}).{of_p1_levels(gaps)}"


def lowest(gaps: pd.DataFrame) -> pd.Series:
    """The smallest gap over the seeds at each level."""
    return gaps.groupby("level")["gap"].min()


def where_clear(gaps: pd.DataFrame) -> str:
    """At which fits RLL memorizes less at every learning rate, in every seed, and at which not."""
    found = lowest(gaps)
    clear, rest = (levels(found[f].index) for f in (found > CLOSE, found <= CLOSE))
    if not rest:
        return (
            f"**The loss is more than a clock, at f = {clear}.** There RLL memorizes less at each "
            f"of its learning rates than CCE does at any, by more than {CLOSE:g} in every seed."
        )
    return (
        f"**On the MLP the answer depends on the fit.** At f = {rest} a well-chosen learning rate "
        f"makes CCE as good as RLL; only at f = {clear} does RLL memorize less at every learning "
        f"rate, by more than {CLOSE:g} in every seed. The rule needs one of {len(found)} levels, "
        "and so is met more easily than a rule with one level fixed in advance."
    )


def levels(values: Iterable[float]) -> str:
    """'0.9 and 0.95'; '' without one."""
    found = [f"{level:g}" for level in values]
    return listed(found) if found else ""


def numbers(gaps: pd.DataFrame, loss: str) -> str:
    """'The excess memorization is 0.011 for RLL and 0.006 for CCE at f = 0.9; ...'."""
    texts = [
        f"{rows[loss].mean():.3f} for {LOSS_NAMES[loss]} and {rows['cce'].mean():.3f} for CCE at "
        f"f = {level:g}"
        for level, rows in gaps.groupby("level")
    ]
    return (
        f"The excess memorization, {LOSS_NAMES[loss]} at its worst learning rate and CCE at its "
        f"best, is {'; '.join(texts)}"
    )


def of_p1_levels(gaps: pd.DataFrame) -> str:
    """That the levels of claim P1 do not meet the rule; '' if they do."""
    if (lowest(gaps).reindex(list(LIMITS.fit_levels)) > CLOSE).all():
        return ""
    return f" The levels of claim P1, f = {levels(LIMITS.fit_levels)}, do not meet the rule."


def at_accuracy(compared: pd.DataFrame) -> str:
    """The MLP at equal test accuracy, RLL against CCE."""
    gaps = steps.gap_at_accuracy(compared)
    if gaps.empty:
        return ""
    below, seeds = count_below([gaps])
    same = f"it is left in {below} of {seeds} seeds" if below else "no such difference is left"
    return (
        f"At equal test accuracy {same}: at the highest accuracy that both losses reach "
        f"({gaps['level'].mean():.3f} on average), x is {gaps['rll'].mean():.3f} for RLL at its "
        f"worst learning rate and {gaps['cce'].mean():.3f} for CCE at its best."
    )


def edge(compared: pd.DataFrame) -> str:
    """Whether CCE's lowest x at the last compared fit lies inside the grid of learning rates."""
    gaps = steps.gap_at_fits(compared, LEVELS)
    if gaps.empty:
        return ""
    best = steps.at_fits(compared[compared["loss"] == "cce"], [gaps["level"].max()])
    chosen = best.loc[best.groupby("seed")["x"].idxmin(), "s"].to_numpy()
    inside = chosen > best.groupby("seed")["s"].min().to_numpy()
    if inside.any():
        told = f"{inside.sum()} of {len(inside)} seeds"
        return f"A smaller learning rate than its best does not help CCE further in {told}."
    return (
        "At the last of these fits CCE's lowest x is at the smallest learning rate that gets "
        "there, in every seed, so it may go lower at a smaller one."
    )


def others(compared: pd.DataFrame) -> str:
    """The other losses in the same comparison."""
    told = listed(of_other(compared, loss) for loss in ("mse", "mae", "nmse"))
    return (
        f"Each at its worst learning rate, against CCE at its best: {told}. A fit is named where "
        f"the difference is more than {CLOSE:g} in every seed."
    )


def of_other(compared: pd.DataFrame, loss: str) -> str:
    """Where a loss memorizes less or more than CCE in every seed, as a clause."""
    gaps = steps.gap_at_fits(compared, LEVELS, loss)
    if gaps.empty:
        return f"{LOSS_NAMES[loss]} is not run"
    least, most = lowest(gaps), gaps.groupby("level")["gap"].max()
    ways = {"more": levels(least[most < -CLOSE].index), "less": levels(least[least > CLOSE].index)}
    told = [f"{way} at f = {where}" for way, where in ways.items() if where]
    return f"{LOSS_NAMES[loss]} memorizes {listed(told) if told else 'neither more nor less'}"
