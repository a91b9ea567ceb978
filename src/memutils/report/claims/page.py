"""The page of the claims: a row for each claim, from the table of claims as data."""

import json

from IPython.display import HTML, Markdown

from memutils.claims import publish
from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, NOT_TESTED
from memutils.claims.cells import by_seeds, in_every_seed
from memutils.claims.intervals import Interval
from memutils.claims.selection import Pool
from memutils.claims.statements import CLAIMS, MATHEMATICS, PRIMARY
from memutils.claims.thresholds import LIMITS
from memutils.names import LOSS_NAMES
from memutils.report import origins
from memutils.report.claims.vocabulary import (
    PAGES,
    PARTS,
    SHORT,
    SYMBOLS,
    VERBS,
    badge,
    beside,
    readable,
)
from memutils.report.markup import Safe, details, interval, joined, link, number, table, tag
from memutils.words import listed, plural


def heading(claim: dict) -> Safe:
    """A claim's number, weight and words per network; the strip leads here."""
    own = [v for v in claim["verdicts"] if v["column"] in SHORT or not v["column"]]
    words = [badge(word) for word in dict.fromkeys(v["word"] for v in own)]
    weight = {PRIMARY: "primary", MATHEMATICS: "mathematics"}.get(claim["weight"], "")
    title = tag("strong", f"{claim['id']}", f" ({weight})" if weight else "")
    return tag("div", title, " ", joined(words, " "), id=f"claim-{claim['id']}", class_="claim")


def row(content: dict, name: str) -> tuple[HTML, Markdown, HTML]:
    """A claim's row of the page, for ``display``: heading, statement, evidence."""
    claim = claim_of(content, name)
    shown = evidence(claim, content["columns"])
    return HTML(heading(claim)), Markdown(statement(claim)), HTML(shown)


def statement(claim: dict) -> str:
    """Markdown: the paper's sentence with its section, our reading,
    the rule in words and symbols.
    """
    symbols = next(c.symbols for c in CLAIMS if c.id == claim["id"])
    says = "*This claim is ours, not the paper's.*"
    if claim["says"]:
        says = f"*The paper, {claim['section']}:* “{claim['says']}”."
    beyond = " The paper does not show this for ResNet-32." if claim["beyond"] else ""
    rule = f"*Rule:* {claim['rule']}" + (f" In symbols: {symbols}." if symbols else "")
    return f"{says}\n\n*Our reading:* {claim['reading']}{beyond}\n\n{rule}"


def evidence(claim: dict, columns: list[dict]) -> Safe:
    """A claim's numbers: a line a network, links to figures, and every cell to open."""
    titles = {c["id"]: c["title"] for c in columns}
    lines, opened = [], []
    for v in claim["verdicts"]:
        if claim["weight"] == MATHEMATICS:
            lines.append({"statement": v["part"], "verdict": badge(v["word"]), "": v["why"]})
        elif v["column"] in SHORT:
            lines.append(line(claim["id"], v, titles[v["column"]]))
        if v["cells"] or v["extra"].get("rows"):
            opened.append(opened_cells(v, titles[v["column"]]))
    every = details("Every run", *opened) if opened else ""
    return joined([table(lines, "evidence"), shown_in(claim), every])


def claim_of(content: dict, name: str) -> dict:
    """The claim of this id in the table."""
    return next(c for c in content["claims"] if c["id"] == name)


def sentence(content: dict, name: str) -> str:
    """A claim's verdicts on the paper's networks in words, networks of which the same holds
    together: 'C17 fails with ResNet-18 on MNIST and Inception-Lite on CIFAR-10 (1 seed), ...'.
    """
    titles = {column["id"]: column["title"] for column in content["columns"] if column["main"]}
    claim = claim_of(content, name)
    by_word: dict[str, list[str]] = {}
    for verdict in claim["verdicts"]:
        if (column := verdict["column"]) in titles:
            word, few = verdict["word"], verdict["seeds"] < LIMITS.seeds
            seeds = f" ({plural(verdict['seeds'], 'seed')})" if few and verdict["seeds"] else ""
            by_word.setdefault(word, []).append(f"{titles[column]}{seeds}")
    told = [f"{VERBS.get(w, f'holds in {w}')} with {listed(of)}" for w, of in by_word.items()]
    return f"{name} {', and '.join(told)}."


def line(claim: str, verdict: dict, title: str) -> dict:
    """A verdict as a line: network, word,
    the deciding number at the main noise rate with its interval.
    """
    named = {"network": title} | ({"of": PARTS[verdict["part"]]} if verdict["part"] else {})
    return named | {
        "verdict": badge(verdict["word"], *beside(claim, verdict), failing(verdict)),
        "at η = 0.4": summary(verdict),
    }


def summary(verdict: dict) -> Safe:
    """The deciding number at the main noise rate, with the runs that it comes from."""
    at = telling(verdict)
    of_extra = verdict["extra"].get("records", []) if verdict["extra"].get("intervals") else []
    used = [name for c in in_all_seeds(at) or at for name in c["records"]]
    return origins.number(deciding(verdict, at), [*of_extra, *used])


def failing(verdict: dict) -> str:
    """Which cells fail, where others hold: 'fails with η = 0.2: m = 0.877, J1 = 0.972'; else ''.

    Named is the first; what all cells share is left out.
    """
    told = [c for c in verdict["cells"] if c["state"] in (HOLDS, FAILS)]
    bad = [c for c in told if c["state"] == FAILS]
    if verdict["word"] == NOT_TESTED or len(bad) in (0, len(told)):
        return ""
    several = {n: len({c[n] for c in told}) > 1 for n in ("loss", "eta", "seed")}
    cell = bad[0]
    at = [LOSS_NAMES[cell["loss"]]] if several["loss"] else []
    at += [f"η = {cell['eta']:g}"] if several["eta"] else []
    at += [f"seed {cell['seed']}"] if several["seed"] else []
    shown = [f"{readable(n)} = {number(v)}" for n, v in [*cell["statistics"].items()][:2]]
    more = f" and in {len(bad) - 1} more" if len(bad) > 1 else ""
    return f"fails with {', '.join(at)}{more}: {', '.join(shown)}"


def telling(verdict: dict) -> list[dict]:
    """The cells at the main noise rate, or of all noise rates, that can tell."""
    silent = (INCONCLUSIVE, NOT_TESTED)
    at = [c for c in verdict["cells"] if c["eta"] in (0.4, None) and c["state"] not in silent]
    return [c for c in at if c["statistics"]]


def deciding(verdict: dict, at: list[dict]) -> str:
    """The mean over seeds with its interval, or one cell's number with its own; why there is none.

    Args:
        at: from ``telling``.
    """
    if verdict["extra"].get("intervals"):
        seeds = plural(len({row["seed"] for row in verdict["extra"]["rows"]}), "seed")
        return "; ".join(
            f"{name}: {number(mean)} ({over_seeds(verdict, found, seeds)})"
            for name, (mean, found) in verdict["extra"]["intervals"].items()
        )
    if not at:
        return "" if verdict["word"] == NOT_TESTED else verdict["why"]
    if at[0]["eta"] is None:
        orders = (
            f"{c['loss'].upper()} {' / '.join(number(v) for v in c['statistics'].values())}"
            for c in at
        )
        return "epochs at η = 0.2 / 0.4 / 0.6: " + "; ".join(orders)
    name = readable(next(iter(at[0]["statistics"])))
    seeds = {c["seed"] for c in at}
    if verdict["mean"] is None:
        return f"{name}: no loss can tell in every seed"
    mean, found = of_failing(at) or verdict["mean"]
    if found and len(seeds) >= LIMITS.seeds:
        by = over_seeds(verdict, found, plural(len(seeds), "seed"))
        return f"{name}{of_losses(at)} = {number(mean)} ({by})"
    if len(at) == len(seeds) > 1:  # an interval over two seeds tells nothing
        values = (number(next(iter(c["statistics"].values()))) for c in at)
        return f"{name} = {listed(values)}, one seed each"
    of_cell = at[0]["interval"] if len(at) == 1 else None
    own = f" (95 % interval {interval(of_cell)} by the sampling of images)" if of_cell else ""
    return f"{name}{of_losses(at)} = {number(mean)}{own}"


def over_seeds(verdict: dict, found: Interval | None, seeds: str) -> str:
    """'97.5 % interval 0.105 to 0.392; 3 seeds': an interval over seeds is not their range."""
    level = f"{100 * verdict['confidence']:g} % interval"
    return f"{level} {interval(found)}; {seeds}" if found else seeds


def in_all_seeds(at: list[dict]) -> list[dict]:
    """The cells of the losses that every seed has: the mean over seeds is theirs. Where some of
    these losses fail in every seed and others hold, it is of those that fail: a mean over both
    would be no run's.
    """
    shared = in_every_seed((c["loss"], c["seed"]) for c in at)
    kept = [c for c in at if c["loss"] in shared]
    bad = {c["loss"] for c in kept} - {c["loss"] for c in kept if c["state"] != FAILS}
    return [c for c in kept if c["loss"] in bad] if bad else kept


def of_failing(at: list[dict]) -> tuple[float, Interval | None] | None:
    """The mean over seeds with its interval, where it is not that of all losses of every seed."""
    shared = in_every_seed((c["loss"], c["seed"]) for c in at)
    kept = in_all_seeds(at)
    if len(kept) == sum(c["loss"] in shared for c in at):
        return None
    pairs = ((c["seed"], next(iter(c["statistics"].values()))) for c in kept)
    return by_seeds(pairs, LIMITS.confidence)


def of_losses(at: list[dict]) -> str:
    """' of CCE': the losses that every seed has; '' where there are no others."""
    kept = in_all_seeds(at)
    names = dict.fromkeys(LOSS_NAMES[c["loss"]] for c in kept)
    return f" of {listed(names)}" if len(kept) < len(at) else ""


def shown_in(claim: dict) -> Safe:
    """Links to the chapters that show a claim's evidence."""
    pages = [link(f"{name}.html", PAGES[name]) for name in claim["shown_in"]]
    return tag("p", "Shown in ", joined(pages, ", "), ".") if pages else Safe("")


def opened_cells(verdict: dict, title: str) -> Safe:
    """Every cell of a verdict: a line a cell, a column a number; below, the records."""
    head = tag("p", tag("em", title, f": {PARTS[verdict['part']]}" if verdict["part"] else ""))
    if rows := verdict["extra"].get("rows"):
        found = [{readable(name): number(value) for name, value in row.items()} for row in rows]
        return joined([head, table(found, "numbers"), records(verdict["extra"]["records"])])
    lines = [opened_cell(c) for c in verdict["cells"]]
    used = dict.fromkeys(name for c in verdict["cells"] for name in c["records"])
    kept = [n for n in lines[0] if any(row.get(n) for row in lines)]
    shown = table([{n: row.get(n) for n in kept} for row in lines], "numbers")
    return joined([head, shown, records(used)])


def opened_cell(cell: dict) -> dict:
    """A cell as a line: what it is, its state, its numbers, and why."""
    state = {"": joined([SYMBOLS.get(cell["state"], "·"), f" {cell['state']}"])}
    named = {"loss": LOSS_NAMES[cell["loss"]], "η": number(cell["eta"], 1)}
    numbers = {
        readable(name): origins.number(number(value), cell["records"])
        for name, value in cell["statistics"].items()
    }
    why = [cell["why"], f"differ: {cell['differ']}" if cell["differ"] else ""]
    last = {"interval": interval(cell["interval"]), "why": "; ".join(filter(None, why))}
    return named | {"seed": number(cell["seed"])} | state | numbers | last


def records(names) -> Safe:
    """The records behind a verdict, to open."""
    listed = joined((tag("code", f"results/{name}.json") for name in names), "<br>")
    return details(plural(len(names), "record"), listed)


def load(pool: Pool | None = None) -> dict:
    """The table of claims from the records in the results folder, as its file has it."""
    return json.loads(publish.dump(publish.content(pool or Pool.load())))
