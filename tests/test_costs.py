"""Costs of the full scale: they add up, and scale as they must."""

import pandas as pd
import pytest
from conftest import REPOSITORY

from memutils.report import costs

MADE_UP = pd.DataFrame(
    {"network": ["a", "b"], "runs": [2, 3], "MFLOP per image": [1.0, 2.0]}
    | {"PFLOP per run": [36.0, 72.0]}
)


def test_hours_are_work_over_speed():
    frame = costs.with_hours(MADE_UP, 100, (0.1, 0.02))
    assert frame["hours at 10 %"].tolist() == pytest.approx([2.0, 6.0])
    assert frame["hours at 2 %"].tolist() == pytest.approx([10.0, 30.0])
    assert "All 5 runs take **8 to 40 hours of one card**" in costs.total(frame, "card")


def test_the_papers_grid_has_three_networks_with_work_for_each_run():
    frame = costs.by_network()
    assert set(frame["network"]) == {"ResNet-18", "ResNet-32", "Inception-Lite"}
    assert (frame["PFLOP per run"] > frame["MFLOP per image"] * 50_000 * 90 / 1e9).all()


def test_what_runs_leave_is_told_from_records(repository):
    assert costs.left_behind([], 3) == "No record is here yet."
    found = costs.with_arrays("alpha")
    assert f"The {len(found)} records take at most" in costs.left_behind(found, 3)


def test_the_exercise_on_your_card_is_solved():
    text = (REPOSITORY / "notebooks/fullscale.ipynb").read_text(encoding="utf-8")
    frame = costs.with_hours(costs.by_network(), 80, (1 / 30,))
    alone = frame.filter(like="hours").to_numpy().sum()
    assert f"takes about {alone:.0f} hours, and {alone / 1.4:.0f} with two at once" in text
