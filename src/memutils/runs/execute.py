"""Carries out one run: data, noise, network and training in, a record out.
Safe to kill and to start twice.
"""

import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

import numpy as np
import torch

from memutils import __version__, data, evaluation, labeling, losses, models, noise, recipe
from memutils.errors import INTERRUPTED, UserError
from memutils.graph import own_stream
from memutils.runs import entries, files, measured, provenance, records
from memutils.runs.checkpoints import Checkpoint, OutOfTimeError, drop_checkpoint, only_one
from memutils.runs.records import Record
from memutils.runs.setup import child_seed, label_source, make_trainer, prepare
from memutils.runs.specs import Scale, Spec, load_scale
from memutils.runs.storage import Storage, pictured
from memutils.step import Diverged
from memutils.training import Trainer


class NoGraphError(Exception):
    """A run's steps are no CUDA graph, so that it must not share its process."""


PREPARING = threading.Lock()
"""Networks are initialized by torch's generator, which all threads share: one run of a process
prepares at a time.
"""


def run(
    spec: Spec,
    scale: Scale | str,
    progress: bool = True,
    *,
    until: float = math.inf,
    load: Callable[[str], data.Dataset] = data.load,
    graph_only: bool = False,
) -> Record:
    """Carries out a run, or goes on with an interrupted one,
    or returns the record that is there already.

    Args:
        spec: what to run.
        scale: names the folder of the record.
        progress: show a progress bar on stderr.
        until: by ``time.monotonic()``; the run stops after the first epoch that ends later.
        load: gives the data set of a name.
        graph_only: other runs are under way in threads of this process, which is right only where
            steps are CUDA graphs.

    Raises:
        UserError: anything the user can mend; nothing half-written stays behind.
        OutOfTimeError: ``until`` came before the last epoch.
        NoGraphError: the steps cannot be captured, where they must be.
        KeyboardInterrupt: with a text that says how to go on.
    """
    scale = load_scale(scale) if isinstance(scale, str) else scale
    if not isinstance(spec, Spec):
        raise UserError("A run needs a specification: scale.spec(loss='rll', eta=0.4) makes one.")
    key = scale.key(spec)
    try:
        with only_one(scale.name, key, until):
            files.sweep(scale.name, key)
            found = records.find(scale.name, key, spec)
            if found is None:
                return train_and_record(spec, scale, progress, until, load, graph_only)
            drop_checkpoint(scale.name, key)  # of a run that was killed between its record and this
            if progress:
                there = f"{key} is recorded already."
                print(f"{there} To train it anew, delete {found.path}.", file=sys.stderr)
            return found
    except KeyboardInterrupt:  # without the traceback from wherever it struck
        raise KeyboardInterrupt(INTERRUPTED) from None


def train_and_record(
    spec: Spec, scale: Scale, progress: bool, until: float, load: Callable, graph_only: bool
) -> Record:
    """Trains what ``run`` found to be missing, and writes its record."""
    start, key = time.perf_counter(), scale.key(spec)
    source = {**provenance.SOURCE, "started": datetime.now(UTC).isoformat(timespec="seconds")}
    execution = recipe.settle(spec)
    with own_stream(execution.device):
        with PREPARING:
            dataset = load(spec.dataset)
            given = label_source(spec, dataset)
            splits, labels = prepare(spec, dataset, given)
            trainer = make_trainer(spec, splits, labels, dataset.num_classes, execution)
            identity = belongs_to(spec, execution, dataset, given)
            checkpoint = Checkpoint(scale.name, key, identity)
            before = checkpoint.resume(trainer)
            trainer.prepare()
        if graph_only and trainer.execution.step != "graph":
            raise NoGraphError(key)
        if trainer.history and progress:
            done = f"{key} goes on after epoch {len(trainer.history)}."
            print(f"{done} To start anew, delete {checkpoint.path}.", file=sys.stderr)
        after_epoch = saving(checkpoint, before - start, until)
        diverged = trained(trainer, after_epoch, scale.records, progress)
        seconds = before + time.perf_counter() - start
        content = describe(spec, dataset, splits, labels, trainer, source, seconds)
        content |= {"stood_for": identity["stood_for"]}
        more, arrays = results(spec, scale, splits, labels, trainer, given, diverged)
    record = records.write(scale.name, key, content | more, trainer.history, arrays)
    drop_checkpoint(scale.name, key)
    return record


def belongs_to(
    spec: Spec, execution: recipe.Execution, dataset: data.Dataset, given: labeling.Source
) -> dict:
    """What must be the same for a checkpoint to be gone on with."""
    known = {"spec": records.spec_dict(spec), "execution": asdict(execution)}
    known |= {**provenance.identity(), "stood_for": entries.stood_for(spec)}
    return known | {"data": dataset.fingerprints, "labels": given.facts}


def saving(checkpoint: Checkpoint, spent: float, until: float) -> Callable[[Trainer], None]:
    """What happens after an epoch: a checkpoint where one is due, or where the time is up.

    ``spent`` plus the clock's seconds is what the run has taken; ``until`` is by
    ``time.monotonic()``.
    """

    def after_epoch(trainer: Trainer) -> None:
        seconds, done = spent + time.perf_counter(), len(trainer.history)
        if time.monotonic() > until and done < trainer.recipe.epochs:
            checkpoint.write(trainer, seconds)
            when = f"after epoch {done} of {trainer.recipe.epochs}"
            raise OutOfTimeError(f"stopped at the limit, {when}")
        checkpoint.maybe_write(trainer, seconds)

    return after_epoch


def trained(
    trainer: Trainer, after_epoch: Callable, storage: Storage, progress: bool
) -> int | None:
    """Trains to the end; returns the epoch in which the run diverged, if its record may say so."""
    try:
        trainer.run(after_epoch, progress)
    except Diverged as error:
        if not storage.diverged:
            raise
        return error.epoch
    return None


def results(
    spec: Spec, scale: Scale, splits, labels, trainer, given: labeling.Source, diverged: int | None
) -> tuple[dict, dict[str, np.ndarray]]:
    """What came of a run: the parts of its record's content, and the arrays."""
    arrays, risks = final_state(
        spec, splits, labels, trainer, given.matrix, scale.records, bool(diverged)
    )
    counts = noise.transition_counts(labels["train"], given.matrix.shape[0])
    content = {"noise": {"matrix_counts": counts.tolist(), **given.facts}, "risks": risks}
    if diverged:
        content["diverged"] = {"epoch": diverged}
    if tallies := measured.counts(arrays):
        content["counts"] = tallies
    if pictured(scale, spec):
        chosen = measured.thumbnails(labels["train"].mislabeled)
        arrays |= {"thumbnail_index": chosen, "thumbnails": splits["train"].images[chosen]}
    return content, arrays


def describe(spec: Spec, dataset, splits, labels, trainer, source: dict, seconds: float) -> dict:
    """The record's content but for its risks."""
    steps = sum(row["train_seconds"] for row in trainer.history)
    images = len(trainer.history) * len(trainer.step) * trainer.batch_size
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
            "machine": provenance.machine(trainer.execution.device),
            "seconds": round(seconds, 3),
            "images_per_second": round(images / steps, 1) if steps else None,
        },
        "parameters": models.count_parameters(trainer.network),
    }


def final_state(
    spec: Spec, splits, labels, trainer, matrix: np.ndarray, storage: Storage, diverged: bool
) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and each registered loss's mean on each split under each labeling.

    Losses that do not work are left out, and so is what a diverged network outputs. 'fresh' labels
    are drawn from the noise's transition matrix (K, K), whatever the noise.
    """
    outputs = {}
    if not diverged:
        network, on_device = trainer.network, trainer.data
        outputs = {n: evaluation.predict(network, on_device[n]).double().cpu() for n in splits}
    predicted = {name: log_p.argmax(1).numpy() for name, log_p in outputs.items()}
    free = labeling.redistributable(spec.noise, spec.labels)
    arrays, risks = measured.class_arrays(labels, predicted, trainer.dynamics, free), {}
    alpha, seed = measured.rll_alpha(records.spec_dict(spec)), child_seed(spec.seed, "fresh noise")
    for i, (name, log_p) in enumerate(outputs.items()):
        noisy, true = labels[name].noisy, splits[name].labels
        arrays |= measured.probabilities(name, log_p, noisy, true, alpha)
        if storage.log_probabilities and (free or name == "test"):
            arrays[f"{name}_log_p"] = measured.log_probabilities(log_p)
        labelings = {"true": true, "fresh": noise.apply_noise(true, matrix, seed + i).noisy}
        if name != "test":
            labelings["training"] = noisy
        targets = {kind: torch.from_numpy(y) for kind, y in labelings.items()}
        risks[name] = registered_risks(spec, log_p, targets)
    return arrays, risks


def registered_risks(
    spec: Spec, log_p: torch.Tensor, targets: dict[str, torch.Tensor]
) -> dict[str, dict[str, float]]:
    """The mean of every registered loss under each labeling; losses that do not work are left out.

    Args:
        log_p: log-probabilities (N, K).
        targets: the labels (N,) of each labeling.
    """
    found = {
        name: losses.risks(lambda name=name: spec.build_loss(name), log_p, targets)
        for name in losses.LOSSES
    }
    return {name: values for name, values in found.items() if values}
