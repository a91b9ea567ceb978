"""A captioned output whose name begins with tab- is a table, in its number and in links to it."""

import json
import re
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils import new_document

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
from tables import NameTables, captioned_table


def named(name: str) -> tuple[nodes.document, nodes.Element]:
    """A page with one captioned output of that name, and what stands for it after the transform."""
    page = new_document("page")
    figure = nodes.figure("", nodes.caption("", "What it shows."), names=[name], ids=[name])
    page += figure
    page.note_explicit_target(figure, figure)
    NameTables(page).apply()
    return page, page.children[0]


def test_a_table_is_what_links_find_by_its_id():
    page, found = named("tab-runs")
    assert type(found) is captioned_table and page.ids["tab-runs"] is found
    assert found["names"] == ["tab-runs"] and "captioned-table" in found["classes"]
    assert isinstance(found.children[0], nodes.caption)


def test_a_figure_stays_a_figure():
    page, found = named("fig-runs")
    assert type(found) is nodes.figure and page.ids["fig-runs"] is found


def test_every_table_that_a_chapter_shows_has_a_caption():
    for path in (Path(__file__).parents[1] / "notebooks").glob("*.ipynb"):
        if path.name == "run.ipynb":  # a book has many of its pages, and a name only once
            continue
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if re.search(r"(notebooks\.table|page\.evidence)\(", "".join(cell["source"])):
                name = cell["metadata"].get("mystnb", {}).get("figure", {}).get("name", "")
                assert name.startswith("tab-"), (path.name, cell["id"])
