"""Carries out one run: data, noise, network and training in, a record out. Safe to kill and to start twice."""

import copy
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch

from memutils import __version__, data, losses, models, noise, provenance, recipe, records, training
from memutils.checkpoints import Checkpoint, drop_checkpoint, only_one
from memutils.data import Split
from memutils.errors import INTERRUPTED, UserError
from memutils.graph import own_stream
from memutils.records import Record
from memutils.specs import Scale, Spec, load_scale

REGISTERED = {"dataset": data.DATASETS, "network": models.NETWORKS, "loss": losses.LOSSES, "switch_loss": losses.LOSSES}
"""What a name in a run's settings stands for; it can be the user's own, and must be the same when a run goes on."""

PURPOSES = ("subset", "noise", "initialization", "order", "fresh noise", "test subset")


def child_seed(seed: int, purpose: str) -> int:
    """A seed of its own for each thing a run's seed decides, the same on every platform."""
    return int(np.random.SeedSequence([seed, PURPOSES.index(purpose)]).generate_state(1)[0])


def prepare(spec: Spec, dataset: data.Dataset) -> tuple[dict[str, Split], dict[str, noise.NoisyLabels]]:
    """The splits of a run ('train', 'test', and 'holdout' where asked for) and their labels; test labels are true."""
    pool, k = dataset.train, dataset.num_classes
    n = spec.n_train or len(pool) - spec.n_holdout
    if n + spec.n_holdout > len(pool) or spec.n_test > len(dataset.test):
        raise UserError(
            f"{dataset.name} has {len(pool)} training and {len(dataset.test)} test images; lower n_train, n_holdout or n_test."
        )
    seed = child_seed(spec.seed, "subset")
    chosen = data.stratified(pool.labels, n, seed)
    splits = {"train": pool[chosen], "test": dataset.test}
    if spec.n_test:
        splits["test"] = dataset.test[data.stratified(dataset.test.labels, spec.n_test, child_seed(0, "test subset"))]
    if spec.n_holdout:
        rest = pool[np.setdiff1d(np.arange(len(pool)), chosen)]
        splits["holdout"] = rest[data.stratified(rest.labels, spec.n_holdout, seed)]
    if spec.crop:
        splits = {name: center_crop(split, spec.crop) for name, split in splits.items()}
    matrix = noise_matrix(spec, k)
    labels = {name: noise.NoisyLabels(split.labels, split.labels) for name, split in splits.items()}
    for i, name in enumerate(n for n in ("train", "holdout") if n in splits):
        labels[name] = noise.apply_noise(splits[name].labels, matrix, child_seed(spec.seed, "noise") + i)
    if spec.train_on == "clean":
        clean = ~labels["train"].mislabeled
        splits["train"] = splits["train"][clean]
        labels["train"] = noise.NoisyLabels(labels["train"].noisy[clean], labels["train"].true[clean])
    if len(splits["train"]) < 2:
        raise UserError("A run needs at least 2 images to train on; raise n_train, or lower eta where train_on is 'clean'.")
    return splits, labels


def noise_matrix(spec: Spec, num_classes: int) -> np.ndarray:
    """The noise's transition matrix."""
    if spec.noise == "pair":
        return noise.pair_matrix(spec.eta, num_classes)
    return noise.symmetric_matrix(spec.eta, num_classes, spec.noise)


def center_crop(split: Split, side: int) -> Split:
    """The center of each image, side x side pixels."""
    height, width = split.images.shape[1:3]
    if side > min(height, width):
        raise UserError(f"Images of {height}x{width} pixels cannot be cropped to {side}; lower crop.")
    top, left = (height - side) // 2, (width - side) // 2
    return Split(np.ascontiguousarray(split.images[:, top : top + side, left : left + side]), split.labels)


def make_trainer(spec: Spec, splits, labels, num_classes: int, execution: recipe.Execution) -> training.Trainer:
    """The trainer of a run, before its first epoch."""
    train = splits["train"].images
    shift, scale = (None, None) if spec.inputs == "whiten" else training.channel_statistics(train)
    resident = {
        name: training.Resident(split, labels[name].noisy, shift, scale, execution.device) for name, split in splits.items()
    }
    shape = (train.shape[3], *train.shape[1:3])
    network = models.build(spec.network, shape, num_classes, child_seed(spec.seed, "initialization"))
    def placed(loss):  # with its buffers, and as a copy: a registered loss may be one object for all runs
        loss = copy.deepcopy(loss).to(execution.device) if isinstance(loss, torch.nn.Module) else loss
        losses.check_loss(loss, num_classes, execution.device)
        return loss

    first = placed(spec.build_loss())
    later = placed(spec.build_loss(spec.switch_loss)) if spec.switch_loss else first
    return training.Trainer(
        network, lambda epoch: later if spec.switch_loss and epoch > spec.switch_epoch else first,
        resident, spec, execution, child_seed(spec.seed, "order"),
    )  # fmt: skip


class OutOfTimeError(Exception):
    """A run was stopped at its limit of time; its checkpoint is written."""


class NoGraphError(Exception):
    """A run's steps are no CUDA graph, so that it must not share its process."""


PREPARING = threading.Lock()
"""Networks are initialized by torch's generator, which all threads share: one run of a process prepares at a time."""


def run(
    spec: Spec,
    scale: Scale | str,
    progress: bool = True,
    *,
    until: float = math.inf,
    load: Callable[[str], data.Dataset] = data.load,
    graph_only: bool = False,
) -> Record:
    """Carries out a run, or goes on with an interrupted one, or returns the record that is there already.

    Args:
        spec: what to run.
        scale: names the folder of the record.
        progress: show a progress bar on stderr.
        until: by ``time.monotonic()``; the run stops after the first epoch that ends later.
        load: gives the data set of a name.
        graph_only: other runs are under way in threads of this process, which is right only where steps are CUDA graphs.

    Raises:
        UserError: anything the user can mend; nothing half-written stays behind.
        OutOfTimeError: ``until`` came before the last epoch.
        NoGraphError: the steps cannot be captured, where they must be.
        KeyboardInterrupt: with a text that says how to go on.
    """
    scale = load_scale(scale) if isinstance(scale, str) else scale
    key = scale.key(spec)
    try:
        with only_one(scale.name, key):
            records.sweep(scale.name, key)
            found = records.find(scale.name, key, spec)
            if found is None:
                return carry_out(spec, scale, progress, until, load, graph_only)
            drop_checkpoint(scale.name, key)  # of a run that was killed between its record and this
            if progress:
                print(f"{key} is recorded already. To train it anew, delete {found.path}.", file=sys.stderr)
            return found
    except KeyboardInterrupt:  # without the traceback from wherever it struck
        raise KeyboardInterrupt(INTERRUPTED) from None


def carry_out(spec: Spec, scale: Scale, progress: bool, until: float, load: Callable, graph_only: bool) -> Record:
    """Trains what ``run`` found to be missing, and writes its record."""
    start, key = time.perf_counter(), scale.key(spec)
    source = {**provenance.SOURCE, "started": datetime.now(UTC).isoformat(timespec="seconds")}
    execution = recipe.settle(spec)
    with own_stream(execution.device):
        with PREPARING:
            dataset = load(spec.dataset)
            splits, labels = prepare(spec, dataset)
            trainer = make_trainer(spec, splits, labels, dataset.num_classes, execution)
            checkpoint = Checkpoint(scale.name, key, belongs_to(spec, execution, dataset))
            before = checkpoint.resume(trainer)
            trainer.prepare()
        if graph_only and trainer.execution.step != "graph":
            raise NoGraphError(key)
        if trainer.history and progress:
            print(f"{key} goes on after epoch {len(trainer.history)}. To start anew, delete {checkpoint.path}.", file=sys.stderr)

        def after_epoch(trainer: training.Trainer) -> None:
            seconds = before + time.perf_counter() - start
            if time.monotonic() > until and len(trainer.history) < spec.epochs:
                checkpoint.write(trainer, seconds)
                raise OutOfTimeError(f"stopped at the limit, after epoch {len(trainer.history)} of {spec.epochs}")
            checkpoint.maybe_write(trainer, seconds)

        trainer.run(after_epoch=after_epoch, progress=progress)
        content = describe(spec, dataset, splits, labels, trainer, source, before + time.perf_counter() - start)
        arrays, content["risks"] = final_state(spec, splits, labels, trainer)
    record = records.write(scale.name, key, content, arrays)
    drop_checkpoint(scale.name, key)
    return record


def belongs_to(spec: Spec, execution: recipe.Execution, dataset: data.Dataset) -> dict:
    """What must be the same for a checkpoint to be gone on with."""
    mine = {name: provenance.code_of(table[getattr(spec, name)]) for name, table in REGISTERED.items() if getattr(spec, name)}
    known = {"spec": records.spec_dict(spec), "execution": asdict(execution), **provenance.identity()}
    return known | {"registered": mine, "data": dataset.fingerprints}


def describe(spec: Spec, dataset, splits, labels, trainer, source: dict, seconds: float) -> dict:
    """The record's content but for its risks."""
    steps = sum(row["train_seconds"] for row in trainer.history)
    images = len(trainer.history) * (len(splits["train"]) // trainer.batch_size) * trainer.batch_size
    device = torch.cuda.get_device_name() if trainer.execution.device == "cuda" else provenance.processor()
    return {
        "spec": records.spec_dict(spec),
        "noise_rate": labels["train"].rate,
        "dataset": {
            "name": dataset.name,
            "source": dataset.source,
            "classes": list(dataset.classes),
            "fingerprints": dataset.fingerprints,
            "sizes": {name: len(split) for name, split in splits.items()},
        },
        "provenance": {
            "package": __version__,
            **source,
            **provenance.identity(),
            "execution": asdict(trainer.execution),
            "machine": device,
            "seconds": round(seconds, 3),
            "images_per_second": round(images / steps, 1),
        },
        "parameters": models.count_parameters(trainer.network),
        "history": complete(trainer.history),
    }


def complete(history: list[dict]) -> list[dict]:
    """The history with the same columns in every row; exact figures are None in epochs without an evaluation."""
    columns = list(dict.fromkeys(name for row in history for name in row))
    return [{name: row.get(name) for name in columns} for row in history]


def final_state(spec: Spec, splits, labels, trainer) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and the mean of every registered loss that works on each split under each labeling."""
    fresh_seed, arrays, risks = child_seed(spec.seed, "fresh noise"), {}, {}
    for i, (name, split) in enumerate(splits.items()):
        log_p = training.predict(trainer.network, trainer.data[name]).double().cpu()
        matrix = noise_matrix(spec, log_p.shape[1])
        labelings = {"true": split.labels, "fresh": noise.apply_noise(split.labels, matrix, fresh_seed + i).noisy}
        if name != "test":
            labelings["training"] = labels[name].noisy
            arrays[f"{name}_noisy"] = labels[name].noisy.astype(np.uint8)
        arrays[f"{name}_true"] = split.labels.astype(np.uint8)
        arrays[f"{name}_predicted"] = log_p.argmax(1).numpy().astype(np.uint8)
        arrays[f"{name}_log_p"] = log_p.clamp_min(float(np.finfo(np.float16).min)).numpy().astype(np.float16)
        targets = {label: torch.from_numpy(y) for label, y in labelings.items()}
        found = {loss: losses.risks(lambda loss=loss: spec.build_loss(loss), log_p, targets) for loss in losses.LOSSES}
        risks[name] = {loss: values for loss, values in found.items() if values}
    chosen = thumbnails(labels["train"].mislabeled)
    arrays["thumbnail_index"], arrays["thumbnails"] = chosen, splits["train"].images[chosen]
    return arrays, risks


def thumbnails(mislabeled: np.ndarray, n: int = 40) -> np.ndarray:
    """Indices of the images a gallery shows: the first mislabeled ones, then clean ones up to n."""
    wrong = np.flatnonzero(mislabeled)[:n]
    return np.concatenate([wrong, np.flatnonzero(~mislabeled)[: n - len(wrong)]])
