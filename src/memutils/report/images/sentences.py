"""What the page that follows images says in words, every number counted from records."""

import pandas as pd

from memutils.claims.outcomes import Run
from memutils.claims.thresholds import LIMITS
from memutils.report import origins
from memutils.report.images import trajectories
from memutils.report.images.trajectories import Course, Followed
from memutils.runs import records
from memutils.words import counted, in_words, listed, percent

CLEAR = 2.0
"""Two losses can tell whether they share images where they could share this many times as many as
independence gives."""

SHARED = 0.5
"""They share them where they share at least this part of what they could."""

FIRST = "cpu"
"""The scale whose runs a set may repeat."""

EARLY = 2
"""The place of an early evaluation: the third one."""


def share(part: float) -> str:
    """'7 %'; 'fewer than 1 %' where rounding would leave nothing."""
    return "fewer than 1 %" if 0 < part < 0.005 else percent([part])


def fates(runs: Followed) -> str:
    """How many images are memorized with all losses, with cross entropy alone, and with none."""
    memorized, m = runs.memorized, len(runs.given)
    losses = [course.record.spec["loss"] for course in runs.courses]
    every = "both" if len(losses) == 2 else f"all {in_words(len(losses))}"
    told = [f"{int(memorized.all(0).sum()):,} are memorized with {every} losses"]
    if "cce" in losses:
        alone = memorized[losses.index("cce")] & (memorized.sum(0) == 1)
        told.append(f"{int(alone.sum()):,} with cross entropy alone")
    told.append(f"{int((~memorized).all(0).sum()):,} with none")
    each = listed(
        f"{origins.number(share(c.memorized.mean()), [c.record.name])} with {c.name}{unfit(c)}"
        for c in runs.courses
    )
    return (
        f"**{runs.title}.** Of {m:,} mislabeled images the network has memorized {each} at the "
        f"last evaluation of these runs. Of these images {listed(told)}."
    )


def unfit(course: Course) -> str:
    """That a run is inconclusive, since it does not fit the clean images; '' if it does."""
    fitted = Run(course.record).end("fitted")
    short = fitted < LIMITS.clean_fit
    return f" (inconclusive: it fits {share(fitted)} of the clean images)" if short else ""


def again(runs: Followed) -> str:
    """Which of the runs repeat one that other pages show, and what that one memorizes; '' if none.

    The repeated one has no predictions of single images, so this page cannot follow it.
    """
    first, told = {str(r.spec): r for r in records.load(FIRST) if not r.diverged}, {}
    for course in runs.courses:
        before = first.get(str(course.record.spec))
        if before and course.record.scale != FIRST:
            number = origins.number(share(Run(before).end("memorized")), [before.name])
            told[course.name] = f"{number} with {course.name}"
    if not told:
        return ""
    which = f"run{'s' if len(told) > 1 else ''} with {listed(told)}"
    return (
        f"The {which} repeat{'' if len(told) > 1 else 's'}, with the same settings and seed, what "
        "other pages show; single predictions were not kept there. A repeated run does not end "
        "with the same numbers ({doc}`mnist` says why): there the share at the end, the median of "
        f"the last evaluations, is {listed(told.values())}."
    )


def at_end(runs: Followed) -> str:
    """The share memorized at the end, which other pages have, where that of the last evaluation is
    another one; '' where it is not.
    """
    ends = {c.name: (Run(c.record).end("memorized"), c.memorized.mean()) for c in runs.courses}
    pairs = ((name, share(end), share(last)) for name, (end, last) in ends.items())
    told = [f"{end} with {name}" for name, end, last in pairs if end != last]
    if not told:
        return ""
    return f"The share at the end, the median of the last evaluations, is {listed(told)}."


def recovered(runs: Followed) -> str:
    """How many of the images that are memorized at the end were predicted right before."""
    parts = [c.recovered[c.memorized].mean() for c in runs.courses if c.memorized.any()]
    if not parts:
        return ""
    return (
        "Of the images that are memorized at the end with a loss, "
        f"{percent(parts)} were recovered before."
    )


def early(runs: Followed) -> str:
    """How often the label given was the prediction from early on, of the images that are memorized
    with all losses and of the others; with RLL, or without a run of it with the first loss.
    """
    everyone = runs.memorized.all(0)
    if len(runs.epochs) <= EARLY or everyone.all() or not everyone.any():
        return ""
    losses = [course.record.spec["loss"] for course in runs.courses]
    course = runs.courses[losses.index("rll") if "rll" in losses else 0]
    given = course.predicted[EARLY] == runs.given
    return (
        f"With {course.name} the network predicted the wrong label already at epoch "
        f"{runs.epochs[EARLY]} for {share(given[everyone].mean())} of the images that are "
        f"memorized with all losses, and for {share(given[~everyone].mean())} of the others."
    )


def room(found: pd.DataFrame) -> pd.DataFrame:
    """The pairs of losses that could memorize the same images clearly more often than
    independence gives.
    """
    return found[(found["most"] > 0) & (found["most"] >= CLEAR * found["expected"])]


def overlap(found: pd.DataFrame) -> str:
    """Whether the images are the same where few are memorized."""
    able = room(found)
    if able.empty:
        return (
            "The overlap tells nothing here: where nearly all images are memorized with one loss, "
            "those memorized with another are among them by necessity."
        )
    times = able["both"] / able["expected"]
    top = able.loc[times.idxmax()]
    clear = int((able["both"] > able["high"]).sum())
    return (
        f"{pairs_of(clear, len(able))} of losses with which few images are memorized, the two "
        f"share more of them than independence gives. Most clearly, {top['both']:,} are memorized "
        f"both with {top['first']} and with {top['second']}, where independence gives "
        f"{top['expected']:.0f} (95 % interval {top['low']:.0f} to {top['high']:.0f}) and "
        f"{top['most']:,} is the most there can be."
    )


def pairs_of(clear: int, n: int) -> str:
    """'In all three pairs', 'In two of three pairs', 'In the one pair'."""
    if clear == n == 1:
        return "In the one pair"
    some = "all" if clear == n else f"{in_words(clear) if clear else 'none'} of"
    return f"In {some} {in_words(n)} pairs"


def order(found: pd.DataFrame) -> str:
    """Whether the losses memorize in the same order."""
    rho = found["order"].dropna()
    if rho.empty:
        return ""
    low, high = f"{rho.min():.2f}", f"{rho.max():.2f}"
    between = f"is {low}" if len(rho) == 1 else f"lies between {low} and {high}"
    return (
        "Over the images that are memorized with both of two losses, the rank correlation of the "
        f"epochs of memorization {between} ({counted(len(rho), 'pair')})."
    )


def seen(sets: list[Followed]) -> str:
    """What the sets show: a paragraph each, in Markdown."""
    told = []
    for one in sets:
        found = trajectories.pairs(one)
        parts = [fates(one), again(one) or at_end(one), recovered(one), early(one)]
        told.append(" ".join(filter(None, [*parts, overlap(found), order(found)])))
    return "\n\n".join(told) or "No set has two recorded runs yet."


def verdict(found: pd.DataFrame) -> str:
    """The answer to both questions, by all pairs of all sets; and the take-away."""
    able = room(found) if len(found) else found
    if able.empty:
        return "**Open.** No two losses with which few images are memorized are recorded yet."
    shared = (able["both"] > able["high"]) & (able["both"] >= SHARED * able["most"])
    same = bool(shared.all())
    places = dict.fromkeys(able["set"])
    rho = able["order"].dropna()
    weak = not rho.empty and rho.max() < 0.5
    first = (
        f"**The same images.** Where few images are memorized ({'; '.join(places)}), they are the "
        "same with one loss as with another, more often than independence gives."
        if same
        else "**Undecided.** Where few images are memorized, not every pair of losses shares more "
        "of them than independence gives."
    )
    second = " The order in which they are memorized agrees only weakly." if weak else ""
    takeaway = (
        "\n\n**Take-away.** With losses that resist, few wrong labels are memorized, and two such "
        "losses have more of them in common than independence gives: "
        f"{percent(able['both'] / able['most'])} of the most that they could have."
        if same
        else ""
    )
    return first + second + takeaway
