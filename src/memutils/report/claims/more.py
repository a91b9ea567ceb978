"""The second half of the page of the claims: thresholds moved, how the rules changed,
and what was run.
"""

import json
from collections.abc import Iterable

from memutils.claims.changed import AFTER_RESULTS, REASONS
from memutils.claims.selection import MAIN, Pool
from memutils.claims.sensitivity import NAMES
from memutils.names import LOSS_NAMES
from memutils.report.claims.page import summary
from memutils.report.claims.strip import verdicts_on
from memutils.report.claims.vocabulary import NETWORKS, PARTS, SHORT, badge, beside, linked, on
from memutils.report.markup import Safe, joined, number, table, tag
from memutils.runs import records
from memutils.values import grouped
from memutils.words import listed

NAMED = NETWORKS | {"inception-lite-lr": "Inception-Lite at 0.1"}
"""Columns in short; the first version judged Inception-Lite at the learning rate 0.1."""


def moved(changes: list[dict]) -> Safe:
    """A line for each threshold, value and change of word: what it is in words, its values,
    and the verdicts that change.

    Args:
        changes: from ``sensitivity.changes``.
    """
    parts = ("meaning", "value", "moved_to", "old", "new")
    groups = grouped(
        (tuple(row[n] for n in parts), on(row["claim"], row["part"], row["column"]))
        for row in changes
    )
    rows = [
        {
            "threshold": meaning,
            "value": number(value),
            "moved to": number(to),
            "verdicts": joined(names, "<br>"),
            "as judged": badge(old),
            "then": badge(new),
        }
        for (meaning, value, to, old, new), names in groups.items()
    ]
    return table(rows, "moved")


def steady(changes: list[dict], content: dict) -> str:
    """A sentence: which claims no move changes, of those that have a verdict."""
    turned = {row["claim"] for row in changes}
    judged = [
        c["id"]
        for c in content["claims"]
        if any(v["seeds"] for v in c["verdicts"] if v["column"] in SHORT)
    ]
    rest = [name for name in judged if name not in turned]
    kept = (
        f"No move changes a verdict on {', '.join(rest)}."
        if rest
        else "Every claim has a verdict that some move changes."
    )
    return (
        f"{len(NAMES)} thresholds were moved one at a time, to half and to twice their margin."
        f" {kept} The noise rates, and P1's step sizes and levels of fit, were not moved; at higher"
        " levels P1's difference is larger ({doc}`steps`)."
    )


def first_version() -> dict:
    """The first version's verdicts; empty where the results folder does not have them."""
    path = records.results_root() / "claims-first.json"
    return json.loads(path.read_bytes())["claims"] if path.is_file() else {}


def rules_changed(content: dict, first: dict) -> Safe:
    """For each claim the first version's rule, this one's and why,
    and both verdicts on the same old records.
    """
    rows = []
    for claim in content["claims"]:
        if old := first.get(claim["id"]):
            rows.append(
                {
                    "claim": claim["id"],
                    "first rule": old["rule"],
                    "rule now": claim["rule"],
                    "why": REASONS[claim["id"]],
                    "first verdict": first_words(old),
                    "by the rule now": second_words(old),
                }
            )
    return table(rows, "changed")


def first_words(old: dict) -> Safe:
    """The first version's word over all networks, and the cells that passed on each."""
    lines = [
        f"{NAMED[name]}: {v['passed']} of {v['tested']} cells"
        for name, v in old["networks"].items()
        if v["tested"]
    ]
    return joined([tag("b", old["verdict"]), *(tag("small", line) for line in lines)], "<br>")


def second_words(old: dict) -> Safe:
    """This version's words on the same records, a line a network and part."""
    lines = []
    for v in old["second"]:
        where = ", ".join(filter(None, [NAMED.get(v["column"], ""), PARTS[v["part"]]]))
        lines.append(joined([badge(v["word"]), tag("small", f" {where}")]))
    return joined(lines, "<br>")


def read_by(content: dict, *claims: str, column: str = "") -> set[str]:
    """The runs that verdicts on the paper's networks read; by default of all claims and networks.

    Args:
        content: the table of claims.
        claims, column: ids.
    """
    columns = {column} if column else {c["id"] for c in content["columns"] if c["main"]}
    verdicts = verdicts_on(content, columns, *claims)
    names = {name for v in verdicts for cell in v["cells"] for name in cell["records"]}
    return names.union(*(v["extra"].get("records", ()) for v in verdicts))


def known(content: dict) -> str:
    """How many of the runs that verdicts read were recorded when the rules were written down, and
    how many of P0's: '101 of 186, of P0 27 of 27 with ResNet-18, ...'.
    """
    read = read_by(content)
    old = {
        f"{scale}/{record.key}"
        for scale in sorted({name.partition("/")[0] for name in read})
        for record in records.load(scale)
        if record.content.get("converted_from") == 1
    }
    told = [
        f"{len(found & old)} of {len(found)} with {NETWORKS[column.id]}"
        for column in MAIN
        if (found := read_by(content, "P0", column=column.id))
    ]
    of_p0 = f" (for P0 {listed(told)})" if told else ""
    return f"{len(read & old)} of {len(read)}{of_p0}"


def late_changes() -> str:
    """A sentence: which rules of the first version were changed after results were in."""
    told = "; ".join(f"{commit} moved {claims}" for commit, claims in AFTER_RESULTS.items())
    return f"Rules of the first version were changed after results were in: {told}."


def listing(values: Iterable) -> str:
    """The distinct values in order, for the reader."""
    return (
        ", ".join(number(v, 2) if isinstance(v, int) else str(v) for v in sorted(set(values)))
        or "none"
    )


def what_was_run(pool: Pool) -> Safe:
    """The runs behind the columns of the strip: a column a network."""
    found: dict[str, dict[str, str]] = {}
    for column in MAIN:
        protocols = {
            id(p): p for loss in LOSS_NAMES for p in pool.fitting(column.wanted(loss))
        }.values()
        runs = [
            run
            for p in protocols
            for (_, _, _, alpha), run in p.runs.items()
            if alpha in ("", column.alpha)
        ]
        found[column.title] = {
            "runs": number(len(runs)),
            "training images": listing(r.images for r in runs),
            "epochs": listing(r.spec["epochs"] for r in runs),
            "learning rate": listing(f"{r.spec['lr']:g}" for r in runs),
            "precision": listing(r.precision for r in runs),
            "device": listing(r.device for r in runs),
            "seeds": listing(str(r.spec["seed"]) for r in runs),
            "losses": listing(LOSS_NAMES[r.spec["loss"]] for r in runs),
            "noise rates": listing(f"{r.spec['eta']:g}" for r in runs),
        }
    names = next(iter(found.values()))
    return table(
        [{"": name} | {title: rows[name] for title, rows in found.items()} for name in names],
        "settings",
    )


def at_learning_rates(content: dict) -> Safe:
    """The verdicts on P0 and C9 on Inception-Lite at the paper's learning rate and at ten times it,
    with the numbers.
    """
    titles = {"inception-lite": "0.01", "inception-lite-lr": "0.1"}
    rows = []
    for claim in content["claims"]:
        for v in claim["verdicts"]:
            if claim["id"] in ("P0", "C9") and v["column"] in titles:
                rows.append(
                    {
                        "claim": linked(claim["id"], v["part"], claim["reading"], "claims.html"),
                        "learning rate": titles[v["column"]],
                        "verdict": badge(v["word"], *beside(claim["id"], v)),
                        "at η = 0.4": summary(v),
                    }
                )
    return table(rows, "evidence")
