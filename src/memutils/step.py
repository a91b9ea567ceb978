"""One training step as a function of tensors that stay where they are:
nothing in it waits for the device.

All that a step reads and writes keeps its address from the first step to the last, so that a CUDA
graph can hold the whole step: the epoch's order is a buffer that is filled anew, the number of the
batch a counter that the step itself advances, and on a GPU the learning rate is a tensor too.
"""

import contextlib
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from memutils.augment import Augmentation
from memutils.batches import DeviceSplit
from memutils.errors import UserError, unknown_name
from memutils.recipe import CHOICES, Execution, Recipe


class Diverged(UserError):
    """The loss or the network's output is not finite; ``epoch`` tells when, once that is known."""

    epoch: int | None = None


class TrainingStep:
    """A network, its optimizer and its training set; each call is one step.

    Args:
        network: on the device.
        data: the training set, on the device.
        recipe: how to optimize.
        execution: the device, the precision of the network, and whether it is compiled.
        augmentation: what happens to the images of a batch, if anything; drawn for the epoch.
    """

    def __init__(
        self,
        network: nn.Module,
        data: DeviceSplit,
        recipe: Recipe,
        execution: Execution,
        augmentation: Augmentation | None = None,
    ):
        self.network, self.data, self.execution = network, data, execution
        self.augmentation = augmentation
        self.forward = network
        if execution.step == "compiled":
            self.forward = torch.compile(
                network, mode="reduce-overhead" if execution.device == "cuda" else None
            )
        self.batch_size = min(recipe.batch_size, len(data))
        device = data.true.device
        on_device = execution.device == "cuda" or execution.step == "graph"
        self.rate = torch.tensor(recipe.lr, device=device) if on_device else None
        self.optimizer = make_optimizer(network, recipe, self.rate)
        self.order = torch.zeros(
            len(data) // self.batch_size, self.batch_size, dtype=torch.int64, device=device
        )
        self.number = torch.zeros(1, dtype=torch.int64, device=device)
        self.sums = torch.zeros(5, dtype=torch.float64, device=device)
        self.bad = torch.zeros(1, dtype=torch.int64, device=device)
        self.loose = [weight for weight in network.parameters() if 1 in weight.shape]

    def __len__(self) -> int:
        """Steps in an epoch: the remainder that does not fill a batch is dropped."""
        return len(self.order)

    def begin(self, order: Tensor, lr: float) -> None:
        """Makes ready for an epoch: its order, a permutation (N,), its learning rate,
        and counters at zero.
        """
        self.order.copy_(order[: self.order.numel()].view_as(self.order))
        if self.rate is None:
            set_rate(self.optimizer, lr)
        else:
            self.rate.fill_(lr)
        self.number.zero_()
        self.sums.zero_()
        self.bad.fill_(len(self))

    def load_optimizer(self, state: dict) -> None:
        """Continues with the optimizer's state; where the learning rate is a tensor,
        it stays the same one.
        """
        self.optimizer.load_state_dict(state)
        if self.rate is not None:
            set_rate(self.optimizer, self.rate)

    def __call__(self, loss: Callable[[Tensor, Tensor], Tensor]) -> None:
        """Gathers the next batch, goes one step down the loss's gradient, and counts."""
        index = self.order.index_select(0, self.number)[0]
        noisy, true = self.data.noisy[index], self.data.true[index]
        with self.precision():
            logits = self.forward(self.data.batch(index, self.augmentation))
        logits = logits.float()
        value = loss(logits, noisy)
        value.backward()
        align_gradients(self.loose)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.count(value.detach(), logits.detach(), noisy, true)
        self.number += 1

    def precision(self) -> contextlib.AbstractContextManager:
        """What the network computes in; weights that are cast are not kept on a GPU, where a graph
        would keep them for good.
        """
        if self.execution.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(
            self.execution.device, torch.bfloat16, cache_enabled=self.execution.device == "cpu"
        )

    @torch.no_grad()
    def count(self, value: Tensor, logits: Tensor, noisy: Tensor, true: Tensor) -> None:
        """Adds a batch to the sums: loss, fitted, mislabeled, memorized, recovered;
        notes the first bad step.
        """
        predicted = logits.argmax(1)
        wrong, on_noisy, on_true = noisy != true, predicted == noisy, predicted == true
        parts = on_noisy & ~wrong, wrong, on_noisy & wrong, on_true & wrong
        self.sums += torch.stack(
            [value.double() * self.batch_size, *(part.sum() for part in parts)]
        )
        finite = value.isfinite() & logits.isfinite().all()
        self.bad.copy_(torch.where(finite, self.bad, torch.minimum(self.bad, self.number)))

    def metrics(self, epoch: int) -> dict[str, float | None]:
        """The epoch's training-mode metrics; the only wait for the device in an epoch.

        Raises:
            Diverged: the loss or the network's output was not finite; tells epoch and step.
        """
        total, fitted, mislabeled, memorized, recovered = self.sums.tolist()
        n = len(self) * self.batch_size
        if int(self.bad) < len(self):
            raise Diverged(
                f"The loss or the network's output is not finite in epoch {epoch}, step"
                f" {int(self.bad) + 1}. Lower the learning rate or mend the loss; nothing was"
                " recorded."
            )
        return {
            "train_loss": total / n,
            "training_j1": (fitted + memorized) / n,
            "training_j2": (fitted + recovered) / n,
            "training_fitted": fitted / (n - mislabeled) if n > mislabeled else None,
            "training_memorized": memorized / mislabeled if mislabeled else None,
            "training_recovered": recovered / mislabeled if mislabeled else None,
        }

    def changing(self) -> list[Tensor]:
        """Every tensor that a step changes: weights and buffers, the optimizer's state,
        the counters.
        """
        state = [
            t for s in self.optimizer.state.values() for t in s.values() if isinstance(t, Tensor)
        ]
        return [
            *self.network.parameters(),
            *self.network.buffers(),
            *state,
            self.number,
            self.sums,
            self.bad,
        ]


def make_optimizer(
    network: nn.Module, recipe: Recipe, rate: Tensor | None = None
) -> torch.optim.Optimizer:
    """The recipe's optimizer, fused into one kernel a step; its state exists, all zero.

    Args:
        network: whose parameters it changes.
        recipe: names and sets it.
        rate: a tensor that holds the learning rate, for a step that is captured as a CUDA graph;
            None for the recipe's.
    """
    common = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "sgd":
        optimizer = torch.optim.SGD(network.parameters(), momentum=recipe.momentum, **common)
    elif recipe.optimizer == "adam":
        optimizer = torch.optim.Adam(network.parameters(), capturable=rate is not None, **common)
    else:
        raise unknown_name("optimizer", recipe.optimizer, CHOICES["optimizer"])
    make_state(optimizer)
    set_rate(optimizer, recipe.lr if rate is None else rate)
    return optimizer


def align_gradients(weights: Iterable[nn.Parameter]) -> None:
    """Gives the gradient of each weight the weight's strides.

    Autograd leaves a gradient's strides open in dimensions of size 1, as of a first convolution of
    one channel, where CUDA's fused optimizers ask for the same ones. No value moves.
    """
    for weight in weights:
        gradient = weight.grad
        if gradient is None or gradient.stride() == weight.stride():
            continue
        dimensions = zip(weight.shape, gradient.stride(), weight.stride(), strict=True)
        if all(size == 1 or found == wanted for size, found, wanted in dimensions):
            weight.grad = gradient.as_strided(weight.shape, weight.stride())


def set_rate(optimizer: torch.optim.Optimizer, lr: float | Tensor) -> None:
    """Has the optimizer take this learning rate."""
    for group in optimizer.param_groups:
        group["lr"] = lr


def make_state(optimizer: torch.optim.Optimizer) -> None:
    """Has the optimizer's state exist before the first step: a captured step that made it would
    make it anew each time.

    A step of learning rate 0 along gradients of 0 makes it, and leaves the weights as they are.
    """
    set_rate(optimizer, 0.0)
    for group in optimizer.param_groups:
        for parameter in group["params"]:
            parameter.grad = torch.zeros_like(parameter) if parameter.requires_grad else None
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    for state in optimizer.state.values():
        for value in state.values():
            if isinstance(value, Tensor):
                value.zero_()
