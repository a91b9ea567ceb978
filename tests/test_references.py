"""Every reference leads its reader to the work: a DOI, an arXiv number or an address."""

import sys
from pathlib import Path

import pytest
import yaml
from pybtex.database import parse_file
from pybtex.plugin import find_plugin

ROOT = Path(__file__).parents[1]
LIBRARY = parse_file(ROOT / "book" / "references.bib")
ADDRESSES = {"doi": "https://doi.org/", "eprint": "https://arxiv.org/abs/", "url": "https://"}
WITHOUT_DOI_AND_ARXIV = {
    "krizhevsky2009learning": "a technical report of a university: its address",
    "patel2021code": "a repository: its address",
    "ghosh2021contrastive": "of a workshop: its address in the open proceedings",
}
WITHOUT_LINK = {"kumar2018robust": "not on arXiv, and its DOI could not be checked offline"}


def shown(name: str) -> str:
    """An entry as the list of references shows it, in HTML."""
    style = find_plugin("pybtex.style.formatting", "plain")()
    (entry,) = style.format_entries([LIBRARY.entries[name]])
    return entry.text.render(find_plugin("pybtex.backends", "html")())


@pytest.mark.parametrize("name", sorted(LIBRARY.entries))
def test_a_reference_links_to_its_doi_or_to_arxiv(name):
    links = {field for field in ADDRESSES if field in LIBRARY.entries[name].fields}
    if name in WITHOUT_LINK:
        assert not links, "it has a link now: take it off the list"
        return
    assert links & {"doi", "eprint"} or (name in WITHOUT_DOI_AND_ARXIV and "url" in links)
    for field in links:
        assert f'href="{ADDRESSES[field]}' in shown(name), "the list does not show it"


def test_labels_are_those_of_the_text_and_no_two_alike():
    sys.path.insert(0, str(ROOT / "book" / "_ext"))
    from references import AuthorYearStyle

    style = AuthorYearStyle()
    labels = {e.key: e.label for e in style.format_entries(LIBRARY.entries.values())}
    assert labels["zhang2017understanding"] == "Zhang et al., 2017"
    assert labels["feldman2020what"] == "Feldman and Zhang, 2020"
    assert labels["vanrooyen2015unhinged"].startswith("van Rooyen et al.")
    assert len(set(labels.values())) == len(labels)
    twice = style.format_entries([LIBRARY.entries["feldman2020does"]] * 2)
    assert [e.label for e in twice] == ["Feldman, 2020", "Feldman, 2020 (b)"]


def test_the_cite_page_has_the_papers_entry_and_the_books_own():
    page = (ROOT / "book" / "cite.md").read_text(encoding="utf-8")
    fenced = page.split("```")[1::2]
    paper, book = (f.removeprefix("bibtex\n") for f in fenced if f.startswith("bibtex"))
    own = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    for text in (own["title"], own["authors"][0]["name"]):
        assert text in book
    fields = LIBRARY.entries["patel2021memorization"].fields
    assert all(value in paper for value in fields.values())
