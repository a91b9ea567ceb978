"""The second reader agrees with the table, and disagrees as soon as a rule has an error."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import second_reader

from memutils.claims import cases, cells, outcomes, publish
from memutils.claims.rules import clean, leads, pairs
from memutils.claims.selection import Pool

RESULTS = Path(__file__).parents[2] / "results"


@pytest.fixture(scope="module")
def pool():
    kept = os.environ.pop("MEMUTILS_RESULTS", None)
    try:
        return Pool.load()
    finally:
        if kept:
            os.environ["MEMUTILS_RESULTS"] = kept


def judged(pool) -> dict:
    return json.loads(publish.dump(publish.content(pool)))


def test_it_imports_nothing_of_the_package():
    text = (
        "import sys, second_reader; print([m for m in sys.modules if m.startswith(('memutils',"
        " 'torch'))])"
    )
    done = subprocess.run(
        [sys.executable, "-c", text],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parent,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_it_agrees_with_the_table(pool):
    assert second_reader.disagreements(judged(pool), RESULTS) == []


def test_it_misses_no_cell(pool):
    """P0 and C9 on the paper's networks: as many cells as there are pairs and runs in the files."""
    content = judged(pool)
    reader = second_reader.Reader(RESULTS)
    for claim, part, losses in (("P0", "m below CCE's", ("rll", "cce")), ("C9", "", ("rll",))):
        verdicts = {
            v["column"]: v
            for c in content["claims"]
            if c["id"] == claim
            for v in c["verdicts"]
            if v["part"] == part
        }
        sets = []
        for loss in losses:
            sets.append(
                {
                    (s, eta, seed)
                    for (s, name, eta, seed, alpha), where in reader.known.items()
                    if name == loss
                    and eta in (0.2, 0.4, 0.6)
                    and alpha == 0.1
                    and where.split("/")[0] in ("cpu", "control")
                }
            )
        both = set.intersection(*sets)
        mine = [s for s in both if '"resnet18"' in s[0] and '"precision": "auto"' in s[0]]
        assert len(mine) == len(verdicts["resnet18"]["cells"])


def independent(b, c, n):
    """The SE of two independent samples that were not paired."""
    return math.sqrt(b + c) / n


def last_evaluation(run, column):
    """The last evaluation in place of the median over the last ones."""
    return float(run.at_evaluations(column)[-1])


def nominal(run, clean):
    """The ideal drop by the noise rate that was asked for."""
    k, a = run.classes, clean.end("j1")
    return run.eta * (k * a - 1) / (k - 1)


def never_unfit(case):
    """Only collapsed runs are inconclusive."""
    return cases.collapsed(case)


def swapped(a, b, n, deviations):
    """m leads where r does."""
    return outcomes.leads(b, a, n, deviations)


ERRORS = {
    "samples taken for independent": (pairs, "standard_error", independent),
    "the last evaluation for the median": (outcomes.Run, "end", last_evaluation),
    "the nominal noise rate": (clean, "ideal_drop", nominal),
    "underfitted runs count": (cells, "inconclusive", never_unfit),
    "m and r exchanged": (leads, "leads", swapped),
}


@pytest.mark.parametrize("error", ERRORS)
def test_a_planted_error_makes_it_disagree(pool, monkeypatch, error):
    place, name, wrong = ERRORS[error]
    monkeypatch.setattr(place, name, wrong)
    assert second_reader.disagreements(judged(pool), RESULTS)
