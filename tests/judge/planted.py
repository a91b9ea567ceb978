"""Planted truth: made-up grids in which it is known what holds, and how often each rule says so.

Effects lie clearly on one side of a rule's threshold, or one standard error from it; others are of
an idle network, or of a mixture of seeds (``truths``). ``python tests/judge/planted.py`` writes
``benchmarks/judge.json``; ``--check`` compares with it.
"""

import argparse
import json
import math
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from grids import LIMITS, Planted, of_seeds, words
from truths import every

from memutils.claims.statements import CLAIMS

FILE = Path(__file__).parents[2] / "benchmarks" / "judge.json"
GRIDS, CLOSE = 1000, 0.02


SPREAD = 0.02


OVER_SEEDS = [
    (claim, name, word, mean)
    for claim, edge in (("P1", -LIMITS.fit_gap), ("H1", 0.0))
    for name, word, mean in (
        ("clearly true", "holds", edge - 10 * SPREAD),
        ("one SE above the threshold", "holds", edge - SPREAD / math.sqrt(3)),
        ("one SE below the threshold", "fails", edge + SPREAD / math.sqrt(3)),
        ("clearly false", "fails", edge + 10 * SPREAD),
    )
]
"""Contrasts over seeds, with a spread between seeds of 0.02."""


def rate(job: tuple[int, int]) -> dict:
    """A line of the table: the share of grids with each kind of word."""
    number, grids = job
    if number >= len(every()):
        claim, name, word, mean = OVER_SEEDS[number - len(every())]
        planted = Planted(claim, "", name, word, dict)
        found = of_seeds(claim, mean, SPREAD, grids, number)
    else:
        planted = every()[number]
        found = words(planted, grids, number)
    right = (
        found["holds"] + found["fails"] if planted.expected == "either" else found[planted.expected]
    )
    opposite = {"holds": "fails", "fails": "holds"}.get(planted.expected)
    wrong = (
        found[opposite]
        if opposite
        else found["holds"] + found["fails"]
        if planted.expected != "either"
        else 0
    )
    if "seeds" in planted.expected:
        wrong = found["holds"] + found["fails"]
    named = {
        "claim": planted.claim,
        "part": planted.part,
        "planted": planted.name,
        "expected": planted.expected,
    }
    shares = {"right": right / grids, "opposite": wrong / grids}
    return (
        named
        | shares
        | {"undecided": 1 - sum(shares.values())}
        | {"words": {w: n / grids for w, n in sorted(found.items())}}
    )


def rates(grids: int) -> list[dict]:
    """The table."""
    with ProcessPoolExecutor(2) as pool:
        rows = list(pool.map(rate, [(i, grids) for i in range(len(every()) + len(OVER_SEEDS))]))
    return sorted(rows, key=lambda row: [c.id for c in CLAIMS].index(row["claim"]))


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where the committed table is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--grids", type=int, default=GRIDS)
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed table, write nothing"
    )
    options = parser.parse_args(arguments)
    found = rates(options.grids)
    for row in found:
        print(
            f"{row['claim']:4} {row['part']:28} {row['planted']:32} {row['expected']:14} right"
            f" {row['right']:.3f}  opposite {row['opposite']:.3f}  undecided {row['undecided']:.3f}"
            f"  {row['words']}"
        )
    if not options.check:
        content = json.loads(FILE.read_bytes()) if FILE.exists() else {}
        text = json.dumps(
            content | {"grids": options.grids, "planted": found}, indent=1, ensure_ascii=False
        )
        FILE.write_text(text + "\n", encoding="utf-8")
        return 0
    kept = json.loads(FILE.read_bytes())["planted"]
    far = [
        a
        for a, b in zip(found, kept, strict=True)
        if max(abs(a[n] - b[n]) for n in ("right", "opposite")) > CLOSE
    ]
    print(f"{len(far)} of {len(found)} rates are more than {CLOSE} from the committed ones.")
    return bool(far)


if __name__ == "__main__":
    sys.exit(main())
