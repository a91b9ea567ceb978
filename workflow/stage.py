"""Copies the book's sources into the staging tree; writes the students' notebooks and the table of
all runs, with the records and executed notebooks that it links to.
"""

import os
import shutil
import sys
from pathlib import Path

import student

from memutils.report import explorer, origins, run_table
from memutils.runs import records


def copy_sources(stage: Path) -> None:
    """The book's pages and settings, as they are in the repository."""
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(name, stage / name)
    shutil.rmtree(stage / "book", ignore_errors=True)
    shutil.copytree("book", stage / "book", ignore=shutil.ignore_patterns("__pycache__"))


def write_runs(stage: Path, executed: Path, keys: tuple[str, ...]) -> None:
    """The table of all runs, what it links to in ``extra``, which the book takes as it is, and the
    script that says where a number comes from.
    """
    scale, extra = os.environ["MEMUTILS_SCALE"], stage / "extra"
    shutil.rmtree(extra, ignore_errors=True)
    scales = sorted(explorer.scales_with_records(scale), key=lambda name: name != scale)
    found = [r for name in scales for r in records.load(name)]
    for record in found:
        target = extra / "records" / record.scale / f"{record.key}.json"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(record.path, target)
    (extra / "runs").mkdir(parents=True)
    for key in keys:
        shutil.copy(executed / f"{key}.ipynb", extra / "runs")
    notebooks = {(scale, key): f"../runs/{key}.ipynb" for key in keys}
    (stage / "book" / "_static" / "runs.js").write_text(origins.script(found), encoding="utf-8")
    html = run_table.html(found, "../records", notebooks)
    (stage / "book" / "runs.html").write_text(html, encoding="utf-8")


def main(stage: str, executed: str, *keys: str) -> None:
    """Makes the staging tree anew, but for the executed notebooks that are there."""
    copy_sources(Path(stage))
    student.write(Path(stage) / "student")
    write_runs(Path(stage), Path(executed), keys)


if __name__ == "__main__":
    main(*sys.argv[1:])
