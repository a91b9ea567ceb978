"""Brings home what a visit to a GPU left: its records, checked, and its speeds for the benchmark.

python workflow/gpu/bring.py OUT
"""

import argparse
import json
import sys
from pathlib import Path

from memutils.errors import UserError, command
from memutils.report import speed
from memutils.runs import merge


def add_speeds(path: Path) -> None:
    """Takes a GPU's table into ``benchmarks/results.json``, in the place of an earlier one.

    Raises:
        UserError: the file is damaged.
    """
    try:
        result = json.loads(path.read_bytes())
        speed.title(result), speed.conditions(result), speed.table(result), speed.shares(result)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The speeds {path} are damaged ({error!r}); measure them again."
        ) from error
    speed.add(result)
    print(f"The speeds of {speed.title(result)} are in {speed.RESULTS}.")


@command
def main(arguments: list[str] | None = None) -> int:
    """The command; 1 where something is wrong or there is nothing."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("out", type=Path, help="the folder that the visit wrote")
    options = parser.parse_args(arguments)
    archives, speeds = sorted(options.out.glob("records*.zip")), options.out / "speed.json"
    if not archives and not speeds.exists():
        print(f"Error: {options.out} holds no records*.zip and no speed.json.", file=sys.stderr)
        return 1
    failed = [path.name for path in archives if merge.main([str(path)])]
    if speeds.exists():
        add_speeds(speeds)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
