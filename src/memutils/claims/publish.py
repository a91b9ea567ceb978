"""The table of claims as a file and as text:
``claims.json`` (format 2) and the strip that the command prints.
"""

import dataclasses
import json
import math
from collections.abc import Mapping

from memutils.claims.answer import answer, sentences
from memutils.claims.cases import INCONCLUSIVE, NOT_TESTED, OPEN
from memutils.claims.selection import COLUMNS, MAIN, SCALES, Pool
from memutils.claims.statements import CLAIMS
from memutils.claims.table import Cell, Verdict, judge
from memutils.claims.thresholds import LIMITS
from memutils.words import plural

FORMAT = 2
TEXTS = "id weight section says reading rule shown_in beyond".split()
WORDS = "part column word passed seeds sizes others mean confidence described why extra".split()
"""What the file has of a claim and of a verdict as they are."""


def plain(value):
    """A value as JSON holds it: floats rounded, so that no platform's last digit shows; None for
    what is not finite.
    """
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if isinstance(value, bool | str | int | None):
        return value
    return round(float(value), 6) + 0.0 if math.isfinite(value) else None


def of_cell(cell: Cell) -> dict:
    """A cell's part of the file."""
    named = {n: getattr(cell, n) for n in ("loss", "eta", "seed", "images", "learning_rate")}
    found = {n: getattr(cell.finding, n) for n in ("state", "why", "statistics", "interval")}
    return named | found | {"differ": cell.differ, "records": cell.records}


def of_verdict(verdict: Verdict) -> dict:
    """A verdict's part of the file."""
    made = {n: getattr(verdict, n) for n in WORDS}
    made |= {"unit": "pair" if verdict.claim == "E1" else "seed"}
    made |= {"inconclusive": verdict.count(INCONCLUSIVE), "open": verdict.count(OPEN)}
    return made | {"cells": [of_cell(c) for c in verdict.cells]}


def shown(verdict: Verdict) -> bool:
    """Whether the table has it: every verdict on a main column,
    and of a control's those that runs bear on.
    """
    return bool(verdict.cells) or verdict.column in {"", *(c.id for c in MAIN)}


def content(pool: Pool) -> dict:
    """The table, ready for JSON; the same records give the same."""
    verdicts = judge(pool, LIMITS)
    found = answer(verdicts, pool, LIMITS)
    claims = []
    for claim in CLAIMS:
        own = [of_verdict(v) for v in verdicts if v.claim == claim.id and shown(v)]
        claims.append({n: getattr(claim, n) for n in TEXTS} | {"verdicts": own})
    return plain(
        {
            "format": FORMAT,
            "scales": SCALES,
            "records": len(pool.runs),
            "thresholds": dataclasses.asdict(LIMITS),
            "columns": [{"id": c.id, "title": c.title, "main": c.main} for c in COLUMNS],
            "answer": dataclasses.asdict(found) | {"sentences": sentences(found, LIMITS)},
            "claims": claims,
        }
    )


def dump(table: dict) -> bytes:
    """The file: a line a cell, so that a change is a small difference."""
    text = json.dumps(table | {"claims": "@"}, indent=1, ensure_ascii=False, allow_nan=False)
    claims = []
    for claim in table["claims"]:
        verdicts = [_lines(verdict) for verdict in claim["verdicts"]]
        head = json.dumps(claim | {"verdicts": "@"}, indent=1, ensure_ascii=False, allow_nan=False)
        claims.append(head.replace('"@"', "[\n" + ",\n".join(verdicts) + "\n ]"))
    return text.replace('"@"', "[\n" + ",\n".join(claims) + "\n]").encode() + b"\n"


def _lines(verdict: dict) -> str:
    cells = [json.dumps(cell, ensure_ascii=False, allow_nan=False) for cell in verdict["cells"]]
    head = json.dumps(verdict | {"cells": "@"}, ensure_ascii=False, allow_nan=False)
    return head.replace('"@"', "[\n  " + ",\n  ".join(cells) + "\n ]" if cells else "[]")


def word(verdict: dict) -> str:
    """A verdict's word with what must stand beside it: 'holds (1 seed)', 'fails;
    holds at n = 5,000'.
    """
    said, count = verdict["word"], verdict["seeds"]
    few = 0 < count < LIMITS.seeds and "seeds" not in said and said != NOT_TESTED
    seeds = f" ({plural(count, 'seed')})" if few and verdict["unit"] == "seed" else ""
    others = (f"; {w} at n = {int(n):,}" for n, w in verdict["others"].items())
    return f"{said}{seeds}{''.join(others)}"


def strip(table: dict) -> str:
    """The table as text: a line a verdict, a column a network; the controls below."""
    main = [c for c in table["columns"] if c["main"]]
    lines = [f"{table['records']} records. {table['answer']['sentences']}", ""]
    lines.append(f"{'':34}" + "".join(f"{c['title']:30}" for c in main))
    for claim in table["claims"]:
        parts = dict.fromkeys(v["part"] for v in claim["verdicts"])
        for part in parts:
            words = {v["column"]: word(v) for v in claim["verdicts"] if v["part"] == part}
            name = f"{claim['id']:4} {part}"
            row = "".join(f"{words.get(c['id'], ''):30}" for c in main)
            lines.append(f"{name:48}{words['']}" if "" in words else f"{name:34}{row}".rstrip())
    for column in (c for c in table["columns"] if not c["main"]):
        told = [
            f"{claim['id']}{' ' + v['part'] if v['part'] else ''} {word(v)}"
            for claim in table["claims"]
            for v in claim["verdicts"]
            if v["column"] == column["id"] and v["word"] != NOT_TESTED
        ]
        if told:
            lines += ["", f"{column['title']}: {'; '.join(told)}"]
    return "\n".join(lines)
