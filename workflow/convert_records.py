"""Converts the repository's records of format 1 into format 2, each with ``conversion_proof``.

    python workflow/convert_records.py

Left out are full log-probabilities where the scale's config does not ask for them, and thumbnails
of runs that no gallery pairs. Each record is converted aside; when all are proved they replace the
old ones. ``results/conversion.csv`` has the sums of both sides: while it is there, nothing is
converted.
"""

import csv
import hashlib
import os
import sys
import tempfile
from pathlib import Path

from conversion_proof import ROOT, Unproved, in_history, prove

from memutils.errors import UserError
from memutils.runs import files, format1, records, specs, storage

TABLE = ROOT / "results" / "conversion.csv"
COLUMNS = ("scale", "key", "old_json", "old_npz", "new_json", "new_npz", "values")


def paired(scale: specs.Scale, key: str) -> bool:
    """Whether a gallery shows the run: it is of the scale's own settings, or will be.

    The scale cpu is to have the paper's learning rate for Inception-Lite, .01, as ``control`` has.
    """
    if scale.name == "control":
        return key.startswith("cifar10-inception-lite") and key.endswith("-eta0.4-seed0-lr0.01")
    spec = scale.specs().get(key)
    return spec is not None and storage.pictured(scale, spec)


def convert(path: Path, scale: specs.Scale, pictures: bool) -> None:
    """Writes a record of format 1 in format 2, into the results folder that is set now."""
    content = records.checked(path)
    if content["format"] != 1:
        raise UserError(f"The record {path} is not of format 1; put back the old one.")
    content, rows, arrays = format1.upgraded(path, records.in_todays_words(content))
    if not in_history(content["provenance"]["commit"]):
        content["provenance"] = content["provenance"] | {"commit_in_history": False}
    dropped = set() if scale.records.log_probabilities else {n for n in arrays if "log_p" in n}
    dropped |= set() if pictures else {"thumbnails", "thumbnail_index"}
    arrays = {name: array for name, array in arrays.items() if name not in dropped}
    own = {n: v for n, v in content.items() if n not in ("format", "arrays_sha256", "checksum")}
    records.write(scale.name, content["key"], own, rows, arrays)


def converted(path: Path) -> tuple:
    """Converts a record aside and proves it; its row of the table."""
    scale = specs.load_scale(path.parent.name)
    pictures, new = paired(scale, path.stem), files.path_of(scale.name, path.stem)
    convert(path, scale, pictures)
    try:
        values = prove(path, new, scale.records.log_probabilities, pictures)
    except Unproved as error:
        raise UserError(f"The record {path} is not proved: {error} differs.") from None
    sums = [sha256_of(p.with_suffix(kind)) for p in (path, new) for kind in (".json", ".npz")]
    return (scale.name, path.stem, *sums, values)


def sha256_of(path: Path) -> str:
    """A file's sum."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Converts all records; 1, with nothing changed, where a proof fails or a table is there."""
    old = sorted((ROOT / "results").glob("*/[!.]*.json"))
    if TABLE.exists():
        print(f"{TABLE} is there: the records are converted already.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(dir=ROOT / "results", prefix=".convert-") as aside:
        os.environ["MEMUTILS_RESULTS"] = aside
        try:
            rows = [converted(path) for path in old]
        except UserError as error:
            print(f"Nothing was converted. {error}", file=sys.stderr)
            return 1
        for path in old:
            new = files.path_of(path.parent.name, path.stem)
            for kind in (".npz", ".json"):
                new.with_suffix(kind).replace(path.with_suffix(kind))
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([COLUMNS, *rows])
    values = sum(row[-1] for row in rows)
    print(f"{len(rows)} records converted, {values:,} values compared: all are the same.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
