"""Copies the book's sources into the staging tree; writes the students' notebooks and the appendix
of executed runs.
"""

import shutil
import sys
from pathlib import Path

import nbformat
import student


def main(stage: str, executed: str, *keys: str) -> None:
    stage, executed = Path(stage), Path(executed)
    for name in ("_config.yml", "_toc.yml", "CHANGELOG.md"):
        shutil.copy(name, stage / name)
    shutil.rmtree(stage / "book", ignore_errors=True)
    shutil.copytree("book", stage / "book", ignore=shutil.ignore_patterns("__pycache__"))
    student.write(stage / "student")
    shutil.rmtree(stage / "appendix", ignore_errors=True)
    (stage / "appendix").mkdir(parents=True)
    for key in keys:  # a page's title is its run's name
        notebook = nbformat.read(executed / f"{key}.ipynb", as_version=4)
        notebook.cells[0].source = notebook.cells[0].source.replace("# One run", f"# {key}", 1)
        for cell in notebook.cells:
            if "injected-parameters" in cell.metadata.get("tags", []):
                cell.metadata.tags.append("hide-input")
        nbformat.write(notebook, stage / "appendix" / f"{key}.ipynb")
    pages = "\n".join(f"- [{key}]({key}.ipynb)" for key in keys)
    text = (
        f"# The runs\n\nThe executed notebook of each of the {len(keys)} runs behind the first"
        f" figure.\n\n{pages}\n"
    )
    (stage / "appendix" / "index.md").write_text(text, encoding="utf-8")
    toc = (stage / "_toc.yml").read_text(encoding="utf-8")
    line = next(line for line in toc.splitlines() if line.strip() == "- file: appendix/index")
    indent = " " * (line.index("-") + 2)
    sections = "".join(f"\n{indent}- file: appendix/{key}" for key in keys)
    (stage / "_toc.yml").write_text(
        toc.replace(line, f"{line}\n{indent}sections:{sections}"), encoding="utf-8"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
