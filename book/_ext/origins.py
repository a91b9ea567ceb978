"""Sphinx extension: a number that a notebook glued with the runs it comes from names them on the
page, as ``memutils.report.origins`` does where HTML is written.
"""

from docutils import nodes
from myst_nb.core.variables import RetrievalError
from myst_nb.ext.glue.roles import PasteTextRole
from myst_nb.ext.glue.utils import retrieve_glue_data
from sphinx.application import Sphinx

from memutils.report import origins


class PasteNumber(PasteTextRole):
    """MyST-NB's role {glue:text}, which keeps the runs; elsewhere than in HTML it is the text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        found, messages = super().run()
        try:
            metadata = retrieve_glue_data(self.document, self.text).metadata
        except RetrievalError:  # of another page, or with a format: its text alone
            return found, messages
        runs = metadata.get("scrapbook", {}).get("runs", ())
        if not runs:
            return found, messages
        before, after = origins.number("|", runs).split("|")
        around = (nodes.raw("", text, format="html") for text in (before, after))
        return [next(around), *found, next(around)], messages


def setup(app: Sphinx) -> dict:
    """Puts it in the place of MyST-NB's."""
    place = ("glue", "text", PasteNumber(), True)
    app.connect("config-inited", lambda app, config: app.add_role_to_domain(*place))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
