"""Side (a): the loop as PyTorch's tutorials write it; float32, eager, a number fetched in each
step, a pass for each figure.
"""

import time

import torch
from PIL import Image
from task import Task
from torch import nn
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from memutils import batches

WORKERS = 2
"""As in PyTorch's CIFAR-10 tutorial."""


class Images(Dataset):
    """Images and labels, as torchvision's data sets hand them out."""

    def __init__(self, images, labels, transform):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int):
        image = self.images[index]
        return self.transform(
            Image.fromarray(image.squeeze(2) if image.shape[2] == 1 else image)
        ), int(self.labels[index])


def whiten(x: torch.Tensor) -> torch.Tensor:
    return (x - x.mean()) / x.std(correction=0).clamp_min(1 / (255 * x.numel() ** 0.5))


def make_transform(task: Task):
    """Pixels as floats, standardized by channel, or each image by itself."""
    if task.spec.inputs == "whiten":
        return transforms.Compose([transforms.ToTensor(), transforms.Lambda(whiten)])
    mean, deviation = batches.channel_statistics(task.splits["train"].images)
    return transforms.Compose(
        [
            transforms.ToTensor(),
            transforms.Normalize((mean / 255).tolist(), (deviation / 255).tolist()),
        ]
    )


def loaders(task: Task) -> dict[str, DataLoader]:
    """Batches to train on, and to evaluate J1 (noisy labels),
    J2 (true ones) and the test accuracy.
    """
    transform, train, test = make_transform(task), task.splits["train"], task.splits["test"]
    noisy, true = task.labels["train"].noisy, task.labels["train"].true
    common = {
        "batch_size": task.spec.batch_size,
        "num_workers": WORKERS,
        "pin_memory": task.device == "cuda",
    }
    return {
        "train": DataLoader(
            Images(train.images, noisy, transform), shuffle=True, drop_last=True, **common
        ),
        "j1": DataLoader(Images(train.images, noisy, transform), **common),
        "j2": DataLoader(Images(train.images, true, transform), **common),
        "test_accuracy": DataLoader(Images(test.images, test.labels, transform), **common),
    }


def accuracy(network: nn.Module, batches: DataLoader, device: str) -> float:
    network.eval()
    correct = total = 0
    with torch.no_grad():
        for images, labels in batches:
            images, labels = images.to(device), labels.to(device)
            correct += (network(images).argmax(1) == labels).sum().item()
            total += labels.size(0)
    return correct / total


def epoch(task: Task) -> dict:
    """Trains one epoch and evaluates; returns the seconds of the training steps, of all,
    and the figures.
    """
    torch.set_num_threads(task.spec.threads)
    batches, network, criterion = loaders(task), task.plain_network(), nn.CrossEntropyLoss()
    optimizer = task.plain_optimizer(network.parameters())
    start = time.perf_counter()
    network.train()
    training_loss = correct = total = 0
    for images, labels in batches["train"]:
        images, labels = images.to(task.device), labels.to(task.device)
        optimizer.zero_grad()
        logits = network(images)
        loss = criterion(logits, labels)
        loss.backward()
        optimizer.step()
        training_loss += loss.item() * labels.size(0)
        correct += (logits.argmax(1) == labels).sum().item()
        total += labels.size(0)
    train_seconds = time.perf_counter() - start
    figures = {
        name: accuracy(network, batches[name], task.device)
        for name in ("j1", "j2", "test_accuracy")
    }
    figures |= {"train_loss": training_loss / total, "training_j1": correct / total}
    seconds = time.perf_counter() - start
    return {
        "train_seconds": train_seconds,
        "seconds": seconds,
        "figures": figures,
        "precision": task.plain_precision,
    }
