"""The rule that chooses a learning rate: the largest worst accuracy, of what was tried with all."""

import pandas as pd

from memutils.report import sweep


def frame(*rows) -> pd.DataFrame:
    """Rows (learning rate, loss, held-out accuracy) of one network."""
    made = pd.DataFrame(rows, columns=["learning rate", "loss", "held-out accuracy"])
    return made.assign(network="resnet32")


def test_the_best_worst_accuracy_is_chosen():
    tried = frame((0.1, "cce", 0.9), (0.1, "rll", 0.3), (0.03, "cce", 0.6), (0.03, "rll", 0.58))
    assert sweep.choice(tried, "resnet32", ("cce", "rll")).startswith("**0.03** (accuracy 0.580;")
    assert "0.300 at 0.1" in sweep.choice(tried, "resnet32", ("cce", "rll"))
    assert sweep.choice(tried, "resnet32", ("rll",)).startswith("**0.03**")


def test_a_learning_rate_that_was_not_tried_with_each_loss_does_not_count():
    tried = frame((0.1, "cce", 0.9), (0.03, "cce", 0.6), (0.03, "rll", 0.58))
    assert sweep.choice(tried, "resnet32", ("cce", "rll")).startswith("**0.03**")
    assert "not settled" in sweep.choice(tried, "resnet32", ("cce", "rll", "nmse"))


def test_the_recorded_sweep_has_clean_labels_and_a_list_of_choices(repository):
    found = sweep.swept("sweep")
    table = sweep.accuracies(found)
    assert len(table) == len(found) >= 7 and (table["held-out accuracy"] < 1).all()
    lines = sweep.choices(table, "cpu").splitlines()
    assert any("ResNet-32, for RLL" in line and ": **" in line for line in lines)
    assert all(line.startswith("- ") for line in lines)


def test_the_clean_runs_are_told_with_those_that_underfit(repository):
    found = sweep.clean_runs("cpu")
    assert set(sweep.clean_table(found)["network"]) == {"inception-lite", "resnet18", "resnet32"}
    text = sweep.below(found, "cpu")
    assert text.startswith("Below 0.95: ") and "Collapsed: none of them." in text
    assert "Not trained on clean labels: Inception-Lite with MSE at 0.01. There" in text


def test_without_records_nothing_is_chosen():
    assert sweep.accuracies(sweep.swept("sweep")).empty
    assert sweep.choices(sweep.accuracies([]), "cpu") == ""
