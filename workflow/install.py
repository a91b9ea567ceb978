"""Sees to ``.venv``: that it is whole, this folder's own, and holds what the lock file pins.

    python3 workflow/install.py [--extras] [--given]

No stamp is trusted. What is checked is the environment itself (its Python, the folder that its
scripts name, the versions in it), in a tenth of a second. Any Python from 3.6 on can run this file,
so that one that is too old or too new is told so in a sentence. ``--given``: the Python was asked
for by name, so a ``.venv`` of another version is made anew.
"""

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MARK = VENV / ".made"
"""There from the first moment of a .venv that was made here: it may be deleted."""
UNFINISHED = VENV / ".unfinished"
"""There while pip writes: a kill in the middle can leave a package that only looks installed."""

PROBE = """
import importlib.util, json, os, sys, sysconfig
def origin(name):
    found = importlib.util.find_spec(name)
    return found.origin if found else None
here = sysconfig.get_path("purelib")
print(json.dumps({"version": sys.version_info[:2], "pip": origin("pip"),
                  "memutils": origin("memutils"), "packages": sorted(os.listdir(here))}))
"""

SOURCES = (
    "CACHE_DIR CERT CLIENT_CERT CONFIG_FILE DEFAULT_TIMEOUT EXTRA_INDEX_URL FIND_LINKS INDEX_URL "
    "KEYRING_PROVIDER NO_CACHE_DIR NO_INDEX NO_INPUT PROXY RESUME_RETRIES RETRIES TIMEOUT "
    "TRUSTED_HOST USE_DEPRECATED USE_FEATURE"
).split()
"""pip's settings that say where packages come from. The others say what becomes of them."""

HERE = {
    "user": "--no-user",
    "target": "--target=",
    "prefix": f"--prefix={VENV}",
    "root": "--root=/",
}
"""What undoes a setting of pip's configuration files that sends packages elsewhere."""


def clean(environment):
    """The environment without what redirects Python or pip; mirrors, proxies, certificates stay."""
    kept = {f"PIP_{name}" for name in SOURCES}
    strange = ("PYTHON", "PIP_", "__PYVENV", "VIRTUAL_ENV", "CONDA_")
    found = {k: v for k, v in environment.items() if k in kept or not k.startswith(strange)}
    if found.get("LC_ALL") in ("C", "POSIX"):  # Python 3.11 could not read this folder's name then
        del found["LC_ALL"]
    return found


def supported():
    """The lowest supported Python and the lowest that is not supported any more."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    low, high = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', text).groups()
    return (3, int(low)), (3, int(high))


def check_python():
    """Ends with one sentence where this Python is not supported; names one that is."""
    (_, low), (_, high) = supported()
    if low <= sys.version_info[1] < high:
        return
    names = [f"python3.{minor}" for minor in range(high - 1, low - 1, -1)]
    there = next((name for name in names if shutil.which(name)), "")
    mend = f"set PYTHON={there}" if there else "install one and set PYTHON=... to it"
    raise SystemExit(
        f"Error: {sys.executable} is Python {sys.version.split()[0]}, and the pinned packages were "
        f"tried with Python 3.{low} to 3.{high - 1} only; {mend}."
    )


def pins(extras):
    """Versions by name, from the lock files; pins for some systems only are left to pip."""
    found = {}
    for name in ["requirements.lock"] + ["requirements-extras.lock"] * extras:
        lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        lines = [line.split("#")[0].strip() for line in lines]
        found.update(line.split("==") for line in lines if line and ";" not in line)
    return {normal(name): version for name, version in found.items()}


def normal(name):
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(entries):
    """Versions by name, from the names in a folder of packages: 'torch-2.14.1+cu130.dist-info'."""
    found = [e[: -len(".dist-info")].rpartition("-") for e in entries if e.endswith(".dist-info")]
    return {normal(name): version.partition("+")[0] for name, _, version in found}


def probe():
    """What the Python of .venv says of itself; None where there is none that answers."""
    # no -I: it would take an ASCII locale at its word, and a folder's name may have an accent
    command = [str(PYTHON), "-E", "-s", "-c", PROBE]
    try:
        text = subprocess.check_output(
            command, cwd=str(VENV), env=clean(os.environ), stderr=subprocess.DEVNULL, timeout=60
        )
        return json.loads(text.decode())
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def read(path):
    """A file's text; empty where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def unusable(found, given):
    """Why .venv must be made anew, or an empty text; ``found`` is what ``probe`` returned."""
    settings = read(VENV / "pyvenv.cfg")
    if UNFINISHED.exists():
        return "was left half-made"
    if found is None or not settings:
        return "is half-made, or its Python is gone"
    if not found["pip"]:
        return "has no pip"
    # in a script's first line, or in its second where the path is long or has a space
    if str(PYTHON) not in read(VENV / "bin" / "pip")[:2000]:
        return "was made for another folder"
    if "include-system-site-packages = true" in settings:
        return "lets the system's packages in"
    low, high = supported()
    version = tuple(found["version"])
    if not low <= version < high or (given and version != sys.version_info[:2]):
        return f"holds Python {version[0]}.{version[1]}"
    return ""


def lacking(found, extras):
    """The packages that .venv lacks or has in another version, and the project itself."""
    there, wanted = versions(found["packages"]), pins(extras)
    own = (
        found["memutils"] and Path(found["memutils"]).resolve() == ROOT / "src/memutils/__init__.py"
    )
    return [n for n in wanted if there.get(n) != wanted[n]] + ([] if own else ["memutils"])


def say(text):
    """Prints, also where nobody reads it any more (``make ... | head -1``): the work goes on."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def put_away():
    """Clears the place of .venv: what was made here or is empty goes, else it is renamed."""
    try:
        if VENV.is_symlink():
            VENV.unlink()  # what it leads to is somebody's
            return
        packages = set(versions(p.name for p in VENV.glob("lib/python*/site-packages/*.dist-info")))
        parts = {"bin", "include", "lib", "lib64", "pyvenv.cfg", ".gitignore"}
        empty = {p.name for p in VENV.iterdir()} <= parts and packages <= {"pip", "setuptools"}
        if empty or any(
            (VENV / name).exists() for name in (MARK.name, UNFINISHED.name, ".installed")
        ):
            shutil.rmtree(str(VENV))
            return
        names = (f".venv.old{i}" for i in range(1, 1000))
        aside = next(name for name in names if not (ROOT / name).exists())
        VENV.rename(ROOT / aside)
        say(f"It was not made by make: it is kept as {aside}; delete it when you need it no more.")
    except OSError as error:
        raise SystemExit(
            f"Error: {VENV} cannot be removed ({error.strerror}); delete it, then go on."
        ) from None


def make():
    """A fresh .venv of the Python that runs this."""
    check_python()
    if os.pathsep in str(ROOT):
        raise SystemExit(
            f"Error: no PATH can name {ROOT}, because of its {os.pathsep!r}; rename the folder."
        )
    command, pipe = [sys.executable, "-m", "venv", str(VENV)], subprocess.PIPE
    try:
        done = subprocess.run(command, env=clean(os.environ), stdout=pipe, stderr=subprocess.STDOUT)
    finally:
        if VENV.is_dir():
            MARK.touch()
    if done.returncode:
        print(done.stdout.decode(errors="replace").strip(), file=sys.stderr)
        if VENV.is_dir():
            put_away()
        raise SystemExit(
            f"Error: {sys.executable} cannot make a virtual environment; see above. On Debian and "
            "Ubuntu install python3-venv, elsewhere set PYTHON=... to another; then start again."
        )


def pip(*arguments):
    """Lets pip install into .venv and nowhere else; ends with a sentence where it cannot."""
    command, environment = [str(PYTHON), "-m", "pip"], clean(os.environ)
    settings = subprocess.run(
        [*command, "config", "list"], env=environment, stdout=subprocess.PIPE
    ).stdout.decode()
    undo = [
        option
        for name, option in HERE.items()
        if re.search(rf"^\w+\.{name}=", settings, re.MULTILINE)
    ]
    command += ["install", "--quiet", "--disable-pip-version-check", *undo, *arguments]
    shown = (
        None if sys.stderr.isatty() else subprocess.PIPE
    )  # a terminal may be asked for a password
    before, code = probe()["packages"], None
    UNFINISHED.touch()
    try:
        done = subprocess.run(
            command,
            env=environment,
            cwd=str(ROOT),
            stdout=shown,
            stderr=shown and subprocess.STDOUT,
        )
        code = done.returncode
    finally:
        if code == 0 or (probe() or {}).get("packages") == before:  # it had not begun to write
            UNFINISHED.unlink()
    if code:
        say((done.stdout or b"").decode(errors="replace"))
        raise SystemExit(
            "Error: pip could not install into .venv, as it says above; then start again."
        )


@contextlib.contextmanager
def one_at_a_time():
    """Waits until no other make installs here; the system drops the lock with the process."""
    with (ROOT / "requirements.lock").open("rb") as file:
        with contextlib.suppress(ImportError, OSError):  # no locks here
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def state(options):
    """Why .venv must be made anew, and the packages that it lacks; empty where all is well."""
    found = probe()
    reason = unusable(found, options.given)
    return reason, [] if reason else lacking(found, options.extras)


def mend(options):
    """Does what is lacking, and says why."""
    reason, names = state(options)
    if reason:
        if VENV.is_file():
            raise SystemExit(
                f"Error: {VENV} is a file, where a folder is to be made; move it away."
            )
        check_python()
        if VENV.is_dir() or VENV.is_symlink():
            say(f"The folder .venv {reason}: it is made anew.")
            put_away()
        make()
        names = state(options)[1]
    if not names:
        return
    say("Installing into .venv (a few minutes the first time) ...")
    pip("-r", "requirements.lock", *(["-r", "requirements-extras.lock"] if options.extras else []))
    pip("--no-deps", "--no-build-isolation", "-e", ".")
    reason, names = state(options)
    if reason or names:
        what = reason or "lacks " + ", ".join(names[:5])
        raise SystemExit(
            f"Error: pip says that all is installed, yet .venv {what}; see `pip config list`."
        )


def main(arguments=None):
    """Silent where nothing is lacking."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--extras", action="store_true", help="requirements-extras.lock too")
    parser.add_argument("--given", action="store_true", help="this very Python was asked for")
    options = parser.parse_args(arguments)
    if state(options) != ("", []):
        with one_at_a_time():
            mend(options)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        raise SystemExit(
            "Interrupted. Start the same again: what is half-made is made anew."
        ) from None
