"""Checks of the statements about symmetric losses, in symbols and at random points.

A check raises AssertionError where a statement fails; what it returns is what the chapter tells.
"""

import math
from collections.abc import Callable

import numpy as np
import sympy
import torch
from torch import Tensor

from memutils.losses.multiples import logit_gradients
from memutils.report.theory import points
from memutils.report.theory.points import ALPHAS, Losses, build, constant, highest, symmetric, table

TINY = 1e-12
"""Relative; float64 carries 16 digits."""

CLASSES = (2, 3, 10, 50)
"""The numbers of classes at which constants are compared."""


def logits(k: int, n: int = 400, seed: int = 0) -> Tensor:
    """Random logits (n, k) of the checks."""
    return points.logits(k, n, -2, 1.5, seed)


def centered(values: Tensor) -> Tensor:
    """Losses (N, K) less their mean over the labels: S of the chapter."""
    return values - values.mean(1, keepdim=True)


def remember(stored: dict, x: float, answer: int) -> int:
    """The stored label of a training input, else the answer."""
    return stored.get(x, answer)


def check_definition(
    recall: Callable = remember, n: int = 2000, k: int = 10, eta: float = 0.4
) -> tuple[float, float, float]:
    """A perfect memorizer satisfies the definition of resistance.

    Inputs x lie in [0, 1), the true class is floor(k x); the memorizer recalls what it has stored
    and else follows the rule. Returns J1, J2 and the accuracy on fresh inputs with true labels.
    """
    generator = np.random.default_rng(0)
    x, fresh = generator.random(n), generator.random(n)
    true, expected = (k * x).astype(int), (k * fresh).astype(int)
    mislabeled = generator.random(n) < eta
    noisy = np.where(mislabeled, (true + generator.integers(1, k, n)) % k, true)
    stored = dict(zip(x, noisy, strict=True))
    seen = np.array([recall(stored, v, r) for v, r in zip(x, true, strict=True)])
    unseen = np.array([recall(stored, v, r) for v, r in zip(fresh, expected, strict=True)])
    j1, j2, test = (seen == noisy).mean(), (seen == true).mean(), (unseen == expected).mean()
    assert j1 == 1 and test == 1 and math.isclose(j2, 1 - mislabeled.mean())
    return j1, j2, test


def formulas(k: int) -> dict[str, Callable]:
    """Each loss as a function of p (k sympy expressions) and a label; RLL at alpha = 1/10."""
    alpha = sympy.Rational(1, 10)

    def square(p: list, y: int) -> sympy.Expr:
        return sum(q**2 for q in p) - 2 * p[y] + 1

    def rll(p: list, y: int) -> sympy.Expr:
        shifted = [-sympy.log(alpha + q) for q in p]
        others = sum(shifted) - shifted[y]
        return sympy.log((1 + alpha) / alpha) + shifted[y] - others / (k - 1)

    return {
        "cce": lambda p, y: -sympy.log(p[y]),
        "mse": square,
        "mae": lambda p, y: 2 * (1 - p[y]),
        "rll": rll,
        "nmse": lambda p, y: square(p, y) / sum(square(p, s) for s in range(k)),
    }


def check_formulas(losses: Losses, k: int = 4) -> dict[str, sympy.Expr | None]:
    """The sums over labels in symbols; and the package's code agrees with the formulas.

    Returns the sum of each loss, or None where it is not constant.
    """
    free = sympy.symbols(f"p1:{k}", positive=True)
    p = [*free, 1 - sum(free)]  # on the simplex
    z = logits(k, n=200)
    z = z[z.softmax(1).min(1).values > 1e-6]  # 1 - p1 - p2 - p3 loses digits near a corner
    values = z.softmax(1)[:, :-1].numpy().T
    sums = {}
    for name, formula in formulas(k).items():
        total = sympy.simplify(sympy.expand_log(sum(formula(p, y) for y in range(k)), force=True))
        sums[name] = total if not total.free_symbols else None
        for y in range(k):
            expected = sympy.lambdify(free, formula(p, y), "numpy")(*values)
            found = build(losses, name)(z, torch.full((len(z),), y)).numpy()
            same = np.allclose(found, expected, rtol=1e-9, atol=1e-12)
            assert same, f"{name}: code and formula differ"
    assert sums["cce"] is None and sums["mse"] is None
    assert sums["mae"] == 2 * (k - 1) and sums["nmse"] == 1
    assert sympy.simplify(sympy.expand_log(sums["rll"] - k * sympy.log(11), force=True)) == 0
    return sums


def check_constants(losses: Losses) -> dict[tuple[str, int], tuple[float, float | None]]:
    """The sum over labels is C, or not constant, as each loss says of itself.

    Returns the relative spread of the sum and C, by loss and number of classes.
    """
    found = {}
    for name in losses:
        for k in CLASSES:
            sums = table(build(losses, name), logits(k)).sum(1)
            spread = float((sums.max() - sums.min()) / sums.abs().max())
            c = constant(losses, name, k)
            if c is None:
                assert spread > 0.01, f"{name} claims not to be symmetric, and is"
            else:
                same = spread < TINY and math.isclose(sums[0], c, rel_tol=TINY)
                assert same, f"{name}: spread {spread:.1e} at K = {k}"
            found[name, k] = (spread, c)
    for k in CLASSES:
        predicted = logits(k).argmax(1, keepdim=True)
        assert ((predicted != torch.arange(k)).sum(1) == k - 1).all(), "the 0-1 loss"
    return found


def check_bounds(losses: Losses, k: int = 10) -> dict[str, float]:
    """Symmetric losses lie in [0, C], with the maxima of the proposition, which none attains.

    Returns the maxima.
    """
    z = torch.cat([logits(k, 2000), 30 * logits(k, 500, seed=1)])
    largest = {}
    for name, c in symmetric(losses, k).items():
        loss = build(losses, name)
        values, top = table(loss, z), highest(loss, k)
        assert values.min() >= -TINY, f"{name} is negative"
        within = values.max() <= top * (1 + TINY) <= c * (1 + TINY)
        assert within, f"{name} exceeds its bound"
        assert approaches(loss, top, k), f"{name} does not approach its maximum from below"
        largest[name] = top
    mse = table(build(losses, "mse"), z)
    bounded = 0 <= mse.min() and mse.max() <= 2 + TINY
    assert bounded and mse.sum(1).max() - mse.sum(1).min() > 1, "MSE is bounded, not symmetric"
    assert math.isclose(largest["mae"], 2) and math.isclose(largest["nmse"], k / (k**2 - 2 * k + 2))
    a = losses["rll"]().alpha
    assert math.isclose(largest["rll"], math.log((1 + a) / a) + math.log(1 + 1 / ((k - 1) * a)))
    return largest


def approaches(loss: Callable, top: float, k: int) -> bool:
    """Whether the loss rises strictly to its maximum, below it, as the label's logit falls."""
    z = torch.zeros(21, k, dtype=torch.float64)
    z[:, 0] = -torch.arange(21)
    rising = loss(z, torch.zeros(21, dtype=torch.long))
    return bool((rising < top).all() and (rising.diff() > 0).all() and top - rising[-1] < 1e-6)


def unhinged(z: Tensor) -> Tensor:
    """The unhinged loss of logits (N, K) under each label (N, K)."""
    return z.mean(1, keepdim=True) - z


def check_margin_loss(margin: Callable[[Tensor], Tensor] = unhinged, k: int = 10) -> None:
    """Counterexample (a): the unhinged loss is symmetric and not bounded on either side."""
    z = logits(k) * 1e3
    values = margin(z)
    assert values.sum(1).abs().max() < TINY * z.abs().max() * k, "not symmetric"
    assert values.max() > 1e3 and values.min() < -1e3, "bounded"


def check_symmetrization(losses: Losses, k: int = 10) -> None:
    """Each symmetric loss is its own symmetrization; RLL and MAE are those of other losses."""
    z = logits(k)

    def near(a: Tensor, b: Tensor) -> bool:
        return torch.allclose(a, b, rtol=TINY, atol=TINY)

    for name, c in symmetric(losses, k).items():
        values = table(build(losses, name), z)
        assert near(values, c / k + centered(values)), f"(b) fails for {name}"
    for a in ALPHAS:
        shifted = -(a + z.softmax(1)).log()
        rll = table(build(losses, "rll", a), z)
        assert near(rll, k / (k - 1) * centered(shifted) + math.log((1 + a) / a)), "(c) fails"
    mse, mae = table(build(losses, "mse"), z), table(build(losses, "mae"), z)
    assert near(mae, centered(mse) + 2 * (k - 1) / k), "(d) fails"
    small = torch.randn(50, k, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    limit = centered(table(build(losses, "rll", 1e-9), small)) * (k - 1) / k
    assert torch.allclose(limit, unhinged(small), atol=1e-5), "the limit of small alpha"


def check_normalized(losses: Losses, k: int = 10) -> None:
    """Normalized MSE is MSE over its sum, with the gradient of the quotient rule;
    CCE normalizes too.
    """
    z = logits(k)
    y = torch.arange(len(z)) % k
    mse, nmse = build(losses, "mse"), build(losses, "nmse")
    own, total, value = mse(z, y), table(mse, z).sum(1), nmse(z, y)
    assert torch.allclose(value, own / total, rtol=TINY), "normalized MSE is not MSE over its sum"
    of_total = logit_gradients(lambda z, y: table(mse, z), z, y)
    expected = (logit_gradients(mse, z, y) - value[:, None] * of_total) / total[:, None]
    same = torch.allclose(logit_gradients(nmse, z, y), expected, rtol=1e-9, atol=TINY)
    assert same, "the quotient rule"
    cce = table(build(losses, "cce"), z)
    nce = cce / cce.sum(1, keepdim=True)
    symmetric_too = (nce.sum(1) - 1).abs().max() < TINY and nce.min() >= 0 and nce.max() <= 1
    assert symmetric_too, "normalized cross entropy"
