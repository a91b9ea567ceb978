"""Licenses of what the lock file pins, and known vulnerabilities:
``python tests/audit.py [PIP-AUDIT]`` (``make audit``).

Licenses come from the installed packages. Vulnerabilities come from pip-audit and the OSV database,
where that can be reached; else that half is skipped and says why.
"""

import json
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements.lock"
LIBRE = re.compile(
    r"\b(MIT|0?BSD|Apache|PSF|Python Software"
    r" Foundation|ISC|MPL|Mozilla|LGPL|Unlicense|HPND|Zlib|CC0|Public Domain|"
    r"Permission is hereby granted, free of charge|Redistribution and use in source and binary"
    r" forms)\b",
    re.IGNORECASE,
)
"""Licenses under which the packages may be used and the book be shared;
also by the words of their texts.
"""

CUDA = re.compile(r"nvidia-|cuda-toolkit$")
"""NVIDIA's libraries are proprietary: free to use, installed by torch on Linux,
not handed on by this project.
"""


def license(name: str) -> str:
    """What a package says of its license, in its metadata or else in its license file."""
    package = metadata.distribution(name)
    said = [package.metadata.get("License-Expression"), package.metadata.get("License")]
    said += [c for c in package.metadata.get_all("Classifier", []) if c.startswith("License")]
    files = [
        f for f in package.files or [] if re.search(r"licen[cs]e|copying", f.name, re.IGNORECASE)
    ]
    texts = [
        Path(package.locate_file(f)).read_text(errors="replace")[:3000]
        for f in files[:3]
        if Path(package.locate_file(f)).is_file()
    ]
    return "\n".join(filter(None, [*said, *texts]))


def unknown_licenses(names: list[str]) -> dict[str, str]:
    """The packages whose license is not known to be fine, with what they say."""
    found = {}
    for name in names:
        try:
            text = license(name)
        except metadata.PackageNotFoundError:  # of another platform
            continue
        if not LIBRE.search(text) and not CUDA.match(name):
            found[name] = " ".join(text.split())[:100] or "says nothing"
    return found


def vulnerabilities(program: str) -> int:
    """How many known ones the pinned versions have;
    0 with the reason where that cannot be asked.
    """
    command = [
        program,
        "-r",
        LOCK,
        "--no-deps",
        "--disable-pip",
        "-s",
        "osv",
        "-f",
        "json",
        "--progress-spinner",
        "off",
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        packages = json.loads(done.stdout)["dependencies"]
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        why = (
            (done.stderr.strip().splitlines() or [""])[-1]
            if not isinstance(error, OSError | subprocess.TimeoutExpired)
            else error
        )
        print(f"vulnerabilities: skipped: {why}")
        return 0
    bad = [f"{p['name']} {p['version']}: {v['id']}" for p in packages for v in p.get("vulns", [])]
    print(*bad, f"vulnerabilities: {len(bad)} in {len(packages)} packages", sep="\n")
    return len(bad)


def main(program: str = "pip-audit") -> int:
    names = [
        line.split("==")[0]
        for line in LOCK.read_text().splitlines()
        if line and not line.startswith("#")
    ]
    unknown = unknown_licenses(names)
    print(
        *(f"{name}: {text}" for name, text in unknown.items()),
        f"licenses: {len(unknown)} of {len(names)} to look at",
        sep="\n",
    )
    return bool(unknown) or bool(vulnerabilities(program))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
