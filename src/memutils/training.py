"""The training loop: one for CUDA and for the CPU.

The images lie on the device as uint8; batches are gathered and normalized there. The network runs
in bfloat16 where the device has it in hardware, the loss in float32; counts stay on the device
until an epoch ends, so no step waits for the host. Exact figures (J1, J2 and their parts) come from
passes in eval mode and float32.
"""

import contextlib
import ctypes
import functools
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from memutils import graph
from memutils.augment import Augmentation
from memutils.data import Split
from memutils.errors import UserError
from memutils.recipe import Execution, Recipe, settle
from memutils.step import Diverged, TrainingStep


class Resident:
    """A split on the device: uint8 images, noisy and true labels; batches come out normalized.

    Args:
        split: images and true labels.
        noisy: the labels to train on, (N,).
        shift, scale: per-channel mean and standard deviation in 0..255, (C,), or None to whiten
            each image.
        device: 'cpu' or 'cuda'.
    """

    def __init__(
        self,
        split: Split,
        noisy: np.ndarray,
        shift: Tensor | None,
        scale: Tensor | None,
        device: str,
    ):
        self.images = torch.from_numpy(split.images).to(device)
        self.true = torch.from_numpy(split.labels).to(device)
        self.noisy = torch.from_numpy(noisy).to(device)
        self.shift, self.scale = (
            (None, None) if shift is None else (shift.to(device), scale.to(device))
        )

    def __len__(self) -> int:
        return len(self.true)

    def batch(self, index: Tensor | slice, augmentation: Augmentation | None = None) -> Tensor:
        """Normalized images, float32 (N, C, H, W) in channels_last memory, which the uint8 (N, H,
        W, C) has already.
        """
        x = self.images[index]
        x = (augmentation(x, index) if augmentation else x).float()
        if (
            self.shift is None
            # a constant image must not divide by zero: Zhang et al. and TensorFlow bound the
            # deviation
        ):
            deviation = x.std((1, 2, 3), correction=0, keepdim=True).clamp_min(
                1 / math.sqrt(x[0].numel())
            )
            x = (x - x.mean((1, 2, 3), keepdim=True)) / deviation
        else:
            x = (x - self.shift) / self.scale
        return x.permute(0, 3, 1, 2)


def channel_statistics(images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of uint8 images (N, H, W, C), float32 (C,); a
    deviation of 0 becomes 1.
    """
    counts = np.stack(
        [np.bincount(images[..., c].ravel(), minlength=256) for c in range(images.shape[-1])]
    )
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
        parts = [
            network(data.batch(slice(i, i + batch_size))) for i in range(0, len(data), batch_size)
        ]
    network.train(mode)
    log_p = F.log_softmax(torch.cat(parts).float(), 1)
    if not log_p.isfinite().all():  # after the last step no other check follows
        raise Diverged(
            "The trained network's output is not finite. Lower the learning rate; nothing was"
            " recorded."
        )
    return log_p


def fractions(predicted: Tensor, noisy: Tensor, true: Tensor) -> dict[str, float | None]:
    """J1, J2 and their parts from predicted, noisy and true labels (N,); parts of an empty set are
    None.
    """
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
    """The order of the examples in an epoch: a permutation that seed and epoch determine, so that
    resuming needs no state.
    """
    return torch.from_numpy(np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n))


@contextlib.contextmanager
def seeded(seed: int, epoch: int, device: str) -> Iterator[None]:
    """Seed and epoch decide what a network draws, for dropout say; torch's generators are left as
    they were.
    """
    drawn = int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])
    with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
        torch.default_generator.manual_seed(drawn)
        if device == "cuda":
            torch.cuda.manual_seed(drawn)
        yield


class Trainer:
    """Trains a network; between epochs its ``state`` is all that a resumed run needs.

    After each epoch ``history`` has a row more; after an evaluation ``dynamics`` has under its
    epoch the predicted classes of the mislabeled training images, uint8 (M,), on the CPU.

    Args:
        network: freshly built; moved to the device.
        loss_at: the loss of an epoch (from 1), a function (logits, target) -> scalar; it may change
            in mid-training.
        data: 'train' and any further splits, whose accuracy each evaluation records as
            ``<name>_accuracy``.
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
        self.recipe, self.execution, self.data, self.seed = (
            recipe,
            execution or settle(recipe),
            data,
            seed,
        )
        self.loss_at = loss_at
        prepare_process(self.execution)
        self.network = network.to(self.execution.device, memory_format=torch.channels_last)
        n, device = len(data["train"]), self.execution.device
        self.augmentation = Augmentation(recipe.augment, n, device) if recipe.augment else None
        self.step = TrainingStep(
            self.network, data["train"], recipe, self.execution, self.augmentation
        )
        self.captured: graph.CapturedStep | None = None
        self.batch_size = self.step.batch_size
        self.history: list[dict] = []
        self.dynamics: dict[int, Tensor] = {}

    def state(self) -> dict:
        """Everything that decides the rest of the run, between two epochs; tensors and plain values
        only.
        """
        return {
            "network": self.network.state_dict(),
            "optimizer": self.step.optimizer.state_dict(),
            "history": self.history,
            "dynamics": self.dynamics,
            "step": self.execution.step,
        }

    def load_state(self, state: dict) -> None:
        """Continues from what ``state`` returned."""
        self.network.load_state_dict(state["network"])
        self.step.load_optimizer(state["optimizer"])
        self.history, self.dynamics = list(state["history"]), dict(state["dynamics"])
        self.execution = replace(self.execution, step=state["step"])

    def prepare(self) -> None:
        """Settles, before the first step, whether steps are a CUDA graph: where none can be
        captured, they are eager for good.

        Raises:
            UserError: the run was begun as a graph, which cannot be captured now.
        """
        if self.execution.step != "graph" or self.captured:
            return
        self.network.train()
        self.step.begin(order(self.seed, 1, len(self.data["train"])), self.recipe.lr_at(1))
        first, *others = (self.loss_at(epoch) for epoch in range(1, self.recipe.epochs + 1))
        try:
            if self.augmentation:  # an epoch's flips and crops are drawn before its first step
                raise graph.CannotCaptureError("images are augmented")
            if any(loss is not first for loss in others):
                raise graph.CannotCaptureError("the loss switches")
            self.captured = graph.CapturedStep(self.step, first)
        except graph.CannotCaptureError as error:
            if self.history:
                raise UserError(
                    "This run was begun with its steps as a CUDA graph, which cannot be captured"
                    f" now ({error}). Start it again where the GPU is free, or delete its"
                    " checkpoint."
                ) from error
            print(f"Steps are carried out one operation after another: {error}.", file=sys.stderr)
            self.execution = replace(self.execution, step="eager")

    def run(
        self, after_epoch: Callable[["Trainer"], None] = lambda trainer: None, progress: bool = True
    ) -> list[dict]:
        """Trains to the last epoch and returns the history, one row an epoch.

        Args:
            after_epoch: called after each epoch, e.g. to write a checkpoint.
            progress: show a progress bar on stderr.

        Raises:
            Diverged: loss or output is not finite; the message tells epoch and step.
        """
        self.prepare()
        first, evaluated = len(self.history) + 1, self.recipe.evaluation_epochs()
        interval = 0.5 if sys.stderr.isatty() else 10  # a log file needs no animation
        bar = tqdm(
            total=self.recipe.epochs,
            initial=first - 1,
            unit="epoch",
            disable=not progress,
            mininterval=interval,
        )
        with bar:
            for epoch in range(first, self.recipe.epochs + 1):
                try:
                    self.history.append(self.epoch(epoch, epoch in evaluated))
                except Diverged as error:
                    error.epoch = epoch
                    raise
                after_epoch(self)
                row = self.history[-1]
                bar.set_postfix(
                    J1=f"{row['training_j1']:.3f}", J2=f"{row['training_j2']:.3f}", refresh=False
                )
                bar.update()
        return self.history

    def epoch(self, epoch: int, evaluated: bool) -> dict:
        """One pass over the training set and, where asked for, one evaluation; returns the
        history's row.
        """
        self.prepare()
        start = time.perf_counter()
        row = {"epoch": epoch, "lr": self.recipe.lr_at(epoch)}
        # a graph draws nothing, and shares torch's generator with other threads
        with (
            contextlib.nullcontext()
            if self.captured
            else seeded(self.seed, epoch, self.execution.device)
        ):
            row |= self.training_pass(epoch, row["lr"])
        row["train_seconds"] = time.perf_counter() - start
        row |= self.evaluate() if evaluated else {}
        row["seconds"] = time.perf_counter() - start
        return row

    def training_pass(self, epoch: int, lr: float) -> dict:
        """Steps through the training set; the training-mode metrics are of train mode, while the
        weights change.
        """
        self.prepare()
        self.network.train()
        if self.augmentation:
            self.augmentation.draw()
        self.step.begin(order(self.seed, epoch, len(self.data["train"])), lr)
        if self.captured:
            self.captured.take(len(self.step))
        else:
            loss = self.loss_at(epoch)
            for _ in range(len(self.step)):
                self.step(loss)
        return self.step.metrics(epoch)

    def evaluate(self) -> dict:
        """J1, J2, their parts and the number of classes predicted on the training set; accuracy on
        each other split.
        """
        train = self.data["train"]
        predicted = predict(self.network, train).argmax(1)
        row = fractions(predicted, train.noisy, train.true) | {"classes": len(predicted.unique())}
        self.dynamics[len(self.history) + 1] = predicted[train.noisy != train.true].byte().cpu()
        for name, split in self.data.items():
            if name != "train":
                predicted = predict(self.network, split).argmax(1)
                row[f"{name}_accuracy"] = (predicted == split.true).double().mean().item()
                if (split.noisy != split.true).any():
                    row[f"{name}_noisy_accuracy"] = (
                        (predicted == split.noisy).double().mean().item()
                    )
        return row


def prepare_process(execution: Execution) -> None:
    """Settles threads, determinism and what float32 means for this process."""
    torch.set_num_threads(execution.threads)
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.allow_tf32 = (
        False  # torch's default is True: ten bits of mantissa under the name of float32
    )
    torch.backends.cuda.matmul.allow_tf32 = False  # an environment variable can have set it
    keep_freed_memory()


@functools.cache
def keep_freed_memory() -> None:
    """Has glibc keep freed memory instead of handing each large tensor back to the kernel: steps up
    to 1.2 times as fast.
    """
    if sys.platform == "linux":
        with contextlib.suppress(
            OSError, AttributeError
        ):  # another C library: nothing to gain, nothing to lose
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(-4, 0)  # M_MMAP_MAX: no tensor in a mapping of its own
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never give the heap's top back
