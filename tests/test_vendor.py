"""Scripts of others in the book are what their packages published, and fetch nothing."""

import hashlib
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "book" / "_static" / "vendor"
ROWS = re.findall(
    r"^\| (\S+\.js) \|.*`([0-9a-f]{64})` \|$", (FOLDER / "README.md").read_text("utf-8"), re.M
)


def test_every_script_has_its_row():
    assert sorted(name for name, _ in ROWS) == sorted(p.name for p in FOLDER.glob("*.js"))


@pytest.mark.parametrize(("name", "sha256"), ROWS)
def test_a_script_is_unchanged_and_loads_nothing(name, sha256):
    content = (FOLDER / name).read_bytes()
    assert hashlib.sha256(content).hexdigest() == sha256
    assert not re.search(rb"\bfetch\(|XMLHttpRequest|importScripts|\bimport\(", content)
