"""Carries out one run: data, noise, network and training in, a record out. Safe to kill and to
start twice.
"""

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

from memutils import __version__, data, labeling, losses, models, noise, recipe, training, trial
from memutils.data import Split
from memutils.errors import INTERRUPTED, UserError
from memutils.graph import own_stream
from memutils.runs import entries, files, measured, provenance, records
from memutils.runs.checkpoints import Checkpoint, drop_checkpoint, only_one
from memutils.runs.records import Record
from memutils.runs.specs import Scale, Spec, load_scale
from memutils.runs.storage import Storage, pictured

PURPOSES = (
    "subset",
    "noise",
    "initialization",
    "order",
    "fresh noise",
    "test subset",
    "shuffled labels",
)


def child_seed(seed: int, purpose: str) -> int:
    """A seed of its own for each thing a run's seed decides, the same on every platform."""
    return int(np.random.SeedSequence([seed, PURPOSES.index(purpose)]).generate_state(1)[0])


def prepare(
    spec: Spec, dataset: data.Dataset, source: labeling.Source | None = None
) -> tuple[dict[str, Split], dict[str, noise.NoisyLabels]]:
    """The splits of a run ('train', 'test', and 'holdout' where asked for) and their labels; test
    labels are true.

    ``source`` is where the labels come from, by default what the specification says.
    """
    pool, source = dataset.train, source or label_source(spec, dataset)
    n = spec.n_train or len(pool) - spec.n_holdout
    if n + spec.n_holdout > len(pool) or spec.n_test > len(dataset.test):
        raise UserError(
            f"{dataset.name} has {len(pool)} training and {len(dataset.test)} test images; lower"
            " n_train, n_holdout or n_test."
        )
    seed = child_seed(spec.seed, "subset")
    chosen = data.stratified(pool.labels, n, seed)
    places, splits = {"train": chosen}, {"train": pool[chosen], "test": dataset.test}
    if spec.n_test:
        splits["test"] = dataset.test[
            data.stratified(dataset.test.labels, spec.n_test, child_seed(0, "test subset"))
        ]
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
        labels["train"] = noise.NoisyLabels(
            labels["train"].noisy[clean], labels["train"].true[clean]
        )
    if len(splits["train"]) < 2:
        raise UserError(
            "A run needs at least 2 images to train on; raise n_train, or lower eta where train_on"
            " is 'clean'."
        )
    return splits, labels


def label_source(spec: Spec, dataset: data.Dataset) -> labeling.Source:
    """Where the training labels of a run come from; reads the files that this needs."""
    return labeling.settle(spec.noise, spec.eta, spec.labels, dataset)


def center_crop(split: Split, side: int) -> Split:
    """The center of each image, side x side pixels."""
    height, width = split.images.shape[1:3]
    if side > min(height, width):
        raise UserError(
            f"Images of {height}x{width} pixels cannot be cropped to {side}; lower crop."
        )
    top, left = (height - side) // 2, (width - side) // 2
    return Split(
        np.ascontiguousarray(split.images[:, top : top + side, left : left + side]), split.labels
    )


def make_trainer(
    spec: Spec, splits, labels, num_classes: int, execution: recipe.Execution
) -> training.Trainer:
    """The trainer of a run, before its first epoch."""
    train = splits["train"].images
    shift, scale = (None, None) if spec.inputs == "whiten" else training.channel_statistics(train)
    resident = {
        name: training.Resident(split, labels[name].noisy, shift, scale, execution.device)
        for name, split in splits.items()
    }
    shape = (train.shape[3], *train.shape[1:3])
    network = models.build(
        spec.network, shape, num_classes, child_seed(spec.seed, "initialization")
    )
    network = network.to(execution.device, memory_format=torch.channels_last)
    batch = resident["train"].batch(slice(0, spec.batch_size))
    trial.check_network(spec.network, network, batch, num_classes, execution)

    def placed(
        loss,
    ):  # with its buffers, and as a copy: a registered loss may be one object for all runs
        loss = (
            copy.deepcopy(loss).to(execution.device) if isinstance(loss, torch.nn.Module) else loss
        )
        losses.check_loss(loss, num_classes, execution.device)
        return loss

    first = placed(spec.build_loss())
    later = placed(spec.build_loss(spec.switch_loss)) if spec.switch_loss else first
    return training.Trainer(
        network,
        lambda epoch: later if spec.switch_loss and epoch > spec.switch_epoch else first,
        resident,
        spec,
        execution,
        child_seed(spec.seed, "order"),
    )


class OutOfTimeError(Exception):
    """A run was stopped at its limit of time; its checkpoint is written."""


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
    """Carries out a run, or goes on with an interrupted one, or returns the record that is there
    already.

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
    key = scale.key(spec)
    try:
        with only_one(scale.name, key):
            files.sweep(scale.name, key)
            found = records.find(scale.name, key, spec)
            if found is None:
                return carry_out(spec, scale, progress, until, load, graph_only)
            drop_checkpoint(scale.name, key)  # of a run that was killed between its record and this
            if progress:
                print(
                    f"{key} is recorded already. To train it anew, delete {found.path}.",
                    file=sys.stderr,
                )
            return found
    except KeyboardInterrupt:  # without the traceback from wherever it struck
        raise KeyboardInterrupt(INTERRUPTED) from None


def carry_out(
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
            print(
                f"{key} goes on after epoch {len(trainer.history)}. To start anew, delete"
                f" {checkpoint.path}.",
                file=sys.stderr,
            )
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


def saving(
    checkpoint: Checkpoint, spent: float, until: float
) -> Callable[[training.Trainer], None]:
    """What happens after an epoch: a checkpoint where one is due, or where the time is up.

    ``spent`` plus the clock's seconds is what the run has taken; ``until`` is by
    ``time.monotonic()``.
    """

    def after_epoch(trainer: training.Trainer) -> None:
        seconds, done = spent + time.perf_counter(), len(trainer.history)
        if time.monotonic() > until and done < trainer.recipe.epochs:
            checkpoint.write(trainer, seconds)
            raise OutOfTimeError(
                f"stopped at the limit, after epoch {done} of {trainer.recipe.epochs}"
            )
        checkpoint.maybe_write(trainer, seconds)

    return after_epoch


def trained(
    trainer: training.Trainer, after_epoch: Callable, storage: Storage, progress: bool
) -> int | None:
    """Trains to the end; returns the epoch in which the run diverged, if it did and its record may
    say so.
    """
    try:
        trainer.run(after_epoch, progress)
    except training.Diverged as error:
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
    images = (
        len(trainer.history) * (len(splits["train"]) // trainer.batch_size) * trainer.batch_size
    )
    device = (
        torch.cuda.get_device_name()
        if trainer.execution.device == "cuda"
        else provenance.processor()
    )
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
    spec: Spec,
    splits,
    labels,
    trainer,
    matrix: np.ndarray,
    storage: Storage,
    diverged: bool = False,
) -> tuple[dict[str, np.ndarray], dict]:
    """The companion arrays, and each registered loss's mean on each split under each labeling.

    Losses that do not work are left out, and so is what a diverged network outputs. 'fresh' labels
    are drawn from the noise's transition matrix (K, K), whatever the noise.
    """
    outputs = {}
    if not diverged:
        outputs = {
            n: training.predict(trainer.network, trainer.data[n]).double().cpu() for n in splits
        }
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
        found = {
            loss: losses.risks(lambda n=loss: spec.build_loss(n), log_p, targets)
            for loss in losses.LOSSES
        }
        risks[name] = {loss: values for loss, values in found.items() if values}
    return arrays, risks
