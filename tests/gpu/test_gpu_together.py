"""Several graphs at once, each on a stream of its own, give what each gives alone."""

import on_gpu
import pytest
from conftest import measured
from on_gpu import needs_gpu, registered  # noqa: F401

from memutils import runs
from memutils.runs import queue, specs
from memutils.runs.order import Job, Rates

pytestmark = [needs_gpu, pytest.mark.usefixtures("registered")]
SMOKE = specs.load_scale("smoke")


@pytest.mark.parametrize("at_once", [2, 4, 8])
def test_runs_at_once_are_the_runs_alone(at_once, monkeypatch, tmp_path):
    kinds = [
        ("resnet18", "cce"),
        ("inception-lite", "rll"),
        ("resnet32", "rll"),
        ("resnet18", "rll"),
    ]
    made = [
        on_gpu.spec(network, loss=loss, epochs=6, seed=seed)
        for seed in (0, 1)
        for network, loss in kinds
    ][:at_once]
    jobs = [Job(SMOKE, SMOKE.key(spec), spec) for spec in made]
    alone = {job.key: measured(runs.run(job.spec, SMOKE, progress=False)) for job in jobs}
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "together"))
    work = queue.Queue(jobs, Rates(on_gpu.DEVICE, at_once), say=lambda line: None)
    queue.work_through(work, [queue.Stream() for _ in jobs])
    found = {key: measured(record) for (_, key), record in work.finished.items()}
    assert not work.failed and found == alone
    assert {content["provenance"]["execution"]["step"] for content in found.values()} == {"graph"}
