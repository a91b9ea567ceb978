"""The training loop: one for CUDA and for the CPU.

The images lie on the device as uint8; batches are gathered and normalized there. The network runs
in bfloat16 where the device has it in hardware, the loss in float32; counts stay on the device
until an epoch ends, so no step waits for the host. J1, J2 and their parts come from evaluations,
passes in eval mode and float32.
"""

import contextlib
import ctypes
import functools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from memutils import graph
from memutils.augment import Augmentation
from memutils.batches import DeviceSplit
from memutils.errors import UserError
from memutils.evaluation import fractions, predict
from memutils.recipe import Execution, Recipe, settle
from memutils.step import Diverged, TrainingStep


def order(seed: int, epoch: int, n: int) -> Tensor:
    """The order of the examples in an epoch: a permutation that seed and epoch determine, so that
    resuming needs no state.
    """
    return torch.from_numpy(np.random.Generator(np.random.PCG64([seed, epoch])).permutation(n))


@contextlib.contextmanager
def seeded(seed: int, epoch: int, device: str) -> Iterator[None]:
    """Seed and epoch decide what a network draws, for dropout say;
    torch's generators are left as they were.
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
        data: dict[str, DeviceSplit],
        recipe: Recipe,
        execution: Execution | None,
        seed: int,
    ):
        self.recipe, self.execution = recipe, execution or settle(recipe)
        self.data, self.loss_at, self.seed = data, loss_at, seed
        prepare_process(self.execution)
        train, device = data["train"], self.execution.device
        self.network = network.to(device, memory_format=torch.channels_last)
        self.augmentation = None
        if recipe.augment:
            self.augmentation = Augmentation(recipe.augment, len(train), device)
        self.step = TrainingStep(self.network, train, recipe, self.execution, self.augmentation)
        self.captured: graph.CapturedStep | None = None
        self.batch_size = self.step.batch_size
        self.history: list[dict] = []
        self.dynamics: dict[int, Tensor] = {}

    def state(self) -> dict:
        """Everything that decides the rest of the run, between two epochs;
        tensors and plain values only.
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
        try:
            self.captured = self.capture()
        except graph.CannotCaptureError as error:
            if self.history:
                raise UserError(
                    "This run was begun with its steps as a CUDA graph, which cannot be captured"
                    f" now ({error}). Start it again where the GPU is free, or delete its"
                    " checkpoint."
                ) from error
            print(f"Steps are carried out one operation after another: {error}.", file=sys.stderr)
            self.execution = replace(self.execution, step="eager")

    def capture(self) -> graph.CapturedStep:
        """The step as a CUDA graph, which repeats what is the same in every epoch.

        Raises:
            CannotCaptureError: something is not, or the step itself cannot be captured.
        """
        if self.augmentation:  # an epoch's flips and crops are drawn before its first step
            raise graph.CannotCaptureError("images are augmented")
        first, *others = (self.loss_at(epoch) for epoch in range(1, self.recipe.epochs + 1))
        if any(loss is not first for loss in others):
            raise graph.CannotCaptureError("the loss switches")
        return graph.CapturedStep(self.step, first)

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
        done, epochs = len(self.history), self.recipe.epochs
        evaluated = self.recipe.evaluation_epochs()
        interval = 0.5 if sys.stderr.isatty() else 10  # a log file needs no animation
        looks = {"unit": "epoch", "mininterval": interval, "disable": not progress}
        with tqdm(total=epochs, initial=done, **looks) as bar:
            for epoch in range(done + 1, epochs + 1):
                try:
                    row = self.epoch(epoch, epoch in evaluated)
                except Diverged as error:
                    error.epoch = epoch
                    raise
                self.history.append(row)
                after_epoch(self)
                j1, j2 = f"{row['training_j1']:.3f}", f"{row['training_j2']:.3f}"
                bar.set_postfix(J1=j1, J2=j2, refresh=False)
                bar.update()
        return self.history

    def epoch(self, epoch: int, evaluated: bool) -> dict:
        """One pass over the training set and, where asked for, one evaluation;
        returns the history's row.
        """
        self.prepare()
        start = time.perf_counter()
        row = {"epoch": epoch, "lr": self.recipe.lr_at(epoch)}
        drawn = seeded(self.seed, epoch, self.execution.device)
        if self.captured:  # a graph draws nothing, and torch's generator is other threads' too
            drawn = contextlib.nullcontext()
        with drawn:
            row |= self.training_pass(epoch, row["lr"])
        row["train_seconds"] = time.perf_counter() - start
        row |= self.evaluate() if evaluated else {}
        row["seconds"] = time.perf_counter() - start
        return row

    def training_pass(self, epoch: int, lr: float) -> dict:
        """Steps through the training set; the training-mode metrics are of train mode,
        while the weights change.
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
        """J1, J2, their parts and the number of classes predicted on the training set;
        accuracy on each other split.
        """
        predicted = {name: predict(self.network, s).argmax(1) for name, s in self.data.items()}
        found, train = predicted.pop("train"), self.data["train"]
        row = fractions(found, train.noisy, train.true) | {"classes": len(found.unique())}
        self.dynamics[len(self.history) + 1] = found[train.noisy != train.true].byte().cpu()
        for name, found in predicted.items():
            split = self.data[name]
            row[f"{name}_accuracy"] = (found == split.true).double().mean().item()
            if (split.noisy != split.true).any():
                row[f"{name}_noisy_accuracy"] = (found == split.noisy).double().mean().item()
        return row


def prepare_process(execution: Execution) -> None:
    """Settles threads, determinism and what float32 means for this process."""
    torch.set_num_threads(execution.threads)
    torch.backends.cudnn.deterministic = True
    # torch's default is True: ten bits of mantissa under the name of float32
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False  # an environment variable can have set it
    keep_freed_memory()


@functools.cache
def keep_freed_memory() -> None:
    """Has glibc keep freed memory instead of handing each large tensor back to the kernel: steps up
    to 1.2 times as fast.
    """
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library: nothing to lose
            libc = ctypes.CDLL("libc.so.6")
            libc.mallopt(-4, 0)  # M_MMAP_MAX: no tensor in a mapping of its own
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD: never give the heap's top back
