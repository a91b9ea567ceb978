"""Carry out one run: in a process of its own, or on a stream of a GPU."""

import contextlib
import ctypes
import functools
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from memutils import data, runs
from memutils.errors import UserError
from memutils.graph import UNSAFE
from memutils.runs import records
from memutils.runs.order import Job
from memutils.runs.records import Record

SPAWN = get_context("spawn")

load = functools.cache(data.load)
"""A process's runs share their data sets."""

Carrier = Callable[[Job, float], Record]
"""Carries out a job until a time of ``time.monotonic``."""


class Process:
    """Carries out jobs in a process of its own, which is started anew where it died.

    Args:
        environment: variables that this process has beside its parent's.
    """

    def __init__(self, **environment: str):
        self.environment = environment
        self.child: BaseProcess | None = None

    def __call__(self, job: Job, deadline: float) -> Record:
        if self.child is None or not self.child.is_alive():
            self.pipe, theirs = SPAWN.Pipe()
            self.child = SPAWN.Process(
                target=serve, args=(theirs, os.getpid(), self.environment), daemon=True
            )
            self.child.start()
            theirs.close()
        try:
            self.pipe.send((job, deadline))
            kind, what = self.pipe.recv()
        except (EOFError, OSError):
            self.child.join()
            raise UserError(
                "Its process was killed; start the same again, maybe with fewer runs at once."
            ) from None
        if kind == "record":
            return records.read(what)
        raise runs.OutOfTimeError(what) if kind == "time" else UserError(what)


def serve(pipe: Connection, parent: int, environment: dict[str, str]) -> None:
    """Carries out the jobs that come through the pipe; ends with it, after a job that left the GPU
    unusable, and on Linux at once with the parent.
    """
    os.environ |= environment
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's affair
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    with contextlib.suppress(EOFError, OSError):
        while os.getppid() == parent and not UNSAFE.is_set():
            pipe.send(answer(*pipe.recv()))


def answer(job: Job, deadline: float) -> tuple[str, object]:
    """What came of a job: its record's path, or why there is none."""
    try:
        return (
            "record",
            runs.run(job.spec, job.scale, progress=False, until=deadline, load=load).path,
        )
    except runs.OutOfTimeError as error:
        return "time", str(error)
    except Exception as error:  # it must not end the process
        if lost(error):
            UNSAFE.set()
        return "failure", in_words(error)


def lost(error: Exception) -> bool:
    """Whether the GPU reported an error, after which a process can do nothing more on it."""
    return "CUDA error" in str(error)


def in_words(error: Exception) -> str:
    """An error as one sentence, or with its type where it was not foreseen."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


class Stream:
    """Carries out jobs in this process, on a stream of its own; one whose steps are no graph in a
    process without graphs, and every job in a fresh process once this one may no longer use the
    GPU.
    """

    def __init__(self):
        self.eager, self.fresh = Process(MEMUTILS_GRAPHS="no"), Process()

    def __call__(self, job: Job, deadline: float) -> Record:
        process = self.fresh
        try:
            if not UNSAFE.is_set():
                return runs.run(
                    job.spec, job.scale, progress=False, until=deadline, load=load, graph_only=True
                )
        except runs.NoGraphError:
            process = self.fresh if UNSAFE.is_set() else self.eager
        except Exception as error:
            if not lost(error):
                raise
            UNSAFE.set()
        # here, since an error holds the refused trainer's memory
        return process(job, deadline)
