"""The whole book as one PDF: a single page of HTML from the staged sources,
printed by a headless Chromium.

    python workflow/make_pdf.py _build

After ``make book``: it takes the executed notebooks as they are.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from browser import launch, typeset
from playwright.sync_api import sync_playwright

from memutils.errors import UserError, command

ROOT = "notebooks/answer.html"
FOOTER = (
    '<p style="font-size: 8px; width: 100%; text-align: center"><span'
    ' class="pageNumber"></span></p>'
)
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
PLACE = "<!-- pdf -->"
"""Where a page of the book offers the PDF, once there is one."""

OFFER = '<p class="book-pdf"><a href="../book.pdf">The whole book as one PDF</a></p>'
OPEN = "document.querySelectorAll('details:not(.hide)').forEach((e) => { e.open = true; })"


def single_page(stage: Path, build: Path) -> Path:
    """Builds the book as one HTML page and returns its path.

    Raises:
        UserError: the book was not built before, or does not build as one page.
    """
    if not (stage / "book" / "status.txt").exists():
        raise UserError(
            f"There is no book under {build}. Run `make book` first, or name another folder: make"
            " pdf BUILD=..."
        )
    log = build / "logs" / "pdf.log"
    command = [
        "jupyter-book",
        "build",
        stage,
        "--builder",
        "singlehtml",
        "--path-output",
        build / "single",
        "--all",
        "-q",
    ]
    with log.open("w") as file:
        code = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT).returncode
    folder = build / "single" / "_build" / "singlehtml"
    if code or not (folder / ROOT).exists():
        raise UserError(f"The book did not build as one page; {log} says why.")
    return (folder / ROOT).rename(
        folder / "book.html"
    )  # its links and pictures are relative to the upper folder


def offer(pdf: Path, html: Path) -> None:
    """Puts the PDF into the book that it was made from,
    and a link to it on the pages with a place for one.

    A book that is built anew begins without: no link ever leads nowhere.
    """
    shutil.copy(pdf, html / "book.pdf")
    for page in html.glob("*/*.html"):
        text = page.read_text(encoding="utf-8")
        if PLACE in text:
            page.write_text(text.replace(PLACE, OFFER), encoding="utf-8")


@command
def main(build: str) -> int:
    build = Path(build).expanduser()
    target = build / "book.pdf"
    with sync_playwright() as playwright:
        browser = launch(playwright)  # before the minutes of building: it may be missing
        source = single_page(build / "src", build)
        page = browser.new_page(color_scheme="light", viewport={"width": 900, "height": 1200})
        page.set_default_timeout(300_000)
        typeset(page, source)
        page.evaluate(OPEN)
        page.pdf(
            path=target,
            format="A4",
            margin=MARGIN,
            print_background=True,
            outline=True,
            tagged=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER,
        )
        browser.close()
    offer(target, build / "html")
    print(f"The book as one file: {target}; the book's first page links to its copy.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
