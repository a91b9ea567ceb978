"""Where a result comes from: the code, its commit, the versions and the machine."""

import contextlib
import functools
import hashlib
import platform
import subprocess
from pathlib import Path

import numpy as np
import torch

from memutils import records

DECISIVE = tuple(
    "augment checkpoints data label_sets labeling losses measured models noise recipe runs sources specs training trial"
    .split()
)
"""The modules and packages that decide a run's result; their hash is part of its record."""


def identity() -> dict:
    """What must not change between a checkpoint and its resumption."""
    versions = {"torch": str(torch.__version__), "numpy": np.__version__, "python": platform.python_version()}
    return {"code": code_hash(), "results_version": records.RESULTS_VERSION, "versions": versions}


def decisive_files() -> list[Path]:
    """The files of the modules that decide a result, and all those of the packages."""
    folder = Path(__file__).parent
    found = [[*folder.glob(f"{name}.py"), *folder.glob(f"{name}/**/*.py")] for name in DECISIVE]
    return [path for files in found for path in sorted(files)]


@functools.cache
def code_hash() -> str:
    """sha256 over the files that decide a result, as they were when this process imported them."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in decisive_files())).hexdigest()


def source_state() -> dict:
    """The git commit and whether what decides a run differs from it; None outside a repository."""
    def git(*words: str) -> str:  # fmt: skip
        root = Path(__file__).parents[2]
        return subprocess.run(["git", "-C", root, *words], capture_output=True, text=True, check=True).stdout.strip()

    try:
        changes = git("status", "--porcelain", "--", "src", "configs", "notebooks/run.ipynb")
        return {"commit": git("rev-parse", "HEAD"), "dirty": bool(changes)}
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}


# Now: a process that trains many runs may see its files and its commit change, and goes on with what it imported.
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
    """The name of what a run on this device ('cpu' or 'cuda') is carried out by: the processor or the GPU."""
    return torch.cuda.get_device_name() if device == "cuda" else processor()
