"""The claims by networks, a word for each, and what the controls say."""

from collections.abc import Collection

from memutils.claims.cases import NOT_TESTED
from memutils.claims.statements import MATHEMATICS
from memutils.claims.thresholds import LIMITS
from memutils.report.claims.vocabulary import SHORT, badge, beside, linked, named, only_at
from memutils.report.markup import Safe, joined, table, tag
from memutils.values import grouped
from memutils.words import plural


def rows_of(content: dict, main: bool) -> list[tuple[dict, str, dict[str, dict]]]:
    """(claim, part, verdicts by column) for every row of a strip: of the networks,
    or of the controls.
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


def verdicts_on(content: dict, columns: Collection[str], *claims: str) -> list[dict]:
    """The verdicts on these columns, of these claims; of all claims where none is named."""
    return [
        v
        for claim in content["claims"]
        if not claims or claim["id"] in claims
        for v in claim["verdicts"]
        if v["column"] in columns
    ]


def strip(content: dict, page: str = "", brief: bool = False) -> Safe:
    """The claims by networks: a word, a symbol and a color each; a claim's number leads to its row,
    on this page or on another one. A brief strip says below a word only on how few seeds and noise
    rates it rests.
    """
    columns = [c for c in content["columns"] if c["main"]]
    heads = (
        tag("th", SHORT.get(c["id"], c["title"]), images(content, c) if brief else "", scope="col")
        for c in columns
    )
    head = tag("tr", tag("th", "claim", scope="col"), *heads)
    lines = []
    for claim, part, verdicts in rows_of(content, True):
        name = linked(claim["id"], part, claim["reading"], page)
        cells = [
            tag(
                "td",
                badge(v["word"], *([few(v), only_at(v)] if brief else beside(claim["id"], v)))
                if (v := verdicts.get(c["id"]))
                else "",
            )
            for c in columns
        ]
        lines.append(tag("tr", tag("th", name, scope="row"), *cells, class_=claim["weight"]))
    for claim in content["claims"]:
        if claim["weight"] == MATHEMATICS:
            words = grouped((v["word"], v["part"]) for v in claim["verdicts"])
            name = linked(claim["id"], "", claim["reading"], page)
            said = tag("td", *proofs(words), colspan=str(len(columns)))
            lines.append(tag("tr", tag("th", name, scope="row"), said))
    return tag("table", tag("thead", head), tag("tbody", *lines), class_="strip")


def images(content: dict, column: dict) -> Safe:
    """How many images the answer's runs of a network have, for a column's head."""
    found = [n["images"] for n in content["answer"]["networks"] if n["column"] == column["id"]]
    return joined(joined([Safe("<br>"), tag("small", f"{n:,} images")]) for n in found)


def few(verdict: dict) -> str:
    """The seeds of a verdict that rests on one or two, '1 seed, 3 needed' where these test nothing;
    '' otherwise.
    """
    count, needed = verdict["seeds"], LIMITS.seeds
    if verdict["unit"] != "seed" or not 0 < count < needed:
        return ""
    text = plural(count, "seed")
    return f"{text}, {needed} needed" if verdict["word"] == NOT_TESTED else text


def proofs(words: dict[str, list[str]]) -> list[Safe]:
    """A badge for each word of a mathematical claim, with what it is said of where words differ."""
    alone = len(words) == 1
    return [badge(word, "" if alone else "; ".join(parts)) for word, parts in words.items()]


def controls(content: dict) -> Safe:
    """What the controls say: a row a control,
    with the words of the claims that its runs bear on.
    """
    lines = []
    for column in (c for c in content["columns"] if not c["main"]):
        said = grouped(
            (v["word"], named(claim["id"], part))
            for claim, part, verdicts in rows_of(content, False)
            if (v := verdicts.get(column["id"])) and v["word"] != NOT_TESTED
        )
        if said:
            words = joined(
                (joined([badge(word), " ", ", ".join(names)]) for word, names in said.items()),
                "<br>",
            )
            lines.append({"control": column["title"], "verdicts": words})
    return table(lines, "controls")
