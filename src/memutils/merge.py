"""Brings records home: ``python -m memutils.merge /path/to/other/results``. Nothing that is here is ever overwritten."""

import argparse
import sys
from pathlib import Path

from memutils import records
from memutils.errors import UserError
from memutils.paths import expanded


def merge(source: Path) -> dict[str, list[str]]:
    """Copies the records of another results folder into this one.

    Each is read with all its checks, its arrays too; one that is here already with the same content is left as it is.

    Args:
        source: a results folder, with a folder a scale in it.

    Returns:
        The names ``scale/key`` of what was 'copied', what was 'here already', and the 'conflicts': records of the same run
        with another content, which are not copied.

    Raises:
        UserError: no such folder, or a damaged record in it; what was copied before stays.
    """
    source = expanded(source)
    if not source.is_dir():
        raise UserError(f"There is no folder {source}; name the results folder that was brought here.")
    outcome = {"copied": [], "here already": [], "conflicts": []}
    for path in sorted(p for p in source.glob("*/*.json") if not p.name.startswith(".")):
        record, scale = records.read(path), path.parent.name
        record.arrays()  # whole, and of this record
        target, name = records.path_of(scale, record.key), f"{scale}/{record.key}"
        if target.exists():
            same = records.read(target).content == record.content
            outcome["here already" if same else "conflicts"].append(name)
            continue
        records.write_whole(target.with_suffix(".npz"), path.with_suffix(".npz").read_bytes())
        records.write_whole(target, path.read_bytes())
        outcome["copied"].append(name)
    return outcome


def main(arguments: list[str] | None = None) -> int:
    """Merges and tells what it did; 1 where there was a conflict or an error."""
    parser = argparse.ArgumentParser(prog="python -m memutils.merge", description=__doc__)
    parser.add_argument("source", type=Path, help="the results folder to take records from")
    options = parser.parse_args(arguments)
    try:
        outcome = merge(options.source)
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(", ".join(f"{len(names)} {what}" for what, names in outcome.items()))
    for name in outcome["conflicts"]:
        print(f"Not copied: {name} is here with another content. Keep one of the two: delete the other.", file=sys.stderr)
    return int(bool(outcome["conflicts"]))


if __name__ == "__main__":
    sys.exit(main())
