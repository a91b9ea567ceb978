"""Every loss through a whole run: two epochs of the MLP on 200 images, and the record read back."""

import numpy as np
import pytest
from conftest import run_spec, smoke

from memutils import losses
from memutils.claims import steps
from memutils.runs import records


@pytest.mark.parametrize("name", losses.LOSSES)
def test_two_epochs_with_every_loss(name, quick_data):
    """At the same step size for all, with which each loss descends."""
    rate = float(f"{0.05 / steps.initial_norm(losses.build(name)):.4g}")
    settings = {"network": "mlp", "optimizer": "sgd", "epochs": 2, "lr": rate, "batch_size": 20}
    made = run_spec(smoke(loss=name, **settings))
    record = records.read(made.path)
    assert record.spec["loss"] == name and f"-{name}-" in record.key
    declared = {n: p.default for n, p in losses.parameters_of(name).items()}
    assert record.spec["loss_parameters"] == declared
    history = record.history
    assert list(history["epoch"]) == [1, 2] and np.isfinite(history["train_loss"]).all()
    first, last = history["train_loss"]
    assert last < first
    risks = record.risks["train"]
    assert (name in risks) == losses.build(name).shift_invariant
    assert len(risks) == sum(losses.build(n).shift_invariant for n in losses.LOSSES)
