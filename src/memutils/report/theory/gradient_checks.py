"""Checks of the statements about gradients, against autograd and in symbols.

A check raises AssertionError where a statement fails; what it returns is what the chapter tells.
"""

import math

import numpy as np
import sympy
import torch
from torch import Tensor

from memutils.losses.multiples import logit_gradients as gradients
from memutils.names import LOSS_NAMES
from memutils.report.theory.points import ALPHAS, Losses, build, logits, symmetric
from memutils.report.theory.symmetry_checks import formulas


def sample(k: int = 10, n: int = 500, largest: float = 1) -> tuple[Tensor, Tensor]:
    """Random logits (n, k), from nearly uniform to 10^largest in size, and labels (n,)."""
    return logits(k, n, -2, largest), torch.arange(n) % k


def weights(p: np.ndarray, y: np.ndarray, alpha: float) -> dict[str, np.ndarray]:
    """The weights of the proposition, in numpy, by loss: of p (N, K) and labels y (N,)."""
    rows, k = np.arange(len(p)), p.shape[1]
    own, square, r = p[rows, y], (p**2).sum(1), p / (alpha + p)
    rest, total = (r.sum(1) - r[rows, y]) / (k - 1), k * square + k - 2
    mse = 2 * own * (1 + square - 2 * own) / (1 - own)
    slope = 2 * k * own * (own - square) / (1 - own)
    return {
        "cce": np.ones(len(p)),
        "mae": 2 * own,
        "mse": mse,
        "rll": r[rows, y] + own * rest / (1 - own),
        "nmse": (mse + (square - 2 * own + 1) / total * slope) / total,
    }


def check_weights(losses: Losses) -> None:
    """Autograd's gradients have the proposition's weights,
    and its direction where the rest is even.
    """
    z, y = sample()
    rows, p = np.arange(len(z)), z.softmax(1).numpy()
    for alpha in ALPHAS:
        for name, expected in weights(p, y.numpy(), alpha).items():
            g = gradients(build(losses, name, alpha), z, y).numpy()
            assert np.abs(g.sum(1)).max() < 1e-12, f"{name}: the gradient does not sum to zero"
            pull = expected * (1 - p[rows, y])
            same = np.allclose(-g[rows, y], pull, rtol=1e-9, atol=1e-12)
            assert same, f"{name}: another weight"
    even = torch.zeros(50, 10, dtype=torch.float64)
    even[:, 0] = torch.linspace(-6, 6, 50)
    p, first = even.softmax(1).numpy(), torch.zeros(50, dtype=torch.long)
    for name, w in weights(p, first.numpy(), losses["rll"]().alpha).items():
        g = gradients(build(losses, name), even, first).numpy()
        along = np.allclose(g, w[:, None] * (p - np.eye(10)[0]), rtol=1e-9, atol=1e-12)
        assert along, f"{name}: not along p - e_y"


def check_symbols(losses: Losses) -> None:
    """The derivatives of formula and softmax, in symbols, are autograd's at three points."""
    z = sympy.symbols("z1:4")
    p = [sympy.exp(v) / sum(map(sympy.exp, z)) for v in z]
    slopes = {n: [sympy.diff(loss(p, 0), v) for v in z] for n, loss in formulas(3).items()}
    assert sympy.simplify(slopes["cce"][0] - (p[0] - 1)) == 0
    assert sympy.simplify(slopes["mae"][0] - 2 * p[0] * (p[0] - 1)) == 0
    for name, slope in slopes.items():
        exact, loss = sympy.lambdify(z, slope, "mpmath"), build(losses, name, 0.1)
        for point in ((0.5, -1.0, 2.0), (-3.0, 1.0, 0.25), (4.0, 0.0, 0.0)):
            g = gradients(loss, torch.tensor([point]), torch.tensor([0]))[0].numpy()
            expected = [float(v) for v in exact(*point)]
            same = np.allclose(g, expected, rtol=1e-10, atol=1e-13)
            assert same, f"{name} at {point}: {g.tolist()}, not {expected}"


def check_alpha(losses: Losses, k: int = 10) -> None:
    """RLL's gradient for large alpha is MAE's, for small alpha a pull of 1, and ordered between."""
    z, y = sample(k, n=100)
    z, y = z[:60], y[:60]  # moderate logits: both limits are for fixed p
    rows = torch.arange(len(z))
    mae = gradients(build(losses, "mae"), z, y)
    large = 1e7 * gradients(build(losses, "rll", 1e7), z, y)
    like_mae = torch.allclose(large, k / (2 * (k - 1)) * mae, rtol=1e-4, atol=1e-6)
    assert like_mae, "large alpha is not MAE"
    small = gradients(build(losses, "rll", 1e-9), z, y)[rows, y]
    one = torch.tensor(-1.0, dtype=torch.float64)
    assert torch.allclose(small, one, atol=1e-4), "small alpha does not pull with 1"
    doubtful, label = torch.log(torch.tensor([[0.01] + 9 * [0.11]])), torch.tensor([0])
    w = [float(-gradients(build(losses, "rll", a), doubtful, label)[0, 0]) for a in ALPHAS]
    assert w[0] > w[1] > w[2], "alpha does not order the weight of an improbable label"


def check_initial(losses: Losses, k: int = 10) -> dict[str, float]:
    """The norms at the uniform answer are the proposition's. Returns them by the loss's name, RLL's
    at each alpha.
    """
    z, y = torch.zeros(1, k, dtype=torch.float64), torch.zeros(1, dtype=torch.long)
    found = {
        (name, alpha): float(gradients(build(losses, name, alpha), z, y).norm())
        for name in losses
        for alpha in (ALPHAS if name == "rll" else (None,))
    }
    expected = {("cce", None): 1, ("mse", None): 2 / k, ("mae", None): 2 / k}
    expected |= {("nmse", None): 2 / k / (k - 1)}
    expected |= {("rll", alpha): k / ((k - 1) * (1 + alpha * k)) for alpha in ALPHAS}
    for key, w in expected.items():
        assert math.isclose(found[key], w * math.sqrt((k - 1) / k), rel_tol=1e-12), key
    return {LOSS_NAMES[n] + (f", α = {a}" if a else ""): norm for (n, a), norm in found.items()}


def check_corner(losses: Losses, k: int = 10) -> None:
    """The gradients of bounded losses vanish in the corners as the bound says, CCE's does not."""
    rll = k / ((k - 1) * losses["rll"]().alpha)
    bounds = {"mae": 2, "mse": 4, "rll": rll, "nmse": 4 / (k - 1) + 4 * k / (k - 1) ** 2}
    z, y = sample(k, n=2000, largest=1.5)
    room = 1 - z.softmax(1).max(1).values
    for name, bound in bounds.items():
        size = gradients(build(losses, name), z, y).abs().sum(1)
        assert (size <= 2 * bound * room + 1e-12).all(), f"{name} exceeds the bound"
    wrong = torch.zeros(1, k, dtype=torch.float64)
    wrong[0, 1] = 40.0  # sure of class 1, and the label is 0
    pull = float(gradients(build(losses, "cce"), wrong, torch.tensor([0])).abs().sum())
    assert math.isclose(pull, 2, rel_tol=1e-9), "CCE's gradient at a wrong corner"


def check_mean_gradient(losses: Losses, k: int = 10) -> None:
    """The gradients of a symmetric loss cancel over the labels,
    and noise on average shrinks them.
    """
    z, y = sample(k)
    for name in symmetric(losses, k):
        loss = build(losses, name)
        each = torch.stack([gradients(loss, z, torch.full_like(y, label)) for label in range(k)])
        clean, total = each[y, torch.arange(len(y))], each.sum(0)
        assert total.abs().max() < 1e-11, f"{name}: the gradients do not cancel"
        for eta in (0.2, 0.4, 0.6):
            mean = (1 - eta) * clean + eta / (k - 1) * (total - clean)
            shorter = (1 - eta * k / (k - 1)) * clean
            assert torch.allclose(mean, shorter, rtol=1e-9, atol=1e-11), f"{name}: not shrunk"
