"""How to train: schedules and evaluations as properties,
and what 'auto' settles to on a machine.
"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from memutils import models, step, training
from memutils.errors import UserError
from memutils.recipe import THREADS, Recipe

epoch_counts, passes = st.integers(1, 300), st.integers(1, 400)


@given(
    epochs=epoch_counts,
    lr=st.floats(1e-6, 10),
    gamma=st.floats(0.01, 1),
    milestones=st.lists(st.integers(1, 300), max_size=4),
)
def test_learning_rates_follow_their_schedule(epochs, lr, gamma, milestones):
    common = {"epochs": epochs, "lr": lr, "gamma": gamma, "milestones": tuple(milestones)}
    constant, step, decay = (
        Recipe(schedule=s, **common) for s in ("constant", "step", "exponential")
    )
    reached = lr
    for epoch in range(1, epochs + 1):
        assert constant.lr_at(epoch) == lr
        assert step.lr_at(epoch) == pytest.approx(reached)
        assert decay.lr_at(epoch) == pytest.approx(lr * gamma ** (epoch - 1))
        reached *= gamma ** milestones.count(epoch)  # a drop comes after its epoch


def test_the_paper_s_schedules():
    inception = Recipe(lr=0.01, schedule="exponential", gamma=0.95)
    resnet = Recipe(lr=0.1, schedule="step", gamma=0.1, milestones=(100, 150))
    assert inception.lr_at(100) == pytest.approx(0.01 * 0.95**99)
    assert [resnet.lr_at(e) for e in (1, 100, 101, 150, 151, 200)] == pytest.approx(
        [0.1, 0.1, 0.01, 0.01, 0.001, 0.001]
    )


@given(epochs=epoch_counts, evaluations=passes)
def test_evaluation_epochs(epochs, evaluations):
    chosen = Recipe(epochs=epochs, evaluations=evaluations).evaluation_epochs()
    assert {1, epochs} <= chosen <= set(range(1, epochs + 1))
    window = max(5, math.ceil(epochs / 10))
    assert sum(e > epochs - window for e in chosen) >= min(5, epochs)
    assert len(chosen) <= max(evaluations, 7)
    if evaluations >= epochs:
        assert len(chosen) == epochs
    elif evaluations >= 10 and epochs >= 50:  # denser early
        early = np.diff(sorted(e for e in chosen if e <= epochs - window + 1))
        assert len(chosen) >= evaluations - 2 and early[0] <= early[-1]


def test_the_epochs_of_evaluations_are_those_that_records_have():
    """Denser early, geometrically; golden values, since every record hangs on them."""
    chosen = {
        (200, 12): {1, 2, 4, 9, 20, 41, 86, 181, 186, 190, 195, 200},
        (100, 12): {1, 2, 4, 7, 13, 25, 48, 91, 93, 96, 98, 100},
    }
    for (epochs, evaluations), expected in chosen.items():
        assert Recipe(epochs=epochs, evaluations=evaluations).evaluation_epochs() == expected


def test_settle_decides_and_refuses():
    assert training.settle(
        Recipe(device="cpu", precision="float32", threads=1, compile="no")
    ) == training.Execution("cpu", "float32", 1, "eager")
    torch.set_num_threads(THREADS + 1)  # as an earlier run may have
    assert training.settle(Recipe(device="cpu", threads=0)).threads == THREADS
    for wrong in ({"device": "gpu"}, {"precision": "float16"}, {"compile": "maybe"}):
        with pytest.raises(UserError, match="Choose one of"):
            training.settle(Recipe(**wrong))
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no usable CUDA"):
            training.settle(Recipe(device="cuda"))
    with pytest.raises(UserError, match="Did you mean 'adam'"):
        step.make_optimizer(models.build("mlp", (1, 8, 8), 5), Recipe(optimizer="adamw"))


@pytest.mark.parametrize(("native", "precision"), [(True, "bfloat16"), (False, "float32")])
def test_a_processor_trains_in_bfloat16_where_it_has_it(native, precision, monkeypatch):
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: native)
    assert training.settle(Recipe(device="cpu")).precision == precision


def test_settle_takes_bfloat16_only_from_hardware_and_tries_a_graph_on_a_gpu_alone(monkeypatch):
    assert [
        training.settle(Recipe(device="cpu", compile=c)).step for c in ("auto", "yes", "no")
    ] == ["eager", "compiled", "eager"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation
    )
    assert training.settle(Recipe()).precision == "float32", "a T4 would emulate it"
    assert [training.settle(Recipe(compile=c)).step for c in ("auto", "yes", "no")] == [
        "graph",
        "compiled",
        "eager",
    ]


def test_graphs_can_be_done_without(monkeypatch):
    for name in ("is_available", "is_bf16_supported"):
        monkeypatch.setattr(torch.cuda, name, lambda *emulated: True)
    monkeypatch.setenv("MEMUTILS_GRAPHS", "no")
    found = [training.settle(Recipe(compile=c)).step for c in ("auto", "yes", "no")]
    assert found == ["eager", "compiled", "eager"]
