"""Where a result comes from: the code, its commit, the versions and the machine.

``python -m memutils.runs.provenance write`` notes the commit in a file, for sources that are sent
where there is no git.
"""

import argparse
import ast
import contextlib
import functools
import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path, PurePosixPath

import numpy as np
import torch

from memutils.errors import UserError, command
from memutils.runs import records

DECISIVE = tuple(
    "augment batches data evaluation graph label_sets labeling losses models noise recipe "
    "sources step training trial "
    "runs/checkpoints runs/execute runs/measured runs/scale runs/setup runs/spec runs/specs "
    "runs/validate".split()
)
"""The modules and packages that decide a run's result; their hash is part of its record."""


def identity() -> dict:
    """What must not change between a checkpoint and its resumption."""
    versions = {
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }
    return {"code": code_hash(), "results_version": records.RESULTS_VERSION, "versions": versions}


def decisive_files() -> list[Path]:
    """The files of the modules that decide a result, and all those of the packages."""
    folder = Path(__file__).parents[1]
    found = [[*folder.glob(f"{name}.py"), *folder.glob(f"{name}/**/*.py")] for name in DECISIVE]
    return [path for files in found for path in sorted(files)]


@functools.cache
def code_hash() -> str:
    """sha256 over the files that decide a result, as they were when this process imported them."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in decisive_files())).hexdigest()


NOTE = "provenance.json"
"""The file that tells commit and state where the sources travel without git;
written by ``python -m memutils.runs.provenance``.
"""


def root() -> Path:
    """The folder of the sources."""
    return Path(__file__).resolve().parents[3]


def git(*words: str) -> bytes:
    """What a git command prints about the sources."""
    return subprocess.run(["git", "-C", root(), *words], capture_output=True, check=True).stdout


def source_state() -> dict:
    """The commit, and whether what decides a run differs from it: from git,
    else as the note tells; else None.
    """
    return state_in_git() or state_in_note() or {"commit": None, "dirty": None}


def state_in_git() -> dict | None:
    """Commit and state where the sources are a git repository, and not a folder in another one."""
    try:
        if Path(git("rev-parse", "--show-toplevel").decode().strip()).resolve() != root():
            return None
        changes = git("status", "--porcelain", "--", *DECIDING)
        return {"commit": git("rev-parse", "HEAD").decode().strip(), "dirty": bool(changes)}
    except (OSError, subprocess.CalledProcessError):
        return None


def state_in_note() -> dict | None:
    """Commit and state that came with the sources;
    they are dirty if they changed on the way or since.
    """
    try:
        note = json.loads((root() / NOTE).read_bytes())
        changed = bool(note["dirty"]) or note["files"] != files_hash()
        return {"commit": str(note["commit"]), "dirty": changed}
    except (OSError, ValueError, KeyError, TypeError):
        return None


DECIDING = ("src", "configs", "notebooks/run.ipynb")
"""What decides a run's result and name."""


def files_hash() -> str:
    """sha256 over what decides a run, as it lies here."""
    found = [*root().glob("src/**/*.py"), *root().glob("configs/*.yaml")]
    found.append(root() / "notebooks/run.ipynb")
    digest = hashlib.sha256()
    for path in sorted(path for path in found if path.exists()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(root()).as_posix()} {content}\n".encode())
    return digest.hexdigest()


def write_note() -> Path:
    """Writes the note for sources that are to travel.

    Raises:
        UserError: there is no commit to name, or the sources differ from it.
    """
    state = state_in_git()
    if state is None:
        raise UserError(
            f"{root()} is no git repository, so there is no commit to name; write the note where"
            " there is one."
        )
    if state["dirty"]:
        raise UserError(
            "The sources differ from their commit. Commit first: records come home only if their"
            " code is a commit's."
        )
    text = json.dumps(state | {"files": files_hash()}, indent=1) + "\n"
    records.write_whole(root() / NOTE, text.encode())
    return root() / NOTE


def code_of_commit(commit: str) -> str | None:
    """``code_hash`` as of a commit, from git's objects; None where they are not here."""
    try:
        paths = git("ls-tree", "-r", "--name-only", commit, "src/memutils").decode().splitlines()
        own = next(path for path in paths if path.endswith("/provenance.py"))  # it has moved once
        names = decisive_in(git("show", f"{commit}:{own}"))
        files = [path for name in names for path in files_of(name, paths)]
        contents = [git("show", f"{commit}:{path}") for path in files]
    except (OSError, subprocess.CalledProcessError, StopIteration, ValueError):
        return None
    return hashlib.sha256(b"".join(contents)).hexdigest()


def decisive_in(source: bytes) -> list[str]:
    """The names in DECISIVE of a version of this module: a tuple of names, or a text of them.

    Raises:
        ValueError: it has none.
    """
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "DECISIVE":
            constants = [n.value for n in ast.walk(node.value) if isinstance(n, ast.Constant)]
            return " ".join(constants).split()
    raise ValueError("DECISIVE is not there")


def files_of(name: str, paths: list[str]) -> list[str]:
    """The paths among these that ``decisive_files`` finds for a name, in its order."""
    module, package = f"src/memutils/{name}.py", f"src/memutils/{name}/"
    found = [p for p in paths if p == module or (p.startswith(package) and p.endswith(".py"))]
    return sorted(found, key=PurePosixPath)


# Now: a process that trains many runs may see its files and its commit change, and goes on with
# what it imported.
code_hash()
SOURCE = source_state()


def processor() -> str:
    """The CPU's name."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def machine(device: str) -> str:
    """The name of what a run on this device ('cpu' or 'cuda') is carried out by:
    the processor or the GPU.
    """
    return torch.cuda.get_device_name() if device == "cuda" else processor()


@command
def main(arguments: list[str] | None = None) -> int:
    """Writes the note; 1 where that cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m memutils.runs.provenance",
        description="Notes the commit where sources travel.",
    )
    parser.add_argument("what", choices=["write"])
    parser.parse_args(arguments)
    print(f"Written: {write_note()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
