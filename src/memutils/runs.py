"""Carries out one run: data, noise, network and training in, a record out. Safe to kill and to start twice."""

import copy
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch

from memutils import (
    __version__,
    data,
    entries,
    files,
    labeling,
    losses,
    measured,
    models,
    noise,
    provenance,
    recipe,
    records,
    training,
    trial,
)
from memutils.checkpoints import Checkpoint, drop_checkpoint, only_one
from memutils.data import Split
from memutils.errors import INTERRUPTED, UserError
from memutils.records import Record
from memutils.specs import Scale, Spec, load_scale
from memutils.storage import Storage, pictured

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
        files.sweep(scale.name, key)
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
        stood_for = entries.stood_for(spec)
        this_run = {"spec": records.spec_dict(spec), "execution": asdict(execution), **provenance.identity()}
        this_run |= {"stood_for": stood_for, "data": dataset.fingerprints, "labels": given.facts}
        checkpoint = Checkpoint(scale.name, key, this_run)
        before = checkpoint.resume(trainer)
        if trainer.history and progress:
            print(f"{key} goes on after epoch {len(trainer.history)}. To start anew, delete {checkpoint.path}.", file=sys.stderr)
        diverged = trained(trainer, checkpoint, before - start, scale.records, progress)
        seconds = before + time.perf_counter() - start
        content = describe(spec, dataset, splits, labels, trainer, source, seconds) | {"stood_for": stood_for}
        counts = noise.transition_counts(labels["train"], dataset.num_classes)
        content["noise"] = {"matrix_counts": counts.tolist(), **given.facts}
        arrays, content["risks"] = final_state(spec, splits, labels, trainer, given.matrix, scale.records, bool(diverged))
        if diverged:
            content["diverged"] = {"epoch": diverged}
        if tallies := measured.counts(arrays):
            content["counts"] = tallies
        if pictured(scale, spec):
            chosen = measured.thumbnails(labels["train"].mislabeled)
            arrays |= {"thumbnail_index": chosen, "thumbnails": splits["train"].images[chosen]}
        record = records.write(scale.name, key, content, trainer.history, arrays)
        drop_checkpoint(scale.name, key)
        return record


def trained(trainer, checkpoint: Checkpoint, spent: float, storage: Storage, progress: bool) -> int | None:
    """Trains to the end; returns the epoch in which the run diverged, if it did and its record may say so.

    ``spent`` plus the clock's seconds is what the run has taken.
    """
    try:
        trainer.run(lambda t: checkpoint.maybe_write(t, spent + time.perf_counter()), progress)
    except training.Diverged as error:
        if not storage.diverged:
            raise
        return error.epoch
    return None


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
            "images_per_second": round(images / steps, 1) if steps else None,
        },
        "parameters": models.count_parameters(trainer.network),
    }


def final_state(
    spec: Spec, splits, labels, trainer, matrix: np.ndarray, storage: Storage, diverged: bool = False
) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and each registered loss's mean on each split under each labeling.

    Losses that do not work are left out, and so is what a diverged network outputs. 'fresh' labels are drawn from the
    noise's transition matrix (K, K), whatever the noise.
    """
    outputs = {}
    if not diverged:
        outputs = {n: training.predict(trainer.network, trainer.data[n]).double().cpu() for n in splits}
    predicted = {name: log_p.argmax(1).numpy() for name, log_p in outputs.items()}
    free = labeling.redistributable(spec.noise, spec.labels)
    arrays, risks = measured.class_arrays(labels, predicted, trainer.dynamics, free), {}
    alpha, seed = measured.rll_alpha(records.spec_dict(spec)), child_seed(spec.seed, "fresh noise")
    for i, (name, log_p) in enumerate(outputs.items()):
        noisy, true = labels[name].noisy, splits[name].labels
        arrays |= measured.probabilities(name, log_p, noisy, true, alpha)
        if storage.log_probabilities and (free or name == "test"):
            arrays[f"{name}_log_p"] = measured.log_probabilities(log_p)
        fresh = noise.apply_noise(true, matrix, seed + i).noisy
        labelings = {"true": true, "fresh": fresh} | ({} if name == "test" else {"training": noisy})
        targets = {label: torch.from_numpy(y) for label, y in labelings.items()}
        found = {loss: losses.risks(lambda n=loss: spec.build_loss(n), log_p, targets) for loss in losses.LOSSES}
        risks[name] = {loss: values for loss, values in found.items() if values}
    return arrays, risks
