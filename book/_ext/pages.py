"""Sphinx extension: captions link to their notebooks; buttons that need the repository's URL hide
while it is empty.
"""

from docutils import nodes
from sphinx.application import Sphinx


def link_notebooks(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Ends the caption of every figure of a notebook's page with a link to that notebook,
    as it was executed.
    """
    if app.builder.name != "html" or not str(app.env.doc2path(docname)).endswith(".ipynb"):
        return
    target = "../" * docname.count("/") + f"_sources/{docname}.ipynb"
    for caption in doctree.findall(nodes.caption):
        if isinstance(caption.parent, nodes.figure):
            link = nodes.reference(
                "", "Notebook", refuri=target, internal=False, classes=["figure-notebook"]
            )
            caption += [nodes.Text(" "), link]


def complete_theme_options(app: Sphinx, config) -> None:
    """Adds the theme's options of ``more_theme_options``; the repository's and the launch buttons
    appear with its URL.
    """
    options = config.html_theme_options
    options.update(config.more_theme_options)
    options["use_repository_button"] = bool(options.get("repository_url"))
    if not options["use_repository_button"]:
        options["launch_buttons"] = {}


def leave_out_thebe(app: Sphinx, config) -> None:
    """Jupyter Book puts the settings of thebe, a service we do not use, into every page,
    and more than once.
    """
    for listener in list(app.events.listeners["env-before-read-docs"]):
        if listener.handler.__qualname__ == "init_thebe_core":
            app.disconnect(listener.id)


def single_page(app: Sphinx) -> None:
    """On the single page, from which the PDF is made, nodes are set as on the book's pages: some
    extension names handlers for that builder alone, and Sphinx would then look nowhere else.
    """
    handlers = app.registry.translation_handlers
    handlers["singlehtml"] = handlers.get("html", {}) | handlers.get("singlehtml", {})


def always_formulas(app: Sphinx) -> None:
    """MathJax on every page, not on those with a formula alone: previews have formulas of other
    pages, and the single page those of all.
    """
    app.set_html_assets_policy("always")


def setup(app: Sphinx) -> dict:
    """Connects them."""
    app.add_config_value("more_theme_options", {}, "html", dict)
    app.connect("config-inited", leave_out_thebe)
    app.connect("config-inited", complete_theme_options)
    app.connect("builder-inited", single_page)
    app.connect("builder-inited", always_formulas)
    app.connect("doctree-resolved", link_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
