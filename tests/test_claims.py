"""The rules of the claims, on made-up records in which each claim holds, fails,
is at its edge or lacks runs.
"""

import numpy as np
import pytest
from made_up import (
    BACK,
    CLEAN,
    EPOCHS,
    FLIP,
    GOOD,
    MNIST,
    MSE,
    RISING,
    UNFIT_CLEAN,
    curve,
    make,
    one,
    three,
)

from memutils.claims.cases import FAILS, HOLDS, INCONCLUSIVE, NOT_TESTED, OPEN

STEPS = [0.1] * 20 + [0.01] * 20

CASES = {
    "C1 holds": ("C1", HOLDS, [make()]),
    "C1 at the edge of m": ("C1", HOLDS, [make(m=0.9)]),
    "C1 below the edge of m": ("C1", FAILS, [make(m=0.899)]),
    "C1 J1 high without the wrong labels": ("C1", FAILS, [make(eta=0.4, m=0.89)]),
    "C1 J1 below": ("C1", FAILS, [make(m=0.9, f=0.98)]),
    "C1 cut short": ("C1", NOT_TESTED, [make(m=RISING)]),
    "C1 passes though J1 rises": ("C1", HOLDS, [make(m=curve(0, 1, 35))]),
    "C1 collapsed": ("C1", INCONCLUSIVE, [make(m=0.1, f=0.1)]),
    "C1 underfitted without a run on clean labels": ("C1", INCONCLUSIVE, [make(m=0.5, f=0.94)]),
    "C2 holds": ("C2", HOLDS, [MSE]),
    "C3 holds": ("C3", HOLDS, three()),
    "C3 all at once": ("C3", FAILS, three(at=(9, 9, 9))),
    "C3 a tie in the middle": ("C3", HOLDS, three(at=(9, 14, 14))),
    "C3 the middle first": ("C3", FAILS, three(at=(14, 9, 20))),
    "C3 not reached, but on its way": (
        "C3",
        HOLDS,
        [*three()[:2], make(eta=0.6, m=curve(0, 0.6, 40))],
    ),
    "C3 at rest below": ("C3", NOT_TESTED, [*three()[:2], make(eta=0.6, m=0.5)]),
    "C3 collapsed": ("C3", INCONCLUSIVE, [*three()[:2], make(eta=0.6, f=0.1, m=0.1)]),
    "C3 never": ("C3", NOT_TESTED, [make(eta=e, m=curve(0, 0.6, 40)) for e in (0.2, 0.4, 0.6)]),
    "C3 by the evaluations it would fail": (
        "C3",
        HOLDS,
        [
            make(eta=e, m=curve(0, 1, b), f=curve(0, 1, b), training=(t, 0, t))
            for e, b, t in zip((0.2, 0.4, 0.6), (20, 9, 5), (curve(0, 1, a) for a in (9, 9, 14)))
        ],
    ),
    "C3 right after a drop": ("C3", NOT_TESTED, three(at=(15, 22, 25), rates=STEPS)),
    "C3 some epochs after a drop": ("C3", HOLDS, three(at=(15, 26, 28), rates=STEPS)),
    "C4 holds": ("C4", HOLDS, [make(**MNIST)]),
    "C5 holds": ("C5", HOLDS, [make(**MNIST), make("mse", m=0.7, **MNIST)]),
    "C5 too high": ("C5", FAILS, [make(**MNIST), make("mse", m=0.96, **MNIST)]),
    "C5 too low": ("C5", FAILS, [make(**MNIST), make("mse", m=0.37, **MNIST)]),
    "C5 just high": ("C5", HOLDS, [make(**MNIST), make("mse", m=0.3751, **MNIST)]),
    "C5 rising": ("C5", NOT_TESTED, [make(**MNIST), make("mse", m=RISING, **MNIST)]),
    "C5 CCE rising": ("C5", NOT_TESTED, [make(m=RISING, **MNIST), make("mse", m=0.6, **MNIST)]),
    "C6 holds": ("C6", HOLDS, [CLEAN["rll"], GOOD]),
    "C6 just holds": ("C6", HOLDS, [CLEAN["rll"], make("rll", m=0.249, r=0.7)]),  # 1 - .249 >= .75
    "C6 just fails": ("C6", FAILS, [CLEAN["rll"], make("rll", m=0.251, r=0.7)]),
    "C6 underfitted": ("C6", INCONCLUSIVE, [CLEAN["rll"], make("rll", f=0.949, m=0.02, r=0.9)]),
    "C6 just fits": ("C6", HOLDS, [CLEAN["rll"], make("rll", f=0.951, m=0.02, r=0.9)]),
    "C6 the run on clean labels underfits": (
        "C6",
        INCONCLUSIVE,
        [UNFIT_CLEAN, make("rll", f=0.94, m=0.02, r=0.9)],
    ),
    "C6 few classes": ("C6", INCONCLUSIVE, [CLEAN["rll"], make("rll", m=0.02, r=0.95, classes=4)]),
    "C6 five classes are enough": (
        "C6",
        HOLDS,
        [CLEAN["rll"], make("rll", m=0.02, r=0.95, classes=5)],
    ),
    "C7 holds": ("C7", HOLDS, [CLEAN["rll"], GOOD]),
    "C7 fails": ("C7", FAILS, [CLEAN["rll"], make("rll", m=0.13, r=0.8)]),
    "C7 just holds": ("C7", HOLDS, [CLEAN["rll"], make("rll", m=0.12, r=0.8)]),
    "C8 holds": ("C8", HOLDS, [make()]),
    "C8 just holds": ("C8", HOLDS, [make(m=0.751, r=0.25)]),
    "C8 fails": ("C8", FAILS, [make(m=0.74, r=0.25)]),
    "C9 holds": ("C9", HOLDS, [CLEAN["rll"], GOOD]),
    "C9 within three standard errors": ("C9", OPEN, [CLEAN["rll"], make("rll", m=0.45, r=0.5)]),
    "C9 fails": ("C9", FAILS, [CLEAN["rll"], make("rll", m=0.55, r=0.35)]),
    "C10 holds": ("C10", HOLDS, [CLEAN["rll"], GOOD]),
    "C10 one evaluation against": (
        "C10",
        OPEN,
        [
            CLEAN["rll"],
            make(
                "rll",
                m=np.where(np.arange(EPOCHS) == 9, 0.9, 0.02),
                r=np.where(np.arange(EPOCHS) == 9, 0.05, 0.9),
                training=(0.02, 0.9, 1),
            ),
        ],
    ),
    "C10 two evaluations against": (
        "C10",
        FAILS,
        [
            CLEAN["rll"],
            make(
                "rll",
                m=np.where(np.arange(EPOCHS) % 20 == 9, 0.9, 0.02),
                r=np.where(np.arange(EPOCHS) % 20 == 9, 0.05, 0.9),
                training=(0.02, 0.9, 1),
            ),
        ],
    ),
    "C10 against in five percent of the epochs": (
        "C10",
        FAILS,
        [
            CLEAN["rll"],
            make(
                "rll",
                m=0.02,
                r=0.9,
                training=(
                    np.where(np.arange(EPOCHS) % 20 == 9, 0.9, 0.02),
                    np.where(np.arange(EPOCHS) % 20 == 9, 0.05, 0.9),
                    1,
                ),
            ),
        ],
    ),
    "C10 chance does not count": (
        "C10",
        HOLDS,
        [
            CLEAN["rll"],
            make(
                "rll", f=[0.1] * 5 + [1] * 35, m=[0.3] * 5 + [0.02] * 35, r=[0.1] * 5 + [0.9] * 35
            ),
        ],
    ),
    "C10 leads by little": ("C10", HOLDS, [CLEAN["rll"], make("rll", m=0.45, r=0.46)]),
    "C10 neither leads": ("C10", OPEN, [CLEAN["rll"], make("rll", m=0.46, r=0.45)]),
    "C11 holds": ("C11", HOLDS, [make(**FLIP)]),
    "C11 no lead": ("C11", FAILS, [make(m=curve(0.5, 1), r=0)]),
    "C11 lead too short": (
        "C11",
        FAILS,
        [make(m=[0.1] * 2 + [0.9] * 38, r=[0.8] * 2 + [0.1] * 38)],
    ),
    "C11 lead just long enough": (
        "C11",
        HOLDS,
        [make(m=[0.1] * 3 + [0.9] * 37, r=[0.8] * 3 + [0.1] * 37)],
    ),
    "C11 lead between sparse evaluations": (
        "C11",
        HOLDS,
        [make(m=[0.1] * 3 + [0.9] * 37, r=[0.8] * 3 + [0.1] * 37, every=6)],
    ),
    "C11 crosses back": ("C11", FAILS, [make(**BACK)]),
    "C11 never crosses": ("C11", FAILS, [make(m=0.1, r=0.8)]),
    "C12 holds": ("C12", HOLDS, [CLEAN["rll"], GOOD]),
    "C12 fails": ("C12", FAILS, [CLEAN["rll"], make("rll", m=0.1, r=0.87)]),
    "C12 just close": ("C12", HOLDS, [CLEAN["rll"], make("rll", m=0.1, r=0.88)]),
    "C13 J1 low": ("C13", HOLDS, [CLEAN["nmse"], make("nmse", m=0.8, r=0.1)]),
    "C13 J1 full": ("C13", FAILS, [CLEAN["nmse"], make("nmse", m=0.88, r=0.1)]),
    "C13 J1 still changing": ("C13", NOT_TESTED, [CLEAN["nmse"], make("nmse", m=RISING - 0.1)]),
    "C13 J1 full and still changing": (
        "C13",
        FAILS,
        [CLEAN["nmse"], make("nmse", m=curve(0.2, 1, 35))],
    ),
    "C16 holds": ("C16", HOLDS, [CLEAN["rll"], make("rll", m=0.02, r=0.95, test=0.89)]),
    "C16 fails": ("C16", FAILS, [CLEAN["rll"], make("rll", m=0.02, r=0.95, test=0.86)]),
    "C16 open": ("C16", OPEN, [CLEAN["rll"], make("rll", m=0.02, r=0.95, test=0.872)]),
    "C17 holds": ("C17", HOLDS, [CLEAN["mae"], make("mae", m=0.02, r=0.95)]),
    "C17 fails by C6": ("C17", FAILS, [CLEAN["mae"], make("mae", m=0.4, r=0.6)]),
    "C17 fails by C9": ("C17", FAILS, [CLEAN["mae"], make("mae", m=0.2, r=0.05)]),
    "C17 open": ("C17", OPEN, [CLEAN["mae"], make("mae", m=0.2, r=0.21)]),
    "E1 fails": ("E1", FAILS, [make(risk=0.1), GOOD]),
    "E1 holds": ("E1", HOLDS, [make(risk=0.7), GOOD]),
    "E1 no memorizer": ("E1", NOT_TESTED, [make(risk=0.1, m=0.89), GOOD]),
}


@pytest.mark.parametrize("name", CASES)
def test_rule(name):
    claim, expected, found = CASES[name]
    state, why = one(claim, *found)
    assert state == expected
    assert why or state not in (INCONCLUSIVE, NOT_TESTED), "what does not tell says why"


def test_values_at_the_end_are_medians_over_the_last_epochs():
    dip = np.where(np.arange(EPOCHS) == EPOCHS - 3, 0.0, 1.0)
    assert one("C1", make(m=dip))[0] == HOLDS
