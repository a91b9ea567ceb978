"""Prepares the folder that travels to a machine with a GPU, which needs no git, Jupyter or network.

    python workflow/gpu/send.py parcel [mnist] [cifar10.1] [cifar10.2]

In it: the code of the last commit without its results, a note of that commit, the runs that are
missing here as ``workflow/queue.yaml``, and the packed data in ``data/``.
"""

import argparse
import contextlib
import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from pack import PARTS, pack

from memutils import data
from memutils.errors import UserError, command
from memutils.runs import provenance, queue

CODE = (
    "src",
    "configs",
    "tests",
    "benchmarks",
    "workflow",
    "notebooks/run.ipynb",
    "pyproject.toml",
)
"""What runs, tests and measurements there need."""

TRAVELS = 64 * 2**20
"""Bytes that a folder should not exceed."""


def prepare(folder: Path, names: list[str]) -> int:
    """Makes the folder anew, whole or not at all; returns its size in bytes.

    Raises:
        UserError: the sources are not a commit's, the folder is another one, or data are missing.
    """
    if folder.exists() and not (folder / provenance.NOTE).exists():
        raise UserError(f"The folder {folder} was not made by this command; name another one.")
    note = provenance.write_note()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".parcel-") as place:
        fresh = Path(place) / "parcel"
        fresh.mkdir()
        unpack_commit(fresh)
        shutil.move(note, fresh / provenance.NOTE)
        (fresh / "workflow/queue.yaml").write_text(missing_runs())
        pack(fresh / "data", names, data.data_root())
        if folder.exists():
            shutil.rmtree(folder)
        fresh.rename(folder)
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def unpack_commit(folder: Path) -> None:
    """The code of the commit that is checked out."""
    command = ["git", "-C", provenance.root(), "archive", "--format=zip", "HEAD", *CODE]
    content = subprocess.run(command, capture_output=True, check=True).stdout
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(folder)


def missing_runs() -> str:
    """The order of the runs that are not recorded here."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        failed = queue.main(["--list", "--by", "streams"])
    if failed:
        raise UserError("The missing runs cannot be listed, for the reason above.")
    return text.getvalue()


@command
def main(arguments: list[str] | None = None) -> int:
    """The command; 1 where something is wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="is made anew")
    told = f"data to pack into it: {', '.join(PARTS)}"
    parser.add_argument("names", nargs="*", choices=[*PARTS, []], metavar="DATA", help=told)
    options = parser.parse_args(arguments)
    size = prepare(options.folder, options.names)
    advice = " Send fewer data at a time." if size > TRAVELS else ""
    print(f"{options.folder} is ready: {size / 2**20:.1f} MiB.{advice}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
