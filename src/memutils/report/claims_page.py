"""The page of the claims: the strip, the rows, the thresholds and the old rules, from the table of
claims as data.
"""

import json

from IPython.display import HTML, Markdown

from memutils.claims import publish
from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, NOT_TESTED, OPEN
from memutils.claims.selection import Pool
from memutils.claims.statements import CLAIMS, MATHEMATICS, PRIMARY
from memutils.names import LOSS_NAMES
from memutils.report.markup import Safe, details, interval, joined, link, number, table, tag

SYMBOLS = {HOLDS: "✓", FAILS: "✗", OPEN: "?", NOT_TESTED: "–"}
SHORT = {
    "resnet18": "ResNet-18, MNIST",
    "inception-lite": "Inception-Lite, CIFAR-10",
    "resnet32": "ResNet-32, CIFAR-10",
}
WORDS = {
    "j1": "J1",
    "j2": "J2",
    "clean_j1": "J1 on clean labels",
    "memorized": "m",
    "recovered": "r",
    "rise": "change of J1",
    "difference": "difference",
    "standard_error": "SE",
    "mcnemar_z": "McNemar z",
    "difference_of_medians": "of medians",
    "j1_cce_minus_mse": "J1 of CCE less MSE",
    "rise_of_cce": "change of CCE",
    "drop": "drop",
    "ideal_drop": "ideal drop",
    "share": "share of it",
    "j1_minus_j2": "J1 − J2",
    "noise_rate": "e",
    "recovered_minus_memorized": "r − m",
    "share_of_epochs_above": "r above, share of epochs",
    "share_below_by_3_se": "m leads, share of epochs",
    "evaluations_against": "evaluations against",
    "crossover_epoch": "crossover",
    "evaluations_before": "evaluations before",
    "epochs_before": "epochs before",
    "clean_j1_minus_j2": "clean J1 − J2",
    "excess": "x",
    "excess_rll": "x of RLL",
    "excess_mse": "x of MSE",
    "distance_to_rll_less_to_mse": "to RLL less to MSE",
    "test_accuracy": "test accuracy",
    "risk_cce_less_rll": "CCE less RLL",
    "risk_cce": "risk of CCE",
    "risk_rll": "risk of RLL",
    "first_version": "0.98 and 0.95",
    "rll_highest": "RLL's highest x",
    "cce_lowest": "CCE's lowest x",
    "gap": "gap",
    "edge": "next step less smallest",
    "human": "human",
    "symmetric": "symmetric",
    "level": "f",
    "seed": "seed",
}
"""Statistics in words."""


def readable(name: str) -> str:
    """A statistic in words."""
    return (
        WORDS.get(name)
        or LOSS_NAMES.get(name)
        or name.replace("epoch_at_eta_", "epoch, η = ").replace("_", " ")
    )


def kind(word: str) -> str:
    """The CSS class of a word: holds, fails, part, open, untested or proof."""
    known = {HOLDS: "holds", FAILS: "fails", OPEN: "open", NOT_TESTED: "untested"}
    return known.get(word) or (
        "part" if word.endswith("seeds") else "fails" if word == "refuted" else "proof"
    )


def symbol(word: str) -> str:
    """The symbol of a word."""
    return SYMBOLS.get(word) or {"part": "◐", "fails": "✗", "proof": "∎"}[kind(word)]


def badge(word: str, *below: str) -> Safe:
    """A word with its symbol in its color, and small lines below."""
    lines = joined(tag("small", line) for line in below if line)
    return tag("span", tag("b", f"{symbol(word)} {word}"), lines, class_=f"verdict {kind(word)}")


def beside(verdict: dict) -> list[str]:
    """What stands below a verdict's word: seeds, images, inconclusive runs, the word at another
    size.
    """
    unit = {"seed": "seed", "pair": "pair"}[verdict["unit"]]
    count = (
        f"{verdict['seeds']} {unit}{'' if verdict['seeds'] == 1 else 's'}"
        if verdict["seeds"]
        else ""
    )
    images = (
        "n =\u00a0" + " and ".join(f"{n:,}" for n in verdict["sizes"]) if verdict["sizes"] else ""
    )
    lines = [", ".join(filter(None, [count, images]))]
    lines += [f"{verdict['inconclusive']} inconclusive"] if verdict["inconclusive"] else []
    lines += ["described, not tested"] if verdict["described"] else []
    return lines + [f"{word} at n = {int(n):,}" for n, word in verdict["others"].items()]


def rows_of(content: dict, main: bool) -> list[tuple[dict, str, dict[str, dict]]]:
    """(claim, part, verdicts by column) for every row of a strip: of the networks, or of the
    controls.
    """
    columns = {c["id"] for c in content["columns"] if c["main"] == main}
    found = []
    for claim in content["claims"]:
        own = [v for v in claim["verdicts"] if v["column"] in columns]
        found += [
            (claim, part, {v["column"]: v for v in own if v["part"] == part})
            for part in dict.fromkeys(v["part"] for v in own)
        ]
    return found


def strip(content: dict, page: str = "", brief: bool = False) -> Safe:
    """The claims by networks: a word, a symbol and a color each; a claim's number leads to its row,
    on this page or on another one. A brief strip has no lines below the words.
    """
    columns = [c for c in content["columns"] if c["main"]]
    head = tag(
        "tr",
        tag("th", "claim", scope="col"),
        *(tag("th", SHORT.get(c["id"], c["title"]), scope="col") for c in columns),
    )
    lines = []
    for claim, part, verdicts in rows_of(content, True):
        name = joined(
            [
                link(f"{page}#claim-{claim['id']}", claim["id"]),
                f" {part}" if part else f" {claim['reading']}",
            ]
        )
        cells = [
            tag(
                "td",
                badge(v["word"], *([] if brief else beside(v)))
                if (v := verdicts.get(c["id"]))
                else "",
            )
            for c in columns
        ]
        lines.append(tag("tr", tag("th", name, scope="row"), *cells, class_=claim["weight"]))
    for claim in content["claims"]:
        if claim["weight"] == MATHEMATICS:
            words = dict.fromkeys(v["word"] for v in claim["verdicts"])
            name = joined(
                [link(f"{page}#claim-{claim['id']}", claim["id"]), f" {claim['reading']}"]
            )
            lines.append(
                tag(
                    "tr",
                    tag("th", name, scope="row"),
                    tag("td", *map(badge, words), colspan=str(len(columns))),
                )
            )
    return tag("table", tag("thead", head), tag("tbody", *lines), class_="strip")


def controls(content: dict) -> Safe:
    """What the controls say: a row a control, with the words of the claims that its runs bear
    on.
    """
    lines = []
    for column in (c for c in content["columns"] if not c["main"]):
        said: dict[str, list[str]] = {}
        for claim, part, verdicts in rows_of(content, False):
            word = verdicts.get(column["id"], {}).get("word", NOT_TESTED)
            if word != NOT_TESTED:
                said.setdefault(word, []).append(f"{claim['id']}{f' ({part})' if part else ''}")
        if said:
            words = joined(
                (joined([badge(word), " ", ", ".join(names)]) for word, names in said.items()),
                "<br>",
            )
            lines.append({"control": column["title"], "verdicts": words})
    return table(lines, "controls")


def heading(claim: dict) -> Safe:
    """A claim's number, weight and words per network; the strip leads here."""
    own = [v for v in claim["verdicts"] if v["column"] in SHORT or not v["column"]]
    words = [badge(word) for word in dict.fromkeys(v["word"] for v in own)]
    weight = {PRIMARY: "primary", MATHEMATICS: "mathematics"}.get(claim["weight"], "")
    title = tag("strong", f"{claim['id']}", f" ({weight})" if weight else "")
    return tag("div", title, " ", joined(words, " "), id=f"claim-{claim['id']}", class_="claim")


def row(content: dict, name: str) -> tuple[HTML, Markdown, HTML]:
    """A claim's row of the page, for ``display``: heading, statement, evidence."""
    claim = next(c for c in content["claims"] if c["id"] == name)
    shown = evidence(claim, content["columns"])
    return HTML(heading(claim)), Markdown(statement(claim)), HTML(shown)


def statement(claim: dict) -> str:
    """Markdown: the paper's sentence with its section, our reading, the rule in words and
    symbols.
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
    main = [v for v in claim["verdicts"] if v["column"] in SHORT]
    if claim["weight"] == MATHEMATICS:
        rows = [
            {"statement": v["part"], "verdict": badge(v["word"]), "": v["why"]}
            for v in claim["verdicts"]
        ]
        return joined([table(rows, "numbers"), shown_in(claim)])
    lines = [line(v, titles[v["column"]]) for v in main]
    opened = [
        opened_cells(v, titles[v["column"]])
        for v in claim["verdicts"]
        if v["cells"] or v["extra"].get("rows")
    ]
    return joined(
        [table(lines, "evidence"), shown_in(claim), details("Every run", *opened) if opened else ""]
    )


def line(verdict: dict, title: str) -> dict:
    """A verdict as a line: network, word, the deciding number at the main noise rate with its
    interval.
    """
    named = {"network": title} | ({"of": verdict["part"]} if verdict["part"] else {})
    return named | {
        "verdict": badge(verdict["word"], *beside(verdict)),
        "at η = 0.4": summary(verdict),
    }


def summary(verdict: dict) -> str:
    """The deciding number at the main noise rate: its mean over seeds with its interval, or one
    cell's with its own.
    """
    if verdict["extra"].get("intervals"):
        told = [
            f"{name}: {number(mean)} ({interval(found) or 'one seed'})"
            for name, (mean, found) in verdict["extra"]["intervals"].items()
        ]
        return "; ".join(told)
    at = [
        c
        for c in verdict["cells"]
        if c["eta"] in (0.4, None)
        and c["statistics"]
        and c["state"] not in (INCONCLUSIVE, NOT_TESTED)
    ]
    if not at:
        return verdict["why"]
    if at[0]["eta"] is None:
        orders = (
            f"{c['loss'].upper()} {' / '.join(number(v) for v in c['statistics'].values())}"
            for c in at
        )
        return "epochs at η = 0.2 / 0.4 / 0.6: " + "; ".join(orders)
    name = readable(next(iter(at[0]["statistics"])))
    mean, found = verdict["mean"]
    if found:
        return (
            f"{name} {number(mean)} ({interval(found)} over {len({c['seed'] for c in at})} seeds)"
        )
    own = (
        f" ({interval(at[0]['interval'])}, sampling of images)"
        if at[0]["interval"] and len(at) == 1
        else ""
    )
    return f"{name} {number(mean)}{own}"


def shown_in(claim: dict) -> Safe:
    """Links to the chapters that show a claim's evidence."""
    pages = [link(f"{name}.html", page_title(name)) for name in claim["shown_in"]]
    return tag("p", "Shown in ", joined(pages, ", "), ".") if pages else Safe("")


def page_title(name: str) -> str:
    """A chapter's name for the reader, from that of its notebook."""
    named = {"mnist": "MNIST", "cifar10": "CIFAR-10"}
    return named.get(name, name.replace("theory_", "theory: ").replace("_", " "))


def opened_cells(verdict: dict, title: str) -> Safe:
    """Every cell of a verdict: a line a cell, a column a number; below, the records."""
    head = tag("p", tag("em", title, f", {verdict['part']}" if verdict["part"] else ""))
    if rows := verdict["extra"].get("rows"):
        found = [{readable(name): number(value) for name, value in row.items()} for row in rows]
        return joined([head, table(found, "numbers"), records(verdict["extra"]["records"])])
    lines = [opened_cell(c) for c in verdict["cells"]]
    used = dict.fromkeys(name for c in verdict["cells"] for name in c["records"])
    kept = [n for n in (lines[0] if lines else {}) if any(row.get(n) for row in lines)]
    return joined(
        [head, table([{n: row.get(n) for n in kept} for row in lines], "numbers"), records(used)]
    )


def opened_cell(cell: dict) -> dict:
    """A cell as a line: what it is, its state, its numbers, and why."""
    state = {"": joined([symbol_of(cell["state"]), f" {cell['state']}"])}
    named = {"loss": LOSS_NAMES.get(cell["loss"], cell["loss"]), "η": number(cell["eta"], 1)}
    numbers = {readable(name): number(value) for name, value in cell["statistics"].items()}
    why = [cell["why"], f"differ: {cell['differ']}" if cell["differ"] else ""]
    last = {"interval": interval(cell["interval"]), "why": "; ".join(filter(None, why))}
    return named | {"seed": number(cell["seed"])} | state | numbers | last


def symbol_of(state: str) -> str:
    """The symbol of a cell's state."""
    return SYMBOLS.get(state, "·")


def records(names) -> Safe:
    """The records behind a verdict, to open."""
    listed = joined((tag("code", f"results/{name}.json") for name in names), "<br>")
    return details(f"{len(names)} records", listed)


def load(pool: Pool | None = None) -> dict:
    """The table of claims from the records in the results folder, as its file has it."""
    return json.loads(publish.dump(publish.content(pool or Pool.load())))
