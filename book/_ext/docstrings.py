"""Sphinx extension: docstrings are plain text, whose | and : are not markup of Sphinx's."""

import re

from sphinx.application import Sphinx

COLON = "\ue000"
"""Stands for a colon while napoleon, which takes what comes before it for a type, is at work."""


def keep_text(app: Sphinx, what: str, name: str, described, options, lines: list[str]) -> None:
    """Before napoleon: escapes each | outside of code and each _ that ends a word, and hides the
    colons of the first line on a constant.
    """
    for i, line in enumerate(lines):
        parts = re.split(r"(``.*?``)", line)
        parts[::2] = [re.sub(r"\||_(?![\w`])", r"\\\g<0>", text) for text in parts[::2]]
        lines[i] = "".join(parts)
    if what in ("attribute", "data", "property"):
        lines[:1] = [line.replace(":", COLON) for line in lines[:1]]


def show_colons(app: Sphinx, what: str, name: str, described, options, lines: list[str]) -> None:
    """After napoleon: the colons are back."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def readable(app: Sphinx, what: str, name: str, described, options, signature, returns) -> tuple:
    """A default that a factory makes is shown as ..., so that the signature is Python."""
    return (signature or "").replace("<factory>", "...") or None, returns


def setup(app: Sphinx) -> dict:
    """Connects them, around napoleon."""
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", keep_text, priority=100)
    app.connect("autodoc-process-docstring", show_colons, priority=900)
    app.connect("autodoc-process-signature", readable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
