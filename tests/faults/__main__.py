"""Disturbs runs, grids and files on purpose: ``python tests/faults [--seed 0] [--only kill]``;
exits with 1 where one was harmed.

What was tried is a table in the book, ``book/tested.csv``, whose rows of these checks are renewed.
"""

import argparse
import sys
import time

import circumstances
import damage
import kill
from place import REPOSITORY
from table import TABLE, renew

PARTS = {
    "kill": lambda o: (kill.main(o.seed, o.kills), []),
    "damage": lambda o: damage.main(o.seed, o.damages),
    "circumstances": lambda o: circumstances.main(o.seed),
}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python tests/faults", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="decides what is killed and damaged, and when"
    )
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--damages", type=int, default=600)
    parser.add_argument("--only", choices=PARTS)
    options = parser.parse_args()
    start, failures = time.monotonic(), []
    for name in [options.only] if options.only else PARTS:
        print(f"{name}, seed {options.seed}:", flush=True)
        try:
            rows, wrong = PARTS[name](options)
        except kill.Failed as error:
            rows, wrong = [], [str(error)]
        renew([row | {"seed": options.seed} for row in rows])
        failures += wrong
    print(*failures, sep="\n")
    print(
        f"{len(failures)} failed; {time.monotonic() - start:.0f} s; the table:"
        f" {TABLE.relative_to(REPOSITORY)}"
    )
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
