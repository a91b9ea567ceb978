"""Runs whose results are known: the same as when RESULTS_VERSION was set."""

import numpy as np
import pytest
from conftest import full_size, run_spec, smoke
from test_committed_records import check_identities

from memutils import data, evaluation
from memutils.runs import records

pytestmark = pytest.mark.usefixtures("quick_data")

GOLDEN = {
    "version": 1,
    "noise_rate": 0.396666667,
    "train_loss": [2.37767923, 2.14080894, 1.86192411],
    "risks": [1.63311458, 0.626614926, 1.28087237, 1.53530989, 0.0591967434],
    "fresh": [2.56627012, 1.92444051],
    "fresh, test": 2.48252893,
    "j1, j2, test": [0.48, 0.613333333, 0.54],
}
"""What the golden run gave when RESULTS_VERSION was set. If it changes,
raise RESULTS_VERSION and renew these values.
"""


def test_log_probabilities_below_float16_are_stored_as_its_lowest(monkeypatch):
    predict = evaluation.predict
    monkeypatch.setattr(evaluation, "predict", lambda *args: 1e6 * predict(*args))
    arrays = run_spec(smoke(epochs=1)).arrays()
    assert (
        np.isfinite(arrays["train_log_p"]).all()
        and arrays["train_log_p"].min() == np.finfo(np.float16).min
    )


def test_golden_run():
    """Training losses and risks move by rounding only between machines;
    accuracies might move by whole examples.
    """
    record = run_spec(smoke(loss="rll", n_train=300, precision="float32", threads=1, compile="no"))
    measured = {
        "version": records.RESULTS_VERSION,
        "noise_rate": record.noise_rate,
        "train_loss": record.history["train_loss"].tolist(),
        "risks": [
            record.risks["test"][name]["true"] for name in ("cce", "mse", "mae", "rll", "nmse")
        ],
        "fresh": [record.risks["train"][name]["fresh"] for name in ("cce", "rll")],
        "fresh, test": record.risks["test"]["cce"]["fresh"],
    }
    for name, value in measured.items():
        assert value == pytest.approx(GOLDEN[name], rel=1e-4), f"{name} is {value}"
    accuracies = record.history.iloc[-1][["j1", "j2", "test_accuracy"]].tolist()
    assert accuracies == pytest.approx(GOLDEN["j1, j2, test"], abs=0.0201)  # two of 100 test images


def test_a_small_run_of_resnet32_on_cifar10(monkeypatch):
    dataset = full_size("cifar10")
    monkeypatch.setitem(data.DATASETS, "cifar10", lambda root: dataset)
    spec = smoke(
        dataset="cifar10",
        network="resnet32",
        n_train=1000,
        n_test=200,
        epochs=1,
        optimizer="sgd",
        lr=0.01,
        weight_decay=1e-4,
    )
    record = run_spec(spec)
    assert (
        record.content["parameters"] == 464_154
        and record.dataset["fingerprints"]["train"] == data.FINGERPRINTS["cifar10", "train"]
    )
    check_identities(record)
    row = record.history.iloc[0]
    assert 1.5 < row["train_loss"] < 3 and row["training_j2"] > 0.08
