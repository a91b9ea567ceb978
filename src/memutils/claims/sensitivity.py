"""How much of the ledger hangs on its thresholds: the verdicts once more with each margin halved and doubled."""

import contextlib
from collections.abc import Iterator

from memutils.claims import table
from memutils.claims.outcomes import T
from memutils.records import Record

EXACT = ("symmetry",)
"""Thresholds of the mathematics, where only the arithmetic decides."""


def margins(name: str) -> tuple[float, float]:
    """A threshold with its margin halved and doubled.

    The margin of a fraction is its distance from the nearer end of [0, 1]; doubled, it goes half of the way to the other end at
    most.
    """
    value = T[name]
    if isinstance(value, int):
        return max(1, value // 2), 2 * value
    if value > 1:
        return value / 2, 2 * value
    margin = min(value, 1 - value)
    halved, doubled = margin / 2, min(2 * margin, (1 + margin) / 2)
    return (1 - halved, 1 - doubled) if value > 0.5 else (halved, doubled)


@contextlib.contextmanager
def moved(name: str, value: float) -> Iterator[None]:
    """Within it the rules judge by this threshold instead."""
    kept = T[name]
    T[name] = value
    try:
        yield
    finally:
        T[name] = kept


def verdicts(found: list[Record]) -> dict[str, tuple[str, int, int]]:
    """Of each claim that runs decide: the verdict, and how many cells passed of how many that were tested."""
    return {v.claim.id: (v.overall, v.passed, v.tested) for v in table.judge(found) if v.claim.losses}


def changes(found: list[Record]) -> list[dict]:
    """What another threshold would change, a row a claim and move: claim, threshold, its value, where it is moved to, verdict,
    passed and tested. Moves that change none of the three are left out.

    Args:
        found: the records of one scale.
    """
    usual, rows = verdicts(found), []
    for name, value in list(T.items()):
        for other in () if name in EXACT else margins(name):
            with moved(name, other):
                found_now = verdicts(found)
            for claim, (verdict, passed, tested) in found_now.items():
                if (verdict, passed, tested) != usual[claim]:
                    row = {"claim": claim, "threshold": name, "value": value, "moved_to": round(other, 10)}
                    rows.append(row | {"verdict": verdict, "passed": passed, "tested": tested})
    return rows
