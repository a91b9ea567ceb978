"""The rules of the verdicts were committed before the runs they judge."""

import json
import re
import subprocess
from datetime import datetime

import pytest
from conftest import REPOSITORY

PAGE = "book/rules.md"


def git(*words: str) -> str:
    done = subprocess.run(["git", "-C", REPOSITORY, *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip("this is no git repository, so nothing tells when the rules were committed")
    return done.stdout.strip()


def test_the_page_says_how_many_records_were_known():
    contents = (json.loads(path.read_bytes()) for path in (REPOSITORY / "results").glob("*/*.json"))
    known = sum("provenance" in c and c.get("converted_from") == 1 for c in contents)
    text = (REPOSITORY / PAGE).read_text(encoding="utf-8")
    assert re.findall(r"For (\d+) records this objection holds", text) == [str(known)]


def test_no_deciding_run_is_older_than_the_rules():
    if git("rev-parse", "--show-toplevel") != str(REPOSITORY.resolve()):
        pytest.skip("the repository around this folder is another one")
    if git("rev-parse", "--is-shallow-repository") == "true":
        pytest.skip(
            "in a shallow clone the commit of the rules is not there: git fetch --unshallow"
        )
    committed = git("log", "--diff-filter=A", "--format=%cI", "--", PAGE).splitlines()
    assert len(committed) == 1, f"{PAGE} was added {len(committed)} times"
    rules = datetime.fromisoformat(committed[0])
    contents = [json.loads(path.read_bytes()) for path in (REPOSITORY / "results").glob("*/*.json")]
    new = [
        c for c in contents if "provenance" in c and "converted_from" not in c and c["format"] > 1
    ]
    early = [c["key"] for c in new if datetime.fromisoformat(c["provenance"]["started"]) <= rules]
    assert not early, f"these runs were started before the rules were committed: {early}"
