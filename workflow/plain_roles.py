"""What a copy that is read outside the book says where the book has a link, a citation or a number.

A page of the book refers by MyST's roles: {eq}`label`, {doc}`page`, {cite:p}`key`. In a notebook of
one's own they lead nowhere, so each becomes words that name the thing and its chapter.
"""

import json
import re
import unicodedata
from functools import cached_property
from pathlib import Path

ROLE = re.compile(r"\{([a-z:]+)\}`([^`]+)`")
SHOWN = re.compile(r"(.+?)\s*<([^>]+)>", re.DOTALL)
TARGET = re.compile(r"^\(([\w-]+)\)=\n+#+ (.+)$", re.MULTILINE)
DIRECTIVE = re.compile(r"^`{3,}\{(?:prf:)?(\w+)\} ?(.*)\n:(?:label|name): ([\w-]+)$", re.MULTILINE)
EQUATION = re.compile(r"^\$\$ \((eq-[\w-]+)\)$", re.MULTILINE)
ENTRY = re.compile(r"@\w+\{([\w-]+),(.*?)^\}", re.DOTALL | re.MULTILINE)

ACCENTS = {"'": "\u0301", "`": "\u0300", '"': "\u0308", "^": "\u0302", "~": "\u0303"}

NUMBER = "[…]"
"""What stands for a number that the book's page computes."""


class Book:
    """The pages of the book by file name, with what their labels name.

    Args:
        root: the repository.
    """

    def __init__(self, root: Path):
        self.root = root

    @cached_property
    def sources(self) -> dict[str, str]:
        """Each page's text."""
        pages = (*self.root.glob("notebooks/*.ipynb"), *self.root.glob("book/*.md"))
        return {path.stem: text_of(path) for path in pages}

    @cached_property
    def titles(self) -> dict[str, str]:
        """Each page's title."""
        found = {
            name: re.search(r"^# (.+)$", text, re.MULTILINE) for name, text in self.sources.items()
        }
        return {name: title[1].strip() for name, title in found.items() if title}

    @cached_property
    def labels(self) -> dict[str, tuple[str, str]]:
        """Each label's page, and what it names in words: 'the proposition *Weights*'."""
        found = {}
        for page, text in self.sources.items():
            for label, title in TARGET.findall(text):
                found[label] = page, f"the section *{title.strip()}*"
            for kind, title, label in DIRECTIVE.findall(text):
                found[label] = (
                    page,
                    f"the {kind} *{title.strip(' .')}*" if title.strip() else f"the {kind}",
                )
            for label in EQUATION.findall(text):
                found[label] = page, "the equation"
            for label in re.findall(r"^figure-name: (.+)$", text, re.MULTILINE):
                found[label] = page, "the table" if label.startswith("tab-") else "the figure"
        return found

    @cached_property
    def citations(self) -> dict[str, tuple[str, str]]:
        """Authors and year of each work."""
        found = {}
        for key, entry in ENTRY.findall(
            (self.root / "book/references.bib").read_text(encoding="utf-8")
        ):
            author, year = (field(entry, name) for name in ("author", "year"))
            names = [name.split(",")[0] for name in re.split(r"\s+and\s+", author)]
            told = " and ".join(names) if len(names) < 3 else f"{names[0]} et al."
            found[key] = told, year
        return found

    def plain(self, text: str, page: str) -> str:
        """A text of a page with its roles in words."""
        return ROLE.sub(
            lambda role: self.words(*role.groups(), page, begins(text, role.start())), text
        )

    def words(self, kind: str, target: str, page: str, first: bool) -> str:
        """One role in words; ``first`` where a sentence begins with it."""
        if kind.startswith("cite"):
            cited = [self.citations[key.strip()] for key in target.split(",")]
            if kind == "cite:t":
                return " and ".join(f"{who} ({year})" if year else who for who, year in cited)
            return f"({'; '.join(', '.join(filter(None, of)) for of in cited)})"
        if kind == "glue:text":
            return NUMBER
        if shown := SHOWN.fullmatch(target):
            return shown[1]
        if kind == "doc":
            return f"*{self.titles.get(Path(target).name, target)}*"
        if target not in self.labels:
            return target
        where, what = self.labels[target]
        told = what if where == page else f"{what} in the book's chapter *{self.titles[where]}*"
        return told[0].upper() + told[1:] if first else told


def field(entry: str, name: str) -> str:
    """A field of an entry of the bibliography, accents as letters; '' without it."""
    found = re.search(rf"^\s*{name}\s*=\s*\{{(.+?)\}},?$", entry, re.DOTALL | re.MULTILINE)
    value = re.sub(
        r"\{?\\(['`\"^~])\{?(\w)\}?\}?",
        lambda accent: unicodedata.normalize("NFC", accent[2] + ACCENTS[accent[1]]),
        found[1] if found else "",
    )
    return re.sub(r"[{}]", "", value)


def begins(text: str, place: int) -> bool:
    """Whether a sentence begins at this place of a text."""
    return not text[:place].strip() or bool(re.search(r"([.?!]\s|\n\n)\(?$", text[:place]))


def text_of(path: Path) -> str:
    """A page's text; of a notebook its prose, and the names of its figures."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    parts = []
    for cell in json.loads(text)["cells"]:
        parts += ["".join(cell["source"])] if cell["cell_type"] == "markdown" else []
        figure = cell["metadata"].get("mystnb", {}).get("figure", {})
        parts += [f"figure-name: {figure['name']}"] if "name" in figure else []
    return "\n\n".join(parts)


def mathematics(text: str) -> str:
    """Formulas as Jupyter shows them: without labels, and aligned where they have columns."""

    def formula(found: re.Match) -> str:
        body = found[1]
        if "&" in body and "\\begin{" not in body:
            body = f"\n\\begin{{aligned}}{body.rstrip()}\n\\end{{aligned}}\n"
        return f"$${body}$$"

    return re.sub(
        r"^\$\$(.*?)\$\$(?: \(eq-[\w-]+\))?$", formula, text, flags=re.DOTALL | re.MULTILINE
    )
