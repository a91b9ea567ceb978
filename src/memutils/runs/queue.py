"""Carries out runs in a given order, several at once, within a time limit, without Jupyter.

    python -m memutils.runs.queue --limit 420 --archive OUT.zip    workflow/queue.yaml's order
    python -m memutils.runs.queue --scale paper --archive OUT.zip  a scale's own order

A run is begun only if it is likely to end in time; one that does not is stopped with a checkpoint.
The archive of the finished records is whole after each run, and the log beside it tells what
happened.
"""

import argparse
import contextlib
import json
import math
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import torch

from memutils import runs
from memutils.errors import INTERRUPTED, UserError, command
from memutils.paths import REPOSITORY
from memutils.runs import records
from memutils.runs.archive import Archive
from memutils.runs.carriers import Carrier, Process, Stream, in_words
from memutils.runs.order import Job, Rates, of_scale, read_order
from memutils.runs.records import Record


class Queue:
    """The runs that wait, that are under way and that are done; several threads take from it.

    Args:
        jobs: in order.
        rates: what a run will take.
        done: called with each record, e.g. to archive it.
        limit: seconds from now.
        clock: tells the time in seconds.
        say: prints a line.
    """

    def __init__(
        self,
        jobs: list[Job],
        rates: Rates,
        done: Callable[[Record], object] = lambda record: None,
        limit: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = print,
    ):
        self.rates, self.done, self.clock, self.say = rates, done, clock, say
        self.deadline, self.changed = clock() + limit, threading.Condition()
        self.waiting, self.running = list(jobs), []
        self.finished: dict[tuple[str, str], Record] = {}
        self.failed: list[Job] = []

    def recorded(self, job: Job) -> bool:
        """Whether a run is recorded already; then it is finished."""
        found = records.find(job.scale.name, job.key, job.spec)
        if found is not None:
            self.finished[job.name] = found
        return found is not None

    def left(self) -> float:
        """Seconds to the limit."""
        return self.deadline - self.clock()

    def state(self, job: Job) -> str:
        """Whether a waiting run is 'ready', must wait for one that is 'running' or 'waiting',
        or will be 'never'.
        """
        if not job.first:
            return "ready"
        if job.first in self.finished:
            return "ready" if final_j1(self.finished[job.first]) >= job.j1 else "never"
        if any(other.name == job.first for other in self.running):
            return "running"
        return "waiting" if any(other.name == job.first for other in self.waiting) else "never"

    def take(self) -> Job | None:
        """The first run that may begin and is likely to end in time; None if there is none and
        none will be. While runs are under way there may be: what they take corrects the estimates.
        """
        with self.changed:
            while True:
                states = {job.name: self.state(job) for job in self.waiting}
                for job in list(self.waiting):
                    if states[job.name] == "never":
                        self.waiting.remove(job)
                        self.say(
                            f"{job.key} is left out: {job.first[1]} is not recorded with a J1 of"
                            f" {job.j1:g} or more."
                        )
                    elif (
                        states[job.name] == "ready" and self.rates.seconds(job.spec) <= self.left()
                    ):
                        self.waiting.remove(job)
                        self.running.append(job)
                        return job
                if not self.running or not self.waiting:
                    return None
                self.changed.wait()

    def work(self, carry: Carrier) -> None:
        """Carries out one run after another."""
        while (job := self.take()) is not None:
            start, found = self.clock(), None
            self.say(
                f"{job.key} begins; it may take {self.rates.seconds(job.spec):.0f} s of"
                f" {self.left():.0f}."
            )
            try:
                found = carry(job, self.deadline)
                self.rates.learn(job.spec, *taken(found))
                self.done(found)
                self.say(f"{job.key} is recorded after {self.clock() - start:.0f} s.")
            except runs.OutOfTimeError as error:
                self.say(f"{job.key}: {error}")
            except Exception as error:  # a run that fails stops no other
                self.failed.append(job)
                self.say(f"{job.key} failed: {in_words(error)}")
            with self.changed:
                self.running.remove(job)
                if found is not None:
                    self.finished[job.name] = found
                self.changed.notify_all()


def taken(record: Record) -> tuple[float, float]:
    """Seconds of a run, of a resumed one all, and those of its epochs."""
    return record.provenance["seconds"], float(record.history["seconds"].sum())


def condition(job: Job) -> Job | None:
    """The run that must be recorded before another, selected or not."""
    if not job.first:
        return None
    key = job.first[1]
    return Job(job.scale, key, job.scale.specs()[key])


def final_j1(record: Record) -> float:
    """J1 at the last evaluation; 0 where there is none, or where the run diverged."""
    return 0.0 if record.diverged else float(record.content["final"].get("j1", 0.0))


def work_through(queue: Queue, carriers: list[Carrier]) -> None:
    """Works with each carrier in a thread of its own until nothing is left that fits."""
    threads = [
        threading.Thread(target=queue.work, args=(carrier,), daemon=True) for carrier in carriers
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def make_say(log: Path | None) -> Callable[[str], None]:
    """Prints a line with the time, and writes it into the log too."""

    if log is not None:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"Cannot make the folder {log.parent}: {error.strerror}.") from error

    def say(text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {text}"
        print(line, flush=True)
        if log is not None:
            with contextlib.suppress(OSError), open(log, "a", encoding="utf-8") as file:
                file.write(line + "\n")

    return say


def listing(queue: Queue) -> list[str]:
    """The missing runs as lines of an order, for a machine that has no records;
    with their estimates.
    """
    lines = []
    for job in queue.waiting:
        if (state := queue.state(job)) != "never":
            entry = {"scale": job.scale.name, "runs": job.key}
            entry |= {} if state == "ready" else {"first": {"run": job.first[1], "j1": job.j1}}
            lines.append(f"- {json.dumps(entry)} # {queue.rates.seconds(job.spec):.0f} s")
    return lines


def work_off(options: argparse.Namespace) -> int:
    """Does what the command line says; 1 where a run failed."""
    jobs = (
        of_scale(options.scale, options.only)
        if options.scale
        else read_order(options.order, options.only)
    )
    cuda = torch.cuda.is_available()
    by = options.by or ("streams" if cuda else "processes")
    at_once = options.at_once or (4 if by == "streams" or cuda else os.cpu_count() or 1)
    if by == "streams" and not cuda and not options.list:
        raise UserError("Runs on streams need a GPU; take --by processes.")
    beside = options.archive and options.archive.with_suffix(".rates.json")
    before = options.rates or (beside if beside and beside.exists() else None)
    rates = Rates("cuda" if cuda or by == "streams" else "cpu", at_once, before)
    archive = Archive(options.archive) if options.archive else None
    say = make_say(options.archive and options.archive.with_suffix(".log"))

    def done(record: Record) -> None:
        if archive:
            archive.add(record)
            records.write_whole(beside, json.dumps(rates.known | rates.measured).encode())

    queue = Queue(jobs, rates, done, options.limit, say=say)
    queue.waiting = [job for job in jobs if not queue.recorded(job)]
    for job in filter(None, map(condition, queue.waiting)):
        queue.recorded(job)
    if options.list:
        print("\n".join(listing(queue) or ["[]"]))
        return 0
    if archive:
        for job in jobs:
            if job.name in queue.finished:
                archive.add(queue.finished[job.name])
    say(
        f"{len(queue.waiting)} of {len(jobs)} runs are missing; {at_once} at once, by {by},"
        f" {queue.left():.0f} s."
    )
    work_through(queue, [Stream() if by == "streams" else Process() for _ in range(at_once)])
    say(
        f"{sum(job.name in queue.finished for job in jobs)} of {len(jobs)} recorded,"
        f" {len(queue.failed)} failed,"
        f" {len(queue.waiting)} were not begun."
    )
    return int(bool(queue.failed))


@command
def main(arguments: list[str] | None = None) -> int:
    """The command; 1 where a run failed or something is wrong, 130 on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m memutils.runs.queue", description=__doc__.partition("\n")[0]
    )
    parser.add_argument(
        "--order",
        type=Path,
        default=REPOSITORY / "workflow/queue.yaml",
        help="a file of runs in order",
    )
    parser.add_argument("--scale", default="", help="instead of a file: the grid of this scale")
    parser.add_argument("--only", default="", help="only the runs whose key contains this")
    parser.add_argument(
        "--limit",
        type=float,
        default=math.inf,
        help="seconds; no run is begun that would not end in time",
    )
    parser.add_argument(
        "--at-once",
        type=int,
        default=0,
        help="runs at once; by default 4 on a GPU, else one a core",
    )
    parser.add_argument(
        "--by",
        choices=["streams", "processes"],
        default="",
        help="streams of one process (a GPU's default)",
    )
    parser.add_argument(
        "--archive",
        type=Path,
        help="OUT.zip: the finished records; OUT.log and OUT.rates.json beside it",
    )
    parser.add_argument(
        "--rates",
        type=Path,
        help="a file of measured seconds per image, e.g. an earlier OUT.rates.json",
    )
    parser.add_argument(
        "--list",
        action="store_true",
        help="only list what is missing, as an order; with --by streams as for a GPU",
    )
    try:
        return work_off(parser.parse_args(arguments))
    except KeyboardInterrupt:
        print(INTERRUPTED, file=sys.stderr, flush=True)
        os._exit(130)  # threads are under way; every writer is safe to kill


if __name__ == "__main__":
    sys.exit(main())
