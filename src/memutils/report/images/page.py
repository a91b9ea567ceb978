"""The page that follows images: which sets it shows, and what its wall looks up
(``book/_static/follow.js``).
"""

import string
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from memutils import data
from memutils.report import figures, plots
from memutils.report.explorer import embed
from memutils.report.images import drawings, sprites, trajectories
from memutils.report.images.trajectories import PAIR, Choice, Followed
from memutils.report.markup import Safe, joined, tag
from memutils.runs.records import results_root
from memutils.words import in_words

DIGITS = string.digits + string.ascii_lowercase
"""A digit a class."""

EMBEDDED = "mnist5k"
"""The data set that comes with the package: its images need no sprite that is committed."""


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
            runs = trajectories.follow(found, choice.title)
            picture, places = sprite(choice)
            shown.append(Shown(runs, picture, trajectories.at(runs, places)))
        if missing := choice.missing(found):
            gone, every = len(missing), len(choice.specs)
            are = "is" if gone == 1 else "are"
            count = (
                f"{in_words(gone)} of {in_words(every)} runs {are} not" if found else "no run is"
            )
            makes = f"`make runs SCALE={choice.grid.name}` trains what is missing"
            told.append(f"Of {choice.title}, {count} recorded with its predictions yet; {makes}.")
    return shown, " ".join(told)


def compared(sets: Iterable[Shown]) -> pd.DataFrame:
    """Every two losses of each set, as ``trajectories.pairs`` has them."""
    found = [trajectories.pairs(one.followed) for one in sets]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=PAIR)


def conditions(sets: Iterable[Shown]) -> str:
    """What the runs of each set have in common, for a caption."""
    runs = {one.followed.title: [c.record for c in one.followed.courses] for one in sets}
    return " ".join(f"{title}: {plots.conditions(found)}." for title, found in runs.items())


def entry(shown: Shown) -> dict:
    """A set as the page holds it."""
    runs, at = shown.followed, shown.at
    images, _ = sprites.unpacked(shown.sprite)
    courses = [
        {
            "name": course.name,
            "loss": course.record.spec["loss"],
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
        "gray": images.shape[-1] == 1,
        "sprite": f"data:image/png;base64,{b64encode(shown.sprite).decode()}",
        "courses": courses,
    }


def html(sets: list[Shown]) -> Safe:
    """The wall, as HTML for a notebook's output; without JavaScript and on paper a sentence and a
    picture.
    """
    first = sets[0]
    images, _ = sprites.unpacked(first.sprite)
    alt = "Mislabeled images, and for each loss the prediction at every evaluation."
    drawn = figures.html(drawings.draw_some, first.followed, images, first.at, alt=alt)
    told = (
        "The wall of images works on a screen, with JavaScript. Here are some images of "
        f"{first.followed.title}, with their true class and, in brackets, the label given."
    )
    instead = tag("div", tag("p", told), drawn, class_="follow-instead")
    script = f'<script type="application/json">{embed({"sets": list(map(entry, sets))})}</script>'
    return tag("div", joined([Safe(script), instead]), class_="follow")
