"""Effects to plant: truths of a grid's runs, from the noise rate and the distance from a rule's
threshold in SE (positive on the side that holds), or from the noise rate and the seed.
"""

import dataclasses
import math

import numpy as np
from grids import EPOCHS, LIMITS, MEMORIZER, RESISTER, N, Truth, se

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
