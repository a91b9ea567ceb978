"""What was tried and how often it went well: ``book/tested.csv``, a row a check."""

import csv
from pathlib import Path

TABLE = Path(__file__).parents[2] / "book" / "tested.csv"
COLUMNS = ("what", "cases", "passed", "seed", "detail")


def read() -> dict[str, dict]:
    """The table's rows by name."""
    rows = csv.DictReader(TABLE.open(encoding="utf-8")) if TABLE.exists() else ()
    return {row["what"]: row for row in rows}


def renew(rows: list[dict]) -> None:
    """Replaces the table's rows of the same name, or adds them."""
    table = read() | {row["what"]: row for row in rows}
    with TABLE.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table.values())
