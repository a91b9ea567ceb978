"""What labels from people do to RLL's advantage, in words (claim H1); numbers are records'."""

from itertools import pairwise
from statistics import fmean

from memutils.claims.cases import FAILS, HOLDS, OPEN
from memutils.claims.contrasts import over_enough
from memutils.claims.selection import Pool
from memutils.claims.thresholds import LIMITS
from memutils.report.human.arms import ARMS, CHAINS, arms, verdict
from memutils.report.symmetry.ablation import Contrast
from memutils.words import counted, in_words, listed, points

NOISES = ("others", "shuffled", "given")
"""From symmetric noise to labels from people: uneven classes, then dependence on the image."""

CLEAR, PART = 0.02, 0.25
"""An advantage that is smaller by more than the first is less of an advantage; a part of what is
lost that is at most the second explains none of it, for the reader.
"""


def takeaway(pool: Pool) -> str:
    """The chapter's take-away."""
    return f"**Take-away.** {in_short(pool)}"


def in_short(pool: Pool) -> str:
    """What labels from people do to RLL's advantage, by H1's verdict, and what does it."""
    plain = "Wrong labels from people are not spread evenly, and whether a loss that resists "
    plain += "evenly spread ones resists these is not tested yet."
    found = verdict(pool)
    text = described(found.rows, found.state) if found.rows else plain
    return f"{text} {source(arms(pool))}".rstrip()


def described(rows: list[dict], state: str) -> str:
    """RLL's advantage with labels from people and under symmetric noise, and what that says of H1,
    in Markdown.

    Args:
        rows: of H1's verdict, a row a seed.
        state: its word.
    """
    human, symmetric = (points([row[n] for row in rows]) for n in ("human", "symmetric"))
    said = {
        HOLDS: "So with labels from people the advantage is at most half as large.",
        FAILS: "So with labels from people more than half of the advantage is left.",
        OPEN: not_decided(rows),
    }.get(state) or undecided(rows)
    return (
        "With labels from people Inception-Lite memorizes "
        f"{human} points fewer of the wrong labels with RLL than with cross entropy, and under "
        f"symmetric noise of nearly the same noise rate {symmetric} points fewer, in "
        f"{'the same seed' if len(rows) == 1 else f'the same {in_words(len(rows))} seeds'}. {said}"
    )


def rates(pool: Pool) -> str:
    """The empirical noise rate of the runs that H1 compares, seed by seed; '' without runs."""
    names, found = set(verdict(pool).records), {}
    for run in pool.runs:
        if run.name in names:
            found.setdefault(run.spec["noise"], {})[run.spec["seed"]] = run.noise_rate
    told = [
        f"{listed(f'{e:.3f}' for _, e in sorted(found[kind].items()))} {where}"
        for kind, where in (
            ("given", "with labels from people"),
            ("others", "under symmetric noise"),
        )
        if kind in found
    ]
    return f"Seed by seed the share of wrong labels is {listed(told)}." if told else ""


def not_decided(rows: list[dict]) -> str:
    """What enough seeds say of H1 whose interval covers the half."""
    if rows and all(row["gap"] > 0 for row in rows):
        seeds = counted(len(rows), "seed")
        left = "In each of them more than half of the advantage is left"
        less = f"by the interval over {seeds} it may be less"
        return f"{left}; {less}, so the claim that at most half is left (H1) is open."
    return "Whether at most half of the advantage is left the runs do not decide: H1 is open."


def undecided(rows: list[dict]) -> str:
    """What too few seeds say of H1."""
    shrinks = all(row["human"] < row["symmetric"] for row in rows)
    half = all(row["gap"] <= 0 for row in rows)
    less, grows = "smaller in each seed, but not by half in each", "not smaller in every seed"
    if len(rows) == 1:
        less, grows = "smaller, but more than half of it is left", "not smaller"
    way = grows if not shrinks else "at most half as large" if half else less
    few = f"H1 needs three seeds and has {in_words(len(rows))}, so it is not tested."
    return f"So with labels from people the advantage is {way}. {few}"


def advantages(found: list[Contrast], *kinds: str) -> list[list[float]]:
    """RLL's advantage over CCE in these arms, of the seeds that can tell in all of them."""
    of = {
        c.where: {s.seed: -s.difference for s in c.told}
        for c in found
        if (c.first, c.second) == CHAINS[0]
    }
    every = [of.get(ARMS[kind], {}) for kind in kinds]
    seeds = sorted(set.intersection(*map(set, every)))
    return [[one[seed] for seed in seeds] for one in every]


def lost_between(found: list[Contrast], *kinds: str) -> list[list[float]]:
    """By how much the advantage falls from each of these arms to the next, seed by seed."""
    return [
        [a - b for a, b in zip(before, after, strict=True)]
        for before, after in pairwise(advantages(found, *kinds))
    ]


def source(found: list[Contrast]) -> str:
    """Whether the advantage shrinks, and if so whether what is lost comes from which classes are
    confused or from which images, in words; '' where nothing is lost or an arm lacks.

    With enough seeds it shrinks only where the interval of what is lost lies above zero, and one of
    the two sources is ruled out only where the interval of what it adds lies within ``CLEAR``.
    """
    _, shuffled, _ = advantages(found, *NOISES)
    by_classes, by_images = lost_between(found, *NOISES)
    (lost,) = lost_between(found, NOISES[0], NOISES[-1])
    if not shuffled or fmean(lost) <= CLEAR:
        return ""
    seeds = counted(len(shuffled), "seed")
    shares = (
        f"With the same labels shuffled within classes the advantage is {points(shuffled)} points"
    )
    if (ends := interval(lost)) and ends[0] <= 0:
        return (
            f"{shares} ({seeds}). Whether labels from people make it smaller at all is open: from "
            f"symmetric noise to these labels it {changed(lost)}; {counted(len(lost), 'seed')}."
        )
    classes, images = "which classes are confused", "which images of a class are mislabeled"
    if (both := fmean(by_classes) + fmean(by_images)) <= CLEAR:  # in the seeds of all arms
        return f"{shares} ({seeds})."
    share, nothing = fmean(by_classes) / both, ""
    told = f"both from {classes} and from {images}"
    if share >= 1 - PART:
        told, nothing = f"from {classes}", images if none(by_images) else ""
    elif share <= PART:
        told, nothing = f"from {images}", classes if none(by_classes) else ""
    comes = f"comes {told}, not from {nothing}" if nothing else f"seems to come {told}"
    return f"{shares}, so what is lost {comes} ({seeds})."


def interval(lost: list[float]) -> tuple[float, float] | None:
    """Of the mean of what is lost, over seeds; None where they are too few."""
    return over_enough(lost, LIMITS.confidence, LIMITS)


def none(lost: list[float]) -> bool:
    """Whether what is lost at one step is none: its interval over seeds lies near zero."""
    return (ends := interval(lost)) is not None and max(map(abs, ends)) <= CLEAR


def explained(found: list[Contrast]) -> str:
    """How much of what RLL's advantage over CCE loses is the matrix's, in words; '' without seeds
    that have all three arms.
    """
    by_classes, by_images = lost_between(found, *NOISES)
    if not by_classes:
        return ""
    few = f" ({in_words(len(by_classes))} of three seeds: described only)"
    return (
        f"From symmetric noise to the same confusions the advantage {changed(by_classes)}, and "
        f"from these to labels that depend on the image the advantage {changed(by_images)}"
        f"{'' if interval(by_classes) else few}."
    )


def changed(lost: list[float]) -> str:
    """'falls by 12.3 points' or 'grows by' so many, the mean of the seeds, with its interval where
    they are enough for one.
    """
    mean = fmean(lost)
    word, sign = ("falls", 1) if mean >= 0 else ("grows", -1)
    text = f"{word} by {100 * abs(mean):.1f} points"
    if not (ends := interval(lost)):
        return text
    low, high = sorted(100 * sign * value for value in ends)
    return f"{text} (95 % interval {low:.1f} to {high:.1f})"
