"""Trains a recorded run again, from its record alone, and says what came of it.

    python workflow/replay.py SCALE KEY           one record
    python workflow/replay.py SCALE KEY --keep    and keeps the answer in benchmarks/replays.json
    python workflow/replay.py --some              two of the quick scale and another short one

The answer is *equal* (every metric and prediction), *within the range of its seeds* (three at
least), or *differs by* so much.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from memutils import runs
from memutils.errors import UserError, command
from memutils.runs import records
from memutils.runs.records import Record
from memutils.runs.specs import Spec, load_scale

FILE = Path(__file__).parents[1] / "benchmarks" / "replays.json"
METRICS = ("j1", "j2", "fitted", "memorized", "recovered", "test_accuracy")
SEEDS = 3
CLOSE = 0.05
SHORT = 60
"""Seconds in which a run was recorded that ``--some`` may choose."""


@dataclass(frozen=True)
class Replay:
    """What came of a replay.

    Attributes:
        scale, key: of the record.
        answer: 'equal', 'within the range of its seeds' or 'differs'.
        metric, by: the metric that differs most in the last evaluation, and by how much.
        seeds, range: how many seeds are recorded, and how far they lie apart in that metric.
        then, now: the environment of the record and of the replay.
    """

    scale: str
    key: str
    answer: str
    metric: str
    by: float
    seeds: int
    range: float
    then: dict
    now: dict

    @property
    def far(self) -> bool:
        """Whether it differs by more than 0.05 and by more than its seeds do:
        that is no other machine's rounding.
        """
        return self.answer == "differs" and self.by > max(CLOSE, self.range)

    def __str__(self) -> str:
        by = f"by up to {self.by:.4f} in {self.metric.replace('_', ' ')}"
        by = by if self.by else "in earlier epochs or single predictions alone"
        told = {
            "equal": "equal: every metric of every epoch and every array is the same",
            "differs": f"differs {by}",
        }.get(self.answer, f"within the range of its {self.seeds} seeds: it differs {by}")
        changed = [
            f"{name} {self.then[name]} then, {self.now[name]} now"
            for name in self.then
            if self.then[name] != self.now[name]
        ]
        return f"{self.scale}/{self.key}: {told}" + (f" ({'; '.join(changed)})" if changed else "")


def again(record: Record) -> Record:
    """The run carried out anew in a folder of its own, its arrays in memory."""
    kept = os.environ.get("MEMUTILS_RESULTS")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MEMUTILS_RESULTS"] = folder
        try:
            new = runs.run(Spec(**record.spec), load_scale(record.scale))
            return Record(new.path, new.content, new.arrays())
        finally:
            os.environ.pop("MEMUTILS_RESULTS")
            if kept:
                os.environ["MEMUTILS_RESULTS"] = kept


def last(record: Record) -> dict[str, float]:
    """The metrics of the last evaluation."""
    evaluated = record.history.dropna(subset="j1")
    if evaluated.empty:
        raise UserError(f"{record.key} diverged before its first evaluation; nothing to compare.")
    row = evaluated.iloc[-1]
    return {name: float(row[name]) for name in METRICS if row[name] == row[name]}


def spreads(found: list[Record]) -> dict[str, tuple[float, float]]:
    """The lowest and highest of each metric over these records."""
    rows = [last(record) for record in found]
    return {n: (min(r[n] for r in rows), max(r[n] for r in rows)) for n in rows[0]}


def environment(content: dict) -> dict:
    """What decides whether a replay can be equal."""
    made = content["provenance"]
    execution = {name: made["execution"][name] for name in ("device", "precision", "threads")}
    return {"torch": made["versions"]["torch"], "machine": made["machine"]} | execution


def columns(record: Record) -> dict[str, np.ndarray]:
    """The history by column, but for the times."""
    history = record.history
    return {str(n): history[n].to_numpy(float) for n in history if not str(n).endswith("seconds")}


def alike(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    """Whether what both hold is the same: an older record holds less."""
    return all(
        np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f")
        for name in (one.keys() & other.keys()) - {"history"}
    )


def compare(record: Record, new: Record, others: list[Record]) -> Replay:
    """What came of a replay.

    Args:
        record: as recorded.
        new: the replayed run, with its arrays in memory.
        others: records that differ in their seed alone, this one among them.
    """
    old, metrics, kept, arrays = last(record), last(new), record.arrays(), new.arrays()
    same = alike(kept, arrays) and alike(columns(record), columns(new))
    apart = {name: abs(metrics[name] - old[name]) for name in old}
    widest, ranges = max(apart, key=apart.get), spreads(others)
    inside = all(low <= metrics[name] <= high for name, (low, high) in ranges.items())
    if old == metrics and same:
        answer = "equal"
    else:
        within = inside and len(others) >= SEEDS
        answer = "within the range of its seeds" if within else "differs"
    low, high = ranges[widest]
    of_seeds = {"seeds": len(others), "range": round(high - low, 6)}
    when = {"then": environment(record.content), "now": environment(new.content)}
    by = round(apart[widest], 6)
    return Replay(record.scale, record.key, answer, widest, by, **of_seeds, **when)


def replay(scale: str, key: str) -> Replay:
    """Replays a record.

    Raises:
        UserError: there is no such record, or it cannot be read.
    """
    record = records.read(records.path_of(scale, key))
    seeds = [r for r in records.load(scale) if r.spec | {"seed": 0} == record.spec | {"seed": 0}]
    return compare(record, again(record), seeds)


def keep(found: Replay) -> None:
    """Writes the answer among those in ``benchmarks/replays.json``, in place of an older one."""
    rows = json.loads(FILE.read_bytes()) if FILE.is_file() else []
    rows = [r for r in rows if (r["scale"], r["key"]) != (found.scale, found.key)]
    rows = sorted([*rows, dataclasses.asdict(found)], key=lambda r: (r["scale"], r["key"]))
    records.write_whole(FILE, json.dumps(rows, indent=1, ensure_ascii=False).encode() + b"\n")


def chosen(keys: list[str], commit: str, n: int) -> list[str]:
    """n of the keys, by the commit's hash."""
    return sorted(
        sorted(keys), key=lambda key: hashlib.sha256(f"{commit} {key}".encode()).hexdigest()
    )[:n]


def candidates() -> tuple[list[str], list[str]]:
    """Names of the records of the quick scale, and of the others recorded in under a minute."""
    quick, others = [], []
    for folder in sorted(path for path in records.results_root().glob("*") if path.is_dir()):
        for record in records.load(folder.name):
            name = record.name
            if record.scale == "quick":
                quick.append(name)
            elif (
                record.scale != "smoke"
                and not record.diverged
                and (record.provenance["seconds"] < SHORT)
            ):
                others.append(name)
    return quick, others


def some() -> int:
    """Replays two quick records and another short one, chosen by the commit;
    1 where one is far off.
    """
    command = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    commit, (quick, others) = head.stdout.strip(), candidates()
    names = chosen(quick, commit, 2) + chosen(others, commit, 1)
    if not names:
        raise UserError("There is no record to replay; make book makes the quick ones.")
    answers = [replay(*name.split("/")) for name in names]
    print(*answers, sep="\n")
    return int(any(answer.far for answer in answers))


@command
def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 for an error, and for ``--some`` where a run is far off its record."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("scale", nargs="?")
    parser.add_argument("key", nargs="?")
    parser.add_argument("--keep", action="store_true", help=f"keep the answer in {FILE.name}")
    parser.add_argument("--some", action="store_true", help="three short runs, by the commit")
    options = parser.parse_args(arguments)
    if options.some:
        return some()
    if not (options.scale and options.key):
        raise UserError(
            "Name the record: make replay SCALE=cpu KEY=mnist-resnet18-rll-eta0.4-seed0."
        )
    found = replay(options.scale, options.key)
    print(found)
    if options.keep:
        keep(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
