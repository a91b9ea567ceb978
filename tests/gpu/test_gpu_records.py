"""On a GPU the same seed gives the same record, but for times, also after a kill."""

import subprocess
import sys
import time

import on_gpu
import pytest
from conftest import REPOSITORY, measured
from on_gpu import needs_gpu, registered  # noqa: F401

from memutils import runs
from memutils.runs import checkpoints, records, specs

pytestmark = [needs_gpu, pytest.mark.usefixtures("registered")]
SMOKE = specs.load_scale("smoke")


@pytest.mark.parametrize("network", ["resnet18", "resnet32", "inception-lite"])
def test_the_same_seed_twice_is_the_same_record(network):
    found = []
    for _ in range(2):
        record = runs.run(on_gpu.spec(network), SMOKE, progress=False)
        assert record.provenance["execution"]["step"] == "graph"
        found.append(measured(record))
        record.path.unlink()
    assert found[0] == found[1]


RUN = """
import sys
sys.path[:0] = [{tests!r}, {tests!r} + "/gpu"]
import on_gpu
from memutils import data, runs
from memutils.runs import checkpoints
on_gpu.DEVICE = {device!r}
data.DATASETS.update(on_gpu.MADE_UP)
checkpoints.CHECKPOINT_SECONDS = 0
runs.run(on_gpu.spec("resnet32", epochs=12), "smoke", progress=False)
"""
"""A run with a checkpoint after each epoch."""


def test_a_killed_run_goes_on_to_the_same_record(epochs_run):
    spec = on_gpu.spec("resnet32", epochs=12)
    whole = runs.run(spec, SMOKE, progress=False)
    expected = measured(whole)
    whole.path.unlink()
    path = checkpoints.checkpoint_path("smoke", SMOKE.key(spec))
    code = RUN.format(tests=str(REPOSITORY / "tests"), device=on_gpu.DEVICE)
    child = subprocess.Popen([sys.executable, "-c", code])
    end = time.monotonic() + 60
    while not path.exists() and child.poll() is None and time.monotonic() < end:
        time.sleep(0.005)
    child.kill()
    child.wait()
    assert path.exists() and not records.load("smoke")
    epochs_run.clear()
    assert measured(runs.run(spec, SMOKE, progress=False)) == expected
    assert 0 < len(epochs_run) < 12
