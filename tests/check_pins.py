"""``make test-pins``: asks pip whether each pin has a wheel for each supported Python.

It needs a package index, and minutes. Nothing is installed: pip resolves the lock files for another
Python than its own, and reads of each wheel its metadata only, which takes a newer pip than Python
brings along; it gets an environment of its own under ``_build``.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow"))
import install

ROOT = Path(__file__).parents[1]
PIP = "26.3"
SOURCE_ONLY = {"connection-pool"}
"""Pure Python that its author never built; pip builds it in a second on any machine."""
(_, LOW), (_, HIGH) = install.supported()
NOT_THERE = re.compile(r"No matching distribution found for ([\w.-]+)==")


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=install.clean(os.environ), capture_output=True, text=True)


@pytest.fixture(scope="module")
def pip() -> Path:
    """The Python of an environment with that pip; skips where no index can be reached."""
    folder = ROOT / "_build/pins"
    python = folder / "bin/python"
    if PIP not in run(python, "-m", "pip", "--version").stdout if python.exists() else True:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        done = run(python, "-m", "pip", "install", "--quiet", f"pip=={PIP}")
        if done.returncode:
            shutil.rmtree(folder)
            pytest.skip(f"pip {PIP} cannot be had here: {done.stderr.strip().splitlines()[-1]}")
    if run(
        python,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--quiet",
        "--dest",
        folder / "tried",
        f"pip=={PIP}",
    ).returncode:
        pytest.skip("no package index can be reached")
    return python


def without_a_wheel(pip: Path, pins: list[str], version: str, folder: Path) -> list[str]:
    """The pins without a wheel for a Python. Pip stops at the first; it is asked again without."""
    found, options = (
        [],
        (
            "--dry-run --quiet --no-deps --ignore-installed --only-binary=:all:"
            " --use-feature=fast-deps"
        ),
    )
    while True:
        (folder / "pins.txt").write_text("\n".join(pins))
        command = (
            pip,
            "-m",
            "pip",
            "install",
            *options.split(),
            "--target",
            folder / "nothing",
            "--python-version",
            version,
        )
        done = run(*command, "-r", folder / "pins.txt")
        if not done.returncode:
            return found
        missing = NOT_THERE.search(done.stderr)
        assert missing, done.stderr
        found.append(install.normal(missing[1]))
        pins = [pin for pin in pins if install.normal(pin.split("==")[0]) != found[-1]]


@pytest.mark.parametrize("minor", range(LOW, HIGH))
def test_each_pin_has_a_wheel_for_each_supported_python(pip, minor, tmp_path):
    lines = [
        line
        for name in ("requirements.lock", "requirements-extras.lock")
        for line in (ROOT / name).read_text().splitlines()
    ]
    pins = [line for line in lines if line and not line.startswith("#")]
    assert set(without_a_wheel(pip, pins, f"3.{minor}", tmp_path)) <= SOURCE_ONLY


def test_the_next_python_lacks_one(pip, tmp_path):
    """Else the upper bound can be raised: fails on purpose when all pins have wheels for it."""
    pins = [
        line
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert set(without_a_wheel(pip, pins, f"3.{HIGH}", tmp_path)) > SOURCE_ONLY
