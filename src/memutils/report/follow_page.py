"""The page that follows images: what its wall looks up (``book/_static/follow.js``), and what it
says in words, every number counted from records.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import pandas as pd

from memutils import data
from memutils.claims.answer import percent
from memutils.report import figures, follow_figure, followed, plots, sprites
from memutils.report.explorer import embed
from memutils.report.followed import PAIR, Choice, Followed
from memutils.report.markup import Safe, joined, tag
from memutils.report.start import in_words, listed
from memutils.runs.records import results_root

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""A digit a class."""

EMBEDDED = "mnist5k"
"""The data set that comes with the package: its images need no sprite that is committed."""

CLEAR = 2.0
"""Two losses can tell whether they share images where they could share this many times as many as
independence gives."""


EARLY = 2
"""The place of an early evaluation: the third one."""


@dataclass(frozen=True)
class Shown:
    """A set that the page shows: its runs, and the images of its wall.

    Attributes:
        followed: the runs.
        sprite: a PNG of the images, ``sprites.png``.
        at: which of the mislabeled images these are, (n,).
    """

    followed: Followed
    sprite: bytes
    at: np.ndarray


def sprite_file(choice: Choice) -> str:
    """The name of a set's sprite in the results folder."""
    spec = next(iter(choice.specs.values()))
    return f"mislabeled-{spec.dataset}-seed{spec.seed}.png"


def sprite(choice: Choice) -> tuple[bytes, np.ndarray]:
    """The PNG of a set's images and their places in the training set.

    Raises:
        UserError: of a data set that does not come with the package, the sprite is missing.
    """
    spec = next(iter(choice.specs.values()))
    if spec.dataset == EMBEDDED:
        images, places = sprites.of_run(spec, data.load(EMBEDDED))
        return sprites.png(images, places), places
    path = results_root() / sprite_file(choice)
    _, places = sprites.read(path)
    return path.read_bytes(), places


def load(choices: Iterable[Choice]) -> tuple[list[Shown], str]:
    """The sets that have two runs or more, and a sentence on the runs that are not there, or ''.

    Raises:
        UserError: runs of a set do not share their images, or a sprite is missing or another one's.
    """
    shown, told = [], []
    for choice in choices:
        found = choice.found()
        if len(found) >= 2:
            runs = followed.follow(found, choice.title)
            picture, places = sprite(choice)
            shown.append(Shown(runs, picture, followed.at(runs, places)))
        if missing := choice.missing(found):
            count = "no run is" if len(found) == 0 else f"{in_words(len(missing))} of "
            count += "" if not found else f"{in_words(len(choice.specs))} runs are not"
            told.append(f"of {choice.title}, {count} recorded with its predictions yet")
    text = "; ".join(told)
    return shown, f"{text[:1].upper()}{text[1:]}." if text else ""


def compared(sets: Iterable[Shown]) -> pd.DataFrame:
    """Every two losses of each set, as ``followed.pairs`` has them."""
    found = [followed.pairs(one.followed) for one in sets]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=PAIR)


def conditions(sets: Iterable[Shown]) -> str:
    """What the runs of each set have in common, for a caption."""
    runs = {one.followed.title: [c.record for c in one.followed.courses] for one in sets}
    return " ".join(f"{title}: {plots.conditions(found)}." for title, found in runs.items())


def entry(shown: Shown) -> dict:
    """A set as the page holds it."""
    runs, at = shown.followed, shown.at
    courses = [
        {
            "name": course.name,
            "loss": course.record.spec["loss"],
            "run": f"{course.record.scale}/{course.record.key}",
            "since": course.since[at].tolist(),
            "predicted": ["".join(DIGITS[c] for c in row) for row in course.predicted[:, at].T],
        }
        for course in runs.courses
    ]
    return {
        "title": runs.title,
        "classes": runs.classes,
        "epochs": runs.epochs.tolist(),
        "places": runs.places[at].tolist(),
        "given": runs.given[at].tolist(),
        "true": runs.true[at].tolist(),
        "columns": sprites.COLUMNS,
        "gray": runs.courses[0].record.spec["dataset"] != "cifar10",
        "sprite": sprites.address(shown.sprite),
        "courses": courses,
    }


def html(sets: list[Shown]) -> Safe:
    """The wall, as HTML for a notebook's output; without JavaScript and on paper a sentence and a
    picture.
    """
    first = sets[0]
    images, _ = sprites.unpacked(first.sprite)
    alt = "Six mislabeled images, and for each loss the prediction at every evaluation."
    drawn = figures.html(follow_figure.draw_some, first.followed, images, first.at, alt=alt)
    told = (
        "The wall of images works on a screen, with JavaScript. Here are the first six images of "
        f"{first.followed.title}, with their true class and, in brackets, the label given."
    )
    instead = tag("div", tag("p", told), drawn, class_="follow-instead")
    script = f'<script type="application/json">{embed({"sets": list(map(entry, sets))})}</script>'
    return tag("div", joined([Safe(script), instead]), class_="follow")


def share(part: float) -> str:
    """'7 %'; 'fewer than 1 %' where rounding would leave nothing."""
    return "fewer than 1 %" if 0 < part < 0.005 else percent((part,) * 3)


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
    each = listed(f"{share(c.memorized.mean())} with {c.name}" for c in runs.courses)
    return (
        f"**{runs.title}.** Of {m:,} mislabeled images the network has memorized {each} at the end "
        f"of training. Of these images {listed(told)}."
    )


def recovered(runs: Followed) -> str:
    """How many of the images that are memorized at the end were predicted right before."""
    parts = [c.recovered[c.memorized].mean() for c in runs.courses if c.memorized.any()]
    if not parts:
        return ""
    return (
        "Of the images that are memorized at the end with a loss, "
        f"{percent((fmean(parts), min(parts), max(parts)))} were recovered before."
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
        f"With {course.name} the network predicted the wrong label as early as epoch "
        f"{runs.epochs[EARLY]} for {share(given[everyone].mean())} of the images that are "
        f"memorized with all losses, and for {share(given[~everyone].mean())} of the others."
    )


def room(found: pd.DataFrame) -> pd.DataFrame:
    """The pairs of losses that could memorize the same images clearly more often than
    independence gives.
    """
    return found[found["most"] >= CLEAR * found["expected"]]


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
        f"Where few images are memorized with either of two losses, {pairs_of(clear, len(able))} "
        f"more of them than independence gives: {top['both']:,} are memorized both with "
        f"{top['first']} and with {top['second']}, where independence gives {top['expected']:.0f} "
        f"(95 % interval {top['low']:.0f} to {top['high']:.0f}) and {top['most']:,} is the most "
        "there can be."
    )


def pairs_of(clear: int, n: int) -> str:
    """'all three pairs share', 'two of three pairs share'."""
    if n == 1:
        return "the one pair shares" if clear else "not even the one pair shares"
    return f"{'all' if clear == n else f'{in_words(clear)} of'} {in_words(n)} pairs share"


def order(found: pd.DataFrame) -> str:
    """Whether the losses memorize in the same order."""
    rho = found["order"].dropna()
    if rho.empty:
        return ""
    low, high = (f"{v:.2f}".replace("-", "−") for v in (rho.min(), rho.max()))
    between = f"is {low}" if len(rho) == 1 else f"lies between {low} and {high}"
    return (
        f"Over the images that are memorized with both of two losses, the rank correlation of the "
        f"epochs of memorization "
        f"{between} ({in_words(len(rho))} pair{'' if len(rho) == 1 else 's'})."
    )


def seen(sets: list[Shown]) -> str:
    """What the sets show: a paragraph each, in Markdown."""
    told = []
    for one in sets:
        found = followed.pairs(one.followed)
        parts = [part(one.followed) for part in (fates, recovered, early)]
        told.append(" ".join(filter(None, [*parts, overlap(found), order(found)])))
    return "\n\n".join(told).replace(" %", "\u00a0%")


def verdict(found: pd.DataFrame) -> str:
    """The answer to both questions, by all pairs of all sets; and the take-away."""
    able = room(found) if len(found) else found
    if able.empty:
        return "**Open.** No two losses with which few images are memorized are recorded yet."
    same = bool((able["both"] > able["high"]).all())
    rho = able["order"].dropna()
    weak = not rho.empty and rho.max() < 0.5
    first = (
        "**The same images.** Where few images are memorized, they are the same with one loss as "
        "with another, far more often than independence gives."
        if same
        else "**Undecided.** Where few images are memorized, not every pair of losses shares more "
        "of them than independence gives."
    )
    second = " The order in which they are memorized agrees only weakly." if weak else ""
    takeaway = (
        "\n\n**Take-away.** With losses that resist, few wrong labels are memorized, and they are "
        "largely the same ones whichever of these losses is used."
        if same
        else ""
    )
    return first + second + takeaway
