"""The chapters on theory: their cells pass with the package's losses,
and each check fails when a loss is broken.
"""

import inspect
import re

import nbformat
import pytest
import torch
from chapter import NOTEBOOKS, execute
from conftest import REPOSITORY

from memutils import losses
from memutils.losses import pick

CHAPTERS = (
    "theory_symmetry",
    "theory_theorem",
    "theory_gradients",
    "theory_picture",
)


class HalfMAE(losses.MAE):
    """1 - p_y called MAE."""

    def per_example(self, log_p, target):
        return super().per_example(log_p, target) / 2


class SwappedMAE(losses.MAE):
    """Claims to be MAE and is cross entropy."""

    per_example = losses.CCE.per_example


class NegativeMAE(losses.MAE):
    """MAE less a constant: still symmetric, with another C, and negative."""

    def per_example(self, log_p, target):
        return super().per_example(log_p, target) - 1

    def symmetry_constant(self, num_classes):
        return super().symmetry_constant(num_classes) - num_classes


class PrecedenceRLL(losses.RLL):
    """1 / K - 1 where 1 / (K - 1) is meant."""

    def per_example(self, log_p, target):
        shifted = torch.log(self.alpha + log_p.exp())
        own = pick(shifted, target)
        return -own + (1 / shifted.shape[1] - 1) * (shifted.sum(1) - own)


class ClampedRLL(losses.RLL):
    """A clamp that changes the value where the label is improbable."""

    def per_example(self, log_p, target):
        return super().per_example(log_p.clamp_min(-2), target)


class ScaledNMSE(losses.NormalizedMSE):
    """The authors' factor of 0.1."""

    def per_example(self, log_p, target):
        return 0.1 * super().per_example(log_p, target)


class MeanMSE(losses.MSE):
    """A mean over classes where a sum is meant."""

    def per_example(self, log_p, target):
        return super().per_example(log_p, target) / log_p.shape[1]


class SquaredCCE(losses.CCE):
    """Cross entropy, squared."""

    def per_example(self, log_p, target):
        return super().per_example(log_p, target) ** 2


class FreeRLL(losses.RLL):
    """RLL that ignores its alpha."""

    def __init__(self, alpha=0.1, reduction="mean"):
        super().__init__(0.1, reduction)


class ReversedRLL(losses.RLL):
    """RLL with the wrong sign."""

    def per_example(self, log_p, target):
        return -super().per_example(log_p, target)


class ReversedMAE(losses.MAE):
    """MAE with the wrong sign."""

    def per_example(self, log_p, target):
        return -super().per_example(log_p, target)


class FreeRLL45(losses.RLL):
    """RLL with another alpha than asked for."""

    def __init__(self, alpha=0.1, reduction="mean"):
        super().__init__(0.45, reduction)


class SquareNMSE(losses.NormalizedMSE):
    """Claims to be normalized and is not."""

    per_example = losses.CCE.per_example


class SteepRLL(losses.RLL):
    """Claims to be RLL and is cross entropy, whose derivative is not bounded."""

    per_example = losses.CCE.per_example


BREAKS = {
    "theory_symmetry": {
        "check_formulas": [
            ("cce", SquaredCCE),
            ("mse", MeanMSE),
            ("mae", HalfMAE),
            ("rll", PrecedenceRLL),
            ("nmse", ScaledNMSE),
        ],
        "check_constants": [("mae", HalfMAE), ("rll", PrecedenceRLL), ("nmse", ScaledNMSE)],
        "check_bounds": [
            ("mae", NegativeMAE),
            ("rll", PrecedenceRLL),
            ("nmse", ScaledNMSE),
            ("mae", SwappedMAE),
        ],
        "check_symmetrization": [
            ("mae", HalfMAE),
            ("mse", MeanMSE),
            ("rll", ClampedRLL),
            ("rll", FreeRLL),
        ],
        "check_normalized": [("nmse", ScaledNMSE), ("mse", losses.CCE)],
    },
    "theory_theorem": {
        "check_line": [("mae", HalfMAE), ("rll", PrecedenceRLL), ("nmse", ScaledNMSE)],
        "check_order": [("mae", SwappedMAE), ("rll", SteepRLL), ("nmse", SquareNMSE)],
        "check_draws": [("mae", HalfMAE), ("rll", PrecedenceRLL), ("nmse", ScaledNMSE)],
        "check_mse_offset": [("mse", MeanMSE)],
        "check_class_conditional": [("mae", SwappedMAE), ("rll", losses.MAE), ("nmse", ScaledNMSE)],
        "check_order_breaks": [("mae", ReversedMAE), ("rll", ReversedRLL)],
        "check_memory": [("rll", PrecedenceRLL), ("rll", FreeRLL)],
        "check_hoeffding": [("mae", NegativeMAE), ("rll", PrecedenceRLL), ("nmse", ScaledNMSE)],
    },
    "theory_gradients": {
        "check_weights": [
            ("cce", SquaredCCE),
            ("mse", MeanMSE),
            ("mae", HalfMAE),
            ("rll", ClampedRLL),
            ("nmse", ScaledNMSE),
        ],
        "check_symbols": [
            ("cce", SquaredCCE),
            ("mse", MeanMSE),
            ("mae", HalfMAE),
            ("rll", ClampedRLL),
            ("nmse", ScaledNMSE),
        ],
        "check_alpha": [("mae", HalfMAE), ("rll", FreeRLL)],
        "check_initial": [
            ("mse", MeanMSE),
            ("mae", HalfMAE),
            ("rll", FreeRLL),
            ("nmse", ScaledNMSE),
        ],
        "check_corner": [("mae", SwappedMAE), ("rll", SteepRLL)],
        "check_mean_gradient": [("mae", SwappedMAE), ("rll", PrecedenceRLL)],
    },
    "theory_picture": {
        "check_islands": [("cce", HalfMAE), ("rll", SteepRLL), ("mae", SwappedMAE)],
    },
}
NO_LOSS = {
    "check_definition": {"recall": lambda stored, x, answer: answer},
    "check_margin_loss": {"margin": lambda z: z.mean(1, keepdim=True) - z.tanh()},
}
"""Checks of statements that are about no registered loss: the argument that breaks them."""


@pytest.fixture(scope="module", params=CHAPTERS)
def chapter(request):
    """A chapter's name and its namespace after all of its cells passed with the real losses and
    the records of the repository.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
        patch.delenv("MEMUTILS_SCALE", raising=False)
        return request.param, execute(request.param)


def test_chapter_passes_and_each_check_fails_with_a_broken_loss(chapter):
    name, namespace = chapter
    checks = {n for n in namespace if n.startswith("check_")} - NO_LOSS.keys()
    assert checks == set(BREAKS[name])
    for check in NO_LOSS.keys() & namespace.keys():
        with pytest.raises(AssertionError):
            namespace[check](**NO_LOSS[check])
    for check in checks:
        arguments = {
            n: namespace[n]
            for n in inspect.signature(namespace[check]).parameters
            if n == "networks"
        }
        for loss, broken in BREAKS[name][check]:
            try:
                namespace[check](namespace["LOSSES"] | {loss: broken}, **arguments)
            except AssertionError:
                continue
            pytest.fail(f"{name}: {check} does not notice {broken.__name__} as {loss}")


def test_theorem_without_records(tmp_path, monkeypatch):
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    assert list(execute("theory_theorem")["networks"]) == ["invented"]


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_statement_has_a_proof_and_a_check(name):
    waiting = ""
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        statements = (
            re.findall(r"\{prf:(?:theorem|lemma|proposition)\}", cell.source)
            if cell.cell_type == "markdown"
            else []
        )
        if statements:
            assert not waiting, f"no check before {cell.id}"
            assert cell.source.count("{prf:proof}") == len(statements), (
                f"{cell.id}: a statement without its proof"
            )
            waiting = cell.id
        elif cell.cell_type == "code" and re.search(r"check_\w+\(", cell.source):
            waiting = ""
    assert not waiting, f"nothing checks {waiting}"


@pytest.mark.parametrize("name", CHAPTERS)
def test_a_chapter_opens_with_what_it_shows_and_how_long_it_takes(name):
    first = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells[0].source
    assert first.startswith("# ") and re.search(r"seconds|minute", first)


@pytest.mark.parametrize("name", CHAPTERS)
def test_checks_are_in_visible_cells(name):
    for cell in nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells:
        tags = cell.metadata.get("tags", [])
        assert not ("checks" in tags and "hide-input" in tags)
        if cell.cell_type == "code" and re.search(r"check_\w+\((?:losses|LOSSES)", cell.source):
            assert "checks" in tags
