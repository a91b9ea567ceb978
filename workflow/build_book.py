"""Builds the book from the staging tree, warnings as errors; a failed build leaves no index page
behind.
"""

import base64
import subprocess
import sys
from pathlib import Path

import nbformat
import status


def save_answer(stage: Path) -> None:
    """Puts the first picture of the executed notebook ``quick`` beside the start page, which shows
    it.
    """
    cells = nbformat.read(stage / "notebooks" / "quick.ipynb", as_version=4).cells
    pictures = [
        o.data["image/png"]
        for c in cells
        for o in c.get("outputs", [])
        if "image/png" in o.get("data", {})
    ]
    (stage / "book" / "answer.png").write_bytes(base64.b64decode(pictures[0]))


def main(stage: str, build: str) -> int:
    save_answer(Path(stage))
    status.main(stage)
    index = Path(build) / "_build" / "html" / "index.html"
    command = [
        "jupyter-book",
        "build",
        stage,
        "--path-output",
        build,
        "-W",
        "-n",
        "--keep-going",
        "--all",
        "-q",
    ]
    code = subprocess.run(command).returncode
    if code == 0 and index.exists():
        target = Path(build) / "html"
        subprocess.run(["rm", "-rf", target], check=True)
        index.parent.rename(target)
    return code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
