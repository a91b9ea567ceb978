"""Students' copies: what each check says to a stub and to the solution,
and that no answer is left in a copy.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import launch
import student

ROOT = Path(__file__).parents[1]
MASTERS = {
    path.stem: nbformat.read(path, as_version=4) for path in sorted(ROOT.glob("notebooks/*.ipynb"))
}
COPIES = {
    name: made for name, master in MASTERS.items() if (made := student.students(master, name))
}
MARKED = [
    (name, cell.id)
    for name, nb in MASTERS.items()
    for cell in nb.cells
    if student.BEGIN in cell.source
]


def run(notebook: nbformat.NotebookNode, upto: str, replaced: dict[str, str]) -> None:
    """Executes the code cells to the check that follows the cell ``upto``, some of them with
    another source; other checks are left out.
    """
    names, cells = {}, [cell for cell in notebook.cells if cell.cell_type == "code"]
    place = next(i for i, cell in enumerate(cells) if cell.id == upto)
    assert "check" in cells[place + 1].metadata.tags, "an exercise is followed by its check"
    for i, cell in enumerate(cells[: place + 2]):
        if i == place + 1 or "check" not in cell.metadata.get("tags", []):
            exec(replaced.get(cell.id, cell.source), names)


@pytest.mark.parametrize(("name", "cell"), MARKED)
def test_the_solution_passes_its_check_and_the_stub_does_not(name, cell):
    run(MASTERS[name], cell, {})
    source = next(c.source for c in COPIES[name].cells if c.id == cell)
    assert "..." in source and student.BEGIN not in source
    with pytest.raises(NotImplementedError, match="^Not solved yet: put your code in the place of"):
        run(MASTERS[name], cell, {cell: source})


@pytest.mark.parametrize("name", COPIES)
def test_no_answer_is_left_in_a_copy(name):
    master, copy = MASTERS[name], COPIES[name]
    nbformat.validate(copy)
    text = "\n".join(cell.source for cell in copy.cells)
    assert "SOLUTION" not in text and "{solution}" not in text
    solutions = [
        line
        for cell in master.cells
        for block in student.MARKED.finditer(cell.source)
        for line in block[0].splitlines()[1:-1]
    ]
    prose = "\n".join(cell.source for cell in master.cells if cell.cell_type == "markdown")
    solutions += [
        line
        for block in re.findall(
            r"^(`{3,})\{solution\}.*?\n(.*?)^\1$", prose, re.DOTALL | re.MULTILINE
        )
        for line in block[1].splitlines()
    ]
    whole = "\n".join(cell.source for cell in master.cells)
    assert solutions
    assert all(
        text.count(line) <= whole.count(line) - solutions.count(line)
        for line in solutions
        if len(line.strip()) > 25
    )
    titles = re.findall(r"\{exercise\} (.+)", whole)
    assert titles and all(f"**Exercise: {title}**" in text for title in titles)
    for cell in copy.cells:
        compile(cell.source, name, "exec") if cell.cell_type == "code" else None


def test_prose_loses_its_solutions_and_its_directives():
    text = (
        "(page-x)=\n# A\n\n`````{exercise} Why?\n:label: ex-x\n\nSee {doc}`there <../x>`,"
        " {eq}`eq-a`.\n\n````{hint}\n:class: dropdown\nThink.\n````\n`````\n\n`````{solution}"
        " ex-x\n:class: dropdown\n\n```python\nx = 1\n```\nDone.\n`````\n\nAfter."
    )
    assert (
        student.plain(text)
        == "# A\n\n**Exercise: Why?**\n\nSee there, eq-a.\n\n<details><summary>Hint</summary>"
        "\n\nThink.\n\n</details>\n\nAfter."
    )


def test_what_is_a_link_or_a_number_in_the_book_is_words_in_a_copy():
    told = student.plain(
        "{eq}`eq-losses-rll` is RLL {cite:p}`patel2021memorization`, see {doc}`steps` and "
        "{prf:ref}`prop-weights`; {cite:t}`zhang2018gce` has {glue:text}`mlp-cce-0.4-j1`.",
        "exercises",
    )
    assert told == (
        "The equation in the book's chapter *The losses* is RLL (Patel and Sastry, 2021), see "
        "*Loss or step size, and early stopping as the rival* and the proposition *Weights* in the "
        "book's chapter *What the gradients say*; Zhang and Sabuncu (2018) has […]."
    )
    assert student.plain("By {prf:ref}`prop-weights`.", "theory_gradients") == (
        "By the proposition *Weights*."
    )
    formula = "$$\na ={}& b\\\\\n&+c\n$$ (eq-x)"
    assert "\\begin{aligned}" in student.plain(formula) and "eq-x" not in student.plain(formula)


@pytest.mark.parametrize("name", COPIES)
def test_a_copy_points_at_nothing_that_it_does_not_have(name):
    text = "\n".join(c.source for c in COPIES[name].cells if c.cell_type == "markdown")
    labels = r"\b(eq|prop|thm|lem|tab|fig|page|ex|section)-[a-z]|\b[a-z]+20\d\d[a-z]"
    left = rf"{labels}|\{{[a-z:]+\}}`|:label:"
    assert not re.findall(left, text), "a label or a role that only the book understands"
    assert ("[…]" in text) == (student.NUMBERS in text)


@given(st.text(alphabet="ab \n#"), st.text(alphabet="xy \n"), st.integers(0, 2))
def test_a_stub_keeps_everything_but_the_solution(around, solution, depth):
    indent = "    " * depth
    source = f"{around}\n{indent}{student.BEGIN}\n{solution}\n{indent}{student.END}\n{around}"
    assert (
        student.stub(source)
        == f"{around}\n{indent}...  # your code\n{indent}{student.UNSOLVED}\n{around}"
    )


@pytest.fixture
def copies(tmp_path, capsys) -> Path:
    """A folder with fresh copies."""
    assert student.main([str(tmp_path)]) == 0 and "Left as it is" not in capsys.readouterr().out
    return tmp_path


def solved(path: Path) -> None:
    path.write_text(
        path.read_text(encoding="utf-8").replace("...  # your code", "return 42  # mine"),
        encoding="utf-8",
    )


def more_cells(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("My notes."))
    nbformat.write(notebook, path)


def no_metadata(path: Path) -> None:
    """As of a copy that an earlier version made,
    or that a service stored without what it does not know.
    """
    notebook = nbformat.read(path, as_version=4)
    del notebook.metadata["made_as"]
    nbformat.write(notebook, path)


def half_saved(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:2000])


@pytest.mark.parametrize("change", [solved, more_cells, no_metadata, half_saved])
def test_a_changed_copy_stays_and_is_named_and_the_others_are_made_anew(copies, capsys, change):
    path, other = copies / "exercises.ipynb", copies / "size.ipynb"
    change(path)
    mine = path.read_bytes()
    other.unlink()
    assert student.main([str(copies)]) == 0
    out = capsys.readouterr().out
    assert path.read_bytes() == mine and other.exists()
    assert (
        f"Left as it is, because it was changed: {path}. For a fresh copy move it away" in out
        and f"{other}\n" in out
    )


def test_a_copy_that_was_only_executed_follows_its_master(copies, monkeypatch):
    path = copies / "exercises.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for i, cell in enumerate(c for c in notebook.cells if c.cell_type == "code"):
        cell.execution_count, cell.outputs = i, [nbformat.v4.new_output("stream", text="x")]
    nbformat.write(notebook, path)
    monkeypatch.setattr(
        student, "UNSOLVED", "raise NotImplementedError('as a later version puts it')"
    )
    assert student.main([str(copies)]) == 0 and "as a later version" in path.read_text(
        encoding="utf-8"
    )


def test_masters_are_no_copies(tmp_path, capsys):
    path = tmp_path / "exercises.ipynb"
    shutil.copy(ROOT / "notebooks/exercises.ipynb", path)
    master = path.read_bytes()
    assert (
        student.main([str(tmp_path)]) == 0
        and path.read_bytes() == master
        and "Left as it is" in capsys.readouterr().out
    )


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert (
        student.main([str(tmp_path / "file")]) == 1
        and "name another folder" in capsys.readouterr().err
    )


def test_notebooks_have_the_cell_for_colab_exactly_if_a_url_is_set(tmp_path):
    def sources(folder):
        return {
            path.name: path.read_text(encoding="utf-8") for path in folder.glob("notebooks/*.ipynb")
        }

    (tmp_path / "notebooks").mkdir()
    for name, text in sources(ROOT).items():
        (tmp_path / "notebooks" / name).write_text(text, encoding="utf-8")
    config = (ROOT / "_config.yml").read_text(encoding="utf-8")
    (tmp_path / "_config.yml").write_text(config, encoding="utf-8")
    launch.main(tmp_path)
    assert sources(tmp_path) == sources(ROOT), "run `make launch`"
    (tmp_path / "_config.yml").write_text(
        re.sub(r'url: ".*?"', 'url: "https://github.com/a/b"', config), encoding="utf-8"
    )
    launch.main(tmp_path)
    for text in sources(tmp_path).values():
        first = next(
            cell for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"
        )
        assert first.id == launch.IDENTITY and "'https://github.com/a/b'" in first.source
        exec(first.source, {})  # not on Colab: nothing happens
    (tmp_path / "_config.yml").write_text(
        re.sub(r'url: ".*?"', 'url: ""', config), encoding="utf-8"
    )
    launch.main(tmp_path)
    assert all("google.colab" not in text for text in sources(tmp_path).values())


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_cleaning_up_spares_the_copies_that_may_hold_work(tmp_path):
    shutil.copy(ROOT / "Makefile", tmp_path)
    work, page = tmp_path / "_build/student/exercises.ipynb", tmp_path / "_build/html/index.html"
    for path in (work, page, tmp_path / "results/cpu/x.json"):
        path.parent.mkdir(parents=True)
        path.touch()
    for _ in range(2):
        subprocess.run(["make", "clean"], cwd=tmp_path, check=True, capture_output=True)
    assert work.exists() and not page.parent.exists() and (tmp_path / "results/cpu/x.json").exists()
