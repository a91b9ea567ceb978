"""How many images a second several runs at once train on, by each way to carry them out.

    python benchmarks/ways.py WAYS.json --at-once 1 2 4 8

A way is streams (threads of one process, steps as CUDA graphs) or processes (steps one operation
after another, or as graphs), times a number of runs at once. Measured on ResNet-18 with the paper's
images and batches; the other networks are measured alone. What was measured is written at once.
"""

import argparse
import contextlib
import json
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path

import torch
from task import NETWORKS, make_random

from memutils import recipe, runs, training
from memutils.graph import own_stream
from memutils.runs import specs
from memutils.runs.execute import PREPARING
from memutils.runs.files import write_whole

PATIENCE = 60
"""Seconds that a run waits for the others before it gives up."""


@dataclass(frozen=True)
class Plan:
    """What each of several runs does: trains for so many seconds, for each number of them."""

    network: str
    step: str
    counts: tuple[int, ...]
    seconds: float
    n: int
    device: str


def make_trainer(network: str, step: str, n: int) -> training.Trainer:
    """A trainer after its first epoch, in which libraries choose their kernels.

    Raises:
        RuntimeError: its steps are carried out otherwise.
    """
    task = make_random(network, n, n)
    execution = replace(recipe.settle(task.spec), step=step)
    with PREPARING:
        trainer = runs.make_trainer(task.spec, task.splits, task.labels, 10, execution)
        trainer.prepare()
    if trainer.execution.step != step:
        raise RuntimeError(f"steps are {trainer.execution.step}, not {step}")
    trainer.training_pass(1, task.spec.lr)
    return trainer


def speed(trainer: training.Trainer, seconds: float) -> float:
    """Images a second over whole epochs, one at least."""
    start, images = time.perf_counter(), 0
    while not images or time.perf_counter() - start < seconds:
        trainer.training_pass(1, trainer.recipe.lr)
        images += len(trainer.step) * trainer.batch_size
    return images / (time.perf_counter() - start)


def worker(place: int, plan: Plan, barrier, answers) -> None:
    """A run: takes part where there are more of them than its place, and answers each time."""
    trainer, count = None, 0
    try:
        with own_stream(plan.device):
            for count in plan.counts:
                if place < count and trainer is None:
                    trainer = make_trainer(plan.network, plan.step, plan.n)
                barrier.wait(PATIENCE)
                if place < count:
                    answers.put((count, speed(trainer, plan.seconds)))
                barrier.wait(PATIENCE)
    except threading.BrokenBarrierError:  # another one failed, and says why
        pass
    except Exception as error:
        barrier.abort()
        answers.put((count, f"{type(error).__name__}: {error}"))


def as_streams(plan: Plan) -> list[tuple[int, object]]:
    """The answers of runs in threads of this process."""
    barrier, answers, most = threading.Barrier(max(plan.counts)), queue.Queue(), max(plan.counts)
    threads = [
        threading.Thread(target=worker, args=(i, plan, barrier, answers), daemon=True)
        for i in range(most)
    ]
    return collected(threads, answers, plan)


def as_processes(plan: Plan) -> list[tuple[int, object]]:
    """The answers of runs in processes of their own."""
    spawn, most = get_context("spawn"), max(plan.counts)
    barrier, answers = spawn.Barrier(most), spawn.Queue()
    children = [
        spawn.Process(target=worker, args=(i, plan, barrier, answers), daemon=True)
        for i in range(most)
    ]
    return collected(children, answers, plan)


def collected(workers: list, answers, plan: Plan) -> list[tuple[int, object]]:
    """Starts the runs and takes their answers until all came, one failed, or none comes."""
    found = []
    for one in workers:
        one.start()
    while len(found) < sum(plan.counts) and not any(isinstance(answer, str) for _, answer in found):
        try:
            found.append(answers.get(timeout=2 * PATIENCE))
        except queue.Empty:
            found.append((0, "a run did not answer"))
    for one in workers:
        one.join(1 if found and isinstance(found[-1][1], str) else PATIENCE)
    return found


def rows(by: str, plan: Plan, answers: list[tuple[int, object]]) -> list[dict]:
    """A row for each number of runs at once: the speed of each, or why there is none."""
    why = next((answer for _, answer in answers if isinstance(answer, str)), "")
    table = []
    for count in plan.counts:
        speeds = [answer for n, answer in answers if n == count and not isinstance(answer, str)]
        result = {"images_per_second": speeds} if len(speeds) == count else {"failed": why}
        table.append({"by": by, "step": plan.step, "at_once": count} | result)
    return table


def alone(network: str, n: int, seconds: float) -> dict:
    """A network alone: images a second as a graph and eager, and an image's seconds in a run of
    scale paper, evaluations included.
    """
    device = recipe.settle(recipe.Recipe()).device
    with own_stream(device):
        found = {"eager": speed(trainer := make_trainer(network, "eager", n), seconds)}
        if device == "cuda":
            with contextlib.suppress(RuntimeError):
                found["graph"] = speed(trainer := make_trainer(network, "graph", n), seconds)
        trainer.evaluate()
        start = time.perf_counter()
        trainer.evaluate()
        evaluation = (time.perf_counter() - start) / (2 * n)  # training and test images
    trained = found.get("graph", found["eager"])
    spec = specs.load_scale("paper").spec(network=network, loss="cce", eta=0)
    passes = 1.2 * len(spec.evaluation_epochs()) / spec.epochs  # 10,000 test images beside 50,000
    cost = 1 / trained + passes * evaluation
    return found | {"images_per_second": trained, "seconds_per_image": cost}


def measure(options: argparse.Namespace) -> None:
    """Measures one way after the other, the most telling first; writes the file after each."""
    device, counts = recipe.settle(recipe.Recipe()).device, tuple(sorted(options.at_once))
    found = {"device": device, "network": "resnet18", "n": options.n, "ways": [], "alone": {}}

    def add(by: str, step: str, start: Callable[[Plan], list]) -> None:
        plan = Plan("resnet18", step, counts, options.seconds, options.n, device)
        found["ways"] += (table := rows(by, plan, start(plan)))
        write_whole(options.output, json.dumps(found, indent=1).encode())
        for row in table:
            what = row.get("failed") or f"{sum(row['images_per_second']):,.0f} images/s"
            print(f"{row['at_once']} at once by {by}, steps {step}: {what}")

    def add_alone(networks: Sequence[str]) -> None:
        for network in networks:
            found["alone"][network] = alone(network, options.n, options.seconds / 2)
            write_whole(options.output, json.dumps(found, indent=1).encode())
            print(f"{network} alone: {found['alone'][network]['images_per_second']:,.0f} images/s")
        if device == "cuda":
            torch.cuda.empty_cache()

    if device == "cuda":
        add("streams", "graph", as_streams)
        torch.cuda.empty_cache()
    add_alone(["resnet18"])
    if device == "cuda":
        torch.cuda.empty_cache()
        add("processes", "graph", as_processes)
    add_alone([network for network in NETWORKS if network != "resnet18"])
    add("processes", "eager", as_processes)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output", type=Path, help="the JSON file to write")
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 2, 4, 8])
    parser.add_argument("--seconds", type=float, default=2.0, help="of each measurement")
    parser.add_argument("--n", type=int, default=12_800, help="random images of an epoch")
    measure(parser.parse_args(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
