"""Sphinx extension: search finds a page by words it does not hold, namely the British spelling of
those it does, and the topics that ``search_words`` gives it.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ConfigError

BRITISH = {
    "memoriz": "memoris",
    "normaliz": "normalis",
    "regulariz": "regularis",
    "generaliz": "generalis",
    "mislabeled": "mislabelled",
    "color": "colour",
    "behavior": "behaviour",
}
"""Parts of words, American and British."""

AMERICAN = re.compile("|".join(BRITISH))


def british(text: str) -> set[str]:
    """The British spelling of each word of the text that has one, in small letters."""
    words = set(re.findall("[a-z]+", text.lower()))
    return {AMERICAN.sub(lambda part: BRITISH[part[0]], w) for w in words if AMERICAN.search(w)}


def text_of(doctree: nodes.document) -> str:
    """What a page says, without raw HTML: pictures and data in it are megabytes of letters."""
    texts = doctree.findall(nodes.Text)
    return " ".join(t.astext() for t in texts if not isinstance(t.parent, nodes.raw))


def add_words(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Gives a page its words as keywords, which Sphinx indexes word by word."""
    topics = app.config.search_words.get(docname, "").split()
    if words := sorted(british(text_of(doctree)) | set(topics)):
        language = app.config.html_search_language or app.config.language
        doctree += nodes.meta("", name="keywords", lang=language, content=", ".join(words))


def check(app: Sphinx, config: Config) -> None:
    """Refuses a table that is none of page to words."""
    for page, words in config.search_words.items():
        if not isinstance(words, str):
            raise ConfigError(f"search_words: the words of {page} must be one text, not {words!r}.")


def setup(app: Sphinx) -> dict:
    """Connects it."""
    app.add_config_value("search_words", {}, "env", dict)
    app.connect("config-inited", check)
    app.connect("doctree-resolved", add_words)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
