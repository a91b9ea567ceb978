"""What is typed into a grid is what is meant."""

import pytest
from conftest import REPOSITORY

from memutils.errors import UserError
from memutils.runs import specs


@pytest.fixture
def config(monkeypatch, tmp_path):
    """The grid of a config with this text, over the scale quick."""
    monkeypatch.setenv("MEMUTILS_CONFIGS", str(tmp_path))
    (tmp_path / "quick.yaml").write_text((REPOSITORY / "configs" / "quick.yaml").read_text())

    def grid(entry: str) -> list[specs.Spec]:
        (tmp_path / "mine.yaml").write_text(f"extends: quick\ngrid:\n  - {entry}\n")
        return list(specs.load_scale("mine").specs().values())

    return grid


def test_a_list_of_milestones_in_the_grid_is_one_value_and_a_list_of_lists_several(config):
    common = "loss: rll, eta: 0.4, schedule: step"
    assert [s.milestones for s in config(f"{{{common}, milestones: [10, 20]}}")] == [(10, 20)]
    assert [s.milestones for s in config(f"{{{common}, milestones: [[10, 20], [30], []]}}")] == [
        (10, 20),
        (30,),
        (),
    ]
    assert [s.milestones for s in config(f"{{{common}, milestones: []}}")] == [()]
    with pytest.raises(UserError, match="'milestones' must be a list of epochs, not '10'"):
        config(f"{{{common}, milestones: 10}}")


def test_a_grid_takes_numbers_and_words_as_they_are_meant(config):
    (spec,) = config("{loss: rll, eta: 4e-1, lr: 1e-3, epochs: 1e1, compile: no, n_train: 1_000}")
    assert (spec.eta, spec.lr, spec.epochs, spec.compile, spec.n_train) == (
        0.4,
        0.001,
        10,
        "no",
        1000,
    )


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (
            "{loss: rll, eta: []}",
            "'eta' in an entry of the grid has no value; give it one, or leave it out",
        ),
        ("{loss: [], eta: 0.4}", "'loss' in an entry of the grid has no value"),
        (
            "{loss: rll, eta: 0.4, eta: 0.2}",
            "In the config .*mine.yaml: The key 'eta' of line 3 stands once more in line 3",
        ),
        (
            "{loss: rll, eta: '0.4'}",
            "'eta' must be a finite number, not '0.4'. Write 0.4, without quotes",
        ),
        ('{loss: rll, eta: 0.4, n_train: "5,000"}', "not '5,000'. Write 5000, without quotes"),
        ("{loss: rll, eta: 40%}", "Write 0.4, without quotes"),
        ("{loss: rll, eta: 0.4, n_train: 5,000}", "without its comma"),
        ("{loss: rll, eta: 0.4, seed: 01}", "begins with 0: write 1"),
        ("{loss: rll, eta: 0.4, compile: maybe}", "Unknown compile 'maybe'"),
        ("{loss: rll, eta: 0.4, optimizer: ~}", "'optimizer' must be a text, not 'None'"),
    ],
)
def test_a_grid_says_how_to_write_what_it_cannot_take(config, entry, message):
    with pytest.raises(UserError, match=message):
        config(entry)
