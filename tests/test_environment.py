"""pyproject.toml, environment.yml and the lock file agree."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = ("bench", "kubernetes")
"""The optional dependencies that `make book` and CI do without; they have a lock file of their own.
"""
OPTIONAL = PROJECT["optional-dependencies"]
DECLARED = PROJECT["dependencies"] + [
    d for name, extra in OPTIONAL.items() if name not in EXTRAS for d in extra
]


def test_environment_lists_what_pyproject_declares():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert sorted(listed) == sorted([*DECLARED, "-e ."])


LOCKS = {
    "requirements.lock": DECLARED,
    "requirements-extras.lock": [d for name in EXTRAS for d in OPTIONAL[name]],
}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_exactly_and_within_the_declared_ranges(lock):
    lines = [
        line
        for line in (ROOT / lock).read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    pins = {r.name.lower().replace("_", "-"): r for r in map(Requirement, lines)}
    assert all(str(r.specifier).startswith("==") for r in pins.values())
    for declared in map(Requirement, LOCKS[lock]):
        version = str(pins[declared.name.lower()].specifier).removeprefix("==")
        assert declared.specifier.contains(version), declared


HEAVY = {
    "IPython",
    "matplotlib",
    "mlxtend",
    "nbformat",
    "pandas",
    "papermill",
    "plotly",
    "scipy",
    "seaborn",
    "sklearn",
    "snakemake",
}


def test_training_imports_nothing_that_only_pages_need():
    """Each would cost from a tenth of a second to seconds at the start of every run."""
    code = (
        "import sys, torch, torchvision; before = {*sys.modules}; import memutils.runs,"
        " memutils.runs.grid; print(*({*sys.modules} - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    added = {name.partition(".")[0] for name in done.stdout.split()}
    assert "memutils" in added and not added & HEAVY, added & HEAVY
