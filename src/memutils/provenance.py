"""Where a result comes from: the code, its commit, the versions and the machine."""

import contextlib
import functools
import hashlib
import inspect
import platform
import subprocess
from pathlib import Path

import numpy as np
import torch

from memutils import records

DECISIVE = ("checkpoints", "data", "graph", "losses", "models", "noise", "recipe", "runs", "specs", "step", "training")
"""The modules that decide a run's result; their hash is part of its record."""


def identity() -> dict:
    """What must not change between a checkpoint and its resumption."""
    versions = {"torch": str(torch.__version__), "numpy": np.__version__, "python": platform.python_version()}
    return {"code": code_hash(), "results_version": records.RESULTS_VERSION, "versions": versions}


@functools.cache
def code_hash() -> str:
    """sha256 over the modules that decide a result, as they were when this process imported them."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / f"{name}.py").read_bytes() for name in DECISIVE)).hexdigest()


def code_of(entry) -> str:
    """sha256 of the source of a registered loss, network or data set; of its name where Python cannot show the source."""
    try:
        text = inspect.getsource(entry)
    except (OSError, TypeError):
        text = getattr(entry, "__qualname__", type(entry).__qualname__)
    return hashlib.sha256(text.encode()).hexdigest()


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
