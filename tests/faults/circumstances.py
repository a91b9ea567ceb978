"""What else befalls a grid: Ctrl-C, a full disk, a folder that cannot be written, jumps of the
clock, two starts at once.
"""

import contextlib
import dataclasses
import os
import resource
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from kill import Failed, finish
from place import CONFIG, Place, direct, papermill, workflow

from memutils import runs
from memutils.runs import records

STOP_SECONDS = 2.0
AGAIN = ("Start the same again", "start the same command again")


def check(holds: bool, what: str, place: Place) -> None:
    if not holds:
        raise Failed(f"{what}; the log ends: {place.log()[-1500:]}")


def started(place: Place) -> bool:
    """Waits until a run holds its lock."""
    end = time.monotonic() + 200
    while not list(place.results.glob("tiny/.work/*.lock")) and time.monotonic() < end:
        time.sleep(0.1)
    return time.monotonic() < end


def interrupts(rng: np.random.Generator) -> Iterator[str]:
    """Ctrl-C to the process group, as a terminal sends it,
    at a random moment of a run that would last for hours.
    """
    for way in ("direct", "papermill", "workflow"):
        with Place(CONFIG.replace("epochs: 12", "epochs: 1000000")) as place:
            key = next(iter(place.scale().specs()))
            command = {
                "direct": direct(key),
                "papermill": papermill(place, key),
                "workflow": workflow(place),
            }[way]
            process = place.start(command)
            check(started(place), f"{way} does not start", place)
            time.sleep(rng.uniform(3, 8))
            before = cpu_of_children() + sum(sum(p.cpu_times()[:2]) for p in place.processes())
            begin = time.monotonic()
            os.killpg(process.pid, signal.SIGINT)
            code, seconds = finish(process, place), time.monotonic() - begin
            busy = (
                seconds > STOP_SECONDS and os.getloadavg()[0] > os.cpu_count()
            )  # then only its own time can be judged
            text = (
                f"{way} {cpu_of_children() - before:.1f} s of CPU time"
                if busy
                else f"{way} {seconds:.1f} s"
            )
            check((cpu_of_children() - before if busy else seconds) <= STOP_SECONDS, text, place)
            check(code != 0, f"{way} ends with 0", place)
            check(
                any(text in place.log() for text in AGAIN),
                f"{way} does not say how to go on",
                place,
            )
            check(place.quiet_within(5), f"{way} leaves processes", place)
            check(not list(place.results.rglob("*.json")), f"{way} leaves a record", place)
        yield text + (", on a machine busy with other work" if busy else "")


def cpu_of_children() -> float:
    """CPU seconds of all processes that this one started, directly or not, and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def twice(rng: np.random.Generator) -> Iterator[str]:
    """The same run three times at once, and the same grid twice at once, in one results folder:
    each run is trained once.
    """
    with Place() as place:
        key = next(iter(place.scale().specs()))
        processes = [place.start(direct(key)) for _ in range(3)]
        check(not any([finish(p, place) for p in processes]), "one of three starts failed", place)
        check("waiting for it" in place.log() and not place.litter(), "no start waited", place)
        alone = place.measured()
        yield "run"
        path = records.path_of("tiny", key)
        kept = path.read_bytes()
        processes = [place.start(workflow(place, build=build)) for build in ("build", "build2")]
        check(not any([finish(p, place) for p in processes]), "one of two grids failed", place)
        check(len(place.measured()) == 4 and not place.litter(), "records are missing", place)
        check(
            place.measured()[key] == alone[key] and path.read_bytes() == kept,
            "a record changed",
            place,
        )
    yield "grid"


@contextlib.contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own in memory; only root may do that."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=True, capture_output=True
    )
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def no_room(rng: np.random.Generator) -> Iterator[str]:
    """The disk is full when a checkpoint, the arrays or the record are written;
    or cannot be written at all.
    """
    hook = {
        "PYTHONPATH": os.pathsep.join(
            [str(Path(__file__).parent / "hook"), str(Path(__file__).parents[2] / "src")]
        )
    }
    with Place() as place:
        key = next(iter(place.scale().specs()))
        check(not finish(place.start(direct(key)), place), "a run failed", place)
        expected = place.measured()
        arrays = records.path_of("tiny", key).with_suffix(".npz").stat().st_size // 4096
    cases = [
        ("checkpoint", "size=1m", hook | {"FAULT_STRUCK": "/dev/null"}, "No space left"),
        ("arrays", f"size={4 * (arrays - 1)}k", {}, "No space left"),
        ("record", f"size={4 * (arrays + 3)}k", {}, "No space left"),
        ("read-only folder", "ro", {}, "Read-only file system"),
    ]
    for name, options, variables, reason in cases:
        with Place() as place, mounted(place.results, options):
            check(
                finish(place.start(direct(key), **variables), place) == 1,
                f"{name}: no error",
                place,
            )
            last = place.log().strip().splitlines()[-1]
            check(
                last.startswith("memutils.errors.UserError: Cannot write") and reason in last,
                f"{name}: {last}",
                place,
            )
            check(
                not list(place.results.rglob("*.json")) and not place.litter(),
                f"{name}: something stays behind",
                place,
            )
            subprocess.run(
                ["mount", "-o", "remount,rw,size=64m", place.results],
                check=True,
                capture_output=True,
            )
            check(not finish(place.start(direct(key)), place), f"{name}: does not go on", place)
            check(place.measured() == expected, f"{name}: another record", place)
        yield name


CLOCK = (
    "import time, random; real = time.time; time.time = lambda: real() + random.choice((-1, 1)) *"
    " random.random() * 4e7; "
)


def clock(rng: np.random.Generator) -> Iterator[str]:
    """The clock jumps by up to a year at every look; records that seem to come from the past or the
    future stay as they are.
    """
    with Place() as place:
        (key, *others), command = place.scale().specs(), direct(next(iter(place.scale().specs())))
        check(not finish(place.start(command), place), "a run failed", place)
        expected = place.measured()
        records.path_of("tiny", key).unlink()
        command[-1] = CLOCK + command[-1]
        check(
            not finish(place.start(command), place) and place.measured() == expected,
            "another record",
            place,
        )
        record = records.read(records.path_of("tiny", key))
        check(
            bool((record.history[["seconds", "train_seconds"]] > 0).all(axis=None)),
            "a duration below 0",
            place,
        )
        yield "run"
        for years in (-1, 1):
            stamp, content = time.time() + years * 3e7, record.path.read_bytes()
            os.utime(record.path, (stamp, stamp))
            check(not finish(place.start(workflow(place)), place), "the grid failed", place)
            check(
                record.path.read_bytes() == content and len(place.measured()) == 1 + len(others),
                "a record changed",
                place,
            )
            yield f"record from {'the past' if years < 0 else 'the future'}"


def threads(rng: np.random.Generator) -> Iterator[str]:
    """One thread against two: equal, or the largest difference of any figure
    of the history is told.
    """
    with Place() as place:
        os.environ.update(place.variables)
        scale = place.scale()
        for network, change in (
            ("mlp", {}),
            ("resnet18", {"epochs": 2, "n_train": 200, "switch_loss": "", "switch_epoch": 0}),
        ):
            base = dataclasses.replace(
                next(iter(scale.specs().values())), network=network, eta=0.4, **change
            )
            one, two = (
                runs.run(dataclasses.replace(base, threads=n), scale, progress=False).history
                for n in (1, 2)
            )
            columns = [c for c in one.columns if not c.endswith("seconds")]
            gap = (one[columns] - two[columns]).abs().max()
            worst = (
                "equal" if gap.max() == 0 else f"{gap.idxmax()} differs by {gap.max():.1e} at most"
            )
            yield f"{network}: {worst}"


CHECKS = {
    "Ctrl-C": interrupts,
    "Two starts at once": twice,
    "No room, no right to write": no_room,
    "Jumps of the clock": clock,
    "One thread against two": threads,
}


def main(seed: int) -> tuple[list[dict], list[str]]:
    """Rows for the table, and what went wrong; full disks need root,
    and are left out with the reason without it.
    """
    rng, rows, wrong = np.random.default_rng(seed), [], []
    for name, tried in CHECKS.items():
        told, failed = [], 0
        try:
            for text in tried(rng):
                told.append(text)
                print(f"  {name}: {text}", flush=True)
        except Failed as error:
            wrong.append(f"{name}: {error}")
            failed = 1
        except (PermissionError, subprocess.CalledProcessError) as error:
            told.append(f"skipped: no file system may be mounted here ({error})")
        n = sum(not text.startswith("skipped") for text in told)
        rows.append({"what": name, "cases": n + failed, "passed": n, "detail": "; ".join(told)})
    return rows, wrong
