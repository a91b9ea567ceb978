"""What the full scale costs: operations counted, hours under assumptions, and what runs leave."""

from collections.abc import Sequence

import pandas as pd

from memutils.names import NETWORK_NAMES
from memutils.runs import grid, records, specs
from memutils.runs.records import Record
from memutils.values import grouped

FULL = {"mnist": (60_000, (1, 28, 28)), "cifar10": (50_000, (3, 32, 32))}
"""Training images of the whole sets, and the shape of one."""

EVALUATIONS = 12
"""Evaluations of a run at scale ``paper``."""


def by_network(scale: str = "paper") -> pd.DataFrame:
    """A row a network: runs, operations of a training step per image, and of a whole run."""
    rows, every = [], specs.load_scale(scale).specs().values()
    for network, (spec, *others) in grouped((spec.network, spec) for spec in every).items():
        images, (channels, height, width) = FULL[spec.dataset]
        shape = (channels, spec.crop or height, spec.crop or width)
        mflop = grid.operations(network, shape) / 1e6
        row = {"network": NETWORK_NAMES[network], "runs": 1 + len(others), "MFLOP per image": mflop}
        rows.append(row | {"PFLOP per run": mflop * images * spec.epochs / 1e9})
    return pd.DataFrame(rows)


def with_hours(costs: pd.DataFrame, peak_tflops: float, shares: Sequence[float]) -> pd.DataFrame:
    """The hours of all runs of each network, a column for each share of the peak.

    Args:
        costs: from ``by_network``.
        peak_tflops: of the card, in TFLOP/s.
        shares: of that peak, sustained.
    """
    work = costs["PFLOP per run"] * costs["runs"]
    hours = {f"hours at {100 * s:.0f} %": work / (peak_tflops / 1e3 * s) / 3600 for s in shares}
    return costs.assign(**hours)


def as_table(costs: pd.DataFrame) -> pd.DataFrame:
    """The same for readers: a decimal, or none from a hundred on."""
    shown = costs.select_dtypes(float)
    return costs.assign(**{n: [f"{v:,.{int(v < 100)}f}" for v in shown[n]] for n in shown})


def total(costs: pd.DataFrame, card: str) -> str:
    """A sentence: the hours of the whole grid, from the fastest to the slowest assumption."""
    hours = sorted(costs.filter(like="hours at").sum())
    return (
        f"All {int(costs['runs'].sum())} runs take **{hours[0]:.0f} to {hours[-1]:.0f} hours of one"
        f" {card}**, evaluations not counted."
    )


def size(record: Record) -> int:
    """Bytes of a record and its arrays."""
    return record.path.stat().st_size + record.path.with_suffix(".npz").stat().st_size


def left_behind(found: list[Record], runs: int) -> str:
    """A sentence: what a run of the full scale leaves at most, from recorded ones.

    Args:
        found: records with their arrays.
        runs: number of runs of the whole grid.
    """
    if not found:
        return "No record is here yet."
    per_image = max(size(r) / sum(r.dataset["sizes"].values()) for r in found)
    predictions = 0.6 * 60_000 * EVALUATIONS / 1e6  # of each mislabeled image, not packed
    whole = per_image * 70_000 / 1e6 + predictions
    return (
        f"The {len(found)} records take at most {per_image:.0f} bytes per image. So a run with"
        f" 70,000 images leaves {whole:.1f} MB at most, with what was predicted for each mislabeled"
        f" image at {EVALUATIONS} evaluations, and the whole grid {whole * runs / 1e3:.1f} GB at"
        " most."
    )


def with_arrays(*scales: str) -> list[Record]:
    """The records of some scales whose arrays lie beside them."""
    found = [record for scale in scales for record in records.load(scale)]
    return [record for record in found if record.path.with_suffix(".npz").exists()]
