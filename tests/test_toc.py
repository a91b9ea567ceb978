"""The book's table of contents holds every page once, and settings by page name pages in it."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
TOC = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]


def test_every_page_is_there_once_and_every_entry_is_a_page():
    there = [*(ROOT / "book").glob("*.md"), *(ROOT / "notebooks").glob("*.ipynb")]
    names = {str(p.relative_to(ROOT).with_suffix("")) for p in there} - {"notebooks/run"}
    assert sorted(PAGES) == sorted(names)


def test_topics_for_the_search_are_given_to_pages_that_there_are():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    words = config["sphinx"]["config"]["search_words"]
    assert set(words) <= set(PAGES)


def test_parts_come_in_the_order_of_the_argument():
    captions = [part["caption"] for part in TOC["parts"]]
    assert captions == [
        "The question",
        "What we found",
        "Theory",
        "Methods",
        "Try it",
        "Appendix",
    ]


PROSE = [p for p in sorted((ROOT / "book").glob("*.md")) if p.stem != "rules"]
"""The rules of the verdicts were fixed before the runs that they judge: their page stays."""


@pytest.mark.parametrize("path", PROSE, ids=lambda p: p.stem)
def test_every_table_has_a_number_and_a_caption(path):
    lines = path.read_text(encoding="utf-8").split("\n")
    for i, (before, line) in enumerate(zip(["", *lines], lines)):
        if line.startswith("```{"):
            assert "`" not in line[3:], f"a backtick ends this opening: {line}"
        if line.startswith("|") and not before.startswith("|"):
            above = "\n".join(lines[:i]).rpartition("\n```{")[2]
            assert re.match(r"table\} \S.*\n:name: tab-\S+\n+$", above + "\n"), (
                f"no caption: {line}"
            )
