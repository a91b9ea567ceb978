"""What both visits to a GPU share: commands one after another within a limit of time."""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Visit:
    """Carries out commands within what is left of the time; OUT/visit.log has their output.

    Args:
        out: what comes home; a folder of few files.
        work: data, records and checkpoints, for a second start on the same machine.
        limit: seconds from now.
    """

    def __init__(self, out: Path, work: Path, limit: float):
        self.out, self.work, self.end = out.resolve(), work.resolve(), time.monotonic() + limit
        for folder in (self.out, self.work):
            folder.mkdir(parents=True, exist_ok=True)
        self.environment = os.environ | {
            "PYTHONPATH": str(ROOT / "src"),
            "PYTHONUNBUFFERED": "1",
            "MEMUTILS_DATA": str(self.work / "data"),
            "MEMUTILS_RESULTS": str(self.work / "results"),
        }

    def left(self) -> float:
        """Seconds to the limit."""
        return self.end - time.monotonic()

    def say(self, text: str) -> None:
        """Prints a line and logs it."""
        print(text, flush=True)
        with open(self.out / "visit.log", "a", encoding="utf-8") as log:
            log.write(text.rstrip("\n") + "\n")

    def python(
        self, *words: object, most: float = 1e6, more: Mapping[str, str] | None = None
    ) -> tuple[int, str]:
        """Runs python with these words; returns its exit code, negative if it was killed at the
        limit, and its output.
        """
        start, lines = time.monotonic(), []
        self.say(f"== {' '.join(map(str, words))}")
        child = subprocess.Popen(
            [sys.executable, *map(str, words)], cwd=ROOT, env=self.environment | dict(more or {}),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        killer = threading.Timer(max(0.0, min(most, self.left())), kill_all, [child])
        killer.start()
        for line in child.stdout:
            self.say(line.rstrip("\n"))
            lines.append(line)
        code = child.wait()
        killer.cancel()
        kill_all(child)  # what it may have left behind
        self.say(
            f"== exit code {code} after {time.monotonic() - start:.0f} s;"
            f" {self.left():.0f} s are left"
        )
        return code, "".join(lines)


def kill_all(child: subprocess.Popen) -> None:
    """Kills a command and the processes that it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def parser_of(text: str, limit: float) -> argparse.ArgumentParser:
    """What both visits are told."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("out", type=Path, help="the folder that comes home")
    parser.add_argument(
        "--limit", type=float, default=limit, help=f"seconds for all of it, {limit:g} by default"
    )
    parser.add_argument(
        "--work",
        type=Path,
        default=Path(tempfile.gettempdir()) / "memutils-visit",
        help="data and records there",
    )
    parser.add_argument(
        "--order", type=Path, default=ROOT / "workflow/queue.yaml", help="the runs, in order"
    )
    return parser


def queue_words(options: argparse.Namespace, way: Mapping, *more: object) -> tuple[list, dict]:
    """The command that carries out the queue in a way of ``ways.py``, or in its own where that is
    empty; and its environment.
    """
    words = ["-m", "memutils.runs.queue", "--order", options.order.resolve(), *more]
    words += ["--archive", options.out.resolve() / "records.zip"]
    words += ["--by", way["by"], "--at-once", way["at_once"]] if way else []
    return words, {"MEMUTILS_GRAPHS": "no"} if way.get("step") == "eager" else {}
