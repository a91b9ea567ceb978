"""``make bench``: images a second of three ways to train, share of the machine's peak,
scaling and memory, as JSON.

The file keeps one result for each kind of machine; a new one takes the place of the last of its
kind. Every measurement is a process of its own, one after another (but for the concurrent runs);
the sides take turns, and what is compared is the median over the turns. Let nothing else run
meanwhile.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from measure import SIDES
from task import NETWORKS

from memutils import __version__
from memutils.errors import UserError
from memutils.report import speed
from memutils.runs import provenance, specs

HERE = Path(__file__).parent
FULL = {
    "n": 2560,
    "n_test": 1000,
    "repeats": 5,
    "sizes": [2000, 5000, 10000, 20000, 50000],
    "concurrent_n": 5000,
}
QUICK = {"n": 256, "n_test": 100, "repeats": 2, "sizes": [256, 512], "concurrent_n": 256}


def start(what: str, *arguments) -> subprocess.Popen:
    """Starts a measurement in a process of its own."""
    command = [sys.executable, HERE / "measure.py", what, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def result(process: subprocess.Popen) -> dict:
    """What a measurement printed."""
    text, _ = process.communicate()
    if process.returncode:
        raise SystemExit(f"A measurement failed: {' '.join(map(str, process.args))}")
    return json.loads(text.splitlines()[-1])


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


def compare(networks: list[str], settings: dict, threads: int) -> dict:
    """Every side of every network, in turns; and each network's operations an image."""
    found = {
        name: {"flops": result(start("flops", name)), "sides": {side: [] for side in SIDES}}
        for name in networks
    }
    for name in networks:
        found[name] |= result(start("products", name, "--n", settings["n"], "--threads", threads))
    for turn in range(settings["repeats"]):
        for name in networks:
            for side in SIDES:
                given = ("--n", settings["n"], "--n-test", settings["n_test"], "--threads", threads)
                found[name]["sides"][side].append(result(start(side, name, *given)))
                last = found[name]["sides"][side][-1]
                say(
                    f"turn {turn + 1}: {name} {side}: {last['seconds']:.1f} s an epoch,"
                    f" {last['images_per_second']:.0f} images/s"
                )
    return found


def at_once(device: str) -> list[int]:
    """How many runs at once are tried: on a GPU as many as share it by default,
    else up to one a core, doubling.
    """
    most = 4 if device == "cuda" else cores()
    return sorted({2**i for i in range(most.bit_length())} | {most})


def scaling(settings: dict, threads: int, device: str) -> dict:
    """Seconds of an epoch over the number of images,
    and images a second over the number of runs at once.
    """
    over_n, over_runs = [], []
    for n in settings["sizes"]:
        n_test = 10_000 if n == 50_000 else settings["n_test"]
        over_n.append(
            {"n": n}
            | result(start("ours", "resnet32", "--n", n, "--n-test", n_test, "--threads", threads))
        )
        say(
            f"{n} images: {over_n[-1]['train_seconds']:.1f} s of training steps, peak"
            f" {over_n[-1]['peak_mb']} MB"
        )
    for count in at_once(device):
        together = [
            start("ours", "resnet32", "--n", settings["concurrent_n"], "--n-test", 200)
            for _ in range(count)
        ]
        over_runs.append(
            {"runs": count, "images_per_second": [result(p)["images_per_second"] for p in together]}
        )
        say(
            f"{count} runs at once: {sum(over_runs[-1]['images_per_second']):.0f} images/s together"
        )
    return {"network": "resnet32", "over_n": over_n, "over_runs": over_runs}


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def summary(found: dict, peaks: dict) -> list[dict]:
    """One row a network and side: medians, its epoch over ours with the range over turns, and the
    share of the peak.
    """
    rows = []
    for name, network in found.items():
        ours = network["sides"]["ours"]
        for side, turns in network["sides"].items():
            ratios = [t["seconds"] / o["seconds"] for t, o in zip(turns, ours, strict=True)]
            speed = statistics.median(t["images_per_second"] for t in turns)
            precision = turns[0]["precision"]
            rows.append(
                {
                    "network": name,
                    "side": side,
                    "precision": precision,
                    "images_per_second": speed,
                    "epoch_seconds": statistics.median(t["seconds"] for t in turns),
                    "times_ours": statistics.median(ratios),
                    "times_ours_lowest": min(ratios),
                    "times_ours_highest": max(ratios),
                    "share_of_peak": speed * network["flops"]["step"] / 1e9 / peaks[precision],
                }
            )
    return rows


def shares(found: dict) -> list[dict]:
    """Of our training steps: what products and preparing the data take;
    of a run at scale paper: what evaluations take.
    """
    rows = []
    for name, network in found.items():
        turns, spec = (
            network["sides"]["ours"],
            specs.load_scale("paper").spec(network=name, loss="cce", eta=0),
        )
        step = statistics.median(t["train_seconds"] for t in turns)
        exact = statistics.median(t["seconds"] - t["train_seconds"] for t in turns) * len(
            spec.evaluation_epochs()
        )
        preparation = statistics.median(t["preparation_seconds"] for t in turns)
        exact_share = exact / (exact + step * spec.epochs)
        step_shares = {"products": network["products"], "data_preparation": preparation / step}
        rows.append({"network": name} | step_shares | {"evaluations": exact_share})
    return rows


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "--quick",
        action="store_true",
        help="tiny settings, to try the benchmark itself; into _build",
    )
    parser.add_argument("--networks", nargs="+", choices=NETWORKS, default=NETWORKS)
    parser.add_argument(
        "--threads", type=int, default=cores(), help="of each side; by default one a core"
    )
    parser.add_argument("--output", type=Path, help="by default the file that the book reads")
    options = parser.parse_args(arguments)
    output = options.output or (
        HERE.parent / "_build/benchmark.json" if options.quick else speed.RESULTS
    )
    try:
        speed.read(output)  # before hours of measuring
    except UserError as error:
        raise SystemExit(f"Error: {error}") from error
    settings, begun = (
        (QUICK if options.quick else FULL),
        datetime.now(UTC).isoformat(timespec="seconds"),
    )
    machine = result(start("machine", "--threads", options.threads)) | {
        "cores": cores(),
        "threads": options.threads,
    }
    say(
        f"{machine['name']}: "
        + ", ".join(f"{k} {v:.0f} GFLOP/s" for k, v in machine["peak_gflops"].items())
    )
    found = compare(options.networks, settings, options.threads)
    content = {
        "started": begun,
        "quick": options.quick,
        "package": __version__,
        **provenance.source_state(),
        "machine": machine,
        "settings": settings,
        "table": summary(found, machine["peak_gflops"]),
        "shares": shares(found),
        "turns": found,
        "scaling": scaling(settings, options.threads, machine["device"]),
    }
    speed.add(content, output)
    for row in content["table"]:
        print(
            "{network:15} {side:10} {images_per_second:7.0f} images/s, epoch {epoch_seconds:7.1f} s"
            " = {times_ours:5.2f} x ours ({times_ours_lowest:.2f} to {times_ours_highest:.2f}),"
            " {share_of_peak:4.0%} of peak".format(**row)
        )
    for row in content["shares"]:
        print(
            "{network:15} products {products:.1%}, data preparation {data_preparation:.1%}, "
            "evaluations {evaluations:.1%} of a run".format(**row)
        )
    print(f"Written: {output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
