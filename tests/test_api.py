"""The book's page on the package builds without a warning and has each public name."""

import re
import subprocess
import sys

import pytest
import yaml
from conftest import REPOSITORY

from memutils import losses, runs
from memutils.report import plots

PAGE = (REPOSITORY / "book/api.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(tmp_path_factory) -> str:
    """The page as HTML, built alone with the book's own settings of autodoc."""
    folder = tmp_path_factory.mktemp("api")
    settings = yaml.safe_load((REPOSITORY / "_config.yml").read_text())["sphinx"]
    used = [name for name in settings["extra_extensions"] if name.startswith("sphinx.ext.")]
    own = {
        name: value
        for name, value in settings["config"].items()
        if name.startswith(("autodoc", "napoleon", "nitpick"))
    }
    lines = ["import sys", f"sys.path.insert(0, {str(REPOSITORY / 'book/_ext')!r})"]
    lines += [f"extensions = {['myst_parser', 'docstrings', *used]}"]
    lines += [f"{name} = {value!r}" for name, value in own.items()]
    (folder / "conf.py").write_text("\n".join(lines))
    (folder / "index.md").write_text(PAGE.replace("{doc}`run`", "The book"))
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "-q", "--keep-going"]
    done = subprocess.run([*command, folder, folder / "html"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return (folder / "html/index.html").read_text(encoding="utf-8")


def test_every_public_name_is_there(page):
    found = set(re.findall(r'id="(memutils[\w.]+)"', page))
    assert found >= {f"memutils.losses.{name}" for name in losses.__all__}
    assert found >= {f"memutils.runs.{name}" for name in runs.__all__ if name != "PURPOSES"}
    drawn = [n for n, v in vars(plots).items() if getattr(v, "__module__", "") == plots.__name__]
    assert found >= {f"memutils.report.plots.{name}" for name in drawn}
    for name in ("noise.apply_noise", "models.build", "data.from_arrays", "textbook.train"):
        assert f"memutils.{name}" in found
    for name in ("runs.specs.load_scale", "runs.records.load", "claims.table.judge"):
        assert f"memutils.{name}" in found


def test_arguments_and_errors_are_lists_and_no_address_is_shown(page):
    assert page.count('<dt class="field-odd">Parameters') > 15 and "Raises" in page
    assert "Args:" not in page and " at 0x" not in page
    assert "~memutils" not in re.sub("<[^>]+>", "", page), "types are shown short"
    assert "Add yours here: a function of (logits, target)" in page, "no type before the colon"
    described = set(re.findall(r'id="memutils.losses.(\w+)\.per_example"', page))
    assert described == {"Loss"}, "it is described once"
