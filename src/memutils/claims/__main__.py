"""The command ``python -m memutils.claims``: judges the claims and writes the table of claims."""

import argparse
import sys
from pathlib import Path

from memutils.claims.publish import content, dump, strip
from memutils.claims.selection import SCALES, Pool
from memutils.errors import UserError, command
from memutils.runs import records


@command
def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m memutils.claims", description="Judges the paper's claims by the records."
    )
    parser.add_argument(
        "--output", type=Path, help="the table's file (default: claims.json in the results folder)"
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; fail if the file differs from the records",
    )
    options = parser.parse_args(arguments)
    path = options.output or records.results_root() / "claims.json"
    pool = Pool.load()
    if not pool.runs:
        raise UserError(
            f"There is no record of the scales {', '.join(SCALES)} to judge; nothing was written."
        )
    table = content(pool)
    print(strip(table))
    if not options.check:
        records.write_whole(path, dump(table))
    elif not path.is_file() or path.read_bytes() != dump(table):
        raise UserError(
            f"The table {path} does not fit the records; write it anew without --check."
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
