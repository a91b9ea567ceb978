"""What a run starts from: its images, their labels, its network and its losses, each by a seed."""

import copy
from collections.abc import Callable

import numpy as np
import torch

from memutils import data, labeling, losses, models, trial
from memutils.batches import DeviceSplit, channel_statistics
from memutils.data import Split
from memutils.errors import UserError
from memutils.noise import NoisyLabels
from memutils.recipe import Execution
from memutils.runs.specs import Spec
from memutils.training import Trainer

PURPOSES = (
    "subset",
    "noise",
    "initialization",
    "order",
    "fresh noise",
    "test subset",
    "shuffled labels",
)
"""What a run's seed decides, each by a seed of its own; that seed follows from the place here."""


def child_seed(seed: int, purpose: str) -> int:
    """A seed of its own for each thing a run's seed decides, the same on every platform."""
    return int(np.random.SeedSequence([seed, PURPOSES.index(purpose)]).generate_state(1)[0])


def prepare(
    spec: Spec, dataset: data.Dataset, source: labeling.Source | None = None
) -> tuple[dict[str, Split], dict[str, NoisyLabels]]:
    """The splits of a run ('train', 'test', and 'holdout' where asked for) and their labels;
    test labels are true.

    ``source`` is where the labels come from, by default what the specification says.

    Raises:
        UserError: there are too few images, or files that the labels need are not there.
    """
    source = source or label_source(spec, dataset)
    splits, places = chosen_images(spec, dataset)
    if spec.crop:
        splits = {name: center_crop(split, spec.crop) for name, split in splits.items()}
    labels = {name: NoisyLabels(split.labels, split.labels) for name, split in splits.items()}
    seeds = [child_seed(spec.seed, purpose) for purpose in ("noise", "shuffled labels")]
    for i, (name, index) in enumerate(places.items()):
        labels[name] = source.label(splits[name].labels, index, *(seed + i for seed in seeds))
    if spec.train_on == "clean":
        given, clean = labels["train"], ~labels["train"].mislabeled
        splits["train"] = splits["train"][clean]
        labels["train"] = NoisyLabels(given.noisy[clean], given.true[clean])
    if len(splits["train"]) < 2:
        advice = "raise n_train, or lower eta where train_on is 'clean'."
        raise UserError(f"A run needs at least 2 images to train on; {advice}")
    return splits, labels


def chosen_images(
    spec: Spec, dataset: data.Dataset
) -> tuple[dict[str, Split], dict[str, np.ndarray]]:
    """The images of each split, and for 'train' and 'holdout' their places in the training set."""
    pool, test = dataset.train, dataset.test
    n = spec.n_train or len(pool) - spec.n_holdout
    if n + spec.n_holdout > len(pool) or spec.n_test > len(test):
        there = f"{dataset.name} has {len(pool)} training and {len(test)} test images"
        raise UserError(f"{there}; lower n_train, n_holdout or n_test.")
    seed = child_seed(spec.seed, "subset")
    places = {"train": data.stratified(pool.labels, n, seed)}
    splits = {"train": pool[places["train"]], "test": test}
    if spec.n_test:  # the same test images for every seed
        subset = data.stratified(test.labels, spec.n_test, child_seed(0, "test subset"))
        splits["test"] = test[subset]
    if spec.n_holdout:
        rest = np.setdiff1d(np.arange(len(pool)), places["train"])
        places["holdout"] = rest[data.stratified(pool.labels[rest], spec.n_holdout, seed)]
        splits["holdout"] = pool[places["holdout"]]
    return splits, places


def label_source(spec: Spec, dataset: data.Dataset) -> labeling.Source:
    """Where the training labels of a run come from; reads the files that this needs."""
    return labeling.settle(spec.noise, spec.eta, spec.labels, dataset)


def center_crop(split: Split, side: int) -> Split:
    """The center of each image, side x side pixels."""
    height, width = split.images.shape[1:3]
    if side > min(height, width):
        size = f"{height}x{width}"
        raise UserError(f"Images of {size} pixels cannot be cropped to {side}; lower crop.")
    top, left = (height - side) // 2, (width - side) // 2
    images = split.images[:, top : top + side, left : left + side]
    return Split(np.ascontiguousarray(images), split.labels)


def make_trainer(
    spec: Spec,
    splits: dict[str, Split],
    labels: dict[str, NoisyLabels],
    num_classes: int,
    execution: Execution,
) -> Trainer:
    """The trainer of a run, before its first epoch.

    Raises:
        UserError: the network or a loss does not work on this data.
    """
    train, device = splits["train"].images, execution.device
    statistics = (None, None) if spec.inputs == "whiten" else channel_statistics(train)
    on_device = {
        name: DeviceSplit(split, labels[name].noisy, *statistics, device)
        for name, split in splits.items()
    }
    shape, seed = (train.shape[3], *train.shape[1:3]), child_seed(spec.seed, "initialization")
    network = models.build(spec.network, shape, num_classes, seed)
    network = network.to(device, memory_format=torch.channels_last)
    batch = on_device["train"].batch(slice(0, spec.batch_size))
    trial.check_network(spec.network, network, batch, num_classes, execution)
    loss_at = losses_by_epoch(spec, num_classes, device)
    return Trainer(network, loss_at, on_device, spec, execution, child_seed(spec.seed, "order"))


def losses_by_epoch(spec: Spec, num_classes: int, device: str) -> Callable[[int], Callable]:
    """The loss of each epoch, counted from 1: the run's own, and the one that it switches to."""
    first = later = checked_loss(spec.build_loss(), num_classes, device)
    if spec.switch_loss:
        later = checked_loss(spec.build_loss(spec.switch_loss), num_classes, device)
    return lambda epoch: later if spec.switch_loss and epoch > spec.switch_epoch else first


def checked_loss(loss: Callable, num_classes: int, device: str) -> Callable:
    """A loss on the device, with its buffers, after it was tried.

    It is a copy: what is registered may be one object for all runs.
    """
    if isinstance(loss, torch.nn.Module):
        try:
            loss = copy.deepcopy(loss).to(device)
        except Exception as error:  # it holds what cannot be copied, a lock say
            why = f"{type(error).__name__}: {error}"
            raise UserError(f"The loss {type(loss).__name__} cannot be copied ({why}).") from error
    losses.check_loss(loss, num_classes, device)
    return loss
