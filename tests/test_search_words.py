"""Words by which search finds a page that does not hold them."""

import sys
import time
from pathlib import Path

from docutils import nodes
from docutils.utils import new_document

sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))
import search_words


def test_american_words_are_found_in_british_spelling():
    found = search_words.british("Memorization, unmemorized labels of a color; the loss.")
    assert found == {"memorisation", "unmemorised", "colour"}
    assert search_words.british("nothing to spell otherwise") == set()


def test_what_raw_html_holds_is_no_text_of_the_page():
    page = new_document("page")
    page += nodes.paragraph("", "normalized")
    page += nodes.raw("", "memorized", format="html")
    assert search_words.text_of(page) == "normalized"


def test_a_word_as_long_as_a_picture_takes_no_time():
    start = time.process_time()
    assert search_words.british("a" * 2_000_000 + " generalize") == {"generalise"}
    assert time.process_time() - start < 5


def test_a_page_gets_its_topics_and_spellings_as_keywords():
    class App:
        class config:
            search_words, language, html_search_language = {"page": "early stopping"}, "en", None

    page = new_document("page")
    page += nodes.paragraph("", "behavior")
    search_words.add_words(App, page, "page")
    (meta,) = page.findall(nodes.meta)
    assert meta["content"] == "behaviour, early, stopping" and meta["lang"] == "en"
    other = new_document("other")
    search_words.add_words(App, other, "other")
    assert not list(other.findall(nodes.meta))
