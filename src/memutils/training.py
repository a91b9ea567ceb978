"""The training loop: one for CUDA and for the CPU.

The images lie on the device as uint8; batches are gathered and normalized there. The network runs in bfloat16 where
the device has it in hardware, the loss in float32; counts stay on the device until an epoch ends, so no step waits
for the host. Exact figures (J1, J2 and their parts) come from passes in eval mode and float32.
"""

import contextlib
import ctypes
import functools
import math
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from memutils.data import Split
from memutils.errors import UserError, unknown_name
from memutils.recipe import CHOICES, Execution, Recipe, settle


class Diverged(UserError):
    """The loss or the network's output is not finite; ``epoch`` tells when, once the trainer knows."""

    epoch: int | None = None


class Resident:
    """A split on the device: uint8 images, noisy and true labels; batches come out normalized.

    Args:
        split: images and true labels.
        noisy: the labels to train on, (N,).
        shift, scale: per-channel mean and standard deviation in 0..255, (C,), or None to whiten each image.
        device: 'cpu' or 'cuda'.
    """

    def __init__(self, split: Split, noisy: np.ndarray, shift: Tensor | None, scale: Tensor | None, device: str):
        self.images = torch.from_numpy(split.images).to(device)
        self.true = torch.from_numpy(split.labels).to(device)
        self.noisy = torch.from_numpy(noisy).to(device)
        self.shift, self.scale = (None, None) if shift is None else (shift.to(device), scale.to(device))

    def __len__(self) -> int:
        return len(self.true)

    def batch(self, index: Tensor | slice) -> Tensor:
        """Normalized images, float32 (N, C, H, W) in channels_last memory, which the uint8 (N, H, W, C) has already."""
        x = self.images[index].float()
        if self.shift is None:  # a constant image must not divide by zero: Zhang et al. and TensorFlow bound the deviation
            deviation = x.std((1, 2, 3), correction=0, keepdim=True).clamp_min(1 / math.sqrt(x[0].numel()))
            x = (x - x.mean((1, 2, 3), keepdim=True)) / deviation
        else:
            x = (x - self.shift) / self.scale
        return x.permute(0, 3, 1, 2)


def channel_statistics(images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of uint8 images (N, H, W, C), float32 (C,); a deviation of 0 becomes 1."""
    counts = np.stack([np.bincount(images[..., c].ravel(), minlength=256) for c in range(images.shape[-1])])
    levels = np.arange(256)
    mean = (counts * levels).sum(1) / counts.sum(1)
    deviation = np.sqrt((counts * (levels - mean[:, None]) ** 2).sum(1) / counts.sum(1))
    deviation[deviation == 0] = 1
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(deviation, dtype=torch.float32)


@torch.inference_mode()
def predict(network: nn.Module, data: Resident, batch_size: int = 500) -> Tensor:
    """Log-probabilities (N, K) of a split, float32, in eval mode; the network's mode is restored.

    Raises:
        Diverged: they are not all finite.
    """
    mode = network.training
    network.eval()
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        parts = [network(data.batch(slice(i, i + batch_size))) for i in range(0, len(data), batch_size)]
    network.train(mode)
    log_p = F.log_softmax(torch.cat(parts).float(), 1)
    if not log_p.isfinite().all():  # after the last step no other check follows
        raise Diverged("The trained network's output is not finite. Lower the learning rate; nothing was recorded.")
    return log_p


def fractions(predicted: Tensor, noisy: Tensor, true: Tensor) -> dict[str, float | None]:
    """J1, J2 and their parts from predicted, noisy and true labels (N,); parts of an empty set are None."""
    mislabeled = noisy != true
    on_noisy, on_true = predicted == noisy, predicted == true
    share = lambda hits, among: hits[among].double().mean().item() if among.any() else None  # noqa: E731
    return {
        "j1": on_noisy.double().mean().item(),
        "j2": on_true.double().mean().item(),
        "fitted": share(on_true, ~mislabeled),
        "memorized": share(on_noisy, mislabeled),
        "recovered": share(on_true, mislabeled),
    }


def order(seed: int, epoch: int, n: int) -> Tensor:
    """The order of the examples in an epoch: a permutation that seed and epoch determine, so that resuming needs no state."""
    return torch.from_numpy(np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n))


@contextlib.contextmanager
def seeded(seed: int, epoch: int, device: str) -> Iterator[None]:
    """Seed and epoch decide what a network draws, for dropout say; torch's generators are left as they were."""
    drawn = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
        torch.default_generator.manual_seed(drawn)
        if device == "cuda":
            torch.cuda.manual_seed(drawn)
        yield


class Trainer:
    """Trains a network; between epochs its ``state`` is all that a resumed run needs.

    After each epoch ``history`` has a row more; after an evaluation ``dynamics`` has under its epoch
    the predicted classes of the mislabeled training images, uint8 (M,), on the CPU.

    Args:
        network: freshly built; moved to the device.
        loss_at: the loss of an epoch (from 1), a function (logits, target) -> scalar; it may change in mid-training.
        data: 'train' and any further splits, whose accuracy each evaluation records as ``<name>_accuracy``.
        recipe: how to optimize.
        execution: from ``settle``, by default for this machine.
        seed: of the order of the examples.
    """

    def __init__(
        self,
        network: nn.Module,
        loss_at: Callable[[int], Callable[[Tensor, Tensor], Tensor]],
        data: dict[str, Resident],
        recipe: Recipe,
        execution: Execution | None,
        seed: int,
    ):
        self.recipe, self.execution, self.data, self.seed = recipe, execution or settle(recipe), data, seed
        self.loss_at = loss_at
        self.batch_size = min(recipe.batch_size, len(data["train"]))
        prepare_process(self.execution)
        self.network = network.to(self.execution.device, memory_format=torch.channels_last)
        self.forward = self.network
        if self.execution.compile:
            options = {"mode": "reduce-overhead"} if self.execution.device == "cuda" else {}
            self.forward = torch.compile(self.network, **options)
        self.optimizer = make_optimizer(self.network, recipe)
        self.history: list[dict] = []
        self.dynamics: dict[int, Tensor] = {}

    def state(self) -> dict:
        """Everything that decides the rest of the run, between two epochs; tensors and plain values only."""
        return {
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "history": self.history,
            "dynamics": self.dynamics,
        }

    def load_state(self, state: dict) -> None:
        """Continues from what ``state`` returned."""
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.history, self.dynamics = list(state["history"]), dict(state["dynamics"])

    def run(self, after_epoch: Callable[["Trainer"], None] = lambda trainer: None, progress: bool = True) -> list[dict]:
        """Trains to the last epoch and returns the history, one row an epoch.

        Args:
            after_epoch: called after each epoch, e.g. to write a checkpoint.
            progress: show a progress bar on stderr.

        Raises:
            Diverged: loss or output is not finite; the message tells epoch and step.
        """
        first, evaluated = len(self.history) + 1, self.recipe.evaluation_epochs()
        interval = 0.5 if sys.stderr.isatty() else 10  # a log file needs no animation
        bar = tqdm(total=self.recipe.epochs, initial=first - 1, unit="epoch", disable=not progress, mininterval=interval)
        with bar:
            for epoch in range(first, self.recipe.epochs + 1):
                try:
                    self.history.append(self.epoch(epoch, epoch in evaluated))
                except Diverged as error:
                    error.epoch = epoch
                    raise
                after_epoch(self)
                row = self.history[-1]
                bar.set_postfix(J1=f"{row['training_j1']:.3f}", J2=f"{row['training_j2']:.3f}", refresh=False)
                bar.update()
        return self.history

    def epoch(self, epoch: int, evaluated: bool) -> dict:
        """One pass over the training set and, where asked for, one evaluation; returns the history's row."""
        start = time.perf_counter()
        row = {"epoch": epoch, "lr": self.recipe.lr_at(epoch)}
        with seeded(self.seed, epoch, self.execution.device):
            row |= self.training_pass(epoch, row["lr"])
        row["train_seconds"] = time.perf_counter() - start
        row |= self.evaluate() if evaluated else {}
        row["seconds"] = time.perf_counter() - start
        return row

    def training_pass(self, epoch: int, lr: float) -> dict:
        """Steps through the training set; the training-mode figures are of train mode, while the weights change."""
        data, loss, size = self.data["train"], self.loss_at(epoch), self.batch_size
        for group in self.optimizer.param_groups:
            group["lr"] = lr
        self.network.train()
        batches = order(self.seed, epoch, len(data)).to(data.true.device).split(size)[: len(data) // size]
        sums = torch.zeros(6, device=data.true.device, dtype=torch.float64)
        bad_step = torch.full((), len(batches), device=data.true.device)
        for step, index in enumerate(batches):
            noisy, true = data.noisy[index], data.true[index]
            logits, value = self.step(data.batch(index), noisy, loss)
            with torch.no_grad():
                predicted = logits.argmax(1)
                wrong, on_noisy, on_true = noisy != true, predicted == noisy, predicted == true
                parts = on_noisy & ~wrong, wrong, on_noisy & wrong, on_true & wrong, torch.ones_like(wrong)
                sums += torch.stack([value.double() * size, *(part.sum() for part in parts)])
                bad_step = torch.where(value.isfinite() & logits.isfinite().all(), bad_step, bad_step.clamp_max(step))
        total, fitted, mislabeled, memorized, recovered, n = sums.tolist()  # the only wait for the device in an epoch
        if int(bad_step) < len(batches):
            raise Diverged(
                f"The loss or the network's output is not finite in epoch {epoch}, step {int(bad_step) + 1}. "
                "Lower the learning rate or mend the loss; nothing was recorded."
            )
        return {
            "train_loss": total / n,
            "training_j1": (fitted + memorized) / n,
            "training_j2": (fitted + recovered) / n,
            "training_fitted": fitted / (n - mislabeled) if n > mislabeled else None,
            "training_memorized": memorized / mislabeled if mislabeled else None,
            "training_recovered": recovered / mislabeled if mislabeled else None,
        }

    def step(self, x: Tensor, target: Tensor, loss: Callable) -> tuple[Tensor, Tensor]:
        """One optimizer step; returns logits (detached) and the loss before it."""
        low = self.execution.precision == "bfloat16"
        with torch.autocast(self.execution.device, torch.bfloat16) if low else contextlib.nullcontext():
            logits = self.forward(x)
        logits = logits.float()
        value = loss(logits, target)
        value.backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return logits.detach(), value.detach()

    def evaluate(self) -> dict:
        """J1, J2, their parts and the number of classes predicted on the training set; accuracy on each other split."""
        train = self.data["train"]
        predicted = predict(self.network, train).argmax(1)
        row = fractions(predicted, train.noisy, train.true) | {"classes": len(predicted.unique())}
        self.dynamics[len(self.history) + 1] = predicted[train.noisy != train.true].byte().cpu()
        for name, split in self.data.items():
            if name != "train":
                predicted = predict(self.network, split).argmax(1)
                row[f"{name}_accuracy"] = (predicted == split.true).double().mean().item()
                if (split.noisy != split.true).any():
                    row[f"{name}_noisy_accuracy"] = (predicted == split.noisy).double().mean().item()
        return row


def make_optimizer(network: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimizer, fused into one kernel a step."""
    common = {"lr": recipe.lr, "weight_decay": recipe.weight_decay, "fused": True}
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(network.parameters(), momentum=recipe.momentum, **common)
    if recipe.optimizer == "adam":
        return torch.optim.Adam(network.parameters(), **common)
    raise unknown_name("optimizer", recipe.optimizer, CHOICES["optimizer"])


def prepare_process(execution: Execution) -> None:
    """Settles threads, determinism and what float32 means for this process."""
    torch.set_num_threads(execution.threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = False  # torch's default is True: ten bits of mantissa under the name of float32
    torch.backends.cuda.matmul.allow_tf32 = False  # an environment variable can have set it
    keep_freed_memory()


@functools.cache
def keep_freed_memory() -> None:
    """Has glibc keep freed memory instead of handing each large tensor back to the kernel: steps up to 1.2 times as fast."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library: nothing to gain, nothing to lose
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(-4, 0)  # M_MMAP_MAX: no tensor in a mapping of its own
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never give the heap's top back
