"""A whole step without a GPU, on tensors without values: whatever asks for a value,
as ``.item()`` does, raises.

On a GPU such a question makes the host wait, and no CUDA graph can hold it.
"""

import numpy as np
import pytest
import torch
from test_textbook import LOSSES
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from memutils import losses, models
from memutils.batches import DeviceSplit
from memutils.data import Split
from memutils.recipe import Execution, Recipe
from memutils.step import TrainingStep

RECIPES = {
    name: Recipe(batch_size=8, weight_decay=1e-3, optimizer=name) for name in ("sgd", "adam")
}


class NoDriver:
    """What cannot be had for a GPU that is not there, autograd's engine and the fused kernels;
    gradients are made up.
    """

    def __init__(self):
        self.network, self.calls = None, []

    def backward(self):
        for parameter in self.network.parameters():
            parameter.grad = torch.empty_like(parameter)

    def fused(self, *lists, lr, is_first_step=False, **settings):
        """Notes the optimizer's learning rate, whether it made its buffers just now, and the
        devices of what it is given.
        """
        self.calls.append(
            (lr, is_first_step, {t.device.type for tensors in lists for t in tensors})
        )


class NoCopies(TorchDispatchMode):
    """Raises where a step copies values from the host, which makes it wait and which no CUDA graph
    can hold: constants belong on the device.
    """

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        given = [t for t in tree_leaves((args, kwargs)) if isinstance(t, torch.Tensor) and t.dim()]
        made = [t for t in tree_leaves(result) if isinstance(t, torch.Tensor)]
        if "copy" in str(operation) and {t.device.type for t in (*given, *made)} == {"cpu", "cuda"}:
            raise AssertionError(f"{operation} copies between host and device")
        return result


@pytest.fixture
def driver(monkeypatch) -> NoDriver:
    driver = NoDriver()
    monkeypatch.setattr(torch.Tensor, "backward", lambda value: driver.backward())
    for name in ("_fused_sgd_", "_fused_adam_"):
        monkeypatch.setattr(torch, name, driver.fused)
    return driver


def make(
    name: str, optimizer: str, device: str, precision: str = "float32", inputs: str = "standardize"
) -> TrainingStep:
    """A step on images (3, 28, 28) without values."""
    split = Split(np.zeros((20, 28, 28, 3), np.uint8), np.zeros(20, np.int64))
    statistics = (
        (torch.zeros(3, device=device), torch.ones(3, device=device))
        if inputs == "standardize"
        else (None, None)
    )
    with torch.device(device):
        network = models.build(name, (3, 28, 28), 10)
    data = DeviceSplit(split, split.labels, *statistics, device)
    return TrainingStep(
        network.train(), data, RECIPES[optimizer], Execution(device, precision, 1, "graph")
    )


@pytest.fixture(scope="module", autouse=True)
def tried():
    """A run tries a loss before its first step: what is computed once has been computed by then."""
    for name, parameters in LOSSES:
        losses.check_loss(losses.build(name, **parameters), 10, "cpu")


@pytest.fixture
def fake():
    with FakeTensorMode(allow_non_fake_inputs=True) as mode:
        yield mode


@pytest.mark.parametrize("inputs", ["standardize", "whiten"])
@pytest.mark.parametrize("optimizer", RECIPES)
@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network_on_a_gpu(name, optimizer, inputs, driver, fake):
    step = make(name, optimizer, "cuda", inputs=inputs)
    driver.network = step.network
    with NoCopies():
        step(losses.build("rll"))
    rate, made_now, devices = driver.calls[-1]
    assert rate is step.rate and not made_now and devices == {step.rate.device.type} == {"cuda"}
    assert {t.device.type for t in step.changing()} == {"cuda"}


@pytest.mark.parametrize(
    ("loss", "parameters"),
    LOSSES,
    ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())),
)
def test_every_loss_on_a_gpu(loss, parameters, driver, fake):
    step = make("mlp", "sgd", "cuda")
    driver.network = step.network
    with NoCopies():
        step(losses.build(loss, **parameters))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("optimizer", RECIPES)
@pytest.mark.parametrize("name", models.NETWORKS)
def test_every_network_backward_too(name, optimizer, precision, fake):
    make(name, optimizer, "cpu", precision)(losses.build("rll"))


@pytest.mark.parametrize(
    ("loss", "parameters"),
    LOSSES,
    ids=lambda v: v if isinstance(v, str) else "-".join(map(str, v.values())),
)
def test_every_loss_backward_too(loss, parameters, fake):
    make("mlp", "sgd", "cpu")(losses.build(loss, **parameters))


@pytest.mark.parametrize("device", ["cuda", "cpu"])
def test_a_question_is_noticed(device, driver, fake):
    step = make("mlp", "sgd", device)
    with pytest.raises(DataDependentOutputException):
        step(lambda z, y: z.mean() * float(y.max()))
    with pytest.raises(DataDependentOutputException):
        step.metrics(1)


def test_a_constant_on_the_host_is_noticed(driver, fake):
    step = make("mlp", "sgd", "cuda")
    weights = torch.linspace(0, 1, 10)
    with NoCopies(), pytest.raises(AssertionError, match="copies between host and device"):
        step(lambda z, y: (z * weights.to(z.device)).mean())
