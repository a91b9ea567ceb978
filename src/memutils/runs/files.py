"""Where records lie, how a file is written whole or not at all, how arrays are read and checked."""

import hashlib
import io
import os
import re
import tempfile
import zipfile
import zlib
from pathlib import Path

import numpy as np

from memutils import paths
from memutils.errors import UserError


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
    """The name, if it is made of letters, digits and . _ + - and begins with a letter or digit.

    So it is no path and no markup.

    Raises:
        UserError: it is not.
    """
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,199}", name):
        shown = repr(str(name)[:80])
        text = "must be made of letters, digits and . _ + - only; rename it."
        raise UserError(f"The name {shown} {text}")
    return name


def write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole or, after a crash, as it was before.

    Raises:
        UserError: the disk is full, or the folder cannot be written.
    """
    temporary, named = None, {"prefix": f".{path.name}.", "suffix": ".tmp"}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False, **named) as file:
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
        advice = "Free space or mend permissions, then start again."
        raise UserError(f"Cannot write {path}: {reason}. {advice}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def sweep(scale: str, key: str) -> None:
    """Removes what a killed process left of half-written files of a run.

    Only for the holder of the run's lock.
    """
    for kind in ("json", "npz", "ckpt"):
        for path in path_of(scale, key).parent.glob(f"**/.{key}.{kind}.*.tmp"):
            path.unlink(missing_ok=True)


def read_arrays(path: Path, sha256: str, key: str, *names: str) -> dict[str, np.ndarray]:
    """The arrays of an npz file, or only those of these names.

    Args:
        path: of the file.
        sha256: what the file's bytes must have.
        key: of the run, for the advice where the file is damaged.

    Raises:
        UserError: the file is missing or damaged, or is another run's.
    """
    again = f"Delete {path.with_suffix('.json')} and run {key} again."
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"The arrays {path} cannot be read ({error}). Run {key} again."
        raise UserError(message) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise UserError(f"The arrays {path} are damaged or of another run. {again}")
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            if absent := [name for name in names if name not in file.files]:
                raise UserError(missing(key, absent[0], file.files))
            return {name: file[name] for name in names or file.files}
    except (ValueError, KeyError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise UserError(f"The arrays {path} are damaged ({error}). {again}") from error


def missing(key: str, name: str, found: list[str]) -> str:
    """Says that a run's arrays have none of this name, and why, where the reason is known."""
    why = ""
    if name.endswith("_log_p"):
        why = " Only scales with log_probabilities: true under records store it."
    elif "mislabeled_outcome" in found and name.endswith(("_noisy", "_true", "_predicted")):
        why = " The license of its labels does not let a record hold classes."
    return f"The record of {key} has no array {name!r}; it has {', '.join(sorted(found))}.{why}"
