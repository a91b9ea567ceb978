"""The criteria moved: what the page of the claims looks up when a reader moves a threshold
(``book/_static/criteria.js``). Each verdict in it was judged by the rules; the page judges nothing.
"""

from memutils.claims.sensitivity import GROUPS
from memutils.claims.thresholds import LIMITS
from memutils.report.claims.strip import rows_of
from memutils.report.claims.vocabulary import kind, on, symbol
from memutils.report.explorer import embed
from memutils.report.markup import Safe, joined, link, tag

BESIDE = ("first_j1", "first_memorized", "resisted")
"""Thresholds on which no word of the strip hangs: the first version's, and the start page's."""

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
"""A digit a word."""


def digits(row: list[int]) -> str:
    """A row of words, a digit each."""
    return "".join(DIGITS[i] for i in row)


def verdicts(content: dict, swept: dict) -> list[dict]:
    """The verdicts as the page knows them: claim, place among the claim's, name in words, row and
    cell of the strip.
    """
    columns = [c["id"] for c in content["columns"] if c["main"]]
    lines = [(claim["id"], part) for claim, part, _ in rows_of(content, True)]
    counted: dict[str, int] = {}
    found = []
    for claim, part, column in swept["verdicts"]:
        place = counted[claim] = counted.get(claim, -1) + 1
        at = {"row": lines.index((claim, part)), "cell": columns.index(column)}
        found.append({"claim": claim, "place": place, "name": on(claim, part, column)} | at)
    return found


def data(content: dict, swept: dict) -> dict:
    """All that the page looks up.

    Args:
        content: the table of claims.
        swept: from ``sensitivity.sweep``.
    """
    moved = {name: row for name, row in swept["alone"].items() if name not in BESIDE}
    return {
        "words": [
            {"word": word, "kind": kind(word), "symbol": symbol(word)} for word in swept["words"]
        ],
        "verdicts": verdicts(content, swept),
        "usual": digits(swept["usual"]),
        "groups": GROUPS,
        "thresholds": [
            {"name": name, "ours": row["values"].index(getattr(LIMITS, name))}
            | {part: row[part] for part in ("meaning", "claims", "values")}
            | {"words": [digits(words) for words in row["words"]]}
            for name, row in moved.items()
        ],
        "together": [
            group | {"words": [digits(words) for words in group["words"]]}
            for group in swept["together"]
        ],
    }


def html(content: dict, swept: dict) -> Safe:
    """The sliders, as HTML for a notebook's output; without JavaScript a sentence."""
    instead = tag(
        "p",
        "The sliders work on a screen, with JavaScript. ",
        link("#claims-thresholds", "The table below"),
        " has every threshold with its margin halved and doubled.",
        class_="criteria-instead",
    )
    script = f'<script type="application/json">{embed(data(content, swept))}</script>'
    return tag("div", joined([Safe(script), instead]), class_="criteria")
