"""A network is tried before its first step, and one that works is not changed by a bit."""

import copy
import math
import threading

import pytest
import torch
from conftest import measured, run_spec, smoke
from torch import nn

from memutils import losses, models, recipe, trial
from memutils.errors import UserError
from memutils.runs import records

pytestmark = pytest.mark.usefixtures("quick_data")


class Custom(nn.Module):
    """A linear network whose forward is handed in."""

    def __init__(self, shape, k, forward):
        super().__init__()
        self.last, self.change = nn.Linear(math.prod(shape), k), forward

    def forward(self, x):
        return self.change(self, x, self.last(x.flatten(1)))


def refuses_one(network, x, z):
    return network.last(x.squeeze().flatten(1)) if len(x) > 1 else z[0]


class Unreached(nn.Module):
    def __init__(self, shape, k):
        super().__init__()
        self.last, self.never = nn.Linear(math.prod(shape), k), nn.LazyLinear(k)

    def forward(self, x):
        return self.last(x.flatten(1))


def sequential(*layers):
    return nn.Sequential(nn.Flatten(), *layers)


WRONG = {
    "five classes": (
        lambda s, k: sequential(nn.Linear(784, 5)),
        r"returns torch.float32 \(128, 5\); wanted .* \(128, 10\)",
    ),
    "a pair": (
        lambda s, k: Custom(s, k, lambda net, x, z: (z, x)),
        "returns a tuple; wanted is a tensor",
    ),
    "a dict": (
        lambda s, k: Custom(s, k, lambda net, x, z: {"logits": z}),
        "returns a dict; wanted is a tensor",
    ),
    "three channels": (
        lambda s, k: nn.Conv2d(3, k, 28),
        r"fails in training mode .* \(128, 1, 28, 28\): RuntimeError: Given",
    ),
    "a map": (lambda s, k: nn.Conv2d(1, k, 28), r"returns torch.float32 \(128, 10, 1, 1\)"),
    "classes first": (lambda s, k: Custom(s, k, lambda net, x, z: z.T), r"\(10, 128\)"),
    "integers": (lambda s, k: Custom(s, k, lambda net, x, z: z.long()), "torch.int64"),
    "not finite": (lambda s, k: Custom(s, k, lambda net, x, z: z.log()), "not finite"),
    "detached": (
        lambda s, k: Custom(s, k, lambda net, x, z: z.detach()),
        "do not depend differentiably",
    ),
    "fails on one image": (
        lambda s, k: Custom(s, k, refuses_one),
        r"a batch of 1 in eval mode, returns torch.float32 \(10,\)",
    ),
    "fixed batch": (
        lambda s, k: Custom(s, k, lambda net, x, z: z.view(128, k)),
        "fails in eval mode .*RuntimeError",
    ),
    "another answer in eval mode": (
        lambda s, k: Custom(s, k, lambda net, x, z: z if net.training else z.argmax(1)),
        "eval mode, returns",
    ),
    "no weights": (lambda s, k: nn.Flatten(), "no weights to train"),
    "frozen": (
        lambda s, k: sequential(nn.Linear(784, k)).requires_grad_(False),
        "no weights to train",
    ),
    "unreached lazy layer": (Unreached, "lazy layer that no image reaches"),
    "lazy and wrong": (
        lambda s, k: nn.Sequential(nn.Conv2d(3, 4, 3), nn.LazyLinear(k)),
        "fails in eval mode",
    ),
    "no function of two": (
        lambda k: nn.Flatten(),
        "cannot be built .* TypeError: .*Register a function of the two",
    ),
    "a module": (sequential(nn.Linear(784, 10)), "cannot be built"),
    "a function": (lambda s, k: lambda x: x, "must be a torch.nn.Module, not a function"),
    "a class": (lambda s, k: nn.Linear, "must be a torch.nn.Module, not a type"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_network_that_cannot_be_trained_is_refused_before_the_first_step(
    monkeypatch, epochs_run, name
):
    make, message = WRONG[name]
    monkeypatch.setitem(models.NETWORKS, "mine", make)
    with pytest.raises(UserError, match=message) as error:
        run_spec(smoke(network="mine"))
    assert (
        "'mine'" in str(error.value)
        and "\n" not in str(error.value)
        and len(str(error.value)) < 500
    )
    assert epochs_run == [] and records.load("smoke") == []


def test_one_network_for_all_runs_is_refused_the_second_time(monkeypatch):
    network = sequential(nn.Linear(784, 10))
    monkeypatch.setitem(models.NETWORKS, "mine", lambda s, k: network)
    run_spec(smoke(network="mine", epochs=1))
    with pytest.raises(UserError, match="returns the same network again"):
        run_spec(smoke(network="mine", epochs=1, seed=1))


def lazy(shape, k):
    return sequential(nn.LazyLinear(20), nn.LazyBatchNorm1d(), nn.ReLU(), nn.LazyLinear(k))


def test_lazy_layers_are_initialized_by_the_run_s_seed():
    def weights(network):
        return torch.cat([p.flatten() for p in network.parameters()])

    models.NETWORKS["lazy"] = lazy
    try:
        torch.manual_seed(1)
        before = torch.get_rng_state()
        one, same, other = (models.build("lazy", (1, 28, 28), 10, seed) for seed in (3, 3, 4))
        assert torch.equal(torch.get_rng_state(), before) and one.training
        assert torch.equal(weights(one), weights(same)) and not torch.equal(
            weights(one), weights(other)
        )
        assert one[2].running_mean.abs().sum() == 0 and one[2].num_batches_tracked == 0
        assert (
            run_spec(smoke(network="lazy", epochs=1)).content["parameters"]
            == 785 * 20 + 40 + 21 * 10
        )
    finally:
        del models.NETWORKS["lazy"]


class Busy(nn.Module):
    """Draws, counts, normalizes, changes a buffer and an attribute: what a trial must not leave."""

    def __init__(self, shape, k):
        super().__init__()
        self.flat, self.last = nn.Flatten(), nn.Linear(math.prod(shape), k)
        self.norm, self.drop = nn.BatchNorm2d(shape[0]), nn.Dropout(0.5)
        self.register_buffer("calls", torch.zeros(()))
        self.times = 0

    def forward(self, x):
        self.calls += 1
        self.times += 1
        return self.last(self.drop(self.flat(self.norm(x))))


def same_state(one: nn.Module, two: nn.Module) -> bool:
    a, b = one.state_dict(), two.state_dict()
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("training", [True, False])
def test_a_trial_leaves_no_trace(copies, training):
    execution = recipe.Execution("cpu", "float32", 1, "eager")
    network = Busy((3, 8, 8), 10).train(training)
    before = copy.deepcopy(network)
    if not copies:
        network.lock = threading.Lock()  # which cannot be copied
    torch.manual_seed(2)
    images, state = torch.rand(16, 3, 8, 8), torch.get_rng_state()
    trial.check_network("busy", network, images, 10, execution)
    assert torch.equal(torch.get_rng_state(), state) and network.training == training
    assert same_state(network, before) and (not copies or network.times == 0)
    assert all(p.grad is None for p in network.parameters())


def test_a_loss_that_cannot_be_copied_says_so(monkeypatch):
    class Locked(nn.CrossEntropyLoss):
        def __init__(self):
            super().__init__()
            self.lock = threading.Lock()

    monkeypatch.setitem(losses.LOSSES, "locked", Locked())
    with pytest.raises(UserError, match="The loss Locked cannot be copied"):
        run_spec(smoke(loss="locked"))


@pytest.mark.parametrize("network", ["mlp", "tiny", "busy"])
def test_a_run_gives_bit_for_bit_what_it_gives_without_a_trial(monkeypatch, tiny_resnet, network):
    monkeypatch.setitem(models.NETWORKS, "busy", Busy)
    spec = smoke(network=network, precision="float32", batch_size=40, lr=0.01)
    record = run_spec(spec)
    tried = measured(record)
    record.path.unlink()
    monkeypatch.setattr(trial, "check_network", lambda *args: None)
    assert measured(run_spec(spec)) == tried
