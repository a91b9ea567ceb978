"""The playground, as a student meets it: run from top to bottom,
then with losses that are wrong on purpose.
"""

import re
from pathlib import Path

import nbformat
import papermill
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from memutils import losses
from memutils.errors import UserError

PATH = Path(__file__).parents[1] / "notebooks/playground.ipynb"
NOTEBOOK = nbformat.read(PATH, as_version=4)
CODE = [cell.source for cell in NOTEBOOK.cells if cell.cell_type == "code"]
PROSE = "\n\n".join(cell.source for cell in NOTEBOOK.cells if cell.cell_type == "markdown")
SOLUTIONS = re.findall(r"`{4}python\n(.*?)`{4}", PROSE, re.DOTALL)


def cell_with(text: str) -> str:
    """The one code cell that contains this text."""
    (found,) = [source for source in CODE if text in source]
    return found


@pytest.fixture
def playground(quick_data, monkeypatch) -> dict:
    """The notebook's names after its settings and helpers,
    for runs of two epochs on a few images.
    """
    monkeypatch.setattr(losses, "LOSSES", dict(losses.LOSSES))
    names = {}
    for text in ("epochs = ", "Playground(epochs", "play.choose("):
        exec(cell_with(text), names)
    names["play"].usual |= {"epochs": 2, "n_train": 300}
    names["play"].settings |= names["play"].usual
    return names


def test_it_runs_from_top_to_bottom_and_records_nothing(tmp_path):
    out = tmp_path / "playground.ipynb"
    papermill.execute_notebook(PATH, out, {"epochs": 2}, progress_bar=False, log_output=False)
    cells = nbformat.read(out, as_version=4).cells
    for cell in cells:
        images = [o for o in cell.get("outputs", []) if "image/png" in o.get("data", {})]
        assert len(images) <= 1, "the live curve must leave one picture, the final one"
        if "mystnb" in cell.metadata:
            assert len(images) == 1 or "0 of" in str(cell.outputs)
    printed = " ".join(
        "".join(o.get("text", "") for cell in cells for o in cell.get("outputs", [])).split()
    )
    assert "forgot_mean: The loss must return one number" in printed
    assert "my_loss: not symmetric" in printed and "RLL: symmetric" in printed
    scores = next(c for c in cells if c.source == "play.scoreboard()").outputs[0]["data"]
    assert all(f"{name}, eta 0.4" in scores["text/html"] for name in ("cce", "own my_loss", "rll"))
    assert not (tmp_path / "results").exists()


def test_a_module_and_a_function_of_ones_own_train(playground):
    class Absolute(nn.Module):
        def forward(self, logits, target):
            return 2 * (1 - logits.softmax(1).gather(1, target[:, None])).mean()

    exec(cell_with("def my_loss"), playground)
    for loss in (Absolute, Absolute(), playground["my_loss"]):
        run = playground["play"].train(loss)
        assert len(run.history) == 2 and 0 <= run.history[-1]["memorized"] <= 1
    names = [name.split(",")[0] for name in playground["play"].results]
    assert names == ["own Absolute", "own my_loss"]
    assert losses.check_symmetry(Absolute()).constant == pytest.approx(18)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            lambda z, y: F.cross_entropy(z, y, reduction="none"),
            "must return one number for a batch",
        ),
        (lambda z, y: z.sum() * float("nan"), "not finite"),
        (
            lambda z, y: -z.softmax(1).gather(1, y[:, None]).log().mean(),
            "not finite for logits of size 100",
        ),
        (lambda z, y: (z.argmax(1) != y).float().mean(), "does not depend on the logits"),
        (
            lambda z, y: F.cross_entropy(z, y).item(),
            "must return one number for a batch, not float",
        ),
        (lambda z, y: F.mse_loss(z.softmax(1), y), "fails on logits"),
        (lambda z, y: F.cross_entropy(z, y)[None], "must return one number for a batch"),
        (lambda z: z.mean(), "fails on logits"),
    ],
    ids=[
        "vector",
        "nan",
        "log of zero",
        "accuracy",
        "item",
        "shapes",
        "vector of one",
        "one argument",
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_wrong_loss_is_refused_in_one_sentence_before_the_first_step(playground, wrong, sentence):
    with pytest.raises(UserError, match=sentence):
        playground["play"].train(wrong)
    assert playground["play"].results == {}


def test_a_misspelled_choice_is_refused_with_the_nearest_name(playground):
    with pytest.raises(UserError, match="Did you mean 'rll'"):
        playground["play"].train("rl")
    with pytest.raises(UserError, match="Unknown setting 'etta'"):
        playground["play"].train(etta=0.2)


@pytest.mark.parametrize("solution", SOLUTIONS)
def test_each_solution_runs(playground, solution):
    torch.set_num_threads(1)
    exec(solution, playground)
    assert playground["play"].results


def test_it_works_without_noise(playground):
    playground["chosen"] = playground["play"].train(eta=0)
    exec(cell_with("surest("), playground)
    assert len(playground["memorized"]) == 0


def test_cells_to_change_are_marked_and_captions_tell_the_number_of_epochs():
    assert sum(source.startswith("# CHANGE ME\n") for source in CODE) >= 3
    assert len(SOLUTIONS) == PROSE.count("{exercise}") == 3
    epochs = re.search(r"epochs = (\d+)", CODE[0])[1]
    captions = [
        cell.metadata.mystnb.figure.caption for cell in NOTEBOOK.cells if "mystnb" in cell.metadata
    ]
    assert all(
        cell.metadata.mystnb.image.alt for cell in NOTEBOOK.cells if "mystnb" in cell.metadata
    )
    assert {
        n for caption in captions for n in re.findall(r"(\d+)(?= epochs|, one seed)", caption)
    } == {epochs}


def test_a_choice_leaves_nothing_of_the_one_before(playground):
    play = playground["play"]
    play.choose(loss="rll", eta=0.4, alpha=0.2, dataset="mnist5k", network="mlp")
    exec(cell_with("def my_loss"), playground)
    assert play.train(playground["my_loss"]).spec.loss_parameters == {}
    assert play.train(eta=0.2).spec.loss_parameters == {"alpha": 0.2}
    play.choose(loss="mae", eta=0.4, dataset="mnist5k", network="mlp")
    before = dict(play.settings)
    with pytest.raises(UserError):
        play.choose(loss="mae", lr=-1)
    assert play.settings == before and "alpha" not in before


def test_the_scoreboard_keeps_all_that_was_trained(playground):
    play = playground["play"]
    for q in (0.7, 0.3, 0.7):
        exec(cell_with("def my_loss").replace("q = 0.7", f"q = {q}"), playground)
        play.train(playground["my_loss"])
    play.train("rll", alpha=0.45)
    play.train("rll", noise="pair")
    play.train("rll", epochs=1)
    names = [name.partition(", eta 0.4, mlp, seed 0")[::2] for name in play.results]
    assert names == [
        ("own my_loss", ""),
        ("own my_loss (2)", ""),
        ("rll", ", alpha 0.45"),
        ("rll", ", noise pair"),
        ("rll", ", epochs 1"),
    ]
    assert len(play.scoreboard()) == 5
