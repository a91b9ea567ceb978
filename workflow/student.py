"""Makes the students' copies of the notebooks that have exercises: solutions become stubs, folded answers go.

    python workflow/student.py _build/student

There is one master, the notebook of the book. It marks a solution as nbgrader does, by lines ``### BEGIN SOLUTION`` and
``### END SOLUTION`` in a code cell, or by the directive {solution} in prose. A stub is ``...`` at the same indentation.
"""

import copy
import re
import sys
from pathlib import Path

import nbformat

BEGIN, END = "### BEGIN SOLUTION", "### END SOLUTION"
MARKED = re.compile(rf"^([ \t]*){BEGIN}\n.*?^[ \t]*{END}$", re.DOTALL | re.MULTILINE)
FENCE = re.compile(r"^(`{3,})\{(\w+)\} ?(.*)$")
ROLE = re.compile(r"\{[a-z:]+\}`([^`<]+?)(?: *<[^>`]*>)?`")


def stub(source: str) -> str:
    """A code cell's source with each marked solution replaced by ``...``."""
    return MARKED.sub(r"\1...  # your code", source)


def plain(source: str) -> str:
    """Prose without solutions, readable in any notebook viewer: other directives become a bold title and their text."""
    lines, open_fences, dropping = [], [], 0
    for line in source.split("\n"):
        fence = FENCE.match(line)
        if fence:
            open_fences.append(fence[1])
            if dropping or fence[2] == "solution":
                dropping += 1
            else:
                lines += [f"**{fence[2].capitalize()}{': ' if fence[3] else ''}{fence[3]}**", ""]
        elif open_fences and line.strip() == open_fences[-1]:
            open_fences.pop()
            dropping = max(0, dropping - 1)
        elif not dropping and not (open_fences and re.match(r":\w+:", line)):
            lines.append(line)
    text = re.sub(r"^\([\w-]+\)=\n", "", "\n".join(lines), flags=re.MULTILINE)
    return ROLE.sub(r"\1", re.sub(r"\n{3,}", "\n\n", text)).strip()


def students(master: nbformat.NotebookNode) -> nbformat.NotebookNode | None:
    """The students' copy of a notebook, or None if it has no exercise."""
    made = copy.deepcopy(master)
    for cell in made.cells:
        cell.source = stub(cell.source) if cell.cell_type == "code" else plain(cell.source)
        tags = [tag for tag in cell.metadata.get("tags", []) if not tag.startswith("hide-")]
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    made.cells = [cell for cell in made.cells if cell.source]
    return made if any("{exercise}" in cell.source for cell in master.cells) else None


def write(folder: Path) -> list[Path]:
    """Writes the copies of all notebooks with exercises into a folder and returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for path in sorted(Path(__file__).parents[1].glob("notebooks/*.ipynb")):
        made = students(nbformat.read(path, as_version=4))
        if made:
            paths.append(folder / path.name)
            nbformat.write(made, paths[-1])
    return paths


if __name__ == "__main__":
    print("\n".join(map(str, write(Path(sys.argv[1])))))
