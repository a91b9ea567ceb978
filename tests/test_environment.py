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
"""The optional dependencies that `make book` and CI do without; they have a lock file of their own."""
OPTIONAL = PROJECT["optional-dependencies"]
DECLARED = PROJECT["dependencies"] + [d for name, extra in OPTIONAL.items() if name not in EXTRAS for d in extra]


def test_environment_lists_what_pyproject_declares():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = next(d["pip"] for d in environment["dependencies"] if isinstance(d, dict))
    assert sorted(listed) == sorted([*DECLARED, "-e ."])


LOCKS = {"requirements.lock": DECLARED, "requirements-extras.lock": [d for name in EXTRAS for d in OPTIONAL[name]]}


@pytest.mark.parametrize("lock", LOCKS)
def test_lock_pins_exactly_and_within_the_declared_ranges(lock):
    lines = [line for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    pins = {r.name.lower().replace("_", "-"): r for r in map(Requirement, lines)}
    assert all(str(r.specifier).startswith("==") for r in pins.values())
    for declared in map(Requirement, LOCKS[lock]):
        version = str(pins[declared.name.lower()].specifier).removeprefix("==")
        assert declared.specifier.contains(version), declared


def test_the_package_adds_little_to_the_import_of_torch():
    code = "import time, torch; t = time.process_time(); import memutils.runs, memutils.grid; print(time.process_time() - t)"
    seconds = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout) for _ in range(2)]
    assert min(seconds) < 0.3, seconds  # of processor time; about .1 where this was written
