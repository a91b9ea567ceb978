"""Tries a reader on a file that is damaged in many ways: a clear error, or the same result."""

import collections
import contextlib
import itertools
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from memutils.errors import UserError

REGIONS = 16
"""Every file is cut into so many regions, which are damaged in turn."""


class Wrong(Exception):
    """An outcome that must not be."""


def damages(
    content: bytes, others: list[bytes], n: int, rng: np.random.Generator
) -> Iterator[tuple[str, bytes]]:
    """n damaged versions of a file: what was done, and the content;
    each region by each of the ways in turn.
    """
    ways = (
        "truncate",
        "flip",
        "randomise",
        "blank",
        "delete",
        "insert",
        "repeat",
        "digit",
        "replace",
    )
    for i in range(n):
        region, way = i % REGIONS, ways[(i // REGIONS + i) % len(ways)]
        low, high = region * len(content) // REGIONS, max((region + 1) * len(content) // REGIONS, 1)
        at, size = int(rng.integers(low, max(high, low + 1))), int(rng.integers(1, 40))
        new = bytearray(content)
        if way == "truncate":
            del new[at:]
        elif way == "flip":
            new[at] ^= 1 << int(rng.integers(8))
        elif way == "randomise":
            new[at : at + size] = rng.bytes(size)
        elif way == "blank":
            new[low:high] = bytes(high - low)
        elif way == "delete":
            del new[at : at + size]
        elif way == "insert":
            new[at:at] = rng.bytes(size)
        elif way == "repeat":
            new[at:at] = content[low:high]
        elif way == "digit":  # the damage that a parser cannot see
            digits = [j for j in range(low, high) if 48 <= content[j] < 58] or [at]
            new[digits[int(rng.integers(len(digits)))]] = 48 + int(rng.integers(10))
        else:
            new = bytearray(others[int(rng.integers(len(others)))])
        if bytes(new) != content:
            yield f"{way} in region {region}", bytes(new)


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Turns a hang into a failure."""

    def hang(*_):
        raise Wrong(f"hangs for more than {seconds} s")

    signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def outcome(path: Path, new: bytes, use: Callable[[], str]) -> str:
    """What comes of using a damaged file: 'clear error', else what ``use`` says; raises Wrong. The
    file is put back.
    """
    old = path.read_bytes()
    path.write_bytes(new)
    try:
        with within(120):
            return use()
    except UserError as error:
        text = str(error)
        if not any(str(p) in text for p in (path, path.parent)):
            raise Wrong(f"the error does not name {path}: {text}") from error
        advice = (
            "Delete",
            "Move",
            "Use the version",
            "run ",
            "Run",
            "Choose",
            "must",
            "Did you mean",
            "cannot",
            "Lower",
            "valid YAML",
            "has ",
        )
        if not any(word in text for word in advice) or "\n" in text:
            raise Wrong(f"the error does not say what to do: {text}") from error
        return "clear error"
    except Wrong:
        raise
    except BaseException as error:
        raise Wrong(f"{type(error).__name__}: {error}") from error
    finally:
        path.write_bytes(old)


def try_all(
    name: str, path: Path, others: list[bytes], n: int, rng, use: Callable[[], str]
) -> tuple[dict, list[str]]:
    """A row for the table, and what went wrong."""
    counts, wrong = collections.Counter(), []
    for what, new in itertools.islice(damages(path.read_bytes(), others, 2 * n, rng), n):
        try:
            counts[outcome(path, new, use)] += 1
        except Wrong as error:
            wrong.append(f"{name}, {what}: {error}")
    detail = ", ".join(f"{text} {k}" for text, k in sorted(counts.items()))
    return {
        "what": f"Damage, {name}",
        "cases": n,
        "passed": counts.total(),
        "detail": detail,
    }, wrong
