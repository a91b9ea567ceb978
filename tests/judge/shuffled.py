"""Shuffled names: what a grid supports in which the losses' names are permuted within each network,
noise rate and seed.

A rule that such a grid often passes does not tell losses apart. ``python tests/judge/shuffled.py``
writes the result into ``benchmarks/judge.json``; ``--check`` compares with it.
"""

import argparse
import dataclasses
import json
import sys
from collections import Counter
from statistics import fmean

import numpy as np
from planted import FILE

from memutils.claims.measured import Measured
from memutils.claims.selection import OWN, Pool
from memutils.claims.sensitivity import words
from memutils.claims.thresholds import Thresholds

GRIDS = 200


def renamed(run: Measured, spec: dict) -> Measured:
    """The same run with another loss's name and parameters; what was read of it is shared."""
    other = dataclasses.replace(
        run, spec=run.spec | {n: spec[n] for n in ("loss", "loss_parameters", "alpha") if n in spec}
    )
    for name in ("last", "evaluated", "pairs", "_medians"):
        other.__dict__[name] = getattr(run, name)
    return other


def shuffled(runs: list[Measured], generator: np.random.Generator) -> list[Measured]:
    """The runs with the losses' names permuted among those that share every other setting."""
    groups: dict[str, list[Measured]] = {}
    for run in runs:
        same = {n: v for n, v in run.spec.items() if n not in OWN or n in ("eta", "seed")}
        groups.setdefault(json.dumps(same, sort_keys=True), []).append(run)
    found = []
    for group in groups.values():
        order = generator.permutation(len(group))
        found += [renamed(run, group[i].spec) for run, i in zip(group, order, strict=True)]
    return found


def supported(pool: Pool) -> list[str]:
    """The verdicts that hold: claim, part and network."""
    return [
        " ".join(filter(None, key))
        for key, word in words(pool, Thresholds()).items()
        if word == "holds"
    ]


def result(pool: Pool, grids: int) -> dict:
    """How many verdicts hold in the recorded grid, and in shuffled ones;
    and how often each of them does.
    """
    generator, real = np.random.default_rng(0), supported(pool)
    runs = [run for run in pool.runs if run.name.partition("/")[0] not in ("steps", "steps-cnn")]
    held = [supported(Pool(shuffled(runs, generator))) for _ in range(grids)]
    often = Counter(name for names in held for name in names)
    counts = [len(names) for names in held]
    return {
        "grids": grids,
        "runs": len(pool.runs),
        "verdicts": len(words(pool, Thresholds())),
        "recorded": len(real),
        "mean": fmean(counts),
        "lowest": min(counts),
        "highest": max(counts),
        "share": {
            name: often[name] / grids
            for name in sorted(often | dict.fromkeys(real, 0), key=lambda n: -often[n])
        },
    }


def main(arguments: list[str] | None = None) -> int:
    """The command line; 1 where the committed result is another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="compare with the committed result, write nothing"
    )
    options = parser.parse_args(arguments)
    found = result(Pool.load(), GRIDS)
    print(
        f"Of {found['verdicts']} verdicts {found['recorded']} hold as recorded, and with shuffled"
        f" names {found['mean']:.1f} ({found['lowest']} to {found['highest']} in {found['grids']}"
        " grids)."
    )
    content = json.loads(FILE.read_bytes()) if FILE.exists() else {}
    if options.check:
        if content.get("shuffled") == json.loads(json.dumps(found)):
            return 0
        text = f"{FILE.name} was made of other records; make claims makes it anew."
        print(text, file=sys.stderr)
        return 1
    FILE.write_text(
        json.dumps(content | {"shuffled": found}, indent=1, ensure_ascii=False) + "\n",
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
