"""Moves records whose names no longer follow from their settings:
``python workflow/move_records.py``

A key leaves out what is the scale's default. Where a config's default changes, its keys change
their meaning, and a record must get the name that its settings have now. It goes to the scale whose
grid has these settings, its own before others. Settings, metrics, arrays and provenance stay as
they are; ``results/moved.csv`` lists old and new names with their sums.
"""

import csv
import hashlib
import sys
from pathlib import Path

from memutils.errors import UserError, command
from memutils.runs import files, record, records, specs

SCALES = ("cpu", "control", "size", "sweep", "alpha", "steps", "switch")
COLUMNS = ("scale", "key", "new_scale", "new_key", "json", "new_json", "npz")


def place(found: records.Record, scales: dict[str, specs.Scale]) -> tuple[str, str]:
    """The scale and key that a record's settings have now.

    Raises:
        UserError: no grid has them.
    """
    spec = specs.Spec(**found.spec)
    for name in dict.fromkeys([found.scale, *scales]):
        key = scales[name].key(spec)
        if scales[name].specs().get(key) == spec:
            return name, key
    raise UserError(
        f"No grid has the settings of {found.path}; add them to a config, or move the record away."
    )


def moves(scales: dict[str, specs.Scale]) -> list[tuple[records.Record, str, str]]:
    """The records that must move, each with its new scale and key.

    Raises:
        UserError: two records would get one name, or the place is taken by one that stays.
    """
    every = [(found, *place(found, scales)) for name in scales for found in records.load(name)]
    names = [where for _, *where in every]
    for where in names:
        if names.count(where) > 1:
            raise UserError(
                f"Two records would be called {'/'.join(where)}; move one of them away."
            )
    return [row for row in every if (row[0].scale, row[0].key) != tuple(row[1:])]


def move(found: records.Record, scale: str, key: str, aside: Path) -> tuple:
    """Writes a record under its new name into a folder aside; its row of the table."""
    content = records.checked(found.path) | {"scale": scale, "key": key}
    arrays = found.path.with_suffix(".npz").read_bytes()
    target = aside / scale / f"{key}.json"
    files.write_whole(target.with_suffix(".npz"), arrays)
    files.write_whole(target, record.dump(content))
    sums = [
        hashlib.sha256(part).hexdigest()
        for part in (found.path.read_bytes(), target.read_bytes(), arrays)
    ]
    return (found.scale, found.key, scale, key, *sums)


@command
def main() -> int:
    """Moves what must move; 1 and nothing changed where something is wrong."""
    root = files.results_root()
    aside, table = root / ".moving", root / "moved.csv"
    todo = moves({name: specs.load_scale(name) for name in SCALES})
    rows = [move(*row, aside) for row in todo]
    for found, *_ in todo:
        found.path.unlink()
        found.path.with_suffix(".npz").unlink()
    for path in sorted(aside.glob("*/*"), key=lambda path: path.suffix == ".json"):  # arrays first
        path.replace(root / path.parent.name / path.name)
    for folder in sorted(aside.glob("*")) + [aside] * aside.exists():
        folder.rmdir()
    new = not table.exists()
    if rows:
        with table.open("a", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([COLUMNS] * new + rows)
    print(f"{len(rows)} records moved.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
