"""Where a number comes from: numbers name their runs, and every run is told of."""

import json
import re
import subprocess
import sys

import nbformat
import pytest
from conftest import REPOSITORY
from made_up import altered, make

from memutils.claims.measured import Measured
from memutils.claims.selection import Pool
from memutils.report import origins
from memutils.report.claims import page
from memutils.report.grids import chapters

RECORD = make("rll", seed=1)


def held(*found):
    text = origins.script(found)
    return json.loads(re.fullmatch(r"self\.memutilsRuns = (.*);\n", text)[1])


def test_a_number_names_each_of_its_runs_once():
    assert origins.number("7 %", ["cpu/b", "cpu/a", "cpu/b"]) == (
        '<span class="from" data-runs="cpu/b cpu/a">7 %</span>'
    )


def test_a_number_without_runs_is_text():
    assert origins.number("1 < 2", []) == "1 &lt; 2"


def test_a_run_is_told_in_words():
    made = {
        "machine": "A",
        "commit": "0123456789",
        "execution": {"device": "cpu", "precision": "float32"},
    }
    entry = held(altered(RECORD, provenance=made))[f"cpu/{RECORD.key}"]
    assert entry == {
        "run": "RLL, ResNet-32 on CIFAR-10, η = 0.4",
        "seed": "1",
        "images": "5,000",
        "machine": "A, CPU, float32",
        "commit": "0123456",
    }


def test_the_commit_says_when_it_is_not_all():
    gone = {"commit": "0123456789", "code": "abcdef0123", "commit_in_history": False}
    assert origins.code(gone) == "0123456 (not in the history; code abcdef0)"
    assert origins.code({"commit": "0123456789", "dirty": True}) == "0123456 (with changes)"
    assert origins.code({}) == origins.code({"commit": None}) == "not recorded"


def test_no_text_of_a_record_ends_the_script():
    text = origins.script([altered(RECORD, provenance={"machine": "</script><b>"})])
    assert "</script>" not in text and "<b>" not in text


def test_the_deciding_numbers_of_the_claims_name_runs_that_there_are():
    found = [
        make(loss, seed=s, m=m, r=1 - m)
        for s in range(3)
        for loss, m in (("cce", 1.0), ("rll", 0.1))
    ]
    content, there = page.load(Pool(found)), {f"cpu/{record.key}" for record in found}
    html = page.row(content, "P0")[2].data
    spans = re.findall(r'<span class="from" data-runs="([^"]*)">([^<]*)</span>', html)
    deciding = next(runs for runs, text in spans if "; 3 seeds" in text)
    assert set(deciding.split()) == there
    assert all(set(runs.split()) <= there for runs, _ in spans) and len(spans) > 5


def test_a_chapters_number_comes_from_the_runs_of_its_setting():
    found = [make(loss, eta, seed=s) for loss in ("cce", "rll") for eta in (0, 0.4) for s in (0, 1)]
    runs = [Measured.of(record) for record in found]

    def of(name):
        wanted = set(chapters.came_from(name, runs))
        return {(r.spec["loss"], r.spec["eta"], r.spec["seed"]) for r in runs if r.name in wanted}

    assert of("rll-0.4-test_accuracy") == {("rll", 0.4, 0), ("rll", 0.4, 1)}
    assert of("cce-0-j1") == {("cce", 0.0, 0), ("cce", 0.0, 1)}
    assert of("rll-0.4-drop") == of("rll-0.4-j1") | of("rll-0-j1")
    assert of("cce-crossover") == of("cce-0.4-j1") and of("images") == of("rll-0.2-j1") == set()


@pytest.mark.parametrize("runs", [["cpu/a", "cpu/b"], []])
def test_a_glued_number_names_its_runs_where_prose_shows_it(runs, tmp_path):
    """A notebook's page, built by Sphinx with the book's extension."""
    kept = {"name": "m", "mime_prefix": "application/papermill.record/", "runs": runs}
    output = nbformat.v4.new_output(
        "display_data",
        {"application/papermill.record/text/plain": "'7 %'"},
        metadata={"scrapbook": kept},
    )
    cells = [nbformat.v4.new_code_cell("1", outputs=[output])]
    cells.append(nbformat.v4.new_markdown_cell("# A\n\nIt is {glue:text}`m`."))
    book, language = tmp_path / "book", {"language_info": {"name": "python"}}
    book.mkdir()
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=language)
    nbformat.write(notebook, book / "index.ipynb")
    settings = {
        "extensions": ["myst_nb", "origins"],
        "nb_execution_mode": "off",
        "project": "a",
    }
    code = [f"import sys; sys.path.insert(0, {str(REPOSITORY / 'book/_ext')!r})"]
    code += [f"{name} = {value!r}" for name, value in settings.items()]
    (book / "conf.py").write_text("\n".join(code))
    command = [sys.executable, "-m", "sphinx", "-q", "-W", book, tmp_path / "out"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    page = (tmp_path / "out/index.html").read_text(encoding="utf-8")
    number = '<span class="pasted-text">7 %</span>'
    named = f'<span class="from" data-runs="cpu/a cpu/b">{number}</span>'
    assert f"It is {named if runs else number}." in page
