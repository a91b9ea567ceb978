"""Finds the Chromium that `make pdf` and `make test-browser` drive;
it is the one thing that pip cannot install.
"""

import os
import shutil
from pathlib import Path

from playwright.sync_api import Browser, Playwright

from memutils.errors import UserError

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def launch(playwright: Playwright) -> Browser:
    """A headless Chromium or Chrome: the one that CHROMIUM names, else one on the path,
    else one that Playwright installed.

    Raises:
        UserError: there is none; says how to get one.
    """
    own = playwright.chromium.executable_path
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), own)
    if not Path(found).exists():
        raise UserError(
            "A headless Chromium is needed and none was found. Install one (Debian and Ubuntu: sudo"
            " apt install chromium; anywhere: playwright install chromium), or let CHROMIUM name"
            " the program of a Chrome that is there."
        )
    root = (
        hasattr(os, "geteuid") and os.geteuid() == 0
    )  # Chromium's sandbox refuses to run as root, as in containers
    return playwright.chromium.launch(executable_path=found, chromium_sandbox=not root)


def typeset(page, path: Path) -> None:
    """Opens a file and waits until MathJax, where the page has formulas, is done with it."""
    page.goto(path.resolve().as_uri(), wait_until="load")
    page.evaluate(
        "window.MathJax?.startup?.promise?.then(() => new Promise(requestAnimationFrame)).then(()"
        " => null)"
    )
