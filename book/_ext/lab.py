"""Sphinx extension: the lab's digits as a script, its picture, and its scripts on its page."""

import base64
import json
from pathlib import Path

import lab_picture
import numpy as np
from docutils import nodes
from sphinx.application import Sphinx

from memutils import data

PAGE = "book/lab"
SIZE = 14
"""Pixels on a side: MNIST's 28, averaged two by two."""
PARTS = ("random", "losses", "network", "problems", "run")
"""The scripts that train; a worker runs them too."""
SHOWN = (
    "engine",
    "state",
    "curves",
    "pictures",
    "wall",
    "disc",
    "choices",
    "examples",
    "side",
    "panel",
    "lab",
)
"""Those that need a page."""
SCRIPTS = ("digits", *PARTS, *SHOWN)
"""All scripts, in the order in which they need each other."""


def levels(images: np.ndarray) -> np.ndarray:
    """Gray levels 0..15, uint8 (N, 196): rounded means of 2x2 pixels of images (N, 28, 28, 1)."""
    means = images.reshape(-1, SIZE, 2, SIZE, 2).mean((2, 4))
    return (means / 17).round().astype(np.uint8).reshape(len(images), -1)


def pack(split: data.Split) -> dict[str, str]:
    """Labels as a string of digits; gray levels as base64, two a byte, high half first."""
    pairs = levels(split.images).reshape(-1, 2)
    packed = base64.b64encode((pairs[:, 0] << 4 | pairs[:, 1]).tobytes()).decode()
    return {"levels": packed, "labels": "".join(map(str, split.labels))}


def embedded() -> tuple[data.Split, data.Split]:
    """2,000 training and 1,000 test images of mnist5k; the first 1,000 are stratified too."""
    whole = data.load("mnist5k")
    first, both = (data.stratified(whole.train.labels, n, seed=0) for n in (1000, 2000))
    return whole.train[np.concatenate([first, np.setdiff1d(both, first)])], whole.test


def script(train: data.Split, test: data.Split) -> str:
    """The images as a classic script: from a file, a page may load nothing else."""
    content = {"size": SIZE, "train": pack(train), "test": pack(test)}
    return f"self.labDigits = {json.dumps(content)};\n"


def write(app: Sphinx) -> None:
    """Puts the digits among the static files of an HTML build, and the picture beside the page."""
    page = Path(app.srcdir) / f"{PAGE}.md"
    if not page.exists():
        return
    train, test = embedded()
    if app.builder.name == "html":
        target = Path(app.outdir) / "_static" / "lab"
        target.mkdir(parents=True, exist_ok=True)
        (target / "digits.js").write_text(script(train, test), encoding="utf-8")
    picture = page.with_suffix(".png")
    if not picture.exists():
        lab_picture.write(picture, levels(train.images[:1000]), train.labels[:1000])


def add_scripts(
    app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None
) -> None:
    """The lab's page loads the lab; no other page does."""
    if pagename == PAGE and app.builder.name == "html":
        app.add_css_file("lab/lab.css")
        for name in SCRIPTS:
            app.add_js_file(f"lab/{name}.js", loading_method="defer")


def setup(app: Sphinx) -> dict:
    """Connects them."""
    app.connect("builder-inited", write)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
