"""What is planted for each claim: truths on both sides of its threshold, idle networks and
mixtures.
"""

import dataclasses
import math

import numpy as np
from planted import EPOCHS, IDLE, LIMITS, MEMORIZER, RESISTER, N, Planted, Truth, idle, se, sided

CLEAR = 12.0
"""SE from the threshold that leave no doubt."""


def less_memorized(other):
    def at(eta, d):
        n = eta * N
        gap = (LIMITS.deviations + d) * se(0.5, 0.5, n)
        return {"rll": Truth(m=0.5 - gap / 2, r=0.3, f=0.99), other: Truth(m=0.5 + gap / 2, r=0.1)}

    return at


def more_accurate(other):
    def at(eta, d):
        gap = (LIMITS.deviations + d) * se(0.7, 0.7, N)
        return {
            "rll": dataclasses.replace(RESISTER, test=0.7 + gap / 2),
            other: Truth(test=0.7 - gap / 2),
        }

    return at


def memorizes(loss):
    def at(eta, d):
        m = LIMITS.full_memorized
        return {loss: Truth(m=min(1.0, m + d * se(m, 0, eta * N)), r=0.0)}

    return at


def drop_of(loss, share):
    def at(eta, d):
        m = 1 - share + -d * se(1 - share, 0, eta * N)
        return {loss: Truth(m=max(0.0, m), r=max(0.0, 0.98 - m))}

    return at


def close_drop(eta, d):
    ideal = eta  # with J1 = 1 on clean labels; wrong labels are met by chance at 0
    m = (LIMITS.drop_close - d * math.sqrt(eta * 0.1) / math.sqrt(N)) / eta
    return (
        {"rll": Truth(m=min(1.0, max(0.0, m)), r=0.0 if m > 1 else max(0.0, 0.95 - m))}
        if ideal
        else {}
    )


def true_below(eta, d):
    gap = LIMITS.gap_share + d * se(0.5, 0.5, eta * N)
    return {
        loss: Truth(m=(1 + gap) / 2 if gap < 1 else 1.0, r=max(0.0, (1 - gap) / 2))
        for loss in ("cce", "mse")
    }


def true_above(loss):
    def at(eta, d):
        lead = math.copysign(LIMITS.deviations, d) + d  # fails where m leads by as much
        gap = lead * math.sqrt(0.8) / math.sqrt(eta * N)
        return {loss: Truth(m=0.4 - gap / 2, r=0.4 + gap / 2)}

    return at


def near_clean(eta, d):
    r = 1 - LIMITS.clean_close / eta + d * se(0.9, 0, eta * N)
    return {"rll": Truth(m=0.0, r=float(np.clip(r, 0.0, 1.0)))}


def saturates(eta, d):
    j1 = LIMITS.saturated - d * se(LIMITS.saturated, 0, N)
    m = 1 - (1 - j1) / eta
    return {"nmse": Truth(m=float(np.clip(m, 0.0, 1.0)), r=0.0)}


def like_rll(eta, d):
    x = 0.5 - d * se(0.5, 0, eta * N)
    other = {"rll": Truth(m=0.05, r=0.95), "mse": Truth(m=0.95, r=0.05)}
    return other | {"nmse": Truth(m=float(np.clip(x, 0.0, 1.0)), r=float(np.clip(1 - x, 0.0, 1.0)))}


def as_accurate(eta, d):
    loss = LIMITS.equivalence - d * se(0.9, 0.9, N)
    return {"rll": dataclasses.replace(RESISTER, test=0.9 - max(0.0, loss))}


def path(at, before, after):
    """A probability each epoch that changes at an epoch."""
    return np.where(np.arange(1, EPOCHS + 1) < at, before, after)


def order(*at):
    def runs(eta, seed):
        epoch = at[LIMITS.etas.index(eta)]
        return {
            loss: Truth(m=path(epoch, 0.3, 0.99), f=path(epoch, 0.8, 1.0))
            for loss in ("cce", "mse")
        }

    return runs


def ahead(epochs):
    """RLL with m clearly ahead in some of its epochs, r in the others."""
    return lambda eta, seed: {
        "rll": Truth(m=path(epochs + 1, 0.7, 0.1), r=path(epochs + 1, 0.2, 0.85))
    }


def flips(early):
    return lambda eta, seed: {
        "cce": Truth(m=path(early + 1, 0.1, 0.95), r=path(early + 1, 0.8, 0.03))
    }


def risks(gap):
    return lambda eta, seed: {
        "cce": dataclasses.replace(MEMORIZER, risk=0.5),
        "rll": dataclasses.replace(RESISTER, risk=0.5 + gap),
    }


def of_p0() -> list[Planted]:
    found = []
    for other in ("cce", "mse"):
        for part, at in (
            (f"m below {other.upper()}'s", less_memorized(other)),
            (f"test accuracy above {other.upper()}'s", more_accurate(other)),
        ):
            found += sided("P0", part, at, CLEAR)
            same = Planted(
                "P0",
                part,
                "no difference",
                "fails",
                lambda eta, seed, at=at: at(eta, -LIMITS.deviations),
            )
            found += [same, idle("P0", part, at, CLEAR, "rll")]
    return found


def of_levels() -> list[Planted]:
    found = []
    for claim, loss, column in (
        ("C1", "cce", "resnet32"),
        ("C2", "mse", "resnet32"),
        ("C4", "cce", "resnet18"),
    ):
        found += sided(claim, "", memorizes(loss), CLEAR / 2, column=column)
        found.append(idle(claim, "", memorizes(loss), CLEAR / 2, loss, column=column))
    rules = (
        ("C6", "rll", drop_of("rll", LIMITS.drop_share)),
        ("C7", "rll", close_drop),
        ("C8", "cce", true_below),
        ("C9", "rll", true_above("rll")),
        ("C12", "rll", near_clean),
        ("C16", "rll", as_accurate),
    )
    for claim, loss, at in rules:
        found += sided(claim, "", at, CLEAR / 2)
        found += [idle(claim, "", at, CLEAR / 2, loss)] if claim != "C8" else []
    both = {"cce": IDLE, "mse": IDLE}
    found.append(Planted("C8", "", "cce and mse are idle", "not tested", lambda eta, seed: both))
    for part, at in (("J1 below 100 %", saturates), ("like RLL", like_rll)):
        found += [*sided("C13", part, at, CLEAR / 2), idle("C13", part, at, CLEAR / 2, "nmse")]
    found += [
        *sided("C17", "", drop_of("mae", LIMITS.drop_share), CLEAR / 2),
        idle("C17", "", true_above("mae"), CLEAR, "mae"),
    ]
    return found


def of_high() -> list[Planted]:
    def at(gap):
        return lambda eta, seed: {"cce": Truth(), "mse": Truth(m=1 - gap / eta, r=0.0)}

    step = se(0.98, 0, N)
    truths = (
        ("clearly true", "holds", 0.1),
        ("one SE above the threshold", "holds", LIMITS.below_cce + step),
        ("one SE below the threshold", "fails", LIMITS.below_cce - step),
        ("clearly false", "fails", 0.0),
    )
    found = [
        Planted("C5", "", name, word, at(gap), column="resnet18") for name, word, gap in truths
    ]
    return [
        *found,
        Planted(
            "C5",
            "",
            "mse is idle",
            "not tested",
            lambda eta, s: {"cce": Truth(), "mse": IDLE},
            column="resnet18",
        ),
    ]


def of_paths() -> list[Planted]:
    late = {
        "C3": (
            ("clearly true", "holds", order(6, 10, 14)),
            ("one epoch apart", "holds", order(8, 9, 10)),
            ("at the same epoch", "fails", order(9, 9, 9)),
            ("the wrong way round", "fails", order(14, 10, 6)),
        )
    }
    late["C10"] = (
        ("r ahead throughout", "holds", ahead(0)),
        ("m ahead in one epoch of 25", "open", ahead(1)),
        ("m ahead in two epochs of 25", "fails", ahead(2)),
        ("m ahead in half of the epochs", "fails", ahead(12)),
    )
    late["C11"] = (
        ("crosses over after ten epochs", "holds", flips(10)),
        ("after three epochs", "holds", flips(3)),
        ("after two epochs", "fails", flips(2)),
        ("never led", "fails", flips(0)),
    )
    late["E1"] = (
        ("CCE has the lower risk", "fails", risks(0.3)),
        ("RLL has the lower risk", "holds", risks(-0.3)),
        ("the same risk", "either", risks(0.0)),
    )
    found = [
        Planted(claim, "", name, word, runs)
        for claim, rows in late.items()
        for name, word, runs in rows
    ]
    return [*found, Planted("C10", "", "rll is idle", "not tested", lambda eta, s: {"rll": IDLE})]


def every() -> list[Planted]:
    """All that is planted, in the claims' order."""
    found = [*of_p0(), *of_levels(), *of_high(), *of_paths()]
    order = {f"C{i}": i for i in range(1, 18)} | {"P0": 0, "E1": 18}
    return sorted(found, key=lambda planted: order[planted.claim])
