"""The worked examples of the README and of the book's page on running:
every block of code runs as it stands.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from memutils.claims.selection import Pool
from memutils.report.human import arms
from memutils.report.human import sentences as human_sentences
from memutils.report.size import first_epochs
from memutils.report.symmetry import plane, rivals, rivals_at_fit, weights

ROOT = Path(__file__).parents[1]
TEXTS = {path: (ROOT / path).read_text(encoding="utf-8") for path in ("README.md", "book/run.md")}


def blocks(path: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXTS[path], re.DOTALL | re.MULTILINE)


def commands(path: str, start: str) -> list[str]:
    """The lines of the page's shell blocks that begin with a word, without their comments."""
    lines = "\n".join(blocks(path, "bash")).splitlines()
    return [line.partition("  #")[0].strip() for line in lines if line.startswith(start)]


def test_the_readme_gives_the_answer_of_the_table_of_claims():
    said = json.loads((ROOT / "results/claims.json").read_text(encoding="utf-8"))["answer"]
    text = " ".join(TEXTS["README.md"].replace("**", "").split())
    assert said["sentences"] in text, "put these sentences into README.md, above the figure"


def test_the_readme_says_what_the_first_epochs_on_all_images_show(repository):
    text = " ".join(TEXTS["README.md"].split())
    assert first_epochs.in_short(first_epochs.load()) in text


def test_the_readme_says_what_labels_from_people_change(repository):
    text = " ".join(TEXTS["README.md"].split())
    found = arms.verdict(Pool.load())
    assert human_sentences.described(found.rows, found.state) in text


def test_the_readme_says_what_mirrored_and_cropped_images_do(repository):
    text = " ".join(TEXTS["README.md"].split())
    assert rivals_at_fit.augmented(rivals.load(Pool.load())) in text


def test_the_readme_s_reason_is_what_the_records_say(repository):
    assert "not symmetric, resists nearly as well" in TEXTS["README.md"]
    found = weights.shares(weights.contrasts(Pool.load(), plane.load()), weights.CHAINS[0])
    cifar = [of for place, of in found.items() if "Inception-Lite on CIFAR-10" in place]
    mnist = [of for place, of in found.items() if "on MNIST" in place]
    assert cifar and mnist and len(cifar) + len(mnist) == len(found)
    assert all(weights.does(of.values(), "RLL", "CCE") == "RLL" for of in mnist)
    assert [weights.does(of.values(), "RLL", "CCE") for of in cifar] == ["CCE"]
    assert [len(of) for of in cifar] == [3], "in each of three seeds"


@pytest.mark.parametrize("path", TEXTS)
def test_python_blocks_run_one_after_the_other(path, tmp_path):
    code = "\n".join(blocks(path, "python"))
    assert "losses.LOSSES" in code and "models.NETWORKS" in code and "data.DATASETS" in code
    (tmp_path / "configs").mkdir()
    for file in (ROOT / "configs").glob("*.yaml"):  # the same examples in fewer epochs
        (tmp_path / "configs" / file.name).write_text(
            file.read_text().replace("epochs: 40", "epochs: 2")
        )
    environment = os.environ | {
        "MEMUTILS_CONFIGS": str(tmp_path / "configs"),
        "MEMUTILS_RESULTS": str(tmp_path / "results"),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert "not symmetric" in done.stdout
    assert (tmp_path / "results/quick/digits-linear-focal-eta0.4-seed0.json").exists()


def test_commands_for_one_run_and_one_figure_work(tmp_path):
    environment = os.environ | {
        "MEMUTILS_RESULTS": str(tmp_path / "results"),
        "MEMUTILS_SCALE": "smoke",
    }
    _, with_setting, figure, other_scale = commands("README.md", "papermill")
    assert "alpha: 0.45" in with_setting and other_scale.endswith("-p scale quick")
    for command in (with_setting, figure):  # the plain run is tried in test_chain.py
        command = command.replace("out.ipynb", str(tmp_path / "out.ipynb"))
        papermill = f"{sys.executable} -m {command}"
        done = subprocess.run(
            papermill,
            shell=True,
            env=environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=300,
        )
        assert done.returncode == 0, done.stderr[-2000:]
    assert len(list((tmp_path / "results/smoke").glob("*-rll-eta0.4-seed0-alpha0.45.json"))) == 1


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_targets_that_are_named_exist():
    named = {word for path in TEXTS for word in re.findall(r"`make ([a-z-]+)", TEXTS[path])}
    named |= {line.split()[1] for path in TEXTS for line in commands(path, "make ")}
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"book", "test", "runs", "pdf", "student"} <= named <= rules


def test_pictures_and_files_that_are_named_exist():
    text = TEXTS["README.md"]
    named = re.findall(r"\]\(([^)#:]+)\)", text) + re.findall(
        r"`((?:notebooks|configs|book)/[\w./]+)`", text
    )
    assert named and all((ROOT / name).exists() for name in named), named
