"""A run's record on disk: a JSON file and arrays beside it, written whole or not at all, checked.

The JSON file is the commit point: the arrays are written first, and the record holds their sha256
and its own. They are read when they are asked for: what needs no history does not open them.
"""

import dataclasses
import hashlib
import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from memutils import labeling
from memutils.errors import UserError, nearest
from memutils.runs import entries, format1
from memutils.runs.files import folder_of, path_of, plain_name, results_root, write_whole
from memutils.runs.record import Record, checksum, dump, tabulate
from memutils.runs.specs import FIELDS, NAMING, Spec, flat, scale_name

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 2
"""Version of the record's layout."""

RESULTS_VERSION = 1
"""Version of what a run computes: raised by a change that alters results (a golden run notices)."""


def write(
    scale: str, key: str, content: dict, rows: list[dict], arrays: dict[str, np.ndarray]
) -> Record:
    """Writes a record: first the arrays, then the JSON file that makes them count.

    Args:
        scale, key: name the run.
        content: the record's other parts.
        rows: the history, one dictionary an epoch.
        arrays: what lies beside the history.

    Raises:
        ValueError: a value is not finite.
    """
    path, buffer = path_of(scale, key), io.BytesIO()
    more, table = tabulate(rows)
    np.savez_compressed(buffer, **table, **arrays)
    named = {"format": FORMAT, "results_version": RESULTS_VERSION, "scale": scale, "key": key}
    sealed = {"arrays_sha256": hashlib.sha256(buffer.getvalue()).hexdigest()}
    text = dump(named | content | more | sealed)
    path.unlink(missing_ok=True)  # an outdated record must not stand beside new arrays
    write_whole(path.with_suffix(".npz"), buffer.getvalue())
    write_whole(path, text)
    return read(path)


def in_todays_words(content: dict) -> dict:
    """A record's content with the names that settings have today.

    A setting that came after the record has its default: it is as if the run had been given it.
    """
    defaults = {n: f.default for n, f in FIELDS.items() if f.default is not dataclasses.MISSING}
    spec = defaults | {"milestones": []} | format1.renamed(content["spec"])
    spec["inputs"] = {"standardise": "standardize"}.get(spec["inputs"], spec["inputs"])
    if "alpha" in spec:  # every spec had RLL's, whatever its loss
        alpha = {"alpha": spec.pop("alpha")}
        spec["loss_parameters"] = alpha if "rll" in (spec["loss"], spec["switch_loss"]) else {}
    return content | {"spec": spec}


PARTS = {"key": str, "scale": str, "spec": dict, "risks": dict, "provenance": dict, "dataset": dict}


def checked(path: Path) -> dict:
    """A record's content as the file has it, in whatever format that this version reads.

    Raises:
        UserError: it cannot be read, is damaged, or has another format version; says what to do.
    """
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        near = nearest(path.stem, (other.stem for other in path.parent.glob("*.json")))
        raise UserError(f"There is no record {path}.{near}") from error
    except OSError as error:
        raise UserError(f"The record {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"The record {path} is damaged. Delete it and run it again.") from error
    if not isinstance(content, dict) or "format" not in content:
        raise UserError(f"The file {path} is not a record. Move it out of the results folder.")
    if content["format"] not in (1, FORMAT):
        raise UserError(
            f"The record {path} has format {str(content['format'])[:20]}, this version reads "
            f"formats 1 and {FORMAT}. Use the version that wrote it, or delete it and run it again."
        )
    try:
        whole = content.get("checksum") == checksum(content)
    except ValueError:
        whole = False
    parts = PARTS | {"history" if content["format"] == 1 else "columns": list}
    if not whole or any(not isinstance(content.get(k), t) for k, t in parts.items()):
        advice = "Delete it and run it again."
        raise UserError(f"The record {path} is damaged: its checksum does not fit. {advice}")
    plain_name(content["scale"]), plain_name(content["key"])
    if path.stem != content["key"]:
        text = f"The record {path} is of the run {content['key']}; give it that name back."
        raise UserError(text)
    return content


def read(path: Path | str) -> Record:
    """Reads and checks a record; one of format 1 is upgraded in memory.

    Raises:
        UserError: as ``checked``.
    """
    path = Path(path)
    content = in_todays_words(checked(path))
    if content["format"] == FORMAT:
        return Record(path, content)
    content, rows, arrays = format1.upgraded(path, content)
    more, table = tabulate(rows)
    return Record(path, content | {"format": FORMAT} | more, table | arrays)


def find(scale: str, key: str, spec: Spec) -> Record | None:
    """The valid record of a run; None where there is none, or one of another RESULTS_VERSION.

    Raises:
        UserError: a damaged record; or one of another specification, or whose loss, network or data
            were other ones of that name.
    """
    path = path_of(scale, key)
    if not path.exists():
        return None
    record = read(path)
    if record.content["results_version"] != RESULTS_VERSION:
        return None
    asked = spec_dict(spec)
    if record.spec != asked:
        asked, made = flat(asked), flat(record.spec)
        names = sorted(n for n in asked.keys() | made.keys() if asked.get(n) != made.get(n))
        raise UserError(
            f"The record {path} was made with other settings ({', '.join(names)}). "
            "Move it away, or give this run another scale."
        )
    then = record.content.get("stood_for", {})
    others = entries.differing(spec, then, record.dataset.get("fingerprints", {}))
    facts, k = record.content.get("noise", {}), len(record.dataset["classes"])
    if labeling.changed(spec.noise, spec.labels, spec.dataset, facts, k):
        others.append(f"the labels {spec.labels!r}")
    if others:
        raise UserError(
            f"The record {path} was made when {' and '.join(others)} stood for something else. "
            f"To train anew, delete {path}; to keep it, register yours under another name."
        )
    return record


def spec_dict(spec: Spec) -> dict:
    """A specification as JSON holds it."""
    values = dataclasses.asdict(spec) | {"loss_parameters": dict(spec.loss_parameters)}
    return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}


def load(scale: str = "") -> list[Record]:
    """Every record of a scale by key; an absent folder holds none.

    An empty name means ``specs.scale_name()``.
    """
    paths = sorted(folder_of(scale_name(scale)).glob("*.json"))
    found = [read(path) for path in paths if not path.name.startswith(".")]
    for record in found:
        check_folder(record)
    return found


def check_folder(record: Record) -> None:
    """Raises a UserError where a record lies under another scale: its key is another run there."""
    if (folder := record.path.parent.name) != record.scale:
        raise UserError(
            f"The record {record.path} is of the scale {record.scale}; move it from the folder "
            f"{folder} to {record.scale}."
        )


def shown_scale(name: str = "") -> str:
    """The scale that a figure shows.

    It is the one named, else that of paper and cpu with more records, so that the first record of
    a larger scale never takes over a page; without any, ``specs.scale_name()``.
    """
    counts = {n: len(list((results_root() / n).glob("*.json"))) for n in ("paper", "cpu")}
    most = max(counts, key=counts.get)
    return name or (most if counts[most] else scale_name())


def histories(records: list[Record]) -> "pd.DataFrame":
    """The records' histories as one tidy frame: a row a run and epoch, with key and settings."""
    import pandas as pd

    if not records:
        return pd.DataFrame(columns=["key", "noise_rate", *NAMING])
    frames = []
    shown = (*NAMING, "n_train", "lr", "train_on", "switch_loss")
    for record in records:
        settings = {n: record.spec[n] for n in shown}
        settings |= {"alpha": math.nan} | record.spec["loss_parameters"]
        frame = record.history.rename(columns={"lr": "lr_now"})
        frames.append(frame.assign(key=record.key, noise_rate=record.noise_rate, **settings))
    return pd.concat(frames, ignore_index=True)
