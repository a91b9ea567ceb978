"""What `make install` refuses, and with which sentence."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from test_install import ROOT, check_whole, environment, lay_out, load, make

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")


def test_an_install_goes_on_where_nobody_reads_its_messages(tmp_path):
    folder, (read, write) = lay_out(tmp_path / "project"), os.pipe()
    os.close(read)
    command = [sys.executable, "workflow/install.py"]
    code = subprocess.run(
        command, cwd=folder, env=environment(folder), stdout=write, stderr=write, timeout=600
    ).returncode
    os.close(write)
    assert code == 0
    check_whole(folder)


def test_a_file_in_its_place_and_a_missing_python_are_one_sentence_each(tmp_path):
    folder = lay_out(tmp_path / "project")
    (folder / ".venv").write_text("mine")
    assert "is a file, where a folder is to be made; move it away." in make(folder, code=2)
    assert (folder / ".venv").read_text() == "mine"
    assert "there is no python4 here; install Python 3.11 to 3.13" in make(
        folder, "PYTHON=python4", code=2
    )


@pytest.mark.parametrize("version", [(3, 10, 4), (3, 14, 0), (3, 15, 1)])
def test_a_python_without_wheels_is_refused_before_anything_is_made(tmp_path, monkeypatch, version):
    folder = lay_out(tmp_path / "project")
    install = load(folder / "workflow/install.py", "install")
    monkeypatch.setattr(install.sys, "version_info", version)
    monkeypatch.setattr(install.shutil, "which", lambda name: name == "python3.12")
    with pytest.raises(
        SystemExit, match=r"were tried with Python 3\.11 to 3\.13 only; set PYTHON=python3\.12\."
    ):
        install.main([])
    assert not (folder / ".venv").exists()


def test_a_python_without_ensurepip_leaves_nothing_and_says_what_to_install(
    tmp_path, monkeypatch, capfd
):
    folder, python = lay_out(tmp_path / "project"), tmp_path / "python3"
    python.write_text('#!/bin/sh\nmkdir -p "$3/bin"; echo "ensurepip is not available"; exit 1\n')
    python.chmod(0o755)
    install = load(folder / "workflow/install.py", "install")
    monkeypatch.setattr(install.sys, "executable", str(python))
    with pytest.raises(
        SystemExit, match="On Debian and Ubuntu install python3-venv, elsewhere set"
    ):
        install.main([])
    assert "ensurepip is not available" in capfd.readouterr().err
    assert not (folder / ".venv").exists()


def test_the_versions_that_are_named_are_those_that_are_supported():
    install = load(ROOT / "workflow/install.py", "install")
    (_, low), (_, high) = install.supported()
    for name in ("Makefile", "README.md"):
        assert f"Python 3.{low} to 3.{high - 1}" in (ROOT / name).read_text(encoding="utf-8"), name
    assert f"python>=3.{low},<3.{high}\n" in (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert (3, low) <= sys.version_info[:2] < (3, high)


def test_the_lock_file_is_read_as_packaging_reads_it():
    from packaging.requirements import Requirement

    install = load(ROOT / "workflow/install.py", "install")
    lines = [
        line
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    expected = {
        re.sub(r"[-_.]+", "-", r.name).lower(): str(r.specifier)[2:]
        for r in map(Requirement, lines)
        if r.marker is None
    }
    assert install.pins(False) == expected and install.pins(True).items() > expected.items()
