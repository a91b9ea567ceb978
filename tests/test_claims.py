"""The rules of the claims, on made-up records in which each claim holds, fails, is borderline or lacks data."""

import numpy as np
import pytest
from made_up import BACK, CLEAN, EPOCHS, FLIP, GOOD, IDLE_CLEAN, MNIST, MSE, RISING, curve, make, one, three_rates, verdict

from memutils.claims.outcomes import Run, T
from memutils.claims.proofs import bounded, ranks_alike, symmetric

CASES = {
    "C1 holds": ("C1", True, [make()]),
    "C1 borderline": ("C1", True, [make(m=0.951)]),
    "C1 J1 high without the wrong labels": ("C1", False, [make(eta=0.2, m=0.94)]),
    "C1 fails": ("C1", False, [make(m=0.8)]),
    "C1 cut short": ("C1", None, [make(m=RISING)]),
    "C2 holds": ("C2", True, [make("mse")]),
    "C3 holds": ("C3", True, [make(eta=e, f=curve(0, 1, a), m=curve(0, 1, a)) for e, a in ((0.2, 9), (0.4, 9), (0.6, 14))]),
    "C3 all at once": ("C3", False, [make(eta=e, m=curve(0, 1), f=curve(0, 1)) for e in (0.2, 0.4, 0.6)]),
    "C3 censored": ("C3", True, [make(eta=0.2), *(make(eta=e, m=curve(0, 0.6, 40)) for e in (0.4, 0.6))]),
    "C3 at rest below": ("C3", None, [make(eta=0.2), make(eta=0.4, m=curve(0, 0.6, 40)), make(eta=0.6, m=0.5)]),
    "C3 collapsed": ("C3", None, [make(eta=0.2), make(eta=0.4, m=curve(0, 1)), make(eta=0.6, f=0.1, m=0.1)]),
    "C3 never": ("C3", None, [make(eta=e, m=0.1) for e in (0.2, 0.4, 0.6)]),
    "C3 lacks a rate": ("C3", None, [make(eta=0.2), make(eta=0.6)]),
    "C3 too sparse": ("C3", None, [make(eta=e, m=curve(0, 1), f=curve(0, 1), every=8) for e in (0.2, 0.4, 0.6)]),
    "C3 still too sparse": ("C3", None, three_rates(11, 11, 11, every=2)),
    "C3 sparse, the middle later": ("C3", False, three_rates(11, 13, 11, every=2)),
    "C3 sparse, the middle earlier": ("C3", False, three_rates(11, 9, 11, every=2)),
    "C3 sparse, the middle never": ("C3", False, three_rates(11, None, 11, every=2)),
    "C3 only the lowest too sparse": ("C3", None, [three_rates(11, 11, 11, every=2)[0], *three_rates(11, 11, 11)[1:]]),
    "C3 only the middle": ("C3", False, three_rates(None, 9, None)),
    "C3 the middle first": ("C3", False, three_rates(14, 9, 20)),
    "C3 the ends apart": ("C3", True, three_rates(9, 14, 14)),
    "C3 by the schedule": ("C3", None, [
        make(eta=e, lr=[0.1] * 20 + [0.01] * 20, m=[0] * a + [1] * (EPOCHS - a)) for e, a in ((0.2, 20), (0.4, 21), (0.6, 22))]),
    "C3 excepted": ("C3", None, [make("mse", e, f=curve(0, 1, a), m=curve(0, 1, a), **MNIST) for e, a in ((0.2, 20), (0.4, 9), (0.6, 5))]),
    "C4 holds": ("C4", True, [make(**MNIST)]),
    "C5 holds": ("C5", True, [make(**MNIST), make("mse", m=0.7, **MNIST)]),
    "C5 just high": ("C5", True, [make(**MNIST), make("mse", m=0.375, **MNIST)]),
    "C5 too high": ("C5", False, [make("mse", **MNIST)]),
    "C5 too low": ("C5", False, [make(**MNIST), make("mse", m=0.1, **MNIST)]),
    "C5 no cce": ("C5", None, [make("mse", m=0.7, **MNIST)]),
    "C5 cce does not memorize": ("C5", None, [make(m=0.5, **MNIST), make("mse", m=0.7, **MNIST)]),
    "C5 rising": ("C5", None, [make(**MNIST), make("mse", m=RISING, **MNIST)]),
    "C6 holds": ("C6", True, [CLEAN["rll"], GOOD]),
    "C6 fails": ("C6", False, [CLEAN["rll"], make("rll", m=0.9)]),
    "C6 borderline": ("C6", True, [CLEAN["rll"], make("rll", m=0.499, r=0.4)]),
    "C6 no clean run": ("C6", None, [GOOD]),
    "C6 collapsed": ("C6", None, [CLEAN["rll"], make("rll", f=0.1, m=0.1, r=0.1)]),
    "C6 few classes": ("C6", None, [CLEAN["rll"], make("rll", m=0.02, r=0.95, classes=4)]),
    "C6 underfits": ("C6", None, [CLEAN["rll"], make("rll", f=0.9, m=0.02, r=0.9)]),
    "C6 just fits": ("C6", True, [CLEAN["rll"], make("rll", f=0.95, m=0.02, r=0.9)]),
    "C6 clean run just fits": ("C6", True, [make("rll", 0.0, f=0.95), make("rll", f=0.95, m=0.02, r=0.9)]),
    "C6 clean run underfits": ("C6", None, [IDLE_CLEAN, make("rll", f=0.94, m=0.02, r=0.9)]),
    "C6 the clean run at chance": ("C6", None, [make("rll", 0.0, f=0.1), GOOD]),
    "C6 noise does not hurt a clean run that underfits": ("C6", None, [IDLE_CLEAN, make("rll", m=0.9)]),
    "C7 the clean run at chance": ("C7", None, [make("rll", 0.0, f=0.1), GOOD]),
    "C7 holds": ("C7", True, [CLEAN["rll"], GOOD]),
    "C7 fails": ("C7", False, [CLEAN["rll"], make("rll", m=0.2, r=0.7)]),
    "C8 holds": ("C8", True, [make()]),
    "C8 fails": ("C8", False, [make(m=0.5, r=0.4)]),
    "C9 holds": ("C9", True, [CLEAN["rll"], GOOD]),
    "C9 within chance": ("C9", None, [CLEAN["rll"], make("rll", m=0.40, r=0.45)]),
    "C9 fails": ("C9", False, [CLEAN["rll"], make("rll", m=0.55, r=0.35)]),
    "C9 an idle run within chance": ("C9", None, [CLEAN["rll"], make("rll", f=0.5, m=0.2, r=0.2)]),
    "C9 an idle run fails": ("C9", False, [CLEAN["rll"], make("rll", f=0.5, m=0.4, r=0.2)]),
    "C9 no clean run": ("C9", None, [GOOD]),
    "C10 holds": ("C10", True, [CLEAN["rll"], GOOD]),
    "C10 one bad epoch": ("C10", False, [CLEAN["rll"], make(
        "rll", m=[0.02] * 9 + [0.9] + [0.02] * 30, r=[0.9] * 9 + [0.05] + [0.9] * 30)]),
    "C10 chance does not count": ("C10", True, [CLEAN["rll"], make(
        "rll", f=[0.1] * 5 + [1] * 35, m=[0.3] * 5 + [0.02] * 35, r=[0.1] * 5 + [0.9] * 35)]),
    "C10 leads by little": ("C10", True, [CLEAN["rll"], make("rll", m=0.45, r=0.46)]),
    "C10 neither leads": ("C10", None, [CLEAN["rll"], make("rll", eta=0.2, m=0.45, r=0.378)]),
    "C10 once neither leads": ("C10", None, [CLEAN["rll"], make("rll", m=[0.02] * 9 + [0.4] + [0.02] * 30, r=[0.9] * 9 + [0.4] + [0.9] * 30)]),
    "C11 holds": ("C11", True, [make(**FLIP)]),
    "C11 no lead": ("C11", False, [make(m=curve(0.5, 1), r=0)]),
    "C11 lead too short": ("C11", False, [make(m=[0.1] * 2 + [0.9] * 38, r=[0.8] * 2 + [0.1] * 38)]),
    "C11 lead just long enough": ("C11", True, [make(m=[0.1] * 3 + [0.9] * 37, r=[0.8] * 3 + [0.1] * 37)]),
    "C11 crosses back": ("C11", False, [make(m=BACK[0], r=BACK[1])]),
    "C11 never crosses": ("C11", False, [make(m=0.1, r=0.8)]),
    "C11 cut short": ("C11", None, [make(m=np.linspace(0, 0.4, EPOCHS), r=0.6)]),
    "C12 holds": ("C12", True, [CLEAN["rll"], GOOD]),
    "C12 fails": ("C12", False, [CLEAN["rll"], make("rll", m=0.1, r=0.8)]),
    "C12 just close": ("C12", True, [CLEAN["rll"], make("rll", m=0.1, r=0.875)]),
    "C12 both at chance": ("C12", None, [make("rll", 0.0, f=0.1), make("rll", f=0.1, m=0.1, r=0.1)]),
    "C12 both underfit": ("C12", None, [make("rll", 0.0, f=0.5), make("rll", f=0.5, m=0.1, r=0.5)]),
    "C13 holds": ("C13", True, [CLEAN["rll"], CLEAN["nmse"], GOOD, MSE, make("nmse", m=0.04, r=0.93)]),
    "C13 unlike RLL": ("C13", False, [CLEAN["rll"], CLEAN["nmse"], GOOD, make("mse", m=0.7, r=0.2), make("nmse", m=0.4, r=0.5)]),
    "C13 the same, and MSE memorizes all": ("C13", True, [CLEAN["rll"], CLEAN["nmse"], GOOD, MSE, make("nmse", m=0.4, r=0.5)]),
    "C13 full fit": ("C13", False, [CLEAN["rll"], CLEAN["nmse"], GOOD, MSE, make("nmse", m=0.55, r=0.4)]),
    "C13 MSE like RLL": ("C13", None, [CLEAN["rll"], CLEAN["nmse"], GOOD, make("mse", m=0.06, r=0.9), make("nmse", m=0.04, r=0.93)]),
    "C13 no MSE": ("C13", None, [CLEAN["rll"], CLEAN["nmse"], GOOD, make("nmse", m=0.04, r=0.93)]),
    "C13 no RLL": ("C13", None, [CLEAN["nmse"], MSE, make("nmse", m=0.04, r=0.93)]),
    "C13 RLL is idle": ("C13", None, [CLEAN["nmse"], MSE, IDLE_CLEAN, GOOD, make("nmse", m=0.04, r=0.93)]),
    "C13 RLL collapsed": ("C13", None, [CLEAN["nmse"], MSE, CLEAN["rll"], make("rll", f=0.1, m=0.1, r=0.1), make("nmse", m=0.04, r=0.93)]),
    "C13 RLL is idle and normalized MSE memorizes": ("C13", False, [CLEAN["nmse"], MSE, IDLE_CLEAN, GOOD, make("nmse", m=0.9)]),
    "C13 normalized MSE is idle": ("C13", None, [CLEAN["rll"], CLEAN["nmse"], GOOD, MSE, make("nmse", f=0.9, m=0.02, r=0.92)]),
    "C16 noise helps the clean run that underfits": ("C16", None, [make("rll", 0.0, f=0.94, test=0.1), GOOD]),
    "C16 holds": ("C16", True, [CLEAN["rll"], make("rll", m=0.02, r=0.95, test=0.871)]),
    "C16 fails": ("C16", False, [CLEAN["rll"], make("rll", m=0.02, r=0.95, test=0.86)]),
    "C16 both at chance": ("C16", None, [make("rll", 0.0, f=0.1, test=0.1), make("rll", f=0.1, m=0.1, r=0.1, test=0.1)]),
    "C16 the clean run at chance": ("C16", None, [make("rll", 0.0, f=0.1, test=0.1), make("rll", m=0.02, r=0.95, test=0.1)]),
    "C16 the noisy run at chance": ("C16", None, [make("rll", 0.0, test=0.1), make("rll", f=0.1, m=0.1, r=0.1, test=0.1)]),
    "C16 both underfit": ("C16", None, [IDLE_CLEAN, make("rll", f=0.94, m=0.02, r=0.9)]),
    "C17 holds": ("C17", True, [CLEAN["mae"], make("mae", m=0.02, r=0.95)]),
    "C17 fails": ("C17", False, [CLEAN["mae"], make("mae", m=0.9, r=0.05)]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_rule(name):
    claim, expected, found = CASES[name]
    passed, why = one(claim, *found)
    assert passed is expected
    assert why or expected is not None, "what is not tested says why"


def test_claims_of_other_data_do_not_judge_these():
    assert not verdict("C1", make(**MNIST)).cells
    assert not verdict("C4", make()).cells
    assert not verdict("C4", make(dataset="mnist5k", network="mlp")).cells


def test_oracle_stands_beside():
    oracle = make("rll", m=0, r=0, test=0.95, train_on="clean", suffix="-train_onclean")
    (cell,) = verdict("C16", CLEAN["rll"], GOOD, oracle).cells
    assert cell.verdict == "supported" and cell.statistics["within_oracle"] is False
    assert set(cell.records) == {CLEAN["rll"].key, GOOD.key, oracle.key}


def test_flip_right_after_a_drop_is_marked():
    drop = make(**FLIP, lr=[0.1] * 9 + [0.01] * 31)
    steady = make(**FLIP, lr=0.1 * 0.95 ** np.arange(EPOCHS), seed=1)
    by_drop, gradual = (c.statistics["schedule_triggered"] for c in verdict("C11", drop, steady).cells)
    assert by_drop and not gradual


def test_final_is_a_median_over_the_last_epochs():
    dip = make(m=[1.0] * (EPOCHS - 3) + [0.0] + [1.0] * 2)
    assert Run(dip).final["j1"] == 1
    sparse = Run(make(every=10, m=curve(0, 1, 40)))
    assert sparse.window == T["last_epochs"] and len(sparse.evaluations) == 9


def test_collapsed():
    assert Run(make(f=0.1, m=0.1, r=0.1)).collapsed and Run(make(classes=4)).collapsed
    assert not Run(make(classes=5)).collapsed and not Run(make()).collapsed


def test_mathematics():
    assert verdict("C14").overall == "refuted as stated" and verdict("C15").overall == "proved"
    assert all(ok for _, ok, _ in symmetric()) and all(ok for _, ok, _ in ranks_alike())
    assert [ok for _, ok, _ in bounded()] == [False]
