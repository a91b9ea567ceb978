"""A run whose loss or output becomes infinite is recorded as diverged where its scale says so,
and refused elsewhere.
"""

import dataclasses
import math

import pytest
import torch
from conftest import smoke
from test_committed_records import check_identities

from memutils import models, runs, training
from memutils.claims import selection
from memutils.claims.outcomes import Run
from memutils.errors import UserError
from memutils.report import curves, explorer, notebooks, plots
from memutils.runs import grid, records, specs
from memutils.runs.storage import Storage
from memutils.step import TrainingStep

pytestmark = pytest.mark.usefixtures("quick_data")


def scale_with(diverged: bool) -> specs.Scale:
    return dataclasses.replace(
        specs.load_scale("smoke"), records=Storage(log_probabilities=True, diverged=diverged)
    )


@pytest.fixture(params=[1, 2, 3])
def bad_epoch(request, monkeypatch) -> int:
    """The epoch in which the loss 'bad' turns infinite, of three."""
    count, calls = TrainingStep.count, []

    def broken(step, value, *others):
        calls.append(1)  # a step an epoch
        count(step, value * (math.inf if len(calls) > request.param - 1 else 1), *others)

    monkeypatch.setattr(TrainingStep, "count", broken)
    return request.param


def test_a_diverged_run_is_recorded_up_to_there(bad_epoch):
    record = runs.run(smoke(), scale_with(True), progress=False)
    assert record.diverged == bad_epoch == record.content["diverged"]["epoch"]
    assert len(record.history) == bad_epoch - 1 and set(record.history) >= {
        "epoch",
        "j1",
        "memorized",
        "classes",
        "test_accuracy",
    }
    assert record.risks == {} and (record.content["final"] == {}) == (bad_epoch == 1)
    arrays = record.arrays()
    assert {
        "train_noisy",
        "train_true",
        "test_true",
        "mislabeled_predicted",
        "evaluated_epochs",
    } <= arrays.keys()
    assert not {"train_predicted", "test_predicted", "train_p_given", "train_log_p"} & arrays.keys()
    assert len(arrays["mislabeled_predicted"]) == bad_epoch - 1
    check_identities(record)
    assert records.find("smoke", record.key, smoke()).content == record.content


def test_elsewhere_it_is_refused(bad_epoch):
    with pytest.raises(
        training.Diverged, match=f"not finite in epoch {bad_epoch}, step 1.* nothing was recorded"
    ) as error:
        runs.run(smoke(), scale_with(False), progress=False)
    assert (
        error.value.epoch == bad_epoch
        and isinstance(error.value, UserError)
        and records.load("smoke") == []
    )


def test_an_output_that_is_infinite_only_in_eval_mode_counts(monkeypatch):
    class Brittle(torch.nn.Linear):
        """Finite as it begins, else the trial of the network would refuse it."""

        def forward(self, x):
            begun = self.bias.detach().abs().max() > 0
            return super().forward(x.flatten(1)) * (math.inf if begun and not self.training else 1)

    def brittle(shape, k):
        network = Brittle(math.prod(shape), k)
        torch.nn.init.zeros_(network.bias)
        return network

    monkeypatch.setitem(models.NETWORKS, "brittle", brittle)
    assert runs.run(smoke(network="brittle"), scale_with(True), progress=False).diverged == 1


def test_what_reads_records_copes_with_a_diverged_one(bad_epoch):
    scale = scale_with(True)
    spec = scale.spec(loss="cce", eta=0.4)
    record = runs.run(spec, scale, progress=False)
    whole = records.Record(
        record.path, {n: v for n, v in record.content.items() if n != "diverged"}, record.arrays()
    )
    assert plots.standard([record], scale) == [] and plots.standard([whole], scale) == [whole]
    assert selection.is_of_a_grid([record]) == []
    run = Run(record)
    assert not run.collapsed and run.reached == math.inf and run.crossover == math.inf
    curves.draw([("one", [record])], {"j1": "-"})
    assert len(notebooks.table(plots.final_table([record])).to_html()) > 0
    assert f"Diverged, so drawn up to there: 1 (`{record.key}`)" in plots.summary([record])
    assert grid.rate(spec, [record]) is None and grid.rate(spec, [whole]) is not None
    assert grid.missing(scale).keys() == scale.specs().keys() - {record.key}
    other = records.Record(whole.path, whole.content | {"key": "another"}, whole.kept)
    page = explorer.html([record, other])
    assert record.key not in page and "another" in page
