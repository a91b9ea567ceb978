"""A second reader of the records: it imports nothing of the package and computes the table of
claims anew, from the files alone.

Given the committed table (``claims.json``, format 2), it recomputes the statistics and the state of
every cell and the word of every verdict with formulas of its own (``second_rules``), and lists the
disagreements.

    python tests/judge/second_reader.py [RESULTS]
"""

import functools
import hashlib
import json
import math
import sys
from pathlib import Path

import numpy as np
from second_rules import RULES, collapsed, inconclusive

CLOSE = 2e-6
"""The table rounds to six decimals."""


@functools.cache
def record(folder: Path, name: str) -> dict:
    """A record of format 1 or 2: what the JSON file and the arrays beside it say,
    in one vocabulary.
    """
    content = json.loads((folder / f"{name}.json").read_bytes())
    raw = (folder / f"{name}.npz").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == content["arrays_sha256"], (
        f"the arrays of {name} are others"
    )
    with np.load(folder / f"{name}.npz", allow_pickle=False) as file:
        arrays = {
            key: file[key]
            for key in file.files
            if not key.endswith("log_p") and "thumbnail" not in key
        }
    if "history" in arrays:
        columns = dict(zip(content["columns"], arrays["history"], strict=True))
    else:
        rows = content["history"]
        columns = {
            n: np.array([math.nan if r[n] is None else r[n] for r in rows], float) for n in rows[0]
        }
    words = {"memorised": "memorized", "running_memorised": "training_memorized"}
    columns = {words.get(n, n).replace("running_", "training_"): v for n, v in columns.items()}
    return {
        "spec": content["spec"],
        "e": content["noise_rate"],
        "columns": columns,
        "arrays": arrays,
        "risks": content["risks"],
        "n": content["dataset"]["sizes"]["train"],
        "k": len(content["dataset"]["classes"]),
    }


def settings(spec: dict) -> str:
    """A run's settings but for its loss, noise rate and seed."""
    own = ("loss", "eta", "seed", "alpha", "loss_parameters")
    return json.dumps({k: v for k, v in spec.items() if k not in own}, sort_keys=True)


def alpha(spec: dict) -> float:
    return spec.get("loss_parameters", spec).get("alpha", 0.1) if spec["loss"] == "rll" else 0.1


class Reader:
    """Every record of a results folder, by settings, loss, noise rate, seed and alpha."""

    def __init__(self, folder: Path):
        self.folder, self.known = folder, {}
        for path in sorted(folder.glob("*/*.json")):
            name = f"{path.parent.name}/{path.stem}"
            spec = json.loads(path.read_bytes())["spec"]
            key = settings(spec), spec["loss"], spec["eta"], spec["seed"], alpha(spec)
            self.known.setdefault(key, name)

    def clean(self, run: dict) -> dict | None:
        """The run of the same loss on clean labels."""
        spec = run["spec"]
        name = self.known.get((settings(spec), spec["loss"], 0, spec["seed"], alpha(spec)))
        return record(self.folder, name) if name else None

    def cell(self, claim: str, part: str, cell: dict) -> list[str]:
        """How this cell disagrees."""
        runs = [record(self.folder, name) for name in cell["records"]]
        found, state = RULES[claim](runs, part)
        noisy = [r for r in runs if r["spec"]["eta"] > 0]
        if any(collapsed(r) if claim == "C3" else inconclusive(r, self.clean(r)) for r in noisy):
            state = "inconclusive"
        where = f"{claim} {part} {cell['loss']} {cell['eta']} seed {cell['seed']}"
        wrongs = [f"{where}: {state} here, {cell['state']} there"] if state != cell["state"] else []
        for name, value in found.items():
            there = cell["statistics"].get(name)
            same = (
                there is None
                if value is None
                else there is not None and abs(value - there) <= CLOSE
            )
            wrongs += [] if same else [f"{where}: {name} is {value} here, {there} there"]
        return wrongs


def word(claim: str, cells: list[dict]) -> str:
    """The word of some cells."""
    tell = [c for c in cells if c["state"] in ("holds", "fails", "open")]
    if not tell or 2 * len(tell) < len(cells) or not any(c["eta"] in (None, 0.4) for c in tell):
        return "not tested"
    states = {s: {c["state"] for c in tell if c["seed"] == s} for s in {c["seed"] for c in tell}}
    if claim == "E1":
        return "fails" if sum(c["state"] == "fails" for c in tell) * 2 > len(tell) else "holds"
    passed = sum(s == {"holds"} for s in states.values())
    failed = sum("fails" in s for s in states.values())
    if passed == len(states):
        return "holds"
    if failed == len(states):
        return "fails"
    return f"{passed} of {len(states)} seeds" if passed or failed else "open"


def disagreements(table: dict, folder: Path) -> list[str]:
    """All of them."""
    reader, found = Reader(folder), []
    for claim in table["claims"]:
        for verdict in claim["verdicts"] if claim["id"] in RULES else []:
            for cell in verdict["cells"]:
                found += reader.cell(claim["id"], verdict["part"], cell)
            here = word(claim["id"], verdict["cells"])
            if here != verdict["word"]:
                found.append(
                    f"{claim['id']} {verdict['part']} {verdict['column']}: {here} here,"
                    f" {verdict['word']} there"
                )
    return found


def main(arguments: list[str]) -> int:
    """Prints the disagreements; 1 if there are any."""
    folder = Path(arguments[0]) if arguments else Path(__file__).parents[2] / "results"
    table = json.loads((folder / "claims.json").read_bytes())
    found = disagreements(table, folder)
    cells = sum(len(v["cells"]) for c in table["claims"] for v in c["verdicts"])
    print("\n".join(found) or f"The second reader agrees in all {cells} cells.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
