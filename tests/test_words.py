"""Words that the book gave up, for the field's or for American spelling, do not come back.

A quotation keeps its own words, and so does what was committed before the runs that it judges.
"""

import json
import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

BRITISH = (
    r"(memor|normal|standard|initial|optim|regular|symmetr|recogn|general|summar|minim|maxim)"
    r"i[s](e|ed|es|er|ing|ation|able)\b|colour|behaviour|\bcentre|mislabelled|\blabell(ed|ing)\b"
    r"|judgement|\bgrey\b|\banalyse|artefact|favour|neighbour|catalogue"
)
RETIRED = {
    "American spelling": BRITISH,
    "mislabeled": r"\bflipp(ed|ing)\b|label flips?\b|\bflips? (a|the|of) label",
    "table of claims": r"\bledger",
    "MLP": r"\bperceptron",
    "evaluation": r"\bexact[ _](pass|figure|metric|accurac)",
    "training-mode": r"\brunning[ _*]*(figure|metric|accurac|J1|j1|j2)",
    "final metrics": r"\bfinal`? figures\b",
    "precision": r"\b(machines?'s?|the) arithmetic (differ|may differ)|control: the arithmetic",
    "inconclusive": r"\bidle\b",
    "empirical noise rate": r"\brealized (noise )?rate",
}
KEPT = {
    "book/rules.md": ("inconclusive",),  # committed before the runs that it judges
    "src/memutils/report/claims/judge.py": ("inconclusive",),  # it reads benchmarks/judge.json
    "src/memutils/claims/section3.py": ("mislabeled",),  # the paper's words
    "src/memutils/claims/primary.py": ("American spelling",),
    "notebooks/switching.ipynb": ("mislabeled",),
    "src/memutils/runs/format1.py": ("American spelling", "evaluation"),  # their old words
    "src/memutils/runs/records.py": ("American spelling",),
    "book/colophon.md": ("mislabeled",),  # bits of a file
    "book/_ext/search_words.py": ("American spelling",),  # what a reader may type
    "book/lab.md": ("MLP",),  # says what the letters stand for
    "book/_static/lab/network.js": ("MLP",),
}
"""Files in which a word is not ours to change, and which."""


def prose(path: Path) -> str:
    """What a file says; of a notebook its sources and captions, without outputs and pictures."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = json.loads(text)["cells"]
    return "\n".join(
        "".join(cell["source"]) + json.dumps(cell["metadata"], ensure_ascii=False) for cell in cells
    )


def files() -> list[Path]:
    found = [
        p
        for folder in ("src", "book", "notebooks", "configs")
        for p in REPOSITORY.glob(f"{folder}/**/*")
    ]
    kinds = {".py", ".md", ".ipynb", ".yaml", ".csv", ".js", ".css", ".html"}
    hidden = {"__pycache__", ".ipynb_checkpoints"}
    return [p for p in sorted(found) if p.suffix in kinds and not hidden & set(p.parts)]


@pytest.mark.parametrize("word, pattern", RETIRED.items())
def test_a_retired_word_stays_retired(word, pattern):
    found = []
    for path in files():
        name = path.relative_to(REPOSITORY).as_posix()
        if word not in KEPT.get(name, ()):
            found += [f"{name}: {m.group()}" for m in re.finditer(pattern, prose(path), re.I)]
    assert not found, f"say {word!r}"


def test_every_exception_is_needed():
    for name, words in KEPT.items():
        text = prose(REPOSITORY / name)
        assert [w for w in words if not re.search(RETIRED[w], text, re.I)] == [], name


@pytest.mark.parametrize(
    "word, text",
    [
        ("American spelling", "memorised"),
        ("mislabeled", "labels that were flipped"),
        ("evaluation", "exact passes"),
        ("training-mode", "running accuracy"),
        ("final metrics", "the {term}`final` figures"),
    ],
)
def test_a_retired_word_is_seen(word, text):
    assert re.search(RETIRED[word], text, re.I)
