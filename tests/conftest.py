"""What every test shares: records in a folder of its own, one thread,
and data that is loaded once.
"""

import copy
import functools
import json
import os
import signal
from collections import Counter
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings

from memutils import data, losses, models, runs, sources, training
from memutils.claims.selection import Pool
from memutils.runs import record, records, specs

signal.signal(
    signal.SIGINT, signal.default_int_handler
)  # a shell's background jobs ignore it, and so would what the tests start

matplotlib.use("Agg")  # not through the environment, which notebooks of other tests inherit

settings.register_profile(
    "repeatable",
    derandomize=True,
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
settings.load_profile("repeatable")

REPOSITORY = Path(__file__).parents[1]
in_git = pytest.mark.skipif(not (REPOSITORY / ".git").exists(), reason="these sources have no git")
"""A test that asks git what these sources are."""

ROOTS = [
    Path(p)
    for p in (os.environ.get("MEMUTILS_DATA"), REPOSITORY / "data", REPOSITORY / "../shared/data")
    if p
]
REQUEST = {
    "scale": "smoke",
    "dataset": "mnist5k",
    "network": "mlp",
    "loss": "rll",
    "eta": 0.4,
    "seed": 0,
    "settings": {},
}
"""What the run notebook is asked for, by the names of its parameters."""

load_once = functools.cache(data.load)


def no_network(root: Path) -> None:
    raise OSError("no route to host")


@pytest.fixture
def results(tmp_path, monkeypatch) -> Path:
    """A folder of records for the scale ``smoke``."""
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path))
    monkeypatch.setenv("MEMUTILS_SCALE", "smoke")
    return tmp_path


@pytest.fixture
def mine(monkeypatch):
    """Registers a loss under the name 'mine'."""
    return lambda entry: monkeypatch.setitem(losses.LOSSES, "mine", entry)


@pytest.fixture(autouse=True)
def isolated(monkeypatch, tmp_path):
    """Records go to a fresh folder, configs come from the repository, nothing is downloaded,
    torch takes one thread, no figure stays open.
    """
    monkeypatch.setenv("MEMUTILS_RESULTS", str(tmp_path / "results"))
    for name in ("download_mnist", "download_cifar"):
        monkeypatch.setattr(sources, name, no_network)
    for name in ("MEMUTILS_CONFIGS", "MEMUTILS_SCALE"):
        monkeypatch.delenv(name, raising=False)
    torch.set_num_threads(1)
    yield
    plt.close("all")


@pytest.fixture
def repository(monkeypatch, isolated):
    """Records are those of the repository."""
    monkeypatch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))


@pytest.fixture(scope="session")
def pool() -> Pool:
    """The runs that the claims are judged by, of the repository's records."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEMUTILS_RESULTS", str(REPOSITORY / "results"))
        return Pool.load()


@pytest.fixture(scope="session")
def mnist5k() -> data.Dataset:
    return load_once("mnist5k")


@pytest.fixture
def quick_data(monkeypatch, mnist5k) -> None:
    """Runs get mnist5k without reading it anew."""
    monkeypatch.setitem(data.DATASETS, "mnist5k", lambda root: mnist5k)


def measured(record) -> dict:
    """What a record measured: its content, history and arrays without times and checksums."""
    content = copy.deepcopy(
        {k: v for k, v in record.content.items() if "checksum" not in k and "sha256" not in k}
    )
    for name in ("seconds", "images_per_second", "started", "commit", "dirty"):
        del content["provenance"][name]
    history = record.history.drop(columns=["seconds", "train_seconds"])
    arrays = {n: (a.shape, a.tobytes()) for n, a in record.arrays().items() if n != "history"}
    return content | {"history": history.to_numpy(float).tobytes(), "arrays": arrays}


def made(key: str, rows: list[dict], path: Path | None = None, **content) -> records.Record:
    """A record in memory alone, with these rows of history and parts of its content."""
    more, arrays = record.tabulate(rows)
    content = {"key": key, "scale": "made-up", "results_version": records.RESULTS_VERSION} | content
    return records.Record(path or Path(f"{key}.json"), content | more, arrays)


def changed(old: records.Record, **values) -> records.Record:
    """A record in memory like another one, whose history has these values instead,
    in every evaluation.
    """
    table = old.table.copy()
    for name, value in values.items():
        place = old.content["columns"].index(name)
        table[place, ~np.isnan(table[place])] = value
    return records.Record(old.path, old.content, old.arrays() | {"history": table})


def full_size(name: str) -> data.Dataset:
    """MNIST or CIFAR-10 at full size where it is on disk already; else the test is skipped."""
    there = {
        "mnist": ("mnist.npz", "MNIST/raw"),
        "cifar10": ("cifar10.npz", "cifar-10-binary.tar.gz"),
    }[name]
    for root in ROOTS:
        if any((root / path).exists() for path in there):
            return load_once(name, root)
    pytest.skip(
        f"{name} is not on disk: set MEMUTILS_DATA to a folder that has {' or '.join(there)}"
    )


def smoke(**settings) -> specs.Spec:
    common = {"loss": "cce", "eta": 0.4, "n_train": 200, "n_test": 100, "device": "cpu"}
    return specs.load_scale("smoke").spec(**(common | settings))


def run_spec(spec: specs.Spec) -> records.Record:
    return runs.run(spec, "smoke", progress=False)


@pytest.fixture
def tiny_resnet(monkeypatch):
    """A network with batch normalization that trains in a second."""
    monkeypatch.setitem(
        models.NETWORKS, "tiny", lambda shape, k: models.CifarResNet(1, shape[0], k)
    )


@pytest.fixture
def epochs_run(monkeypatch) -> list[int]:
    """Collects the numbers of the epochs that are trained."""
    seen, original = [], training.Trainer.epoch
    monkeypatch.setattr(
        training.Trainer,
        "epoch",
        lambda t, number, exact: (seen.append(number), original(t, number, exact))[1],
    )
    return seen


def pytest_collection_finish(session) -> None:
    """Writes how many tests each file has where ``MEMUTILS_GPU_TESTS`` says: a visit to a GPU takes
    no file for passed that was cut off. With xdist each worker writes the same.
    """
    if (path := os.environ.get("MEMUTILS_GPU_TESTS")) and session.items:
        Path(path).write_text(json.dumps(Counter(item.path.stem for item in session.items)))
