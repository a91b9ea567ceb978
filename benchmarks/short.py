"""The benchmark's table for a GPU that is lent for minutes: one process, random images, few turns.

    python benchmarks/short.py SPEED.json [--ways WAYS.json]

The file has the form of ``bench.py``'s, without Lightning, and is whole after each network; what
``ways.py`` measured becomes its scaling over runs at once. Let nothing else run meanwhile.
"""

import argparse
import contextlib
import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path

import bench
import measure
import ours
import plain
import torch
from task import NETWORKS, Task, make_random

from memutils import __version__
from memutils.runs import order, provenance, specs
from memutils.runs.files import write_whole

SIDES = {"plain": plain, "ours": ours}
FULL = {
    "n": 6_400,
    "n_test": 1_000,
    "repeats": 2,
    "sizes": [2_000, 12_800, 50_000],
    "images": "random",
}
QUICK = {"n": 256, "n_test": 100, "repeats": 1, "sizes": [256], "images": "random"}


def as_torch_is() -> contextlib.AbstractContextManager:
    """cuDNN as torch has it by default, which our trainer has changed for this process."""
    return torch.backends.cudnn.flags(enabled=True, deterministic=False, allow_tf32=True)


def turn(side: str, task: Task) -> dict:
    """One epoch of a side, after a warm-up, with images a second of its training steps."""
    with as_torch_is() if side == "plain" else contextlib.nullcontext():
        SIDES[side].epoch(task.first(measure.WARM_UP))
        result = SIDES[side].epoch(task)
    trained = len(task.splits["train"]) // task.spec.batch_size * task.spec.batch_size
    return result | {"images_per_second": trained / result["train_seconds"]}


def compare(network: str, settings: dict) -> dict:
    """A network's operations an image, the share of products, and both sides in turns."""
    task = make_random(network, settings["n"], settings["n_test"])
    found = {"flops": measure.flops(network), "products": ours.products(task)}
    found["sides"] = {side: [] for side in SIDES}
    for _ in range(settings["repeats"]):
        for side in SIDES:
            found["sides"][side].append(turn(side, task))
    return found


def over_n(settings: dict) -> list[dict]:
    """Our epoch of ResNet-32 over the number of images, with this process's peak memory so far."""
    rows = []
    for n in settings["sizes"]:
        result = turn("ours", make_random("resnet32", n, settings["n_test"]))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rows.append({"n": n, "train_seconds": result["train_seconds"], "peak_mb": peak})
    return rows


def over_runs(ways: dict) -> list[dict]:
    """The speeds of several runs at once, by the best way for each number of them."""
    best = {}
    for way in ways.get("ways", []):
        speeds = way.get("images_per_second", [])
        if sum(speeds) > sum(best.get(way["at_once"], [])):
            best[way["at_once"]] = speeds
    return [{"runs": count, "images_per_second": best[count]} for count in sorted(best)]


def runs_in_ten_minutes(ways: dict) -> dict[str, float]:
    """How many runs of scale paper end in ten minutes, by network, in the way that was chosen."""
    found, at_once = {}, ways.get("chosen", {}).get("at_once", 1)
    for network, seconds in ways.get("rates", {}).items():
        spec = specs.load_scale("paper").spec(network=network, loss="cce", eta=0)
        found[network] = round(600 * at_once / (seconds * order.images(spec)), 2)
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("output", type=Path, help="the JSON file to write")
    parser.add_argument("--ways", type=Path, help="what ways.py measured")
    parser.add_argument("--quick", action="store_true", help="tiny settings, to try it")
    options = parser.parse_args(arguments)
    settings = QUICK if options.quick else FULL
    ways = json.loads(options.ways.read_bytes()) if options.ways and options.ways.exists() else {}
    machine = measure.machine(1) | {"cores": bench.cores(), "threads": 1}
    content = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "quick": options.quick,
        "package": __version__,
        **provenance.source_state(),
        "machine": machine,
        "settings": settings,
        "ways": ways,
        "runs_in_ten_minutes": runs_in_ten_minutes(ways),
        "scaling": {
            "network": "resnet32",
            "over_n": over_n(settings),
            "over_runs": over_runs(ways),
        },
    }
    found = {}
    for network in ("resnet18", *(name for name in NETWORKS if name != "resnet18")):
        found[network] = compare(network, settings)
        content["table"] = bench.summary(found, machine["peak_gflops"])
        content |= {"shares": bench.shares(found), "turns": found}
        write_whole(options.output, json.dumps(content, indent=1).encode())
        ours_row = next(
            r for r in content["table"] if (r["network"], r["side"]) == (network, "ours")
        )
        print(f"{network}: {ours_row['images_per_second']:,.0f} images/s")
    print(f"Written: {options.output}; runs in ten minutes: {content['runs_in_ten_minutes']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
