"""A run's record on disk: one JSON file and its companion arrays, written whole or not at all, read with checks.

The JSON file is the commit point: the arrays are written first, and the record holds their sha256 and its own.
"""

import dataclasses
import hashlib
import io
import json
import os
import re
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memutils import paths
from memutils.errors import UserError
from memutils.specs import NAMING, Spec, scale_name

if TYPE_CHECKING:
    import pandas as pd  # half a second, and training needs none of it

FORMAT = 1
"""Version of the record's layout."""

RESULTS_VERSION = 1
"""Version of what a run computes: raised by a change that alters results, which the golden run in the tests notices."""


@dataclass(frozen=True)
class Record:
    """What a run measured; ``content`` is the JSON object, the properties its parts."""

    path: Path
    content: dict

    key = property(lambda self: self.content["key"])
    scale = property(lambda self: self.content["scale"])
    spec = property(lambda self: self.content["spec"])
    noise_rate = property(lambda self: self.content["noise_rate"])
    risks = property(lambda self: self.content["risks"])
    provenance = property(lambda self: self.content["provenance"])
    dataset = property(lambda self: self.content["dataset"])

    @property
    def history(self) -> "pd.DataFrame":
        """One row an epoch; metrics are NaN in epochs without an evaluation."""
        import pandas as pd

        return pd.DataFrame(self.content["history"]).astype(float).astype({"epoch": int})

    def arrays(self) -> dict[str, np.ndarray]:
        """The companion arrays: labels, predictions, log-probabilities (float16) and thumbnails.

        Raises:
            UserError: they are missing or damaged.
        """
        path, again = self.path.with_suffix(".npz"), f"Delete {self.path} and run {self.key} again."
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UserError(f"The arrays {path} cannot be read ({error}). Run {self.key} again.") from error
        if hashlib.sha256(content).hexdigest() != self.content["arrays_sha256"]:
            raise UserError(f"The arrays {path} are damaged or of another run. {again}")
        try:
            with np.load(path, allow_pickle=False) as file:
                return {name: file[name] for name in file.files}
        except (ValueError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise UserError(f"The arrays {path} are damaged ({error}). {again}") from error


def results_root() -> Path:
    """The folder of all records: MEMUTILS_RESULTS, else ``results`` in the repository."""
    return paths.folder("MEMUTILS_RESULTS", "results")


def path_of(scale: str, key: str) -> Path:
    """Where the record of that key lies: always right in the folder of its scale."""
    return folder_of(scale) / f"{plain_name(key)}.json"


def folder_of(scale: str) -> Path:
    """The folder of a scale's records."""
    return results_root() / plain_name(scale)


def plain_name(name: str) -> str:
    """The name, if it is made of letters, digits and . _ + - and begins with a letter or digit: no path, no markup.

    Raises:
        UserError: it is not.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", name):
        raise UserError(f"The name {str(name)[:80]!r} must be made of letters, digits and . _ + - only; rename it.")
    return name


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole or, after a crash, as it was before.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp", delete=False) as file:
            temporary = Path(file.name)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o644)
        temporary.replace(path)
        if hasattr(os, "O_DIRECTORY"):  # make the rename itself durable
            folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)
    except OSError as error:
        reason = error.strerror or error
        raise UserError(f"Cannot write {path}: {reason}. Free space or mend permissions, then start again.") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sweep(scale: str, key: str) -> None:
    """Removes what a killed process left of half-written files of a run; only for the holder of the run's lock."""
    for kind in ("json", "npz", "ckpt"):
        for path in path_of(scale, key).parent.glob(f"**/.{key}.{kind}.*.tmp"):
            path.unlink(missing_ok=True)


def checksum(content: dict) -> str:
    """sha256 of a record's content without its checksum."""
    body = {k: v for k, v in content.items() if k != "checksum"}
    return hashlib.sha256(json.dumps(body, sort_keys=True, allow_nan=False).encode()).hexdigest()


def write(scale: str, key: str, content: dict, arrays: dict[str, np.ndarray]) -> Record:
    """Writes a record: first the arrays, then the JSON file that makes them count."""
    path, buffer = path_of(scale, key), io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    content = {"format": FORMAT, "results_version": RESULTS_VERSION, "scale": scale, "key": key, **content}
    content["arrays_sha256"] = hashlib.sha256(buffer.getvalue()).hexdigest()
    content["checksum"] = checksum(content)
    rows = content["history"]
    text = json.dumps(content | {"history": "@"}, indent=1, allow_nan=False)  # one line an epoch: readable, and small diffs
    text = text.replace('"history": "@"', '"history": [\n  ' + ",\n  ".join(json.dumps(r) for r in rows) + "\n ]")
    path.unlink(missing_ok=True)  # an outdated record must not stand beside new arrays
    write_whole(path.with_suffix(".npz"), buffer.getvalue())
    write_whole(path, text.encode() + b"\n")
    return read(path)


OLD_WORDS = {"exact_passes": "evaluations", "memorised": "memorized"}
OLD_WORDS |= {f"running_{n}": f"training_{n}" for n in ("j1", "j2", "fitted", "recovered")}
OLD_WORDS["running_memorised"] = "training_memorized"
"""Settings and columns that had other names when the first records were written."""


NEW_SETTINGS = {"labels": "", "augment": ""}
"""Settings that the first records lack, as they were then."""


def in_todays_words(content: dict) -> dict:
    """A record's content with the names that settings and columns have today."""
    def renamed(row: dict) -> dict:  # fmt: skip
        return {OLD_WORDS.get(name, name): value for name, value in row.items()}

    spec = NEW_SETTINGS | renamed(content["spec"])
    spec["inputs"] = {"standardise": "standardize"}.get(spec.get("inputs"), spec.get("inputs"))
    return content | {"spec": spec, "history": [renamed(row) for row in content["history"]]}


PARTS = {"key": str, "scale": str, "spec": dict, "history": list, "risks": dict, "provenance": dict, "dataset": dict}


def read(path: Path) -> Record:
    """Reads and checks a record.

    Raises:
        UserError: it cannot be read, is damaged, or has another format version; says what to do.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"The record {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"The record {path} is damaged. Delete it and run it again.") from error
    if not isinstance(content, dict) or "format" not in content:
        raise UserError(f"The file {path} is not a record. Move it out of the results folder.")
    if content["format"] != FORMAT:
        raise UserError(
            f"The record {path} has format {str(content['format'])[:20]}, this version reads format {FORMAT}. "
            "Use the version that wrote it, or delete it and run it again."
        )
    try:
        whole = content.get("checksum") == checksum(content)
    except ValueError:
        whole = False
    if not whole or any(not isinstance(content.get(k), t) for k, t in PARTS.items()):
        raise UserError(f"The record {path} is damaged: its checksum does not fit. Delete it and run it again.")
    content = in_todays_words(content)
    plain_name(content["scale"]), plain_name(content["key"])
    if path.stem != content["key"]:
        raise UserError(f"The record {path} is of the run {content['key']}; give it that name back.")
    return Record(path, content)


def find(scale: str, key: str, spec: Spec) -> Record | None:
    """The valid record of a run, or None where there is none or only one of another RESULTS_VERSION.

    Raises:
        UserError: a damaged record, or one whose specification is not the one asked for.
    """
    path = path_of(scale, key)
    if not path.exists():
        return None
    record = read(path)
    if record.content["results_version"] != RESULTS_VERSION:
        return None
    asked = spec_dict(spec)
    if record.spec != asked:
        names = sorted(n for n in asked.keys() | record.spec.keys() if asked.get(n) != record.spec.get(n))
        raise UserError(
            f"The record {path} was made with other settings ({', '.join(names)}). "
            "Move it away, or give this run another scale."
        )
    return record


def spec_dict(spec: Spec) -> dict:
    """A specification as JSON holds it."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in dataclasses.asdict(spec).items()}


def load(scale: str = "") -> list[Record]:
    """Every record of a scale (see ``specs.scale_name`` for an empty name), by key; an absent folder holds none."""
    return [read(path) for path in sorted(folder_of(scale_name(scale)).glob("*.json")) if not path.name.startswith(".")]


def shown_scale(name: str = "") -> str:
    """The scale that a figure shows: the one named, else the largest that has records, else ``specs.scale_name``'s."""
    recorded = (scale for scale in ("paper", "cpu") if any((results_root() / scale).glob("*.json")))
    return name or next(recorded, scale_name())


def identity_gap(record: Record) -> float:
    """The largest |J1 - ((1-e) fitted + e memorized)| and |J2 - ((1-e) fitted + e recovered)| over the evaluations.

    Both are identities, e being the realized noise rate, so it is 0 up to rounding.
    """
    e, rows = record.noise_rate, record.history.dropna(subset=["j1"]).fillna({"fitted": 0, "memorized": 0, "recovered": 0})
    j1, j2 = ((1 - e) * rows["fitted"] + e * rows[part] for part in ("memorized", "recovered"))
    return float(max((j1 - rows["j1"]).abs().max(), (j2 - rows["j2"]).abs().max()))


def histories(records: list[Record]) -> "pd.DataFrame":
    """The records' histories as one tidy frame: a row for each run and epoch, with key, realized rate and settings."""
    import pandas as pd

    frames = []
    for record in records:
        settings = {n: record.spec[n] for n in (*NAMING, "alpha", "n_train", "lr", "train_on", "switch_loss")}
        frame = record.history.rename(columns={"lr": "lr_now"})
        frames.append(frame.assign(key=record.key, noise_rate=record.noise_rate, **settings))
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["key", "noise_rate", *NAMING])
