"""Carries out one run: data, noise, network and training in, a record out. Safe to kill and to start twice."""

import copy
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch

from memutils import __version__, data, entries, files, losses, measured, models, noise, provenance, recipe, records, training
from memutils.checkpoints import Checkpoint, drop_checkpoint, only_one
from memutils.data import Split
from memutils.errors import INTERRUPTED, UserError
from memutils.records import Record
from memutils.specs import Scale, Spec, load_scale
from memutils.storage import Storage, pictured

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
        splits, labels = prepare(spec, dataset)
        trainer = make_trainer(spec, splits, labels, dataset.num_classes, execution)
        stood_for = entries.stood_for(spec)
        this_run = {"spec": records.spec_dict(spec), "execution": asdict(execution), **provenance.identity()}
        this_run |= {"stood_for": stood_for, "data": dataset.fingerprints}
        checkpoint = Checkpoint(scale.name, key, this_run)
        before = checkpoint.resume(trainer)
        if trainer.history and progress:
            print(f"{key} goes on after epoch {len(trainer.history)}. To start anew, delete {checkpoint.path}.", file=sys.stderr)
        diverged = trained(trainer, checkpoint, before - start, scale.records, progress)
        seconds = before + time.perf_counter() - start
        content = describe(spec, dataset, splits, labels, trainer, source, seconds) | {"stood_for": stood_for}
        arrays, content["risks"] = final_state(spec, splits, labels, trainer, scale.records, bool(diverged))
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
    spec: Spec, splits, labels, trainer, storage: Storage, diverged: bool = False, redistributable: bool = True
) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and each registered loss's mean on each split under each labeling.

    Losses that do not work are left out, and so is what a diverged network outputs. ``redistributable``: as in
    ``measured.class_arrays``.
    """
    outputs = {}
    if not diverged:
        outputs = {n: training.predict(trainer.network, trainer.data[n]).double().cpu() for n in splits}
    predicted = {name: log_p.argmax(1).numpy() for name, log_p in outputs.items()}
    arrays, risks = measured.class_arrays(labels, predicted, trainer.dynamics, redistributable), {}
    alpha, seed = measured.rll_alpha(records.spec_dict(spec)), child_seed(spec.seed, "fresh noise")
    for i, (name, log_p) in enumerate(outputs.items()):
        noisy, true = labels[name].noisy, splits[name].labels
        arrays |= measured.probabilities(name, log_p, noisy, true, alpha)
        if storage.log_probabilities and (redistributable or name == "test"):
            arrays[f"{name}_log_p"] = measured.log_probabilities(log_p)
        fresh = noise.apply_noise(true, noise_matrix(spec, log_p.shape[1]), seed + i).noisy
        labelings = {"true": true, "fresh": fresh} | ({} if name == "test" else {"training": noisy})
        targets = {label: torch.from_numpy(y) for label, y in labelings.items()}
        found = {loss: losses.risks(lambda n=loss: spec.build_loss(n), log_p, targets) for loss in losses.LOSSES}
        risks[name] = {loss: values for loss, values in found.items() if values}
    return arrays, risks
