"""What CONTRIBUTING.md and the templates name exists, and answers the questions of a newcomer."""

import re

import pytest
import yaml
from conftest import REPOSITORY

TEXT = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
GITHUB = REPOSITORY / ".github"
FORMS = sorted(GITHUB.glob("ISSUE_TEMPLATE/[!c]*.yml"))  # but config.yml, which is none
TEMPLATES = [*FORMS, GITHUB / "PULL_REQUEST_TEMPLATE.md"]
QUESTIONS = (
    "another noise",
    "a loss with two parameters",
    "a new claim",
    "another threshold",
    "a field in the record",
    "a color",
    "a word on a page",
    "a new scale",
    "another optimizer",
    "what a crash leaves behind",
)


def paths(text: str) -> set[str]:
    """The files and folders that a text names in code."""
    found = re.findall(r"`(?:\.venv/bin/pytest )?([\w./-]+)`", text)
    return {name for name in found if "/" in name or name.endswith(".md")}


def targets(text: str) -> set[str]:
    """The targets of make that a text names, in code or in lines of a shell block."""
    return set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z-]+)", text)
    )


def test_it_is_short():
    assert len(TEXT.splitlines()) <= 60


def test_every_path_exists():
    assert len(paths(TEXT)) > 20
    assert not [name for name in paths(TEXT) if not (REPOSITORY / name).exists()]


@pytest.mark.parametrize("path", [REPOSITORY / "CONTRIBUTING.md", *TEMPLATES], ids=lambda p: p.name)
def test_every_command_is_a_target_of_make(path):
    rules = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    named = targets(path.read_text(encoding="utf-8"))
    assert named <= set(rules)
    assert path.name != "CONTRIBUTING.md" or {"install", "test", "unit", "lint"} <= named


def test_every_question_has_an_answer_that_names_a_file():
    rows = dict(re.findall(r"^\| ([^|]+?) \| (.+) \|$", TEXT, re.MULTILINE))
    assert set(QUESTIONS) == rows.keys() - {"What changes", "---"}
    assert all(paths(rows[question]) for question in QUESTIONS)


def test_what_it_names_in_the_files_is_there():
    """A name in code beside a file in parentheses is defined in that file."""
    pairs = re.findall(r"`(\w+)`[\w ,]*\(`(src/[\w./]+)`\)", TEXT)
    assert {name for name, _ in pairs} >= {
        "Loss",
        "NETWORKS",
        "DATASETS",
        "RESULTS_VERSION",
        "describe",
        "make_optimizer",
    }
    for name, path in pairs:
        assert re.search(
            rf"^((class|def) )?{name}\b", (REPOSITORY / path).read_text(), re.MULTILINE
        )


@pytest.mark.parametrize("path", FORMS, ids=lambda p: p.name)
def test_a_form_has_what_a_form_needs(path):
    form = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert form["name"] and form["description"]
    asked = [part for part in form["body"] if part["type"] != "markdown"]
    assert asked and all(part["attributes"]["label"] for part in asked)
    assert len({part["id"] for part in asked}) == len(asked)
