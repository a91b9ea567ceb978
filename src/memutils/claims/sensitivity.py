"""How much of the table hangs on its thresholds:
the verdicts once more with each threshold moved.
"""

import dataclasses
import itertools

from memutils.claims import thresholds
from memutils.claims.selection import MAIN, Pool
from memutils.claims.statements import CLAIMS, MATHEMATICS, Claim
from memutils.claims.table import judge
from memutils.claims.thresholds import LIMITS, Thresholds

JUDGED = tuple(c for c in CLAIMS if c.weight != MATHEMATICS)
"""The claims that runs decide; of mathematics no threshold but rounding is a part."""

FIXED = ("rounding", "main_eta")
"""Not moved: rounding, and the noise rate that names the paper's main setting."""

NAMES = tuple(
    f.name
    for f in dataclasses.fields(Thresholds)
    if f.name not in FIXED and not isinstance(getattr(LIMITS, f.name), tuple)
)
"""The thresholds that are moved: all single numbers."""

GROUPS = (("deviations", "clean_fit", "underfit"), ("fit_gap", "edge_gap"))
"""P0's thresholds and P1's, which ``sweep`` moves together."""

Key = tuple[str, str, str]
"""A verdict's claim, part and column."""


def margins(name: str) -> tuple[float, float]:
    """A threshold with its margin halved and doubled.

    The margin of a fraction is its distance from the nearer end of [0, 1]; doubled, it goes half of
    the way to the other end at most.
    """
    value = getattr(LIMITS, name)
    if isinstance(value, int):
        return max(1, value // 2), 2 * value
    if value > 1:
        return value / 2, 2 * value
    margin = min(value, 1 - value)
    halved, doubled = margin / 2, min(2 * margin, (1 + margin) / 2)
    return (1 - halved, 1 - doubled) if value > 0.5 else (halved, doubled)


def values(name: str, points: int = 9) -> list[float]:
    """Values from the halved to the doubled margin, equally spaced on each side of the threshold,
    which is among them.
    """
    value, sides = getattr(LIMITS, name), sorted(margins(name))
    each = (points - 1) // 2
    low = [sides[0] + (value - sides[0]) * i / each for i in range(each)]
    high = [value + (sides[1] - value) * i / each for i in range(1, each + 1)]
    found = [*low, value, *high]
    if isinstance(value, int):
        return sorted({round(v) for v in found})
    return [round(v, 10) for v in found]


def concerned(name: str) -> tuple[Claim, ...]:
    """The claims that runs decide and that a threshold is a part of."""
    used = thresholds.used_by(name)
    return tuple(c for c in JUDGED if not used or c.id in used)


def words(pool: Pool, limits: Thresholds, claims: tuple[Claim, ...] = JUDGED) -> dict[Key, str]:
    """The word of each verdict on the paper's networks."""
    return {(v.claim, v.part, v.column): v.word for v in judge(pool, limits, MAIN, claims)}


def words_at(pool: Pool, usual: dict[Key, str], name: str, value: float) -> dict[Key, str]:
    """The words with one threshold moved: ``usual`` but for the claims that it is a part of."""
    if value == getattr(LIMITS, name):
        return usual
    limits = dataclasses.replace(LIMITS, **{name: value})
    return usual | words(pool, limits, concerned(name))


def sweep(pool: Pool, points: int = 9) -> dict:
    """The words of all verdicts for several values of each threshold alone, and of those in
    ``GROUPS`` for theirs together.

    Returns JSON: ``words`` lists every word that occurs; elsewhere a word is its place there.
    ``verdicts`` lists claim, part and column; ``usual`` their words. ``alone`` has by threshold its
    meaning, the claims it is a part of (none: of all), its values, and a row of words for each
    value, in the order of ``verdicts``. ``together`` lists, for each claim and group of which two
    thresholds or more are a part of it, the claim, these thresholds, and a row of words of the
    claim's verdicts for each combination of values, the last threshold moving fastest.
    """
    usual = words(pool, LIMITS)
    order, texts = list(usual), []

    def places(found: dict[Key, str], keys: list[Key]) -> list[int]:
        texts.extend(text for text in dict.fromkeys(found.values()) if text not in texts)
        return [texts.index(found[key]) for key in keys]

    first, alone, together = places(usual, order), {}, []
    for name in NAMES:
        moved = values(name, points)
        alone[name] = {
            "meaning": thresholds.meaning(name),
            "claims": list(thresholds.used_by(name)),
            "values": moved,
            "words": [places(words_at(pool, usual, name, value), order) for value in moved],
        }
    for group, claim in itertools.product(GROUPS, JUDGED):
        names = [name for name in group if claim in concerned(name)]
        if len(names) < 2:
            continue
        keys = [key for key in order if key[0] == claim.id]
        limits = (
            dataclasses.replace(LIMITS, **dict(zip(names, at, strict=True)))
            for at in itertools.product(*(values(name, points) for name in names))
        )
        rows = [places(words(pool, at, (claim,)), keys) for at in limits]
        together.append({"claim": claim.id, "thresholds": names, "words": rows})
    return {
        "words": texts,
        "verdicts": list(map(list, order)),
        "usual": first,
        "alone": alone,
        "together": together,
    }


def changes(swept: dict) -> list[dict]:
    """What a halved or doubled margin would change, a row a verdict and move.

    Columns: claim, part, column; threshold, its meaning and value, where it is moved to; old and
    new word.

    Args:
        swept: from ``sweep``.
    """
    texts, usual, rows = swept["words"], swept["usual"], []
    for name, alone in swept["alone"].items():
        value = getattr(LIMITS, name)
        told = {"threshold": name, "meaning": alone["meaning"], "value": value}
        for end in (0, -1):
            moved = told | {"moved_to": alone["values"][end]}
            for key, old, new in zip(swept["verdicts"], usual, alone["words"][end], strict=True):
                if old != new:
                    where = dict(zip(("claim", "part", "column"), key, strict=True))
                    rows.append(where | moved | {"old": texts[old], "new": texts[new]})
    return rows
