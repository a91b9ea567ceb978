"""What a grid still lacks and about how long it will take: ``python -m memutils.grid --scale cpu [--only resnet18]``."""

import argparse
import os
import sys
import time
from collections import defaultdict

from memutils import recipe, records, specs
from memutils.errors import INTERRUPTED, UserError
from memutils.records import Record
from memutils.specs import Spec


def missing(scale: specs.Scale, only: str = "") -> dict[str, Spec]:
    """The grid's runs that have no valid record of this RESULTS_VERSION, by key, in order."""
    return {key: spec for key, spec in scale.specs(only).items() if records.find(scale.name, key, spec) is None}


def seconds_per_image(known: list[Record]) -> dict[str, float]:
    """Median seconds of one image of one epoch, everything included, by network, from records."""
    rates = defaultdict(list)
    for record in (r for r in known if not r.diverged):
        images = record.dataset["sizes"]["train"] * record.spec["epochs"]
        rates[record.spec["network"]].append(record.provenance["seconds"] / images)
    return {network: sorted(values)[len(values) // 2] for network, values in rates.items()}


def measure(spec: Spec) -> float:
    """Seconds of one image of one epoch, measured now: a few training steps, times 1.2 for evaluation."""
    import numpy as np

    from memutils import data, runs

    dataset = data.load(spec.dataset)
    n = min(len(dataset.train), 4 * spec.batch_size)
    split = {"train": dataset.train[np.arange(n)]}
    if spec.crop:
        split = {"train": runs.center_crop(split["train"], spec.crop)}
    labels = {"train": runs.noise.NoisyLabels(split["train"].labels, split["train"].labels)}
    trainer = runs.make_trainer(spec, split, labels, dataset.num_classes, recipe.settle(spec))
    trainer.training_pass(1, spec.lr)
    start = time.perf_counter()
    trainer.training_pass(2, spec.lr)
    return 1.2 * (time.perf_counter() - start) / n


def operations(network: str, shape: tuple[int, int, int], num_classes: int = 10, batch: int = 128) -> float:
    """Floating-point operations of one image in training, forward and backward, by torch's counter (padding counts)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from memutils import models

    module = models.build(network, shape, num_classes).to("meta")
    with FlopCounterMode(display=False) as counter:
        module(torch.empty(batch, *shape, device="meta")).sum().backward()
    return counter.get_total_flops() / batch


def duration(seconds: float) -> str:
    """In minutes or hours, for reading."""
    return f"{seconds / 3600:.1f} hours" if seconds > 5400 else f"{max(1, round(seconds / 60))} min"


def estimate(scale: specs.Scale, only: str = "", jobs: int = 1) -> str:
    """One line: how many runs are missing, and about how long they will take with so many jobs at once (0: not here, no time)."""
    if not scale.specs():
        raise UserError(f"The scale {scale.name} has no grid; add one to its config.")
    todo, total = missing(scale, only), len(scale.specs(only))
    if not total:
        raise UserError(f"No run of scale {scale.name} has {only!r} in its name; one is {next(iter(scale.specs()))}.")
    if not todo:
        return f"{scale.name}: all {total} runs are recorded."
    text = f"{scale.name}: {len(todo)} of {total} runs are missing"
    if not jobs:
        return f"{text}."
    device = recipe.settle(next(iter(todo.values()))).device
    recorded = [r for name in {scale.name, "cpu", "quick"} for r in records.load(name)]
    known = [r for r in recorded if r.provenance["execution"]["device"] == device]
    rates, seconds = seconds_per_image(known), 0.0
    for spec in todo.values():
        if spec.network not in rates:
            rates[spec.network] = measure(spec)
        images = spec.n_train or 60_000  # MNIST's; CIFAR-10 has 50,000
        if spec.dataset == "mnist5k":
            images = min(images, 4_000)
        seconds += rates[spec.network] * images * spec.epochs
    seconds += len(todo)  # each run executes a notebook and draws
    text += f"; about {duration(5 + seconds / jobs)} with {jobs} at once, at the measured rate"  # kernels start once
    if device == "cuda" and jobs > 1:
        text += f"; up to {duration(5 + seconds)} if they slow each other on the GPU"
    return f"{text}."


def main(arguments: list[str] | None = None) -> int:
    """Prints the estimate; 1 and one sentence where something is wrong, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m memutils.grid", description=__doc__)
    parser.add_argument("--scale", default="")
    parser.add_argument("--only", default="", help="only the runs whose key contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at once; 0: on other machines, so count only")
    options = parser.parse_args(arguments)
    try:
        print(estimate(specs.load_scale(options.scale), options.only, max(0, options.jobs)), flush=True)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
