"""Builds the book from the staging tree, warnings as errors;
a failed build leaves no index page behind.
"""

import subprocess
import sys
from pathlib import Path

import status


def main(stage: str, build: str) -> int:
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
