"""Proves that a record in format 2 says what it said in format 1, by the raw bytes of both.

It imports nothing of the package, and knows the old names by a list of its own: a mistake that the
package made in converting would show.
"""

import hashlib
import json
import math
import subprocess
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
TODAY = {"exact_passes": "evaluations", "standardise": "standardize"}
PARTS = ("key", "scale", "results_version", "noise_rate", "dataset", "parameters", "risks")
ADDED = {"stood_for", "converted_from", "columns", "final"}
COMPUTED = ("train_p_given", "train_rll", "test_p_true", "holdout_p_given", "holdout_p_true")


class Unproved(Exception):
    """A converted record is not what the old one was."""


def demand(holds: bool, what: str) -> None:
    """Raises where a part of the proof does not hold."""
    if not holds:
        raise Unproved(what)


def in_history(commit: str) -> bool:
    """Whether a commit can be reached from this one."""
    command = ["git", "-C", ROOT, "merge-base", "--is-ancestor", commit, "HEAD"]
    return subprocess.run(command, capture_output=True).returncode == 0


def loaded(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """A record's JSON and arrays, with no check."""
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as file:
        return json.loads(path.read_bytes()), {name: file[name] for name in file.files}


def prove(old_path: Path, new_path: Path, log_p: bool, pictures: bool) -> int:
    """Compares both sides; returns how many values were compared.

    Args:
        old_path, new_path: of the JSON files.
        log_p: whether full log-probabilities stay.
        pictures: whether thumbnails stay.

    Raises:
        Unproved: what differs.
    """
    (old, before), (new, after) = loaded(old_path), loaded(new_path)
    demand(old["format"] == 1 and new["format"] == 2 and new["converted_from"] == 1, "the format")
    demand(new.keys() - ADDED == old.keys() - {"history"}, "the list of parts")
    for part in PARTS:
        demand(new[part] == old[part], f"the part {part}")
    demand(set(new["stood_for"].values()) == {None}, "what the names stood for")
    sha256 = hashlib.sha256(new_path.with_suffix(".npz").read_bytes()).hexdigest()
    demand(new["arrays_sha256"] == sha256, "the arrays' sum")
    left_out = set() if log_p else {name for name in before if "log_p" in name}
    left_out |= set() if pictures else {"thumbnails", "thumbnail_index"} & before.keys()
    count = len(PARTS) + prove_settings(old["spec"], new["spec"])
    count += prove_provenance(old["provenance"], new["provenance"])
    count += prove_history(old["history"], new, after) + prove_kept(before, after, left_out)
    made = {n for n in COMPUTED if n.partition("_")[0] in old["dataset"]["sizes"]}
    names = before.keys() - left_out | made | {"history", "evaluated_epochs"}
    demand(after.keys() == names, "the list of arrays")
    for name in made:
        prove_computed(name, old["spec"], before, after[name])
    return count + sum(after[name].size for name in made)


def prove_history(rows: list[dict], new: dict, after: dict[str, np.ndarray]) -> int:
    """Every value of every epoch, bit by bit, and those of the last evaluation."""
    table, names = after["history"], [column_today(name) for name in rows[0]]
    demand(new["columns"] == names and table.shape == (len(names), len(rows)), "the columns")
    demand(table.dtype == np.float64, "the type of the history")
    for i, row in enumerate(rows):
        demand([column_today(name) for name in row] == names, f"the columns of row {i + 1}")
        for value, now in zip(row.values(), table[:, i], strict=True):
            same = math.isnan(now) if value is None else float(value) == now
            demand(same, f"a value of row {i + 1}")
    evaluated = [row for row in rows if row["j1"] is not None]
    epochs = [row["epoch"] for row in evaluated]
    found = after["evaluated_epochs"]
    demand(found.dtype == np.int32 and found.tolist() == epochs, "the list of evaluations")
    last = {column_today(n): v for n, v in evaluated[-1].items() if "seconds" not in n}
    demand(new["final"] == last, "the last evaluation")
    return table.size + len(epochs) + len(last)


def column_today(name: str) -> str:
    """A column's name of today."""
    return name.replace("running_", "training_").replace("memorised", "memorized")


def alpha_of(spec: dict) -> float | None:
    """RLL's alpha where it is one of the run's losses."""
    return spec["alpha"] if "rll" in (spec["loss"], spec["switch_loss"]) else None


def prove_settings(old: dict, new: dict) -> int:
    """Every setting; RLL's alpha as the loss's parameter, or unused and of its default."""
    now, alpha = dict(new), alpha_of(old)
    parameters = now.pop("loss_parameters")
    demand(parameters == ({} if alpha is None else {"alpha": alpha}), "the loss's parameters")
    demand(alpha is not None or old["alpha"] == 0.1, "an alpha that was unused")
    words = {TODAY.get(name, name): value for name, value in old.items() if name != "alpha"}
    words["inputs"] = TODAY.get(words["inputs"], words["inputs"])
    later = {name: value for name, value in now.items() if name not in words}
    demand({n: now[n] for n in now.keys() - later.keys()} == words, "a setting")
    demand(not any(later.values()), "a setting that came later is not at its empty default")
    return len(old)


def prove_provenance(old: dict, new: dict) -> int:
    """Every note, and whether the commit can be reached; where not, the code's hash is there."""
    reached = new.get("commit_in_history", True)
    demand({n: v for n, v in new.items() if n != "commit_in_history"} == old, "the provenance")
    demand(reached == in_history(old["commit"]) and len(old["code"]) == 64, "the commit")
    return len(old)


def prove_kept(before: dict, after: dict, left_out: set[str]) -> int:
    """Labels, predictions and whatever else stays, bit by bit."""
    for name in before.keys() - left_out:
        one, two = before[name], after.get(name)
        same = two is not None and one.dtype == two.dtype and np.array_equal(one, two)
        demand(same, f"the array {name}")
    return sum(after[name].size for name in before.keys() - left_out)


def prove_computed(name: str, spec: dict, before: dict, now: np.ndarray) -> None:
    """A probability, or RLL's value, of each image: from the old log-probabilities, in numpy."""
    split, _, what = name.partition("_")
    label = before[f"{split}_true" if what == "p_true" else f"{split}_noisy"]
    p = np.exp(before[f"{split}_log_p"].astype(np.float64))
    p /= p.sum(1, keepdims=True)
    alpha = alpha_of(spec) or 0.1
    value = rll(p, label, alpha) if what == "rll" else p[np.arange(len(p)), label]
    digit = np.spacing(value.astype(np.float16)).astype(np.float64)  # of float16, the last one
    demand(now.dtype == np.float16, f"the type of {name}")
    demand(bool((np.abs(now - value) <= np.abs(digit)).all()), f"a value of {name}")


def rll(p: np.ndarray, label: np.ndarray, alpha: float) -> np.ndarray:
    """Robust log loss (Patel and Sastry, 2021, section 3) of probabilities (N, K): (N,)."""
    logs = np.log(alpha + p)
    own = logs[np.arange(len(p)), label]
    return math.log((1 + alpha) / alpha) - own + (logs.sum(1) - own) / (p.shape[1] - 1)
