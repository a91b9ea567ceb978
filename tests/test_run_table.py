"""The table of all runs: each once, with its settings, its values and links that lead somewhere."""

import re
import subprocess
import sys

import pytest
from conftest import REPOSITORY, run_spec, smoke
from made_up import make

from memutils.report import run_table
from memutils.runs import records


def cells(html: str) -> list[dict[str, str]]:
    """The rows of a table: column to content."""
    names = re.findall(r"<th [^>]*>(.*?)</th>", html)
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2])
    return [dict(zip(names, re.findall(r"<td[^>]*>(.*?)</td>", row), strict=True)) for row in rows]


def test_a_row_says_how_a_run_was_made_and_how_it_ended():
    found = [make(loss="rll", m=0.25, r=0.7, f=0.9), make(m=0.0, r=0.1, f=0.1)]
    first, second = cells(run_table.html(found, "../records", {}))
    assert (first["network"], first["loss"], first["η"]) == ("ResNet-32", "RLL, alpha 0.1", "0.4")
    assert (first["m"], first["r"], first["J1"]) == ("0.250", "0.700", "0.640")
    assert (first["end"], second["end"]) == ("", "collapsed")
    assert second["loss"] == "CCE" and first["images"] == "5,000"


def test_links_name_the_record_and_the_notebook_where_there_is_one():
    record = make()
    address = f"../records/{record.scale}/{record.key}.json"
    (bare,) = cells(run_table.html([record], "../records", {}))
    assert re.findall('href="(.*?)"', bare["files"]) == [address]
    notebooks = {(record.scale, record.key): "../runs/a.ipynb"}
    (row,) = cells(run_table.html([record], "../records", notebooks))
    assert re.findall('href="(.*?)"', row["files"]) == [address, "../runs/a.ipynb"]


@pytest.mark.parametrize("wanted", run_table.FILTERS)
def test_lists_are_of_columns_that_there_are(wanted):
    (row,) = cells(run_table.html([make()], "", {}))
    assert wanted in row


def test_the_page_and_what_it_links_to_are_staged(tmp_path, monkeypatch):
    record = run_spec(smoke(epochs=1))
    executed = tmp_path / "executed"
    executed.mkdir()
    (executed / f"{record.key}.ipynb").write_text("{}")
    monkeypatch.setenv("MEMUTILS_SCALE", "smoke")
    stage = tmp_path / "book" / "src"
    stage.mkdir(parents=True)
    command = [sys.executable, "workflow/stage.py", stage, executed, record.key]
    subprocess.run(command, cwd=REPOSITORY, check=True)
    page = (stage / "book" / "runs.html").read_text(encoding="utf-8")
    (row,) = cells(page)
    for address in re.findall('href="(.*?)"', row["files"]):
        assert (stage / "extra" / address.removeprefix("../")).is_file()
    copied = stage / "extra" / "records" / "smoke" / f"{record.key}.json"
    assert copied.read_bytes() == records.path_of("smoke", record.key).read_bytes()
