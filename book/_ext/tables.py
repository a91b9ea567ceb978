"""Sphinx extension: a cell's output that is named ``tab-...`` is numbered as a table.

MyST-NB captions an output as a figure, whatever it shows: ``"mystnb": {"figure": {"caption":
"...", "name": "tab-..."}}`` in the cell's metadata. Here that figure becomes a table.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class captioned_table(nodes.figure):
    """A captioned output that is a table."""


class NameTables(SphinxTransform):
    """Turns figures named ``tab-...`` into captioned tables, before Sphinx counts either."""

    default_priority = 500

    def apply(self, **_) -> None:
        for figure in list(self.document.findall(nodes.figure)):
            if any(name.startswith("tab-") for name in figure["names"]):
                table = captioned_table("", *figure.children, **figure.attributes)
                table["classes"].append("captioned-table")
                figure.replace_self(table)
                self.document.ids |= dict.fromkeys(table["ids"], table)  # links look it up here


def setup(app: Sphinx) -> dict:
    """Registers the node as a numbered table that is written as a figure is."""
    html = (lambda self, node: self.visit_figure(node), lambda self, node: self.depart_figure(node))
    app.add_enumerable_node(captioned_table, "table", html=html)
    app.add_transform(NameTables)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
