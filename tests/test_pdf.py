"""What `make pdf` and `make test-browser` say where something they need is missing."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def run(*command, **environment) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, *command],
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_a_missing_browser_is_named_in_one_sentence_before_anything_is_built(tmp_path):
    done = run("workflow/make_pdf.py", tmp_path, CHROMIUM=str(tmp_path / "none"))
    assert (
        done.returncode == 1
        and "apt install chromium" in done.stderr
        and "Traceback" not in done.stderr
    )
    assert list(tmp_path.iterdir()) == []


def test_browser_tests_without_a_book_fail_with_what_to_do(tmp_path):
    words = [
        "tests/browser",
        "--confcutdir=tests/browser",
        "-p",
        "no:cacheprovider",
    ]  # the other tests' conftest imports torch
    done = run("-m", "pytest", *words, MEMUTILS_BOOK=str(tmp_path))
    assert done.returncode == 2 and "make test-browser" in done.stdout + done.stderr


def test_the_pdf_is_offered_once_it_is_there_and_not_before(tmp_path):
    sys.path.insert(0, str(ROOT / "workflow"))
    from make_pdf import PLACE, offer

    for name in ("notebooks/answer.ipynb", "book/cite.md"):
        source = (ROOT / name).read_text(encoding="utf-8")
        assert PLACE in source and "book.pdf" not in source
    html, pdf = tmp_path / "html", tmp_path / "made.pdf"
    (html / "book").mkdir(parents=True)
    (html / "book" / "cite.html").write_text(f"<p>Cite.</p>{PLACE}")
    (html / "book" / "other.html").write_text("<p>Other.</p>")
    pdf.write_bytes(b"%PDF")
    for _ in range(2):  # a second one takes the first one's place
        offer(pdf, html)
    (link,) = re.findall('href="(.*?)"', (html / "book" / "cite.html").read_text())
    assert (html / "book" / link).read_bytes() == b"%PDF"
    assert (html / "book" / "other.html").read_text() == "<p>Other.</p>"


def test_they_are_not_part_of_the_unit_tests():
    words = [
        "--collect-only",
        "-q",
        "-p",
        "no:cacheprovider",
        "--noconftest",
        "--ignore-glob=*/test_[a-oq-z]*.py",
        "--ignore-glob=tests/test_p[!d]*.py",  # what imports torch takes its time
    ]
    shown = {
        folder: run("-m", "pytest", folder, *words).stdout for folder in ("tests", "tests/browser")
    }
    assert "tests/test_pdf.py" in shown["tests"] and "tests/browser/" not in shown["tests"]
    assert "tests/browser/test_pages.py" in shown["tests/browser"], (
        "asked for by name they are collected"
    )
