"""What every side of the benchmark is given: the same images, labels, network,
optimizer settings and device.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import nn

from memutils import data, models, noise, recipe, runs
from memutils.data import Split
from memutils.runs import specs
from memutils.runs.specs import Spec

NETWORKS = ("resnet32", "inception-lite", "resnet18")


@dataclass(frozen=True)
class Task:
    """One network's epoch: n training images with noisy labels, and test images."""

    spec: Spec
    splits: dict[str, Split]
    labels: dict[str, noise.NoisyLabels]
    device: str

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the images."""
        height, width, channels = self.splits["train"].images.shape[1:]
        return channels, height, width

    @property
    def plain_precision(self) -> str:
        """What the float32 of the other sides is: on a GPU convolutions round to TF32, unless torch
        is told not to.
        """
        return "tf32" if self.device == "cuda" and torch.backends.cudnn.allow_tf32 else "float32"

    def plain_network(self) -> nn.Module:
        """The network as its library wrote it,
        without this package's faster convolution of tiny maps.
        """
        network = models.build(self.spec.network, self.shape, 10, seed=0)
        for module in network.modules():
            if isinstance(module, models.resnet.TinyMapConv2d):
                module.__class__ = nn.Conv2d
        return network.to(self.device)

    def plain_optimizer(self, parameters) -> torch.optim.Optimizer:
        """The optimizer as tutorials write it."""
        if self.spec.optimizer == "adam":
            return torch.optim.Adam(
                parameters, lr=self.spec.lr, weight_decay=self.spec.weight_decay
            )
        return torch.optim.SGD(
            parameters,
            lr=self.spec.lr,
            momentum=self.spec.momentum,
            weight_decay=self.spec.weight_decay,
        )

    def first(self, n: int) -> "Task":
        """The same with the first n images of each split: a warm-up."""
        index = np.arange(n)
        labels = {
            name: noise.NoisyLabels(v.noisy[:n], v.true[:n]) for name, v in self.labels.items()
        }
        return replace(
            self,
            splits={name: split[index[: len(split)]] for name, split in self.splits.items()},
            labels=labels,
        )


def make(network: str, n: int, n_test: int, threads: int, precision: str = "auto") -> Task:
    """The task of a network at the paper's settings, CCE at eta 0.4, one epoch,
    on n training images.
    """
    spec = settings(network, n, n_test, threads, precision)
    splits, labels = runs.prepare(spec, data.load(spec.dataset))
    return Task(spec, splits, labels, recipe.settle(spec).device)


def make_random(network: str, n: int, n_test: int) -> Task:
    """The same on random images: what a step costs does not depend on what they show."""
    spec, generator = settings(network, n, n_test, 1), np.random.default_rng(0)
    side, channels = (28, 1) if spec.dataset == "mnist" else (spec.crop or 32, 3)
    splits, labels = {}, {}
    for part, size in (("train", n), ("test", n_test)):
        images = generator.integers(0, 256, (size, side, side, channels), dtype=np.uint8)
        true, other = generator.integers(0, 10, (2, size))
        noisy = np.where(generator.random(size) < 0.4, other, true) if part == "train" else true
        splits[part], labels[part] = Split(images, true), noise.NoisyLabels(noisy, true)
    return Task(spec, splits, labels, recipe.settle(spec).device)


def settings(network: str, n: int, n_test: int, threads: int, precision: str = "auto") -> Spec:
    """One epoch of a network at the paper's settings."""
    scale = specs.load_scale("paper")
    return scale.spec(
        network=network,
        dataset=scale.networks[network]["dataset"],
        loss="cce",
        eta=0.4,
        n_train=n,
        n_test=n_test,
        threads=threads,
        epochs=1,
        evaluations=1,
        precision=precision,
        schedule="constant",
    )
