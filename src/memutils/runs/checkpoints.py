"""An unfinished run between epochs: its state on disk, and the lock that keeps a second process
from carrying it out.
"""

import contextlib
import hashlib
import io
import math
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from memutils import training
from memutils.errors import UserError
from memutils.runs import records

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None

CHECKPOINT_SECONDS = 60


class OutOfTimeError(Exception):
    """A run was stopped at its limit of time; what it had done is in its checkpoint."""


def checkpoint_path(scale: str, key: str) -> Path:
    """Where an unfinished run's state lies."""
    return work_folder(scale) / f"{key}.ckpt"


def drop_checkpoint(scale: str, key: str) -> None:
    """Removes a finished run's checkpoint; one that cannot be removed is of no consequence."""
    with contextlib.suppress(OSError):
        checkpoint_path(scale, key).unlink()


def work_folder(scale: str) -> Path:
    """The folder of locks and checkpoints of a scale."""
    folder = records.folder_of(scale) / ".work"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(
            f"Cannot write into {folder}: {error.strerror}. Mend its permissions, then start again."
        ) from error
    return folder


@contextlib.contextmanager
def only_one(scale: str, key: str, until: float = math.inf) -> Iterator[None]:
    """Waits until no other process carries out this run.
    The system drops the lock with the process that holds it.

    Raises:
        OutOfTimeError: ``until``, by ``time.monotonic()``, came before.
    """
    if fcntl is None:
        raise UserError(
            "This system has no POSIX locks, which keep two processes from one run; on Windows"
            " start this in WSL, the Windows Subsystem for Linux."
        )
    try:
        file = open(work_folder(scale) / f"{key}.lock", "w")
    except OSError as error:
        raise UserError(
            f"Cannot write into {work_folder(scale)}: {error.strerror}. Mend it, then start again."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{key} is being run by another process; waiting for it.", file=sys.stderr)
            wait_for(file, until)
        except OSError as error:
            where = f"The file system of {work_folder(scale)} has no locks ({error.strerror})"
            raise UserError(f"{where}; let MEMUTILS_RESULTS name a folder on another.") from error
        yield


def wait_for(file: io.TextIOBase, until: float) -> None:
    """Waits for the lock of a file."""
    while until < math.inf:
        try:
            return fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise OutOfTimeError("another process still runs it at the limit") from None
            time.sleep(0.2)
    fcntl.flock(file, fcntl.LOCK_EX)


class Checkpoint:
    """A run's state on disk between epochs: a sha256, then torch's format,
    written whole or not at all.
    """

    def __init__(self, scale: str, key: str, belongs_to: dict):
        self.path, self.belongs_to = checkpoint_path(scale, key), belongs_to
        self.written = time.monotonic()

    def maybe_write(self, trainer: training.Trainer, seconds: float) -> None:
        """Writes when a minute has passed since the last time and epochs are left."""
        due = time.monotonic() - self.written >= CHECKPOINT_SECONDS
        if due and len(trainer.history) < trainer.recipe.epochs:
            self.write(trainer, seconds)

    def write(self, trainer: training.Trainer, seconds: float) -> None:
        """Writes the state, with the seconds spent so far."""
        buffer = io.BytesIO()
        torch.save({"belongs_to": self.belongs_to, "seconds": seconds, **trainer.state()}, buffer)
        content = buffer.getvalue()
        records.write_whole(self.path, hashlib.sha256(content).digest() + content)
        self.written = time.monotonic()

    def resume(self, trainer: training.Trainer) -> float:
        """Loads the state if it is whole and of this very run;
        returns the seconds spent before, else 0.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return 0.0
        except OSError as error:
            return self.start_anew(f"cannot be read ({error.strerror})")
        if hashlib.sha256(content[32:]).digest() != content[:32]:
            return self.start_anew("is damaged")
        try:
            # to the CPU, from where load_state copies: a full GPU must not look like a damaged file
            state = torch.load(io.BytesIO(content[32:]), weights_only=True, map_location="cpu")
        except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError):  # whole, but no state
            return self.start_anew("cannot be loaded")
        if not isinstance(state, dict) or state.get("belongs_to") != self.belongs_to:
            return self.start_anew("is of other code, data or settings")
        trainer.load_state(state)
        return state["seconds"]

    def start_anew(self, why: str) -> float:
        """Says why the checkpoint is not used; 0 seconds were spent before."""
        print(f"The checkpoint {self.path} {why}; starting from the first epoch.", file=sys.stderr)
        return 0.0
