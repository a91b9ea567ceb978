"""What the browser tests share: the built book, and one Chromium for all of them."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

from memutils.errors import UserError

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow"))
from browser import launch

ROOT = Path(__file__).parents[2]
BOOK = Path(os.environ.get("MEMUTILS_BOOK") or ROOT / "_build/test/html").resolve()
AXE = {
    "resultTypes": ["violations"],
    "preload": False,
}  # a preload would fetch the style sheets again, which file:// forbids
ARTICLE = {"include": [["article"]]}


@contextlib.contextmanager
def written(shell: Path, made: Path, body: str) -> Iterator[None]:
    """A page of the book with another article and no list of contents, as a file in the book."""
    article = re.compile(r"(<article[^>]*>).*(</article>)", re.DOTALL)
    contents = re.compile(r'<nav id="pst-page-toc-nav".*?</nav>', re.DOTALL)
    text = contents.sub("", shell.read_text(encoding="utf-8"))
    made.write_text(article.sub(lambda m: m[1] + body + m[2], text), encoding="utf-8")
    yield
    made.unlink()


def output(html: str) -> str:
    """A cell's output, as a page has it."""
    inner = f'<div class="output text_html">{html}</div>'
    return f'<div class="cell_output docutils container">{inner}</div>'


def serious(page, context: dict = ARTICLE) -> list[tuple[str, str, list[str]]]:
    """What axe calls serious or critical in this part of a page: rule, help, first elements."""
    found = Axe().run(page, context=context, options=AXE).response["violations"]
    return [
        (v["id"], v["help"], [n["html"][:200] for n in v["nodes"][:5]])
        for v in found
        if v["impact"] in ("serious", "critical")
    ]


def pytest_generate_tests(metafunc):
    """Each test that takes a page gets every page of the book."""
    if "path" in metafunc.fixturenames:
        pages = sorted(
            str(p.relative_to(BOOK))
            for p in BOOK.rglob("*.html")
            if "_static" not in p.parts and p != BOOK / "index.html"
        )
        if not pages:
            pytest.exit(
                f"There is no book at {BOOK}: `make test-browser` builds the smallest one;"
                " MEMUTILS_BOOK names another.",
                2,
            )
        metafunc.parametrize("path", pages)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            made = launch(playwright)
        except UserError as error:
            pytest.exit(
                str(error), 2
            )  # not a skip: asked for by name, and nothing else of it can run
        yield made
        made.close()


class Watched:
    """A page that keeps a list of what must not happen: requests to another host, and errors."""

    def __init__(self, browser, width: int, theme: str):
        self.context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=theme
        )
        self.page, self.wrong = self.context.new_page(), []
        self.page.on(
            "request",
            lambda r: (
                None if r.url.startswith(("file:", "data:", "blob:")) else self.wrong.append(r.url)
            ),
        )
        self.page.on("requestfailed", lambda r: self.wrong.append(f"failed: {r.url}"))
        self.page.on("console", lambda m: self.wrong.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda e: self.wrong.append(str(e)))


@pytest.fixture
def watch(browser):
    """Opens pages at a width and in a theme; at the end nothing must have gone wrong on any."""
    opened = []

    def make(width: int, theme: str = "light"):
        opened.append(Watched(browser, width, theme))
        return opened[-1].page

    yield make
    wrong = [text for watched in opened for text in watched.wrong]
    for watched in opened:
        watched.context.close()
    assert not wrong, "\n".join(sorted(set(wrong)))
