"""Brings records home: ``python -m memutils.runs.merge /path/to/other/results``, or an archive.

Nothing that is here is ever overwritten.
"""

import argparse
import re
import sys
import tempfile
import zipfile
import zlib
from pathlib import Path

from memutils.errors import UserError, command
from memutils.paths import expanded
from memutils.runs import provenance, records
from memutils.runs.records import Record

DAMAGED = (OSError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What unpacking a damaged or an encrypted archive raises (NotImplementedError is of the third)."""


def merge(source: Path) -> dict[str, list[str]]:
    """Copies the records of another results folder, or of an archive of one, into this one.

    Each is read with all its checks, its arrays too, and its code must be that of the commit it
    names; one that is here already with the same content is left as it is.

    Args:
        source: a results folder, with a folder a scale in it; or a zip file of that layout, see
            ``memutils.runs.archive``.

    Returns:
        The names ``scale/key`` of what was 'copied', what was 'here already', and the 'conflicts':
        records of the same run with another content, which are not copied.

    Raises:
        UserError: no records there, a damaged one, or one of other code than it says; what was
        copied before stays.
    """
    source = expanded(source)
    if source.is_file():
        with tempfile.TemporaryDirectory() as folder:
            unpack(source, Path(folder))
            return merge(Path(folder))
    outcome, checked = {"copied": [], "here already": [], "conflicts": []}, set()
    for path in paths_in(source):
        record, scale = records.read(path), path.parent.name
        records.check_folder(record)
        record.arrays()  # whole, and of this record
        target, name = records.path_of(scale, record.key), f"{scale}/{record.key}"
        if target.exists():
            same = records.read(target).content == record.content
            outcome["here already" if same else "conflicts"].append(name)
            continue
        made = record.provenance.get("commit"), record.provenance.get("code")
        if made not in checked:
            check_code(record)
            checked.add(made)
        records.write_whole(target.with_suffix(".npz"), path.with_suffix(".npz").read_bytes())
        records.write_whole(target, path.read_bytes())
        outcome["copied"].append(name)
    return outcome


def paths_in(folder: Path) -> list[Path]:
    """The records of a results folder.

    Raises:
        UserError: the folder is not there, is another one, or has no records; names the one that is
        wanted.
    """
    if not folder.is_dir():
        raise UserError(
            f"There is no folder {folder}; name the results folder that was brought here."
        )
    found = sorted(p for p in folder.glob("*/*.json") if not p.name.startswith("."))
    if (folder / "results").is_dir() or not found:
        near = [p for p in (folder / "results", folder.resolve().parent) if any(p.glob("*/*.json"))]
        hint = f"; that may be {near[0]}" if near else ""
        raise UserError(
            f"{folder} is no results folder: records lie in one by their scale, as in"
            f" cpu/KEY.json{hint}."
        )
    return found


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks the records of an archive, and nothing else that may be in it."""
    try:
        with zipfile.ZipFile(archive) as file:
            part = r"[A-Za-z0-9][\w.+-]*"
            record = re.compile(rf"{part}/{part}\.(json|npz)")
            names = [name for name in file.namelist() if record.fullmatch(name)]
            file.extractall(folder, names)
    except DAMAGED as error:
        raise UserError(
            f"The archive {archive} cannot be read ({error}). Fetch it again."
        ) from error
    if not names:
        raise UserError(
            f"The archive {archive} holds no records; name one that memutils.runs.queue has"
            " written."
        )


def check_code(record: Record) -> None:
    """Raises a UserError unless a record's code is that of the commit it names, or of the sources
    here where it names none.
    """
    commit, code = record.provenance.get("commit"), record.provenance.get("code")
    if commit is None or provenance.state_in_git() is None:
        expected, whose = provenance.code_hash(), "the sources here"
    else:
        expected = provenance.code_of_commit(commit)
        whose = f"the commit {commit[:12]} that it names"
    if expected is None:
        raise UserError(
            f"The record {record.key} names the commit {commit[:12]}, which is not here. Fetch it,"
            " then merge again."
        )
    if code != expected:
        what = f"The record {record.key} was made by other code than {whose}."
        raise UserError(f"{what} Run it again from a commit.")


@command
def main(arguments: list[str] | None = None) -> int:
    """Merges and tells what it did; 1 where there was a conflict or an error."""
    parser = argparse.ArgumentParser(
        prog="python -m memutils.runs.merge", description=__doc__.partition("\n")[0]
    )
    whence = "the results folder, or the archive, to take records from"
    parser.add_argument("source", type=Path, help=whence)
    options = parser.parse_args(arguments)
    outcome = merge(options.source)
    print(", ".join(f"{len(names)} {what}" for what, names in outcome.items()))
    for name in outcome["conflicts"]:
        what = f"Not copied: {name} is here with another content."
        print(f"{what} Keep one of the two: delete the other.", file=sys.stderr)
    return int(bool(outcome["conflicts"]))


if __name__ == "__main__":
    sys.exit(main())
