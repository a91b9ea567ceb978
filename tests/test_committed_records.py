"""The committed records: whole, and consistent within themselves."""

import numpy as np
from conftest import REPOSITORY

from memutils.runs import records


def committed() -> list[records.Record]:
    """Every record of the repository."""
    folders = sorted(p for p in (REPOSITORY / "results").glob("*") if p.is_dir())
    paths = [path for folder in folders for path in sorted(folder.glob("[!.]*.json"))]
    assert len(paths) > 500, "the repository has its records"
    return [records.read(path) for path in paths]


def test_committed_records_are_whole():
    """Every record of the repository can be read, and its figures are made of their parts."""
    for record in committed():
        check_identities(record)
        predicted = {"train_predicted", "test_predicted"} <= record.arrays().keys()
        assert predicted or "counts" in record.content or record.diverged


def check_identities(record) -> None:
    """J1 and J2 are made of their parts in each evaluation, and dynamics say the same."""
    history, e = (
        record.history.fillna({"memorized": 0, "recovered": 0, "fitted": 0}),
        record.noise_rate,
    )
    if record.spec["train_on"] == "clean":
        e = 0
    exact = history.dropna(subset="j1")
    np.testing.assert_allclose(
        exact["j1"], (1 - e) * exact["fitted"] + e * exact["memorized"], atol=1e-9
    )
    np.testing.assert_allclose(
        exact["j2"], (1 - e) * exact["fitted"] + e * exact["recovered"], atol=1e-9
    )
    arrays = record.arrays()
    assert arrays["evaluated_epochs"].tolist() == exact["epoch"].tolist()
    outcomes = outcomes_of(record, arrays)
    if outcomes is None:  # of a record that was converted
        return
    assert outcomes.shape == (len(exact), round(e * record.dataset["sizes"]["train"]))
    if outcomes.shape[1]:
        np.testing.assert_allclose(exact["memorized"], (outcomes == 2).mean(1), atol=1e-12)
        np.testing.assert_allclose(exact["recovered"], (outcomes == 1).mean(1), atol=1e-12)


def outcomes_of(record, arrays) -> np.ndarray | None:
    """Of the mislabeled at each evaluation: 2 as given, 1 true, 0 neither;
    the last row is that of the final predictions.
    """
    if "mislabeled_outcome" in arrays:
        return arrays["mislabeled_outcome"]
    if "mislabeled_predicted" not in arrays:
        return None
    noisy, true, dynamics = (
        arrays["train_noisy"],
        arrays["train_true"],
        arrays["mislabeled_predicted"],
    )
    wrong = noisy != true
    if not record.diverged:
        np.testing.assert_array_equal(dynamics[-1], arrays["train_predicted"][wrong])
    return 2 * (dynamics == noisy[wrong]).astype(int) + (dynamics == true[wrong])
