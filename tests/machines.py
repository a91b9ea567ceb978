"""``make test-machines``: the unit tests as on other machines, from a copy in an odd folder.

    python tests/machines.py [--rows avx2 none] [-- options for pytest]

Each row takes away what another machine lacks: instruction sets (oneDNN's, torch's, numpy's,
MKL's), bfloat16, all threads but one, a locale, a home folder that can be written. The first row
runs every test, the others those that compute. At the end stands a table; the exit code is the
number of rows that failed.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
ELSEWHERE = "à côté d'ici"
LEFT_OUT = (
    ".git",
    ".venv*",
    ".*_cache",
    ".hypothesis",
    ".snakemake",
    "_build",
    "data",
    "*.egg-info",
    "__pycache__",
)

COMPUTE = (
    "any augment benchmark chain data diverged labels loss measured models noise playground recipe "
    "records resume runs steps symmetry theory training trial zoo"
).split()
"""Where anything is trained, rounded or summed: how the files' names go on behind ``test_``."""

NO_HOME = {"HOME": "/dev/null/home", "XDG_CONFIG_HOME": "", "XDG_DATA_HOME": ""}
IN_ITS_PLACE = {
    "XDG_CACHE_HOME": ".",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
    "JUPYTER_RUNTIME_DIR": "jupyter",
}
"""As make sets them where the home folder cannot be written: folders in ``_build/home``."""


@dataclass(frozen=True)
class Row:
    """A machine: oneDNN's and torch's instructions, what else is set,
    whether it runs every test.
    """

    title: str
    onednn: str
    torch: str
    bfloat16: bool = True
    settings: dict[str, str] = field(default_factory=dict)
    every: bool = False

    def environment(self, copy: Path) -> dict[str, str]:
        """The environment of its tests, with the sources of the copy."""
        variables = {"PYTHONPATH": f"{copy}/src{os.pathsep}{copy}/tests"} | self.settings
        if self.onednn:
            variables |= {"ONEDNN_MAX_CPU_ISA": self.onednn, "ATEN_CPU_CAPABILITY": self.torch}
        if "HOME" in self.settings:
            variables |= {name: f"{copy}/_build/home/{at}" for name, at in IN_ITS_PLACE.items()}
        data = next((p for p in (ROOT / "data", ROOT / "../shared/data") if p.is_dir()), None)
        if data and not os.environ.get("MEMUTILS_DATA"):
            variables["MEMUTILS_DATA"] = str(data.resolve())
        return {k: v for k, v in (os.environ | variables).items() if v}


ROWS = {
    "all": Row(
        "all that the machine has; one thread, locale C, no home, UTC+14",
        "",
        "",
        every=True,
        settings={"OMP_NUM_THREADS": "1", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"} | NO_HOME,
    ),
    "bf16": Row(
        "AVX-512 with bfloat16, no AMX; UTC-3:30",
        "AVX512_CORE_BF16",
        "avx512",
        settings={"TZ": "America/St_Johns"},
    ),
    "avx512": Row(
        "AVX-512 without bfloat16; three threads",
        "AVX512_CORE",
        "avx512",
        False,
        {"OMP_NUM_THREADS": "3"},
    ),
    "avx2": Row(
        "AVX2; UTF-8",
        "AVX2",
        "avx2",
        False,
        {"LC_ALL": "C.UTF-8", "MKL_ENABLE_INSTRUCTIONS": "AVX2"},
    ),
    "none": Row(
        "none of them; one thread",
        "SSE41",
        "default",
        False,
        {"OMP_NUM_THREADS": "1", "MKL_ENABLE_INSTRUCTIONS": "SSE4_2"},
    ),
}

NEEDED = {"bf16": "avx512_bf16", "avx512": "avx512f", "avx2": "avx2"}
"""The processor's flag without which a row takes nothing away."""


def pytest_configure() -> None:
    """As a plugin of pytest (``-p machines``): a processor without bfloat16."""
    import torch

    if os.environ.get("WITHOUT_BFLOAT16"):
        torch.cpu._is_avx512_bf16_supported = lambda: False


def flags() -> set[str]:
    """What the processor can; empty where the system does not say."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return set()
    return set(next((line for line in text.splitlines() if line.startswith("flags")), "").split())


def numpy_features(row: str) -> str:
    """The features that numpy is to leave alone in a row; its baseline cannot be switched off."""
    if row not in ("avx2", "none"):
        return ""
    code = (
        "from numpy._core import _multiarray_umath as m\n"
        "print(*(f for f in m.__cpu_dispatch__ if m.__cpu_features__[f]))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True
    ).stdout.split()
    return " ".join(f for f in found if row == "none" or "AVX512" in f or f == "X86_V4")


def run_row(name: str, copy: Path, options: list[str]) -> tuple[str, float, str]:
    """Runs a row's tests; returns the outcome, the seconds, and pytest's last line."""
    row, there = ROWS[name], flags()
    if there and NEEDED.get(name, "") not in there | {""}:
        return f"left out: this processor has no {NEEDED[name]}", 0.0, ""
    names = (
        []
        if row.every
        else sorted(path.name for word in COMPUTE for path in copy.glob(f"tests/test_{word}*.py"))
    )
    files = [f"tests/{name}" for name in dict.fromkeys(names)] or ["tests"]
    environment = row.environment(copy) | ({} if row.bfloat16 else {"WITHOUT_BFLOAT16": "1"})
    if features := numpy_features(name):
        environment["NPY_DISABLE_CPU_FEATURES"] = features
    jobs = os.environ.get("JOBS") or "2"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "machines",
        "-n",
        jobs,
        "--dist",
        "loadfile",
        *(options or files),
    ]
    print(f"\n{name}: {row.title}", flush=True)
    (copy / "_build/home").mkdir(parents=True, exist_ok=True)
    start, last = time.monotonic(), ""
    process = subprocess.Popen(
        command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    for line in process.stdout:
        text = line.decode(errors="replace")
        print(text, end="", flush=True)
        last = text.strip() or last
    code = process.wait()
    return ("failed" if code else "passed"), time.monotonic() - start, last.strip("= ")


def main(arguments: list[str] | None = None) -> int:
    """Runs the rows one after another and prints the table."""
    parser = argparse.ArgumentParser(prog="make test-machines", description=__doc__)
    parser.add_argument("--rows", nargs="+", choices=ROWS, default=list(ROWS))
    parser.add_argument("options", nargs="*", help="for pytest, in place of the row's tests")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, ELSEWHERE)
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        found = {name: run_row(name, copy, given.options) for name in given.rows}
    width = max(len(ROWS[name].title) for name in found)
    print(f"\nFrom the folder {ELSEWHERE!r}:")
    for name, (outcome, seconds, last) in found.items():
        print(f"{name:8}{ROWS[name].title:{width}}  {seconds / 60:5.1f} min  {outcome}  {last}")
    return sum(outcome == "failed" for outcome, _, _ in found.values())


if __name__ == "__main__":
    sys.exit(main())
