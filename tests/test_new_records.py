"""Records of the scale ``symmetry`` flow into the table of claims as they arrive,
by their settings alone.
"""

import pytest
from made_up import LIMITS, MNIST, altered, make

from memutils.claims import table
from memutils.claims.cases import FAILS, HOLDS
from memutils.claims.selection import Pool
from memutils.runs import records
from memutils.runs.specs import load_scale

SYMMETRIC = ("nce", "symmetrized-gce")
OTHERS = ("shifted-ce", "gce", "label-smoothing", "unhinged")


def arrive(monkeypatch, *, etas=(0.4, 0.0), memorized=0.02, losses=SYMMETRIC + OTHERS) -> Pool:
    """The pool after runs of the scale's own grid on ResNet-18, seed 0, were recorded."""
    grid = load_scale("symmetry").specs("resnet18")
    found = []
    for key, spec in grid.items():
        if spec.loss in losses and spec.eta in etas and spec.seed == 0:
            m, r = (memorized, 0.95 - memorized) if spec.eta else (0.0, 0.0)
            run = make(spec.loss, spec.eta, m=m, r=r, scale="symmetry", **MNIST)
            found.append(altered(run, spec=records.spec_dict(spec), key=key))
    assert len(found) == len(losses) * len(etas)
    monkeypatch.setattr(records, "load", lambda name: found if name == "symmetry" else [])
    return Pool.load()


def judged(pool: Pool, claim: str) -> table.Verdict:
    found = table.judge(pool, LIMITS)
    return next(v for v in found if (v.claim, v.column) == (claim, "resnet18"))


@pytest.mark.parametrize("memorized, word", [(0.02, HOLDS), (0.6, FAILS)])
def test_symmetric_losses_are_judged_by_c17(monkeypatch, memorized, word):
    found = judged(arrive(monkeypatch, memorized=memorized), "C17")
    assert found.word == word and {c.loss for c in found.cells} == set(SYMMETRIC)
    assert all(
        name.startswith("symmetry/mnist-resnet18-") for c in found.cells for name in c.records
    )


def test_without_runs_on_clean_labels_c17_has_no_cell(monkeypatch):
    pool = arrive(monkeypatch, etas=(0.4,))
    assert len(pool.runs) == 6 and not judged(pool, "C17").cells


def test_losses_that_no_claim_names_move_no_verdict(monkeypatch):
    pool = arrive(monkeypatch, losses=OTHERS)
    assert len(pool.runs) == 8
    assert not any(v.cells for v in table.judge(pool, LIMITS) if v.column)
