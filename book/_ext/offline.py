"""Sphinx extension: the book loads nothing from the network;
MathJax comes from the package sphinx-mathjax-offline.
"""

from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.fileutil import copy_asset_file

MATHJAX = "tex-svg-full.js"
"""MathJax with every TeX extension in one file: SVG output, so that it needs no font files either.
"""


def copy_mathjax(app: Sphinx, error: Exception | None) -> None:
    """Puts MathJax among the static files of a finished HTML build."""
    if error is None and app.builder.format == "html":
        package = find_spec(
            "sphinx-mathjax-offline"
        )  # its name is no identifier, so it cannot be imported plainly
        if package is None:
            raise ExtensionError("Formulas need MathJax: pip install sphinx-mathjax-offline.")
        source = Path(package.origin).parent / "static" / "mathjax" / MATHJAX
        copy_asset_file(str(source), str(Path(app.outdir) / "_static"))


def setup(app: Sphinx) -> dict:
    """Points every page at the local copy."""
    app.connect("config-inited", lambda app, config: setattr(config, "mathjax_path", MATHJAX))
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
