"""The page for teachers: its links set the lab up, and what it says of other pages is so."""

import html
import json
import re

import pytest
from conftest import REPOSITORY
from test_lab import evaluate, needs_node  # noqa: F401  (a fixture)

TEXT = (REPOSITORY / "book/teaching.md").read_text(encoding="utf-8")
ADDRESSES = [html.unescape(found) for found in re.findall(r'href="lab\.html(#[^"]+)"', TEXT)]
MINUTES = {"Five minutes": 5}


def cells(name: str) -> list[dict]:
    return json.loads((REPOSITORY / f"notebooks/{name}.ipynb").read_bytes())["cells"]


@needs_node
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_link_to_the_lab_holds_a_choice(evaluate, address):  # noqa: F811
    assert evaluate(f"Lab.fromHash('{address}').wrong") == []


def test_the_lab_takes_the_minutes_that_its_title_says():
    steps = re.findall(r"<li>(.+? minutes):", TEXT)
    assert "twenty minutes" in TEXT and sum(MINUTES[step] for step in steps) == 20
    assert len(ADDRESSES) == len(steps)


def prose(path) -> str:
    """A page's text."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8")
    return "\n".join("".join(cell["source"]) for cell in cells(path.stem))


def test_every_exercise_says_how_hard_it_is_and_how_long_it_takes_and_the_table_counts_them():
    counted = {}
    for path in (*REPOSITORY.glob("notebooks/*.ipynb"), *REPOSITORY.glob("book/*.md")):
        text = prose(path)
        told = re.findall(r"\{exercise\} .+? (★{1,3}), (\d+) minutes$", text, re.MULTILINE)
        assert len(told) == len(re.findall(r"^`{3,}\{exercise\}", text, re.MULTILINE)), path.name
        if told:
            minutes = sum(int(m) for _, m in told)
            counted[path.stem] = (str(len(told)), str(minutes), max(stars for stars, _ in told))
    rows = re.findall(
        r"^\| \{doc\}`(?:.*/)?(\w+)` \| (\d+) \| (\d+) \| (★+) \|$", TEXT, re.MULTILINE
    )
    assert {name: tuple(row) for name, *row in rows} == counted
    assert f"take {counted['exercises'][1]} minutes together" in TEXT.replace("\n", " ")


def test_every_figure_of_the_lecture_is_one_of_the_book():
    figures = {
        cell["metadata"].get("mystnb", {}).get("figure", {}).get("name")
        for path in (REPOSITORY / "notebooks").glob("*.ipynb")
        for cell in cells(path.stem)
    }
    named = re.findall(r"\{numref\}`(fig-[\w-]+)`", TEXT)
    first = re.findall(r"\| \{doc\}`the first one on \w+ <\.\./notebooks/(\w+)>`", TEXT)
    assert len(set(named)) + len(first) == 9 and set(named) <= figures
    for name in first:  # they are there where their runs are recorded, so no number names them
        assert any("figures.show" in "".join(cell["source"]) for cell in cells(name))
