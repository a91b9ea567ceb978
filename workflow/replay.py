"""Trains a recorded run again, from its record alone, and says what came of it.

    python workflow/replay.py SCALE KEY     one record
    python workflow/replay.py --some        two of results/quick, chosen by the commit

The answer is *equal* (every metric and prediction), *within the range of its seeds* (three at
least), or *differs by* so much.
"""

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from memutils import runs
from memutils.errors import UserError
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import Spec, load_scale

METRICS = ("j1", "j2", "fitted", "memorized", "recovered", "test_accuracy")
SEEDS = 3


def again(record: Record) -> Record:
    """The run carried out anew, into a folder of its own; its arrays are read before that is
    gone.
    """
    kept = os.environ.get("MEMUTILS_RESULTS")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MEMUTILS_RESULTS"] = folder
        try:
            new = runs.run(Spec(**record.spec), load_scale(record.scale))
            new.content["replayed"] = new.arrays()
            new.content["metrics"] = last(new)
        finally:
            os.environ.pop("MEMUTILS_RESULTS")
            if kept:
                os.environ["MEMUTILS_RESULTS"] = kept
    return new


def last(record: Record) -> dict[str, float]:
    """The metrics of the last evaluation."""
    row = record.history.iloc[-1]
    return {name: float(row[name]) for name in METRICS if row[name] == row[name]}


def compare(record: Record, new: dict[str, float], arrays: dict, others: list[Record]) -> str:
    """The answer.

    Args:
        record: as recorded.
        new: the replayed run's last metrics.
        arrays: its arrays.
        others: records that differ in their seed alone, this one among them.
    """
    old, kept = last(record), record.arrays()
    same = [
        np.array_equal(kept[n], arrays[n]) for n in kept if n.endswith("_predicted") and n in arrays
    ]
    if old == new and all(same):
        return "equal: every metric and every prediction is the same"
    apart = {name: abs(new[name] - old[name]) for name in old}
    widest = max(apart, key=apart.get)
    by = f"{apart[widest]:.4f} in {widest.replace('_', ' ')}"
    if len(others) >= SEEDS:
        ranges = {name: [last(r).get(name, np.nan) for r in others] for name in old}
        if all(min(values) <= new[name] <= max(values) for name, values in ranges.items()):
            return f"within the range of its {len(others)} seeds: it differs by up to {by}"
    return f"differs by up to {by}"


def environment(content: dict) -> dict:
    """What decides whether a replay can be equal."""
    made = content["provenance"]
    return {"torch": made["versions"]["torch"], "machine": made["machine"]} | made["execution"]


def replay(scale: str, key: str) -> str:
    """Replays a record and says what came of it, and where it was made otherwise."""
    record = records.read(records.path_of(scale, key))
    new = again(record)
    others = [r for r in records.load(scale) if r.spec | {"seed": 0} == record.spec | {"seed": 0}]
    answer = compare(record, new.content["metrics"], new.content["replayed"], others)
    then, now = environment(record.content), environment(new.content)
    changed = [
        f"{name} {then[name]} then, {now[name]} now" for name in then if then[name] != now[name]
    ]
    return f"{scale}/{key}: {answer}" + (f" ({'; '.join(changed)})" if changed else "") + "."


def chosen(keys: list[str], commit: str, n: int = 2) -> list[str]:
    """n of the keys, by the commit's hash."""
    return sorted(
        sorted(keys), key=lambda key: hashlib.sha256(f"{commit} {key}".encode()).hexdigest()
    )[:n]


def some() -> int:
    """Replays two quick records; 1 where one differs."""
    keys = [r.key for r in records.load("quick")] if records.folder_of("quick").is_dir() else []
    if not keys:
        print("No quick run is recorded, so none is replayed.")
        return 0
    head = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    answers = [replay("quick", key) for key in chosen(keys, head.stdout.strip())]
    print("\n".join(answers))
    return int(any(": differs" in answer for answer in answers))


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 for an error, and for ``--some`` where a run differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scale", nargs="?")
    parser.add_argument("key", nargs="?")
    parser.add_argument(
        "--some", action="store_true", help="two of results/quick, chosen by the commit"
    )
    options = parser.parse_args(arguments)
    try:
        if options.some:
            return some()
        if not (options.scale and options.key):
            raise UserError(
                "Name the record: make replay SCALE=cpu KEY=mnist-resnet18-rll-eta0.4-seed0."
            )
        print(replay(options.scale, options.key))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
