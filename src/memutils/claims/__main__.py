"""The command ``python -m memutils.claims``: judges the claims and writes the table of claims."""

import argparse
import sys
from pathlib import Path

from memutils import records
from memutils.claims.table import dump, ledger, table
from memutils.errors import UserError


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m memutils.claims", description="Judges the paper's claims by the records.")
    parser.add_argument("--scale", default="", help="whose records (default: the largest that has any)")
    parser.add_argument("--output", type=Path, help="the ledger's file (default: claims.json in the results folder)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if the file differs from the records")
    options = parser.parse_args(arguments)
    path = options.output or records.results_root() / "claims.json"
    try:
        scale = records.shown_scale(options.scale)
        found = records.load(scale)
        if not found:
            raise UserError(f"There is no record of a scale {scale} to judge; nothing was written.")
        content = ledger(found)
        print(table(content))
        if not options.check:
            records.write_whole(path, dump(content))
        elif not path.is_file() or path.read_bytes() != dump(content):
            raise UserError(f"The ledger {path} does not fit the records; write it anew without --check.")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
