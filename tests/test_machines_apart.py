"""The same run on another processor, told beside what a seed decides."""

import copy

from made_up import MNIST, altered, make

from memutils.report.grids import machines


def on(machine, *args, **settings):
    """A made-up run that this machine made."""
    record = make(*args, **settings, **MNIST)
    made = copy.deepcopy(record.content["provenance"]) | {"machine": machine}
    return altered(record, provenance=made)


def test_the_two_ends_are_told_loss_by_loss():
    pairs = [
        (on("A", m=0.98, test=0.64), on("B", m=0.996, test=0.74)),
        (on("A", "rll", m=0.07, test=0.9), on("B", "rll", m=0.08, test=0.9)),
        (on("A", "rll", seed=1, m=0.07, test=0.9), on("B", "rll", seed=1, m=0.1, test=0.92)),
    ]
    text = machines.sentence(pairs)
    assert "by 2 points in the memorized share and 10 points in test accuracy with CCE" in text
    assert "by up to 3 points in the memorized share and 2 points in test accuracy with RLL" in text
    assert text.endswith("(two pairs).") and machines.sentence([]) == ""


def test_pairs_have_the_same_settings_and_another_processor(monkeypatch):
    found = {
        "cpu": [on("A"), on("A", "rll"), on("A", eta=0.0), on("A", "mse")],
        "symmetry": [on("B"), on("A", "rll"), on("B", eta=0.0), on("B", "mse", seed=1)],
    }
    monkeypatch.setattr(machines.records, "load", found.get)
    ((first, second),) = machines.twice("resnet18")
    assert first.spec["loss"] == "cce"
    assert [record.provenance["machine"] for record in (first, second)] == ["A", "B"]
