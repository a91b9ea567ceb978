"""Steps as a graph, with a tape that stands for CUDA's:
it holds addresses and what the host knew, and nothing else.
"""

import copy
import dataclasses
import gc
import math
import weakref

import pytest
import torch
from tape import taped
from test_textbook import EAGER
from test_training import make_data, make_network, without_times
from torch import nn

from memutils import graph, losses, models, training
from memutils.errors import UserError
from memutils.recipe import Execution, Recipe
from memutils.step import align_gradients
from memutils.training import Trainer

GRAPH = Execution("cpu", "float32", 1, "graph")
# powers of two, which float32 holds exactly: so the learning rate is the same as a number and as a
# tensor
SGD = Recipe(
    epochs=5, batch_size=4, lr=2**-7, weight_decay=1e-3, schedule="step", milestones=(2,), gamma=0.5
)
ADAM = dataclasses.replace(SGD, optimizer="adam", lr=2**-10)


@pytest.fixture(autouse=True)
def tape(monkeypatch):
    """A tape for the graph; it gives the number of captures."""
    captures = []
    monkeypatch.setattr(
        graph, "cuda_graph", lambda step, stream: (captures.append(1), taped(step))[1]
    )
    return captures


def make(
    execution: Execution,
    recipe: Recipe = SGD,
    network: nn.Module | None = None,
    loss=None,
    n: int = 40,
) -> Trainer:
    loss = loss or losses.build("cce")
    return Trainer(
        network or make_network("resnet"),
        lambda epoch: loss,
        make_data(n=n),
        recipe,
        execution,
        seed=3,
    )


def same(one: Trainer, two: Trainer) -> bool:
    """Whether two trainers have the same weights, statistics and optimizer state, bit by bit."""
    states = [
        [t for t in trainer.step.changing() if t.is_floating_point()] for trainer in (one, two)
    ]
    return all(map(torch.equal, *states))


@pytest.mark.parametrize("recipe", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("name", ["mlp", "resnet32"])
def test_fifty_replayed_steps_are_fifty_steps(name, recipe, tape):
    eager, replayed = (
        make(execution, recipe, models.build(name, (3, 8, 8), 5, seed=0))
        for execution in (EAGER, GRAPH)
    )
    histories = [without_times(trainer.run(progress=False)) for trainer in (eager, replayed)]
    assert (
        tape == [1]
        and replayed.execution.step == "graph"
        and len(replayed.step) * recipe.epochs == 50
    )
    assert histories[0] == histories[1] and same(eager, replayed)
    assert len({row["train_loss"] for row in histories[0]}) == 5


def test_in_bfloat16_too():
    low = [dataclasses.replace(e, precision="bfloat16") for e in (EAGER, GRAPH)]
    eager, replayed = (
        make(execution, SGD, models.build("mlp", (3, 8, 8), 5, 0)) for execution in low
    )
    assert without_times(eager.run(progress=False)) == without_times(
        replayed.run(progress=False)
    ) and same(eager, replayed)


@pytest.mark.parametrize("recipe", [SGD, ADAM], ids=["sgd", "adam"])
@pytest.mark.parametrize("n", [40, 4])
def test_a_capture_leaves_no_trace(recipe, n):
    """Weights, statistics, optimizer state and random numbers are as before,
    at the same addresses.
    """
    trainer = make(GRAPH, recipe, n=n)
    trainer.step.begin(torch.arange(n), recipe.lr)
    tensors, generator = trainer.step.changing(), torch.get_rng_state()
    before, places = [t.clone() for t in tensors], [t.data_ptr() for t in tensors]
    trainer.prepare()
    assert all(map(torch.equal, trainer.step.changing(), before)) and torch.equal(
        torch.get_rng_state(), generator
    )
    assert [t.data_ptr() for t in trainer.step.changing()] == places
    assert all(p.grad is None for p in trainer.network.parameters())


@pytest.mark.parametrize("recipe", [SGD, ADAM], ids=["sgd", "adam"])
def test_a_resumed_run_captures_what_was_loaded(recipe):
    """The state is loaded before the capture;
    the learning rate stays the tensor that the graph holds.
    """
    states = {}
    whole = make(GRAPH, recipe)
    whole.run(lambda t: states.update({len(t.history): copy.deepcopy(t.state())}), progress=False)
    resumed = make(GRAPH, recipe)
    resumed.load_state(states[3])
    assert all(group["lr"] is resumed.step.rate for group in resumed.step.optimizer.param_groups)
    assert without_times(resumed.run(progress=False)) == without_times(whole.history) and same(
        resumed, whole
    )


class Counting(nn.Module):
    """A loss that the host changes with each call."""

    def __init__(self):
        super().__init__()
        self.calls = 0

    def forward(self, logits, target):
        self.calls += 1
        return nn.functional.cross_entropy(logits, target) * self.calls


def dropping() -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(192, 5))


def forbidden(step, stream):
    raise RuntimeError("operation not permitted when stream is capturing\nand more lines")


@pytest.mark.parametrize(
    "why",
    ["draws random numbers", "RuntimeError: operation not permitted when stream is capturing."],
)
def test_what_cannot_be_captured_is_eager_from_the_first_step_to_the_last(why, monkeypatch, capsys):
    network = dropping if "random" in why else make_network
    if "not permitted" in why:
        monkeypatch.setattr(graph, "cuda_graph", forbidden)
    tried, eager, states = make(GRAPH, SGD, network()), make(EAGER, SGD, network()), {}
    rows = [
        without_times(
            tried.run(
                lambda t: states.update({len(t.history): copy.deepcopy(t.state())}), progress=False
            )
        )
    ]
    assert tried.execution.step == "eager" and why in capsys.readouterr().err
    rows.append(without_times(eager.run(progress=False)))
    assert rows[0] == rows[1] and same(tried, eager)
    monkeypatch.setattr(graph, "CapturedStep", None)  # a resumed run does not try again
    resumed = make(GRAPH, SGD, network())
    resumed.load_state(states[2])
    assert without_times(resumed.run(progress=False)) == rows[1]


def test_a_step_that_changes_by_itself_is_no_graph(capsys):
    trainer = make(GRAPH, loss=Counting())
    trainer.prepare()
    assert (
        trainer.execution.step == "eager"
        and "does not do what the step does" in capsys.readouterr().err
    )


def test_a_loss_that_switches_is_no_graph(capsys, tape):
    first, later = losses.CCE(), losses.MSE()
    trainer = Trainer(
        make_network(),
        lambda epoch: later if epoch > 3 else first,
        make_data(n=40),
        SGD,
        GRAPH,
        seed=3,
    )
    trainer.prepare()
    assert (
        trainer.execution.step == "eager"
        and "the loss switches" in capsys.readouterr().err
        and not tape
    )


def test_augmented_images_are_no_graph(capsys, tape):
    recipe, trainers = dataclasses.replace(SGD, augment="flip+crop"), []
    for execution in (GRAPH, EAGER):
        trainers.append(make(execution, recipe))
        trainers[-1].run(progress=False)
    assert trainers[0].execution.step == "eager" and not tape
    assert "images are augmented" in capsys.readouterr().err
    assert without_times(trainers[0].history) == without_times(trainers[1].history)
    assert same(*trainers)


def test_a_run_that_was_begun_as_a_graph_does_not_go_on_without_one(monkeypatch):
    states = {}
    make(GRAPH).run(
        lambda t: states.update({len(t.history): copy.deepcopy(t.state())}), progress=False
    )
    resumed = make(GRAPH)
    resumed.load_state(states[2])
    monkeypatch.setattr(graph, "cuda_graph", forbidden)
    with pytest.raises(
        UserError,
        match=r"begun with its steps as a CUDA graph.*not permitted.*or delete its checkpoint",
    ):
        resumed.run(progress=False)


def test_a_step_that_is_not_finite_is_told_by_a_graph_too():
    data = make_data(n=40)["train"]
    sums = [int(data.noisy[b].sum()) for b in training.order(3, 1, 40).split(4)]
    first = next(
        i for i in range(4, 10) if sums[i] not in sums[:i]
    )  # beyond the warm-up; told by the sum of its labels

    def loss(logits, target):
        return losses.CCE()(logits, target) + torch.where(
            target.sum() == sums[first], math.nan, 0.0
        )

    for execution in (GRAPH, EAGER):
        trainer = make(execution, loss=loss)
        trainer.prepare()
        assert trainer.execution == execution
        with pytest.raises(UserError, match=rf"not finite in epoch 1, step {first + 1}\."):
            trainer.run(progress=False)


def test_a_gradient_has_the_strides_of_its_weight_when_the_optimizer_sees_it():
    """Those of a convolution of one channel may differ, as its only channel is at no distance."""
    network = nn.Conv2d(1, 4, 3).to(memory_format=torch.channels_last)
    network.weight.grad = torch.arange(36.0).view(4, 1, 3, 3)
    network.bias.grad = None
    assert network.weight.grad.stride() != network.weight.stride()
    align_gradients(network.parameters())
    assert network.weight.grad.stride() == network.weight.stride() and network.bias.grad is None
    assert torch.equal(network.weight.grad, torch.arange(36.0).view(4, 1, 3, 3))


def test_gradients_of_another_layout_are_left_alone():
    network = nn.Conv2d(2, 4, 3, bias=False).to(memory_format=torch.channels_last)
    network.weight.grad = torch.arange(72.0).view(4, 2, 3, 3)
    align_gradients(network.parameters())
    assert torch.equal(network.weight.grad, torch.arange(72.0).view(4, 2, 3, 3))


def test_nothing_is_collected_during_a_capture():
    class Cycle:
        pass

    gone = []
    try:
        for collecting in (True, False):
            cycle = Cycle()
            cycle.itself = cycle
            weakref.finalize(cycle, gone.append, collecting)
            del cycle
            (gc.enable if collecting else gc.disable)()
            with pytest.raises(RuntimeError), graph.no_collection():
                assert gone[-1] is collecting and not gc.isenabled()
                raise RuntimeError("a capture that fails")
            assert gc.isenabled() is collecting
    finally:
        gc.enable()
