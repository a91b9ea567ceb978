"""Side (c): this package, with its defaults and every evaluation; and what its parts cost."""

import copy
import math
import time

import torch
from task import Task

from memutils import recipe, runs, training

PRODUCTS = {
    "cpu": ("convolution", "aten::mm", "aten::addmm"),
    "cuda": ("conv", "gemm", "xmma", "cutlass", "nvjet", "fprop", "dgrad", "wgrad"),
}
"""In what operations of the CPU, and kernels of CUDA's libraries, convolutions and products are."""


def epoch(task: Task) -> dict:
    """Trains one epoch and evaluates; returns the seconds of the training steps, of all,
    and the figures.
    """
    trainer = runs.make_trainer(task.spec, task.splits, task.labels, 10, recipe.settle(task.spec))
    trainer.prepare()  # a graph is captured once in a run
    # each trainer compiles in its own first steps: not counted, as other sides' warm-up is not
    if trainer.execution.step == "compiled":
        before = copy.deepcopy(trainer.state())
        trainer.training_pass(1, task.spec.lr)
        trainer.load_state(before)
    row = trainer.epoch(1, evaluated=True)
    figures = {
        name: row[name] for name in ("j1", "j2", "test_accuracy", "train_loss", "training_j1")
    }
    return {
        "train_seconds": row["train_seconds"],
        "seconds": row["seconds"],
        "figures": figures,
        "preparation_seconds": preparation(trainer),
        "precision": trainer.execution.precision,
    }


def preparation(trainer: training.Trainer) -> float:
    """Seconds an epoch spends on its order and on gathering and normalizing its batches."""
    data, size = trainer.data["train"], trainer.batch_size
    start = time.perf_counter()
    for index in (
        training.order(0, 1, len(data)).to(data.true.device).split(size)[: len(data) // size]
    ):
        data.batch(index)
    if data.images.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


def products(task: Task) -> float:
    """The share of a training pass that convolutions and matrix products take;
    the rest moves memory.
    """
    trainer = runs.make_trainer(task.spec, task.splits, task.labels, 10, recipe.settle(task.spec))
    trainer.training_pass(1, task.spec.lr)  # not counted: libraries choose their kernels in it
    cuda = trainer.execution.device == "cuda"
    kinds = [torch.profiler.ProfilerActivity.CUDA if cuda else torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=kinds) as profile:
        trainer.training_pass(2, task.spec.lr)
    took = {
        e.key: e.self_device_time_total if cuda else e.self_cpu_time_total
        for e in profile.key_averages()
    }
    words = PRODUCTS["cuda" if cuda else "cpu"]
    products = sum(t for name, t in took.items() if any(word in name for word in words))
    return products / (sum(took.values()) or math.nan)  # a profiler may see nothing of a GPU
