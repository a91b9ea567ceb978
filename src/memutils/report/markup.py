"""HTML for a notebook's output: every text is escaped, so that a name in a record stays a name."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape


class Safe(str):
    """HTML that was escaped where it was made."""


def safe(value: object) -> Safe:
    """The value as HTML; '' for None."""
    return value if isinstance(value, Safe) else Safe("" if value is None else escape(str(value)))


def tag(name: str, *content: object, **attributes: str) -> Safe:
    """An element with escaped content and attributes (``class_`` for class)."""
    given = "".join(
        f' {key.rstrip("_")}="{escape(str(value))}"' for key, value in attributes.items() if value
    )
    return Safe(f"<{name}{given}>{joined(content)}</{name}>")


def joined(parts: Iterable[object], between: str = "") -> Safe:
    """Parts as HTML, one after the other."""
    return Safe(between.join(safe(part) for part in parts))


def link(address: str, text: object) -> Safe:
    """A link to another page of the book or another place of this one."""
    return tag("a", text, href=address)


def table(rows: Sequence[Mapping[str, object]], kind: str = "", caption: str = "") -> Safe:
    """Rows as a table: a column for each name of the first row; '' without rows.

    Each cell has its column's name as data: on a phone, where a row becomes lines, it stands there.
    """
    if not rows:
        return Safe("")
    names = list(rows[0])
    head = tag("tr", *(tag("th", name, scope="col") for name in names))
    cells = ([tag("td", row.get(name), **{"data-name": name}) for name in names] for row in rows)
    body = joined(tag("tr", *line) for line in cells)
    title = tag("caption", caption) if caption else ""
    return tag("table", title, tag("thead", head), tag("tbody", body), class_=kind)


def details(summary: object, *content: object) -> Safe:
    """What a reader may open."""
    return tag("details", tag("summary", summary), *content)


def number(value: object, digits: int = 3) -> str:
    """A number for the reader: '−0.905', '–' for None and what is not finite; whole numbers as they
    are, texts too.
    """
    if isinstance(value, str | bool):
        return str(value)
    if value is None or not math.isfinite(value):
        return "–"
    if isinstance(value, int):
        return f"{value:,}"
    if value == round(value) and abs(value) >= 2:
        return f"{value:,.0f}"
    value = round(float(value), digits) + 0.0  # no minus sign before a zero
    return f"{value:,.{digits}f}".replace("-", "−")


def interval(found: Sequence[float] | None) -> str:
    """'0.80 to 1.02', or '' without one."""
    if found is None:
        return ""
    low, high = (number(float(end)) for end in found)
    return f"{low} to {high}"
