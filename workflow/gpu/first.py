"""The first visit to a GPU: tests, the fastest way for several runs, ResNet-18's runs, speeds.

python workflow/gpu/first.py OUT [--limit 420]
"""

import json
import math
import re
import sys
from collections import Counter
from importlib.util import find_spec

from visit import Visit, parser_of, queue_words

TESTS, WAYS, TABLE = 120, 90, 40
"""Seconds at most, of the tests, of trying the ways, and kept for the benchmark's table."""

FEW = ["--at-once", 1, 2, 4]
"""Numbers of runs at once that are measured."""

ENDING = 25
"""Seconds that the queue needs to end after its limit: its start, an epoch, the checkpoints."""

WARM_UP = """
import matplotlib.pyplot, torch, torchvision
x = torch.ones(8, 3, 32, 32, device="cuda" if torch.cuda.is_available() else "cpu")
w = torch.ones(8, 3, 3, 3, device=x.device, requires_grad=True)
torch.nn.functional.conv2d(x, w).sum().backward()
"""
"""Reads from the disk what every later command needs: a machine that was just started is cold."""

FILES = ("test_gpu_together", "test_gpu_records", "test_gpu_steps")
"""The tests, those that allow several runs at once first: the time may not do for all."""

CAREFUL = {"by": "processes", "step": "eager", "at_once": 2}
"""What is left where nothing passed: few at once, so that a run ends in time."""


def test(visit: Visit) -> set[str]:
    """Runs the tests on the GPU; returns which files of them have passed."""
    files = [f"tests/gpu/{name}.py" for name in FILES]
    plain = ["-p", "no:cacheprovider", "-o", "addopts="]
    words = ["-m", "pytest", *files, "-vv", "--tb=short", *plain]
    words += ["-p", "xdist", "-n", "6"] if find_spec("xdist") else []
    counts = visit.work / "tests.json"
    # whatever other plugins are installed there cost time
    more = {"MEMUTILS_GPU_TESTS": str(counts), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    _, text = visit.python(*words, most=TESTS, more=more)
    return passed(text, json.loads(counts.read_bytes()) if counts.exists() else {})


def passed(text: str, counts: dict[str, int]) -> set[str]:
    """The files of which every test passed, by pytest's lines; of a file that was cut off some are
    missing.

    Args:
        text: pytest's output.
        counts: how many tests each file has.
    """
    found = re.findall(r"(?:(test_\w+)\.py::\S+ PASSED|PASSED \S*?(test_\w+)\.py::)", text)
    there = Counter(first or second for first, second in found)
    return {name for name, count in counts.items() if there[name] == count}


def allowed(way: dict, tested: set[str]) -> bool:
    """Whether a way was measured and the tests of what it rests on passed."""
    needed = {"test_gpu_steps", "test_gpu_records"} if way["step"] == "graph" else set()
    needed |= {"test_gpu_together"} if way["by"] == "streams" and way["at_once"] > 1 else set()
    return "images_per_second" in way and needed <= tested


def fastest(measured: dict, tested: set[str], seconds: float = math.inf) -> dict:
    """The way with the most images a second in all, of those allowed; of those in which a run of
    ResNet-18 ends within so many seconds, if there are any.
    """
    ways = [way for way in measured["ways"] if allowed(way, tested)]
    ending = [way for way in ways if run_seconds(measured, way) <= seconds]
    return max(ending or ways, key=lambda way: sum(way["images_per_second"]), default=CAREFUL)


def rates(measured: dict, way: dict) -> dict[str, float]:
    """Seconds of an image of an epoch by network, each run beside others as this way has them."""
    alone, together = measured["alone"], way.get("images_per_second")
    if not together or "resnet18" not in alone:
        return {}
    slower = alone["resnet18"]["images_per_second"] * way["at_once"] / sum(together)
    return {name: row["seconds_per_image"] * slower for name, row in alone.items()}


def run_seconds(measured: dict, way: dict) -> float:
    """What a run of ResNet-18 takes at scale paper: 200 epochs, and data, capture and record."""
    return 10 + rates(measured, way).get("resnet18", math.inf) * 200 * 60_000


def main(arguments: list[str] | None = None) -> int:
    """The visit; 1 where a test or a command failed: the log tells which."""
    parser = parser_of(__doc__, 420)
    parser.add_argument("--only", default="resnet18", help="the runs whose key contains this")
    parser.add_argument(
        "--quick", action="store_true", help="tiny measurements, to try the visit itself"
    )
    options = parser.parse_args(arguments)
    visit, failed = Visit(options.out, options.work, options.limit), []
    failed.append(visit.python("workflow/gpu/pack.py", "unpack", "data", visit.work / "data")[0])
    visit.python("-c", WARM_UP)
    tested = test(visit)
    path = visit.out / "ways.json"
    few = ["--at-once", 1, 2, "--seconds", 0.2, "--n", 256]
    visit.python("benchmarks/ways.py", path, *(few if options.quick else FEW), most=WAYS)
    measured = json.loads(path.read_bytes()) if path.exists() else {"ways": [], "alone": {}}
    way = fastest(measured, tested)
    measured |= {"passed": sorted(tested), "chosen": way, "rates": rates(measured, way)}
    for folder in (visit.out, visit.work):  # for the second visit, on this machine or on another
        (folder / path.name).write_text(json.dumps(measured, indent=1))
    (visit.out / "rates.json").write_text(json.dumps(measured["rates"]))
    left = visit.left() - TABLE
    now = fastest(measured, tested, left - ENDING)
    for one, when in ((way, "the fastest"), (now, "for now")):
        visit.say(f"{one['at_once']} at once by {one['by']}, steps {one['step']}: {when}.")
    known = visit.work / "rates.json"
    known.write_text(json.dumps(rates(measured, now)))
    words, more = queue_words(options, now, "--only", options.only, "--rates", known)
    words += ["--limit", max(0, left - ENDING)]
    failed.append(visit.python(*words, most=max(0, left), more=more)[0])
    few = ["--quick"] if options.quick else []
    table = ["benchmarks/short.py", visit.out / "speed.json", "--ways", path, *few]
    failed.append(visit.python(*table)[0])
    return int(any(failed) or tested != {*FILES})


if __name__ == "__main__":
    sys.exit(main())
