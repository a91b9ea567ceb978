"""How to optimize and how to execute: the recipe of a run,
and what its 'auto' comes to on a machine. ``memutils.step`` makes the optimizer.
"""

import math
import os
from dataclasses import dataclass

import numpy as np
import torch

from memutils.errors import UserError, unknown_name

CHOICES = {
    "optimizer": ("sgd", "adam"),
    "schedule": ("constant", "step", "exponential"),
    "inputs": ("standardize", "whiten"),
    "augment": ("", "flip", "crop", "flip+crop"),
    "device": ("auto", "cpu", "cuda"),
    "precision": ("auto", "float32", "bfloat16"),
    "compile": ("auto", "yes", "no"),
}
"""What the settings of a recipe that are names can be."""


THREADS = torch.get_num_threads()
"""torch's default, before a run changes it."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to optimize and how to execute; every field is a setting of a run.

    Attributes:
        epochs: passes over the training set; each drops the remainder that does not fill a batch.
        batch_size: examples a step, at most the size of the training set.
        optimizer: 'sgd' (with ``momentum``) or 'adam'.
        lr: learning rate of the first epoch.
        schedule: 'constant'; 'step', times ``gamma`` after each of ``milestones``; 'exponential',
            times ``gamma`` an epoch.
        weight_decay: L2 coefficient, added to the gradient.
        inputs: 'standardize' (per channel, from the training images) or 'whiten' (each image by its
            own mean and standard deviation, Zhang et al. 2017).
        augment: what training does to each image anew in each epoch: '' (nothing), 'flip', 'crop'
            or 'flip+crop': a random horizontal flip (which makes other digits of digits), and a
            random crop of the image padded by 4 black pixels.
        evaluations: about how many epochs end with an evaluation; the first and the last always do.
        device: 'auto', 'cpu' or 'cuda'.
        precision: of the network in training: 'auto', 'float32' or 'bfloat16'.
        threads: CPU threads; 0 leaves torch's default.
        compile: 'yes' (torch.compile), 'no' or 'auto': on CUDA a step is captured as one graph
            where that works, see ``memutils.graph``; elsewhere as 'no'.
    """

    epochs: int = 40
    batch_size: int = 128
    optimizer: str = "sgd"
    lr: float = 0.01
    schedule: str = "constant"
    gamma: float = 0.1
    milestones: tuple[int, ...] = ()
    momentum: float = 0.9
    weight_decay: float = 0.0
    inputs: str = "standardize"
    augment: str = ""
    evaluations: int = 1000
    device: str = "auto"
    precision: str = "auto"
    threads: int = 1
    compile: str = "auto"

    def lr_at(self, epoch: int) -> float:
        """The learning rate of an epoch, counted from 1."""
        if self.schedule == "exponential":
            return self.lr * self.gamma ** (epoch - 1)
        if self.schedule == "step":
            return self.lr * self.gamma ** sum(epoch > m for m in self.milestones)
        return self.lr

    def evaluation_epochs(self) -> set[int]:
        """The epochs that end with an evaluation: five over the last max(5, 10 %),
        the others denser early.
        """
        if self.evaluations >= self.epochs:
            return set(range(1, self.epochs + 1))
        window = min(self.epochs, max(5, math.ceil(self.epochs / 10)))
        early = np.geomspace(1, self.epochs - window + 1, max(2, self.evaluations - 4))
        early = np.maximum(early.round(), np.arange(1, len(early) + 1))  # no epoch twice
        late = np.linspace(self.epochs - window + 1, self.epochs, 5)
        return {int(e) for e in early} | {round(e) for e in late}


@dataclass(frozen=True)
class Execution:
    """What 'auto' came to on this machine: settled before the first step and stored; a run goes on
    only under the same.

    Attributes:
        device: 'cpu' or 'cuda'.
        precision: of the network in training, 'float32' or 'bfloat16'.
        threads: CPU threads.
        step: how a step is carried out: 'eager', one operation after another; 'graph', all of it as
            one CUDA graph; or 'compiled', eager with a network that torch.compile has translated.
    """

    device: str
    precision: str
    threads: int
    step: str


def settle(recipe: Recipe) -> Execution:
    """Decides device, precision, threads and the kind of step for this machine; a graph is tried
    where the run begins.

    ``MEMUTILS_GRAPHS=no`` has steps be eager on a GPU whose graphs failed their tests.

    Raises:
        UserError: CUDA is asked for and not there, or an unknown value.
    """
    for name, valid in CHOICES.items():
        if getattr(recipe, name) not in valid:
            raise unknown_name(name, getattr(recipe, name), valid)
    cuda = torch.cuda.is_available()
    if recipe.device == "cuda" and not cuda:
        raise UserError("This machine has no usable CUDA device; set device to 'cpu' or 'auto'.")
    device = "cuda" if cuda and recipe.device != "cpu" else "cpu"
    precision = recipe.precision
    if precision == "auto":
        # False: not where it is only emulated
        native = (
            torch.cuda.is_bf16_supported(False)
            if device == "cuda"
            else torch.cpu._is_avx512_bf16_supported()
        )
        precision = "bfloat16" if native else "float32"
    graphs = device == "cuda" and os.environ.get("MEMUTILS_GRAPHS") != "no"
    wanted = {"yes": "compiled", "no": "eager", "auto": "graph" if graphs else "eager"}
    return Execution(device, precision, recipe.threads or THREADS, wanted[recipe.compile])
