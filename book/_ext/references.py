"""Sphinx extension: the list of references has the labels that citations in the text have, such as
'Feldman and Zhang, 2020'.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from pybtex.database import Entry
from pybtex.plugin import register_plugin
from pybtex.style.formatting.plain import Style
from pybtex.style.labels import BaseLabelStyle
from sphinx.application import Sphinx


def authors(entry: Entry) -> str:
    """The last names of one or two authors, else the first one's and 'et al.'."""
    names = [" ".join([*p.prelast_names, *p.last_names]) for p in entry.persons["author"]]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} et al."


class AuthorYearLabels(BaseLabelStyle):
    """Authors and year, and a letter where two entries share both."""

    def format_labels(self, sorted_entries: Iterable[Entry]) -> Iterator[str]:
        seen = Counter()
        for entry in sorted_entries:
            label = ", ".join(filter(None, [authors(entry), entry.fields.get("year", "")]))
            yield label + ("" if not seen[label] else f" ({chr(ord('a') + seen[label])})")
            seen[label] += 1


class AuthorYearStyle(Style):
    """The plain style, sorted by author and year, under these labels."""

    default_label_style = AuthorYearLabels


def setup(app: Sphinx) -> dict:
    """Makes the style known to {bibliography}."""
    register_plugin("pybtex.style.formatting", "author-year", AuthorYearStyle, force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
