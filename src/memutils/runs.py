"""Carries out one run: data, noise, network and training in, a record out. Safe to kill and to start twice."""

import copy
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch

from memutils import __version__, data, labeling, losses, models, noise, provenance, recipe, records, training, trial
from memutils.checkpoints import Checkpoint, drop_checkpoint, only_one
from memutils.data import Split
from memutils.errors import INTERRUPTED, UserError
from memutils.records import Record
from memutils.specs import Scale, Spec, load_scale

REGISTERED = {"dataset": data.DATASETS, "network": models.NETWORKS, "loss": losses.LOSSES, "switch_loss": losses.LOSSES}
"""What a name in a run's settings stands for; it can be the user's own, and must be the same when a run goes on."""

PURPOSES = ("subset", "noise", "initialization", "order", "fresh noise", "test subset", "shuffled labels")


def child_seed(seed: int, purpose: str) -> int:
    """A seed of its own for each thing a run's seed decides, the same on every platform."""
    return int(np.random.SeedSequence([seed, PURPOSES.index(purpose)]).generate_state(1)[0])


def prepare(
    spec: Spec, dataset: data.Dataset, source: labeling.Source | None = None
) -> tuple[dict[str, Split], dict[str, noise.NoisyLabels]]:
    """The splits of a run ('train', 'test', and 'holdout' where asked for) and their labels; test labels are true.

    ``source`` is where the labels come from, by default what the specification says.
    """
    pool, source = dataset.train, source or label_source(spec, dataset)
    n = spec.n_train or len(pool) - spec.n_holdout
    if n + spec.n_holdout > len(pool) or spec.n_test > len(dataset.test):
        raise UserError(
            f"{dataset.name} has {len(pool)} training and {len(dataset.test)} test images; lower n_train, n_holdout or n_test."
        )
    seed = child_seed(spec.seed, "subset")
    chosen = data.stratified(pool.labels, n, seed)
    places, splits = {"train": chosen}, {"train": pool[chosen], "test": dataset.test}
    if spec.n_test:
        splits["test"] = dataset.test[data.stratified(dataset.test.labels, spec.n_test, child_seed(0, "test subset"))]
    if spec.n_holdout:
        rest = np.setdiff1d(np.arange(len(pool)), chosen)
        places["holdout"] = rest[data.stratified(pool.labels[rest], spec.n_holdout, seed)]
        splits["holdout"] = pool[places["holdout"]]
    if spec.crop:
        splits = {name: center_crop(split, spec.crop) for name, split in splits.items()}
    labels = {name: noise.NoisyLabels(split.labels, split.labels) for name, split in splits.items()}
    seeds = [child_seed(spec.seed, purpose) for purpose in ("noise", "shuffled labels")]
    for i, (name, index) in enumerate(places.items()):
        labels[name] = source.label(splits[name].labels, index, *(seed + i for seed in seeds))
    if spec.train_on == "clean":
        clean = ~labels["train"].mislabeled
        splits["train"] = splits["train"][clean]
        labels["train"] = noise.NoisyLabels(labels["train"].noisy[clean], labels["train"].true[clean])
    if len(splits["train"]) < 2:
        raise UserError("A run needs at least 2 images to train on; raise n_train, or lower eta where train_on is 'clean'.")
    return splits, labels


def label_source(spec: Spec, dataset: data.Dataset) -> labeling.Source:
    """Where the training labels of a run come from; reads the files that this needs."""
    return labeling.settle(spec.noise, spec.eta, spec.labels, dataset)


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
    network = network.to(execution.device, memory_format=torch.channels_last)
    batch = resident["train"].batch(slice(0, spec.batch_size))
    trial.check_network(spec.network, network, batch, num_classes, execution)
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


def run(spec: Spec, scale: Scale | str, progress: bool = True) -> Record:
    """Carries out a run, or goes on with an interrupted one, or returns the record that is there already.

    Args:
        spec: what to run.
        scale: names the folder of the record.
        progress: show a progress bar on stderr.

    Raises:
        UserError: anything the user can mend; nothing half-written stays behind.
        KeyboardInterrupt: with a text that says how to go on.
    """
    scale = load_scale(scale) if isinstance(scale, str) else scale
    try:
        return carry_out(spec, scale, progress)
    except KeyboardInterrupt:  # without the traceback from wherever it struck
        raise KeyboardInterrupt(INTERRUPTED) from None


def carry_out(spec: Spec, scale: Scale, progress: bool) -> Record:
    """``run`` with a scale that is read already, and an interrupt as it comes."""
    key = scale.key(spec)
    with only_one(scale.name, key):
        records.sweep(scale.name, key)
        found = records.find(scale.name, key, spec)
        if found is not None:
            drop_checkpoint(scale.name, key)  # of a run that was killed between its record and this
            if progress:
                print(f"{key} is recorded already. To train it anew, delete {found.path}.", file=sys.stderr)
            return found
        start, started = time.perf_counter(), datetime.now(UTC).isoformat(timespec="seconds")
        source = {**provenance.SOURCE, "started": started}
        execution = recipe.settle(spec)
        dataset = data.load(spec.dataset)
        given = label_source(spec, dataset)
        splits, labels = prepare(spec, dataset, given)
        trainer = make_trainer(spec, splits, labels, dataset.num_classes, execution)
        mine = {name: provenance.code_of(table[getattr(spec, name)]) for name, table in REGISTERED.items() if getattr(spec, name)}
        this_run = {"spec": records.spec_dict(spec), "execution": asdict(execution), **provenance.identity()}
        this_run |= {"registered": mine, "data": dataset.fingerprints, "labels": given.facts}
        checkpoint = Checkpoint(scale.name, key, this_run)
        before = checkpoint.resume(trainer)
        if trainer.history and progress:
            print(f"{key} goes on after epoch {len(trainer.history)}. To start anew, delete {checkpoint.path}.", file=sys.stderr)
        trainer.run(after_epoch=lambda t: checkpoint.maybe_write(t, before + time.perf_counter() - start), progress=progress)
        seconds = before + time.perf_counter() - start
        content = describe(spec, dataset, splits, labels, trainer, source, seconds)
        counts = noise.transition_counts(labels["train"], dataset.num_classes)
        content["noise"] = {"matrix_counts": counts.tolist(), **given.facts}
        arrays, content["risks"] = final_state(spec, splits, labels, trainer, given.matrix)
        record = records.write(scale.name, key, content, arrays)
        drop_checkpoint(scale.name, key)
        return record


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


def final_state(spec: Spec, splits, labels, trainer, matrix: np.ndarray) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and the mean of every registered loss that works on each split under each labeling.

    'fresh' labels are drawn from the noise's transition matrix (K, K), whatever the noise.
    """
    fresh_seed, arrays, risks = child_seed(spec.seed, "fresh noise"), {}, {}
    for i, (name, split) in enumerate(splits.items()):
        log_p = training.predict(trainer.network, trainer.data[name]).double().cpu()
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
