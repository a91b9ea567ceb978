"""A run's record in memory: what it measured, the history as a table, the sum that seals it.

What a record holds is decided where it is made, in ``memutils.runs.execute``.
"""

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memutils.errors import UserError
from memutils.runs.files import read_arrays

if TYPE_CHECKING:
    import pandas as pd  # half a second, and training needs none of it

PARTS = ("j1", "j2", "fitted", "memorized", "recovered")
IN_TRAINING = (*(f"training_{name}" for name in PARTS), "train_seconds")
COLUMNS = ("epoch", "lr", "train_loss", *IN_TRAINING, *PARTS, "classes", "test_accuracy", "seconds")
"""The columns of every history; held-out images add theirs.

Seconds are of the epoch, and of its training alone."""


@dataclass(frozen=True)
class Record:
    """What a run measured.

    Attributes:
        path: of the JSON file; the arrays lie beside it.
        content: the JSON object; the properties are its parts.
        kept: the arrays, where they are in memory: of a record of format 1, or a made-up one.
    """

    path: Path
    content: dict
    kept: dict[str, np.ndarray] | None = field(default=None, repr=False, compare=False)

    @property
    def key(self) -> str:
        """The run's name within its scale."""
        return self.content["key"]

    @property
    def scale(self) -> str:
        """The scale whose settings the key leaves out."""
        return self.content["scale"]

    @property
    def name(self) -> str:
        """Scale and key: 'cpu/mnist-resnet18-rll-eta0.4-seed0'."""
        return f"{self.scale}/{self.key}"

    @property
    def spec(self) -> dict:
        """Every setting of the run, by name."""
        return self.content["spec"]

    @property
    def noise_rate(self) -> float:
        """e, the share of the training labels that were replaced."""
        return self.content["noise_rate"]

    @property
    def risks(self) -> dict:
        """Mean losses at the end: split -> loss -> labeling ('true', 'fresh', 'training')."""
        return self.content["risks"]

    @property
    def provenance(self) -> dict:
        """Code, commit, versions, machine and time."""
        return self.content["provenance"]

    @property
    def dataset(self) -> dict:
        """Name, source, classes, fingerprints and sizes of the data."""
        return self.content["dataset"]

    @property
    def diverged(self) -> int | None:
        """The epoch in which loss or output became infinite; None for a run that ended well."""
        return self.content.get("diverged", {}).get("epoch")

    @cached_property
    def table(self) -> np.ndarray:
        """The history, float64 (columns, epochs); NaN where an epoch has no evaluation."""
        table = self.arrays("history")["history"]
        if table.ndim != 2 or len(table) != len(self.content["columns"]):
            text = f"The arrays of {self.path} do not fit its columns. Delete it and run it again."
            raise UserError(text)
        return table

    @property
    def history(self) -> "pd.DataFrame":
        """One row an epoch; metrics are NaN in epochs without an evaluation."""
        import pandas as pd

        frame = pd.DataFrame(self.table.T, columns=self.content["columns"], copy=True)
        return frame.astype({"epoch": int})

    def arrays(self, *names: str) -> dict[str, np.ndarray]:
        """The companion arrays, all or those of these names; ``measured`` tells what they are.

        Raises:
            UserError: they are missing or damaged.
        """
        if self.kept is not None:
            return {name: self.kept[name] for name in names or self.kept}
        path, sha256 = self.path.with_suffix(".npz"), self.content["arrays_sha256"]
        return read_arrays(path, sha256, self.key, *names)


def checksum(content: dict) -> str:
    """sha256 of a record's content without its checksum."""
    body = {k: v for k, v in content.items() if k != "checksum"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()


def dump(content: dict) -> bytes:
    """A record's JSON file, with the checksum of this content."""
    content = content | {"checksum": checksum(content)}
    return json.dumps(content, indent=1, allow_nan=False).encode() + b"\n"


def tabulate(rows: list[dict]) -> tuple[dict, dict[str, np.ndarray]]:
    """What the rows of a history, one an epoch, add to a record's content and to its arrays.

    Content: 'columns' and 'final', the metrics of the last evaluation. Arrays: 'history' (columns,
    epochs), NaN for None or absent values, and 'evaluated_epochs'.

    Raises:
        ValueError: a value is not finite.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row)) or list(COLUMNS)
    values = [value for row in rows for value in row.values() if value is not None]
    if not np.isfinite(values).all():
        raise ValueError("A value of the history is not finite.")
    table = np.array([[row.get(name) for row in rows] for name in columns], float)  # None: NaN
    evaluated = [row for row in rows if row.get("j1") is not None]
    metrics = [name for name in columns if "seconds" not in name]
    final = {name: evaluated[-1].get(name) for name in metrics} if evaluated else {}
    epochs = np.array([row["epoch"] for row in evaluated], dtype=np.int32)
    return {"columns": columns, "final": final}, {"history": table, "evaluated_epochs": epochs}
