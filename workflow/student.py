"""Makes the students' copies of the notebooks that have exercises: solutions become stubs,
folded answers go.

    python workflow/student.py _build/student

There is one master, the notebook of the book. It marks a solution as nbgrader does, by lines ``###
BEGIN SOLUTION`` and ``### END SOLUTION`` in a code cell, or by the directive {solution} in prose. A
stub is ``...`` at the same indentation, and an error that says so. A copy holds a hash of itself:
one that was changed since it was made is never written over.
"""

import argparse
import copy
import hashlib
import json
import re
import sys
from pathlib import Path

import nbformat
from plain_roles import NUMBER, Book, mathematics

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKED = re.compile(rf"^([ \t]*){BEGIN}\n.*?^[ \t]*{END}$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(`{3,})\{(?:prf:)?(\w+)\} ?(.*)$")
ROOT = Path(__file__).resolve().parents[1]
BOOK = Book(ROOT)
NUMBERS = f"*In this copy {NUMBER} stands for a number: the book's page has it.*"

UNSOLVED = (
    'raise NotImplementedError("Not solved yet: put your code in the place of this line and of the'
    ' dots.")'
)


def stub(source: str) -> str:
    """A code cell's source with each marked solution replaced by ``...`` and an error
    for who runs it unsolved.
    """
    return MARKED.sub(rf"\1...  # your code\n\1{UNSOLVED}", source)


def plain(source: str, page: str = "") -> str:
    """A page's prose without solutions, readable in any notebook viewer: hints are folded, other
    directives become a bold title and their text, references are words.
    """
    lines, open_fences, dropping = [], [], 0
    for line in source.split("\n"):
        fence = FENCE.match(line)
        if fence:
            open_fences.append((fence[1], fence[2]))
            if dropping or fence[2] in ("solution", "raw"):
                dropping += 1
            elif fence[2] == "hint":
                lines += ["<details><summary>Hint</summary>", ""]
            else:
                lines += [f"**{fence[2].capitalize()}{': ' if fence[3] else ''}{fence[3]}**", ""]
        elif open_fences and line.strip() == open_fences[-1][0]:
            _, kind = open_fences.pop()
            lines += ["", "</details>"] if kind == "hint" and not dropping else []
            dropping = max(0, dropping - 1)
        elif not dropping and not (open_fences and re.match(r":\w+:", line)):
            lines.append(line)
    text = re.sub(r"^\([\w-]+\)=\n", "", "\n".join(lines), flags=re.MULTILINE)
    return mathematics(BOOK.plain(re.sub(r"\n{3,}", "\n\n", text), page)).strip()


def students(master: nbformat.NotebookNode, page: str = "") -> nbformat.NotebookNode | None:
    """The students' copy of a notebook of that file name, or None if it has no exercise."""
    made = copy.deepcopy(master)
    for cell in made.cells:
        cell.source = stub(cell.source) if cell.cell_type == "code" else plain(cell.source, page)
        tags = [tag for tag in cell.metadata.get("tags", []) if not tag.startswith("hide-")]
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    made.cells = [cell for cell in made.cells if cell.source]
    prose = [cell for cell in made.cells if cell.cell_type == "markdown"]
    if any(NUMBER in cell.source for cell in prose):
        prose[0].source += f"\n\n{NUMBERS}"
    return made if any("{exercise}" in cell.source for cell in master.cells) else None


def digest(notebook: nbformat.NotebookNode) -> str:
    """sha256 of what a reader can change: the cells' kinds and sources; outputs do not count."""
    cells = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def changed(path: Path) -> bool:
    """Whether a file is there that is no copy, or no longer the copy that was made."""
    try:
        there = nbformat.read(path, as_version=4)
        return there.metadata.get("made_as") != digest(there)
    except FileNotFoundError:
        return False
    except Exception:  # a half-saved notebook, another format: somebody's, whatever it is
        return True


def write(folder: Path) -> tuple[list[Path], list[Path]]:
    """Writes the copies of all notebooks with exercises into a folder.

    Returns:
        The paths that were written, and those of changed copies, which stay as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, kept = [], []
    for master in sorted(ROOT.glob("notebooks/*.ipynb")):
        made, path = (
            students(nbformat.read(master, as_version=4), master.stem),
            folder / master.name,
        )
        if made is None:
            continue
        if changed(path):
            kept.append(path)
            continue
        made.metadata["made_as"] = digest(made)
        nbformat.write(made, path)
        written.append(path)
    return written, kept


def main(arguments: list[str] | None = None) -> int:
    """Writes the copies and tells which ones;
    1 and one sentence where the folder cannot be written.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the copies go")
    folder = parser.parse_args(arguments).folder.expanduser()
    try:
        written, kept = write(folder)
    except OSError as error:
        print(
            f"Error: cannot write into {folder} ({error.strerror}); name another folder.",
            file=sys.stderr,
        )
        return 1
    for path in written:
        print(path)
    for path in kept:
        print(
            f"Left as it is, because it was changed: {path}. For a fresh copy move it away, then"
            " start again."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
