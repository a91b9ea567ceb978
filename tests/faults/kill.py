"""SIGKILL anywhere: the grid that is started again ends with the records of an undisturbed one, and
nothing goes on writing.
"""

import itertools
import multiprocessing
import os
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from place import Place, direct, papermill, workflow

POINTS = (
    "step",
    "evaluation",
    "final",
    *(f"{k}-{p}" for k in ("ckpt", "npz", "json") for p in ("torn", "synced", "renamed")),
    "any",
)
LIMIT = 1500
"""Seconds after which a start counts as hanging."""

SHARES = {"workflow": 0.2, "papermill": 0.2, "direct": 0.6}
"""Which share of the kills goes to which way of starting runs."""

WHOM = {
    "direct": ["self"],
    "papermill": ["self", "papermill", "all"],
    "workflow": ["snakemake", "self", "all", "job.py", "papermill"],
}


class Failed(Exception):
    """What went wrong after a kill."""


def finish(process, place: Place) -> int:
    """Waits for a start; a hang is a failure."""
    try:
        return process.wait(LIMIT)
    except Exception as error:
        raise Failed(f"hangs: {place.log()[-2000:]}") from error


def struck(place: Place, command: list[str], fault: str, seconds: float) -> bool:
    """Starts, kills as ``fault`` says, and waits till nothing runs; whether the kill struck."""
    mark = place.folder / "struck"
    mark.unlink(missing_ok=True)
    hook = os.pathsep.join(
        [str(Path(__file__).parent / "hook"), str(Path(__file__).parents[2] / "src")]
    )
    process = place.start(command, FAULT=fault, FAULT_STRUCK=str(mark), PYTHONPATH=hook)
    if fault.startswith("any"):
        _, _, whom, share = fault.split(":")
        timer = threading.Timer(float(share) * seconds, strike, (place, whom, mark))
        timer.start()
        finish(process, place)
        timer.cancel()
        timer.join()
    else:
        finish(process, place)
    if not place.quiet_within(10):
        left = [" ".join(p.cmdline())[:100] for p in place.processes()]
        raise Failed(f"after {fault} there still run {left}")
    return mark.exists()


def strike(place: Place, whom: str, mark: Path) -> None:
    """Kills at this moment: every process of the place, or those whose command line has a word."""
    words = {
        "self": "ipykernel_launcher" if "papermill" in place.log("command") else "-c",
        "all": "",
    }
    for process in place.processes():
        if words.get(whom, whom) in " ".join(process.cmdline()):
            mark.touch()
            process.kill()
            if whom != "all":
                return


def compare(place: Place, expected: dict, keys: list[str]) -> None:
    """Raises where the records of these runs are not the expected ones, or files are left over."""
    got = place.measured()
    if got != {key: expected[key] for key in keys}:
        different = [key for key in keys if got.get(key) != expected[key]]
        raise Failed(
            f"the records of {different or sorted(set(got) - set(keys))} differ from those of the"
            " undisturbed grid"
        )
    if place.litter():
        raise Failed(f"left over: {place.litter()}")


def rounds(
    mode: str, quota: int, expected: dict, seconds: float, rng: np.random.Generator
) -> dict[str, int]:
    """Rounds of up to three kills and a start to the end, until so many kills have struck;
    how many at each point.
    """
    points = itertools.cycle(rng.permutation(POINTS).tolist())
    whom = itertools.cycle(WHOM[mode])
    counts = dict.fromkeys(POINTS, 0)
    while sum(counts.values()) < quota:
        with Place() as place:
            keys = list(expected) if mode == "workflow" else [str(rng.choice(list(expected)))]
            command = (
                workflow(place)
                if mode == "workflow"
                else direct(keys[0])
                if mode == "direct"
                else papermill(place, keys[0])
            )
            (place.folder / "command").write_text(mode if mode == "direct" else f"{mode} papermill")
            story = []
            try:
                for _ in range(3):
                    point, share = next(points), rng.uniform(0.1, 0.9)
                    most = {"step": 30, "evaluation": 6, "final": 1, "ckpt": 5}.get(
                        point.split("-")[0], 1
                    )
                    story.append(f"{point}:{rng.integers(1, most + 1)}:{next(whom)}:{share:.3f}")
                    counts[point] += struck(place, command, story[-1], seconds)
                if code := finish(place.start(command), place):
                    raise Failed(f"the last start ended with {code}: {place.log()[-2000:]}")
                compare(place, expected, keys)
            except Failed as error:
                raise Failed(f"{mode}, after {', '.join(story)}: {error}") from error
            print(f"  {mode}: {', '.join(story)}: the same records", flush=True)
    return counts


def undisturbed() -> tuple[dict, dict[str, float]]:
    """The records of a grid by the workflow, and the seconds of each way of starting."""
    with Place() as place:
        start = time.monotonic()
        if finish(place.start(workflow(place)), place):
            raise Failed(f"the undisturbed grid failed: {place.log()}")
        seconds, expected = {"workflow": time.monotonic() - start}, place.measured()
        key, *_ = expected
        (place.results / "tiny" / f"{key}.json").unlink()
        start = time.monotonic()
        finish(place.start(direct(key)), place)
        seconds["direct"] = time.monotonic() - start
        compare(place, expected, list(expected))
    return expected, seconds | {"papermill": 1.5 * seconds["direct"]}


def main(seed: int, kills: int) -> list[dict]:
    """Rows for the table: one for each way of starting, with how many kills struck."""
    rows = []
    expected, seconds = undisturbed()
    assert len(expected) == 4 and sys.platform == "linux", (
        "the points are found through Linux' /proc"
    )
    with ProcessPoolExecutor(
        os.cpu_count(), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
        generators = np.random.default_rng(seed).spawn(len(SHARES))
        futures = [
            pool.submit(rounds, mode, round(SHARES[mode] * kills), expected, seconds[mode], rng)
            for mode, rng in zip(SHARES, generators, strict=True)
        ]
    for mode, future in zip(SHARES, futures, strict=True):
        counts = future.result()
        where = ", ".join(f"{point} {n}" for point, n in counts.items() if n)
        rows.append(
            {
                "what": f"SIGKILL, {mode}",
                "cases": sum(counts.values()),
                "passed": sum(counts.values()),
                "detail": where,
            }
        )
    return rows
