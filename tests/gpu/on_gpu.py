"""What the tests on a GPU share. Their images are made up: they need no data and no network."""

from pathlib import Path

import numpy as np
import pytest
import torch

from memutils import data
from memutils.runs import specs

DEVICE = "cuda"
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")


def images(n: int, side: int, channels: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 (n, side, side, channels), brighter with their class, and the classes (n,)."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 10, n)
    pixels = (
        generator.integers(0, 100, (n, side, side, channels)) + 15 * labels[:, None, None, None]
    )
    return pixels.astype(np.uint8), labels


def made_up(channels: int) -> data.Dataset:
    """A data set of 300 training and 100 test images."""
    train, test = images(300, 12, channels, 0), images(100, 12, channels, 1)
    return data.from_arrays(f"made-up-{channels}", *train, *test)


def gray(root: Path) -> data.Dataset:
    """For the networks that the paper trains on MNIST."""
    return made_up(1)


def colored(root: Path) -> data.Dataset:
    """For those that it trains on CIFAR-10."""
    return made_up(3)


MADE_UP = {"made-up-1": gray, "made-up-3": colored}


@pytest.fixture
def registered(monkeypatch) -> None:
    """The made-up data sets under their names."""
    for name, function in MADE_UP.items():
        monkeypatch.setitem(data.DATASETS, name, function)


def spec(network: str = "resnet18", **settings) -> specs.Spec:
    """Four epochs of a network on made-up images; Adam for ResNet-18, as in the paper."""
    one = network in ("mlp", "resnet18")
    common = {
        "network": network,
        "dataset": f"made-up-{1 if one else 3}",
        "optimizer": "adam" if one else "sgd",
        "lr": 0.001 if one else 0.01,
        "loss": "cce",
        "eta": 0.4,
        "batch_size": 32,
        "epochs": 4,
        "device": DEVICE,
        "n_train": 0,
        "n_test": 0,
    }
    return specs.load_scale("smoke").spec(**(common | settings))
