"""Writes what the book's colophon includes: how long each notebook took in this build,
and the runs behind it.
"""

import sys
from pathlib import Path

import nbformat
import pandas as pd
import torch

import memutils
from memutils.runs import records
from memutils.runs.specs import scale_name


def title(notebook: nbformat.NotebookNode) -> str:
    """A notebook's first heading."""
    text = next(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return next(line for line in text.splitlines() if line.startswith("# ")).removeprefix("# ")


def times(folder: Path) -> pd.DataFrame:
    """A row for each executed notebook of a folder: a link to its page,
    and its seconds from start to end.
    """
    rows = []
    for path in sorted(folder.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        link = f"[{title(notebook)}](../notebooks/{path.name})"
        rows.append({"notebook": link, "seconds": notebook.metadata.papermill.duration})
    return pd.DataFrame(rows)


def runs() -> pd.DataFrame:
    """A row for each scale with records: how many, and the hours that their training took."""
    rows = []
    for folder in sorted({path.parent for path in records.results_root().glob("*/*.json")}):
        found = records.load(folder.name)
        hours = sum(record.provenance["seconds"] for record in found) / 3600
        dirty = sum(bool(record.provenance["dirty"]) for record in found)
        rows.append(
            {
                "scale": folder.name,
                "records": len(found),
                "training, hours": hours,
                "from a changed tree": dirty,
            }
        )
    return pd.DataFrame(rows)


def captioned(table: pd.DataFrame, name: str, caption: str, digits: str) -> str:
    """A table in MyST, numbered, with a caption; a sentence where it has no rows."""
    if table.empty:
        return "Nothing yet."
    rows = table.to_markdown(index=False, floatfmt=digits)
    return f"```{{table}} {caption}\n:name: tab-{name}\n\n{rows}\n```"


def main(stage: str) -> None:
    executed = times(Path(stage) / "notebooks")
    python, torch_version = sys.version.split()[0], torch.__version__.partition("+")[0]
    text = (
        f"{captioned(executed, 'times', 'Wall-clock time of each notebook.', '.1f')}\n\n"
        f"Together {executed['seconds'].sum() / 60:.1f} minutes, at the scale `{scale_name('')}`, "
        f"with memutils {memutils.__version__}, torch {torch_version} and Python {python}.\n\n"
        "## What is recorded\n\n"
        f"{captioned(runs(), 'recorded', 'The records of each scale.', '.2f')}\n"
    )
    (Path(stage) / "book" / "status.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
