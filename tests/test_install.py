"""`make install` with a stand-in for the project; its one package lies in a folder."""

import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")

PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "memutils"
version = "0.1"
requires-python = ">=3.11,<3.14"
"""

BACKEND = """
from wheels import write

def build_editable(folder, config_settings=None, metadata_directory=None):
    src = __file__.replace("backend.py", "src")
    return write(folder, "memutils", "0.1", {"memutils.pth": src + "\\n"})

build_wheel = build_editable
"""

WHEELS = '''
import os, zipfile

def write(folder, name, version, files):
    """A wheel of these files, by name, in the folder; returns its name."""
    info = f"{name}-{version}.dist-info"
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
    files[f"{info}/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in [*files, f"{info}/RECORD"])
    wheel = f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, wheel), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel
'''


def load(path: Path, name: str):
    """A module from a file."""
    module = module_from_spec(found := spec_from_file_location(name, path))
    found.loader.exec_module(module)
    return module


def lay_out(folder: Path) -> Path:
    """The stand-in: this Makefile and installer, a package ``memutils`` and a pin of ``tiny``."""
    (folder / "src/memutils").mkdir(parents=True)
    (folder / "workflow").mkdir()
    (folder / "wheels").mkdir()
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "workflow/install.py", folder / "workflow")
    texts = {
        "pyproject.toml": PROJECT,
        "backend.py": BACKEND,
        "wheels.py": WHEELS,
        "src/memutils/__init__.py": "",
    }
    for name, text in (texts | {"requirements.lock": "# pins\ntiny==1.0\n"}).items():
        (folder / name).write_text(text)
    for version in ("1.0", "2.0"):
        load(folder / "wheels.py", "wheels").write(
            folder / "wheels", "tiny", version, {"tiny.py": f"version = {version}\n"}
        )
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A stand-in with its .venv, in a folder with a space, an accent and an apostrophe."""
    folder = lay_out(tmp_path_factory.mktemp("made") / "it's là")
    assert "Installing" in make(folder)
    return folder


OUTER = ("PIP_", "PYTHON", "LC_ALL", "MAKE", "MFLAGS")
"""What the tests' own surroundings set, a make that carries them out among it."""


def environment(folder: Path, **settings: str) -> dict[str, str]:
    outside = os.pathsep.join(
        p for p in os.environ["PATH"].split(os.pathsep) if not p.startswith(sys.prefix)
    )
    pip = {
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": (folder / "wheels").as_uri(),
        "PATH": outside,
    }
    return {k: v for k, v in os.environ.items() if not k.startswith(OUTER)} | pip | settings


def make(folder: Path, *words: str, code: int = 0, **settings: str) -> str:
    """Runs ``make install``; returns what it printed."""
    python = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        ["make", "install", f"PYTHON={python}", *words],
        cwd=folder,
        env=environment(folder, **settings),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def ask(folder: Path, code: str) -> str:
    """What the Python of .venv prints."""
    command = [folder / ".venv/bin/python", "-E", "-s", "-c", code]
    done = subprocess.run(command, env=environment(folder), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def check_whole(folder: Path) -> None:
    """Its packages are there, its own, and a second call has nothing to do."""
    code = "import memutils, tiny; print(tiny.version, memutils.__file__)"
    assert ask(folder, code) == f"1.0 {folder}/src/memutils/__init__.py"
    scripts = (folder / ".venv/bin/pip").read_text()
    assert f"{folder}/.venv/bin/python" in scripts
    assert make(folder) == ""


def test_an_ascii_locale_is_no_hindrance(whole):
    for settings in ({"LC_ALL": "C"}, {"LC_ALL": "POSIX", "HOME": "/dev/null/home"}):
        assert make(whole, **settings) == ""


def test_what_redirects_python_or_pip_does_not_reach_in(whole, tmp_path):
    folder, elsewhere, home = (
        lay_out(tmp_path / "project"),
        tmp_path / "elsewhere",
        tmp_path / "home",
    )
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text(
        f"[install]\nuser = true\ntarget = {elsewhere}\nprefix = {elsewhere}\n"
    )
    modules = tmp_path / "modules"
    modules.mkdir()
    for name in ("venv", "pip", "memutils", "tiny", "json"):
        (modules / f"{name}.py").write_text("raise SystemExit('a module from PYTHONPATH')")
    redirected = dict.fromkeys(("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT"), str(elsewhere))
    redirected |= dict.fromkeys(
        ("PIP_USER", "PIP_DRY_RUN", "PIP_NO_DEPS", "PIP_REQUIRE_HASHES"), "1"
    )
    redirected |= {
        "PIP_CONSTRAINT": "/nowhere",
        "PYTHONPATH": str(modules),
        "PYTHONHOME": "/nowhere",
        "HOME": str(home),
    }
    make(folder, VIRTUAL_ENV=str(whole / ".venv"), CONDA_PREFIX=str(whole / ".venv"), **redirected)
    check_whole(folder)
    assert not elsewhere.exists() and not (home / ".local").exists()


@pytest.mark.parametrize("way", ["copied", "renamed", "linked"])
def test_the_environment_of_another_folder_is_noticed(whole, tmp_path, way):
    """Linked: ``.venv`` is a link to it; where it leads to nothing is touched."""
    other = shutil.copytree(
        whole, tmp_path / "other", symlinks=True, ignore=shutil.ignore_patterns(".venv")
    )
    first = shutil.copytree(whole, tmp_path / "first", symlinks=True) if way == "renamed" else whole
    if way == "linked":
        (other / ".venv").symlink_to(whole / ".venv")
    elif way == "copied":
        shutil.copytree(whole / ".venv", other / ".venv", symlinks=True)
    else:
        (first / ".venv").rename(other / ".venv")
    assert "The folder .venv was made for another folder: it is made anew." in make(other)
    check_whole(other)
    check_whole(whole)


def remove(name):
    def change(folder):
        path = next(iter((folder / ".venv").glob(name)))
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    change.__name__ = f"without {name}"
    return change


def unfinished(folder):
    (folder / ".venv/.unfinished").touch()


def only_folders(folder):
    shutil.rmtree(folder / ".venv")
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/include").mkdir()


def opened(folder):
    path = folder / ".venv/pyvenv.cfg"
    path.write_text(path.read_text().replace("packages = false", "packages = true"))


def its_python_gone(folder):
    python = folder / ".venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/python3")


WRECKS = [
    remove("lib/*/site-packages/pip"),
    remove("pyvenv.cfg"),
    unfinished,
    only_folders,
    opened,
    its_python_gone,
]


@pytest.mark.parametrize("change", WRECKS, ids=lambda change: change.__name__)
def test_a_wreck_is_told_from_a_whole_environment(whole, change, tmp_path, monkeypatch):
    """Told here; made anew in the tests around."""
    folder = shutil.copytree(whole, tmp_path / "wreck", symlinks=True)
    install = load(folder / "workflow/install.py", "install")
    monkeypatch.setattr(
        install,
        "read",
        lambda path: (
            Path(path).read_text().replace(str(whole), str(folder)) if path.exists() else ""
        ),
    )
    assert install.unusable(install.probe(), False) == ""
    change(folder)
    assert install.unusable(install.probe(), False)
    install.put_away()
    assert not (folder / ".venv").exists() and not list(folder.glob(".venv.old*"))


@pytest.mark.parametrize("seconds", [0.4, 1.5])
def test_a_kill_at_any_time_leaves_nothing_that_is_not_mended(whole, tmp_path, seconds):
    folder = lay_out(tmp_path / "project")
    process = subprocess.Popen(
        ["make", "install"],
        cwd=folder,
        env=environment(folder),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(seconds)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    make(folder)
    check_whole(folder)


def test_packages_that_drifted_are_mended_in_place(whole):
    marker = whole / ".venv/.kept"
    marker.touch()
    for words in (
        ["uninstall", "-y", "tiny"],
        ["install", "tiny==2.0"],
        ["uninstall", "-y", "memutils"],
    ):
        subprocess.run(
            [whole / ".venv/bin/python", "-m", "pip", *words],
            env=environment(whole),
            check=True,
            capture_output=True,
        )
        assert make(whole).startswith("Installing into .venv")
        check_whole(whole)
    assert marker.exists()


def test_a_foreign_environment_is_kept_under_another_name(whole, tmp_path):
    folder = lay_out(tmp_path / "project")
    packages = folder / ".venv/lib/python3.11/site-packages/theirs-1.0.dist-info"
    packages.mkdir(parents=True)
    (folder / ".venv/pyvenv.cfg").write_text("uv = 0.9\n")
    out = make(folder)
    assert "it is kept as .venv.old1" in out
    assert (folder / ".venv.old1" / packages.relative_to(folder / ".venv")).exists()
    check_whole(folder)


def test_make_hands_on_what_was_typed_letter_by_letter(whole):
    stub = (
        "import os, sys\n"
        "print(ascii([*sys.argv[1:], os.environ['VIRTUAL_ENV'], os.environ.get('JUPYTER_PATH')]))"
    )
    (whole / "workflow/start.py").write_text(stub)
    for text in (
        "it's",
        "000",
        "$(touch made)",
        '$$HOME `touch made` "a"',
        "-eta0.4",
        "é; touch made",
        "#1 %",
        "a, b)",
    ):
        out = make(
            whole,
            "runs",
            f"ONLY={text}",
            f"SCALE={text}",
            f"BUILD={text}",
            "JOBS=02",
            JUPYTER_PATH="/nowhere",
        )
        own = [
            f"--scale={text}",
            "--jobs=02",
            f"--build={text}",
            f"--only={text}",
            "--profile=local",
            "--share=",
            "runs",
        ]
        assert out.strip() == ascii([*own, f"{whole}/.venv", None])
        assert not (whole / "made").exists()
    (whole / "workflow/start.py").write_text("import os; print(os.environ.get('XDG_CACHE_HOME'))")
    assert make(whole, "runs", HOME="/dev/null/home").strip() == f"{whole}/_build/home"
    assert (whole / "_build/home").is_dir()
    (whole / "workflow/start.py").write_text(stub)
    out = make(whole, "runs", SCALE="from the environment")
    assert "--scale=from the environment" in out and "--jobs=" in out and "--jobs='" not in out
