"""The benchmark's results, ``benchmarks/results.json``: an entry per kind of machine; tables."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from memutils.errors import UserError
from memutils.names import NETWORK_NAMES
from memutils.paths import REPOSITORY
from memutils.words import listed, percent, share

if TYPE_CHECKING:
    import pandas as pd

RESULTS = REPOSITORY / "benchmarks" / "results.json"
SIDES = {"plain": "plain loop", "lightning": "Lightning", "ours": "memutils"}
AIMS = {"resnet32": (3, 0.65), "inception-lite": (3, 0.75), "resnet18": (2.5, 0.45)}
"""What was aimed at: how many times as fast an epoch is as both others', and the steps' share of
the peak.
"""

LEVELS = {
    "amx_bf16": "AMX",
    "avx512_bf16": "AVX-512 with bfloat16",
    "avx512f": "AVX-512",
    "avx2": "AVX2",
}
"""What decides a processor's speed here, by Linux's flag for it, the best one first."""


def instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """The best of ``LEVELS`` that this processor has; empty where the system does not tell."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    return next((name for flag, name in LEVELS.items() if flag in flags), "")


def kind(machine: dict) -> tuple:
    """What makes two machines of one kind: a processor's name alone says too little."""
    decisive = ("name", "instructions", "device", "cores", "threads")
    return tuple(machine.get(name) for name in decisive)


def read(path: Path = RESULTS) -> list[dict]:
    """The results of each kind of machine; none where there is no file.

    Raises:
        UserError: the file is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))["machines"]
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"The benchmark's results {path} are damaged; delete the file and run `make bench`."
        ) from error


def add(result: dict, path: Path = RESULTS) -> None:
    """Writes a result into the file, in the place of an earlier one of the same kind of machine."""
    others = [found for found in read(path) if kind(found["machine"]) != kind(result["machine"])]
    text = json.dumps({"machines": [*others, result]}, indent=1)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def title(result: dict) -> str:
    """The machine in a few words: its processor or GPU, and the instructions that decide."""
    machine = result["machine"]
    return machine["name"] + (f", {machine['instructions']}" if machine.get("instructions") else "")


def conditions(result: dict) -> str:
    """When, with what and how a result was measured, in whole sentences."""
    machine, settings = result["machine"], result["settings"]
    gflops = machine["peak_gflops"].items()
    peaks = " and ".join(f"{value:,.0f} GFLOP/s in {name}" for name, value in gflops)
    trial = " This is a trial with tiny settings: nothing follows from it."
    trial = trial if result["quick"] else ""
    return (
        f"Measured on {result['started'][:10]} with {machine['threads']} of {machine['cores']}"
        f" cores and torch {machine['torch']}; matrix products reach {peaks}. Batch size 128,"
        f" {settings['n']:,} training and {settings['n_test']:,} test images, medians of"
        f" {settings['repeats']} interleaved turns.{trial}"
    )


def met(result: dict) -> str:
    """Which networks meet the aims, in a sentence or two."""
    peak, others = of_peak(result), [row for row in result["table"] if row["side"] != "ours"]
    networks = dict.fromkeys(row["network"] for row in others)
    times = {n: min(r["times_ours"] for r in others if r["network"] == n) for n in networks}
    epochs = of_aim({n: (t >= AIMS[n][0], f"{t:.1f} times as fast") for n, t in times.items()})
    steps = of_aim({n: (p >= AIMS[n][1], percent([p])) for n, p in peak.items()})
    return f"The aim for an epoch is {epochs}. The aim for steps is {steps}."


def of_peak(result: dict) -> dict[str, float]:
    """The share of the peak that our steps reach, by network."""
    return {r["network"]: r["share_of_peak"] for r in result["table"] if r["side"] == "ours"}


def of_aim(found: dict[str, tuple[bool, str]]) -> str:
    """'met by ResNet-18, and not by ResNet-32 (2.7 times as fast)', from whether and how much."""
    there = [NETWORK_NAMES[name] for name, (met, _) in found.items() if met]
    short = [f"{NETWORK_NAMES[name]} ({told})" for name, (met, told) in found.items() if not met]
    if not short:
        return "met by all three"
    return (
        f"met by {listed(there)}, and not by {listed(short)}"
        if there
        else f"not met: {listed(short)}"
    )


def times_ours(row: dict) -> str:
    """The ratio of epochs, with its range over the turns."""
    low, high = row["times_ours_lowest"], row["times_ours_highest"]
    return f"{row['times_ours']:.1f} ({low:.1f} to {high:.1f})"


def table(result: dict) -> "pd.DataFrame":
    """A row for each network and side: speed, time of an epoch, that over ours, share of peak."""
    import pandas as pd

    rows = [
        {
            "network": NETWORK_NAMES[row["network"]],
            "side": SIDES[row["side"]],
            "images/s": round(row["images_per_second"]),
            "epoch, s": f"{row['epoch_seconds']:.1f}",
            "times ours": times_ours(row),
            "of peak": percent([row["share_of_peak"]]),
        }
        for row in result["table"]
    ]
    return pd.DataFrame(rows)


def shares(result: dict) -> "pd.DataFrame":
    """What products and preparing data take of our steps, and evaluations of a run."""
    import pandas as pd

    peak = of_peak(result)
    rows = [
        {
            "network": NETWORK_NAMES[row["network"]],
            "products": share(row["products"]),
            "preparing data": share(row["data_preparation"]),
            "evaluations": share(row["evaluations"]),
            "products alone, of peak": percent([peak[row["network"]] / row["products"]]),
        }
        for row in result["shares"]
    ]
    return pd.DataFrame(rows)
