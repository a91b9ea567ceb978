"""What a grid still lacks and about how long it will take:
``python -m memutils.runs.grid --scale cpu [--only resnet18]``.
"""

import argparse
import contextlib
import functools
import os
import statistics
import sys
import time
from collections import defaultdict
from dataclasses import dataclass

from memutils import data, recipe
from memutils.errors import UserError, command
from memutils.runs import provenance, records, specs
from memutils.runs.records import Record
from memutils.runs.specs import Spec


def missing(scale: specs.Scale, only: str = "") -> dict[str, Spec]:
    """The grid's runs that have no valid record of this RESULTS_VERSION, by key, in order."""
    return {
        key: spec
        for key, spec in scale.specs(only).items()
        if records.find(scale.name, key, spec) is None
    }


@dataclass(frozen=True)
class Rate:
    """Seconds of one image of one epoch, evaluations included, and where that was measured."""

    seconds: float
    source: str


def recorded() -> list[Record]:
    """All records that can be read, of whatever scale:
    an estimate must not fail by one that is damaged.
    """
    found = []
    for path in sorted(records.results_root().glob("*/[!.]*.json")):
        with contextlib.suppress(UserError):
            found.append(records.read(path))
    return found


def rate(spec: Spec, known: list[Record]) -> Rate | None:
    """The median rate of records of the same network, data set and device,
    or None where there is none.

    Those made on a processor of this model in the precision of ``spec`` come first, then others in
    this precision, then any.
    """
    execution = recipe.settle(spec)
    here = provenance.machine(execution.device)

    def alike(record: Record) -> bool:
        made, executed = record.spec, record.provenance["execution"]
        same = (made["network"], made["dataset"]) == (spec.network, spec.dataset)
        return same and executed["device"] == execution.device and not record.diverged

    same = [r for r in known if alike(r)]
    precise = [r for r in same if r.provenance["execution"]["precision"] == execution.precision]
    for chosen in ([r for r in precise if r.provenance["machine"] == here], precise, same):
        if chosen:
            machines = " and ".join(sorted({r.provenance["machine"] for r in chosen}))
            other = "" if chosen is not same else ", partly in another precision"
            seconds = statistics.median(seconds_per_image(r) for r in chosen)
            return Rate(seconds, f"as recorded on {machines}{other}")
    return None


def seconds_per_image(record: Record) -> float:
    """What a recorded run took for one image of one epoch."""
    return record.provenance["seconds"] / (record.dataset["sizes"]["train"] * record.spec["epochs"])


def measure(spec: Spec) -> float:
    """Seconds of one image of one epoch, measured now: a few training steps,
    times 1.2 for evaluation.
    """
    import numpy as np

    from memutils import data, noise, runs

    dataset = data.load(spec.dataset)
    n = min(len(dataset.train), 4 * spec.batch_size)
    split = {"train": dataset.train[np.arange(n)]}
    if spec.crop:
        split = {"train": runs.center_crop(split["train"], spec.crop)}
    labels = {"train": noise.NoisyLabels(split["train"].labels, split["train"].labels)}
    trainer = runs.make_trainer(spec, split, labels, dataset.num_classes, recipe.settle(spec))
    trainer.training_pass(1, spec.lr)
    start = time.perf_counter()
    trainer.training_pass(2, spec.lr)
    return 1.2 * (time.perf_counter() - start) / n


def operations(network: str, shape: tuple[int, int, int], batch: int = 128) -> float:
    """Floating-point operations of one image in training, both ways, by torch's counter; of ten
    classes. Padding counts, too.
    """
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from memutils import models

    module = models.build(network, shape, 10).to("meta")
    with FlopCounterMode(display=False) as counter:
        module(torch.empty(batch, *shape, device="meta")).sum().backward()
    return counter.get_total_flops() / batch


def duration(seconds: float) -> str:
    """In seconds, minutes or hours, for reading."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 3600:.1f} hours" if seconds > 5400 else f"{round(seconds / 60)} min"


def rows(todo: dict[str, Spec]) -> dict[str, list[Spec]]:
    """The missing runs by what decides their time."""
    found = defaultdict(list)
    for spec in todo.values():
        precision = recipe.settle(spec).precision
        size = f"{images(spec):,} images, {spec.epochs} epoch{'s' * (spec.epochs > 1)}"
        found[f"{spec.network} on {spec.dataset}, {size}, {precision}"].append(spec)
    return found


SIZES = {"mnist5k": 4_000, "mnist": 60_000, "cifar10": 50_000}
"""Training images of the data sets that come with the package."""


def images(spec: Spec) -> int:
    """How many images a run trains on."""
    return spec.n_train or whole_set(spec.dataset) - spec.n_holdout


def whole_set(dataset: str) -> int:
    """Training images of a data set; one that does not come with the package is loaded, once."""
    return SIZES.get(dataset) or counted(dataset, data.DATASETS.get(dataset))


@functools.cache
def counted(dataset: str, entry: object) -> int:
    """Training images of the data set that an entry of this name stands for."""
    return len(data.load(dataset).train)


def estimate(scale: specs.Scale, only: str = "", jobs: int = 1) -> str:
    """How many runs are missing and about how long they take with so many jobs at once,
    all together and each.

    With 0 jobs (other machines do them) no time is told, only a count.
    """
    if not scale.specs():
        raise UserError(f"The scale {scale.name} has no grid; add one to its config.")
    todo, total = missing(scale, only), len(scale.specs(only))
    if not total:
        what = f"No run of scale {scale.name} has {only!r} in its name"
        raise UserError(f"{what}; one is {next(iter(scale.specs()))}.")
    if not todo:
        return f"{scale.name}: all {total} runs are recorded."
    text = f"{scale.name}: {len(todo)} of {total} runs are missing"
    if not jobs:
        return f"{text}."
    known, now, seconds, lines = recorded(), {}, 0.0, []
    for name, group in rows(todo).items():
        found, network = rate(group[0], known), (group[0].network, group[0].dataset)
        if found is None:
            found = now[network] = now.get(network) or Rate(measure(group[0]), "as measured now")
        trained = images(group[0]) * group[0].epochs
        each = found.seconds * trained + 1  # it executes a notebook and draws, too
        seconds += each * len(group)
        lines.append(f"  {name}: {len(group)} missing, {duration(each)} each, {found.source}")
    text += f"; about {duration(5 + seconds / jobs)} with {jobs} at once"  # kernels start once
    if recipe.settle(next(iter(todo.values()))).device == "cuda" and jobs > 1:
        text += f"; up to {duration(5 + seconds)} if they slow each other on the GPU"
    return "\n".join([f"{text}.", *lines])


@command
def main(arguments: list[str] | None = None) -> int:
    """Prints the estimate; 1 and one sentence where something is wrong, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m memutils.runs.grid", description=__doc__)
    parser.add_argument("--scale", default="")
    parser.add_argument("--only", default="", help="only the runs whose key contains this")
    at_once = "runs at once; 0: on other machines, so count only"
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help=at_once)
    options = parser.parse_args(arguments)
    scale = specs.load_scale(options.scale)
    print(estimate(scale, options.only, max(0, options.jobs)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
