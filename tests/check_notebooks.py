"""Refuses committed notebooks that carry what a run left behind; the pre-commit hook calls it.

python tests/check_notebooks.py [NOTEBOOK ...]     (none: every notebook of notebooks/)
"""

import json
import re
import sys
from pathlib import Path

ABSOLUTE = re.compile(
    r"file://|(?<![\w.:/~-])/(?:home|root|Users|tmp|mnt|media|private|scratch|usr|var|opt|work)/"
    r"|\b[A-Za-z]:\\+\w"
)
"""A path that exists on one machine only: the roots people work under, a drive letter, a file URL.
"""


def problems(text: str) -> list[str]:
    """What is wrong with a notebook, given as the text of its file; empty where all is well."""
    try:
        notebook = json.loads(text)
        cells, metadata = notebook["cells"], notebook["metadata"]
    except (ValueError, KeyError, TypeError):
        return ["it is not a notebook of format 4"]
    found = []
    if "papermill" in metadata or "widgets" in metadata:
        found.append("its metadata keep the traces of a run; clear them")
    for number, cell in enumerate(cells, 1):
        source, where = "".join(cell.get("source", "")), f"cell {number}"
        if cell.get("outputs"):
            found.append(f"{where} has outputs; clear them")
        if cell.get("execution_count") is not None:
            found.append(f"{where} has an execution count; clear the outputs")
        if "execution" in cell.get("metadata", {}) or "papermill" in cell.get("metadata", {}):
            found.append(f"{where} keeps the times of a run in its metadata; clear them")
        if cell.get("attachments") or "data:image" in source:
            found.append(f"{where} holds a picture; draw it in code or put the file under book/")
        match = ABSOLUTE.search(source)
        if match:
            line = source[: match.start()].count("\n")
            found.append(
                f"{where} names an absolute path: {source.splitlines()[line].strip()[:80]}"
            )
    return found


def main(paths: list[str]) -> int:
    """Prints the problems of each notebook; 1 if there are any, else 0."""
    files = [Path(p) for p in paths] or sorted(Path(__file__).parents[1].glob("notebooks/*.ipynb"))
    lines = [
        f"{file}: {problem}"
        for file in files
        for problem in problems(file.read_text(encoding="utf-8"))
    ]
    print("\n".join(lines), end="\n" if lines else "")
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
