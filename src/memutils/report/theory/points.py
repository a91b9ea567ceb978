"""What the chapters on theory share: losses as tables of numbers, and points of the simplex.

K classes and N examples throughout; log-probabilities and logits are float64 tensors (N, K).
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from memutils import losses as package
from memutils import noise

LOSSES = {name: package.LOSSES[name] for name in package.PAPER}
"""The paper's losses by name, each a factory."""

ETAS = (0.2, 0.4, 0.6)
"""The paper's noise rates."""

ALPHAS = (0.01, 0.1, 0.45)
"""RLL's parameters in the paper's code."""

Losses = Mapping[str, Callable]
"""Names to factories: what a check is given, so that a test can give it a broken loss."""


def build(losses: Losses, name: str, alpha: float | None = None) -> Callable:
    """The loss of that name, one value an example; RLL with that alpha, where it is given."""
    given = {"alpha": alpha} if name == "rll" and alpha else {}
    return losses[name](reduction="none", **given)


def highest(loss: Callable, k: int) -> float:
    """The loss where p_y = 0 and the rest is even: there the symmetric ones are largest."""
    z = torch.zeros(1, k, dtype=torch.float64)
    z[0, 0] = -1e4
    return float(loss(z, torch.tensor([0])))


def table(loss: Callable, z: Tensor) -> Tensor:
    """The loss of each row of logits or log-probabilities z (N, K) under each label: (N, K)."""
    return torch.stack([loss(z, torch.full((len(z),), k)) for k in range(z.shape[1])], 1)


def own(values: Tensor, true: Tensor) -> Tensor:
    """values[i, true[i]] for each i: (N,)."""
    return values[torch.arange(len(true)), true]


def constant(losses: Losses, name: str, k: int) -> float | None:
    """C, or None for a loss that does not claim to be symmetric."""
    return getattr(losses[name](), "symmetry_constant", lambda k: None)(k)


def symmetric(losses: Losses, k: int) -> dict[str, float]:
    """The losses that claim to be symmetric, with C."""
    found = {name: constant(losses, name, k) for name in losses}
    return {name: c for name, c in found.items() if c is not None}


def line(risk, c: float, eta: float, k: int):
    """The noisy risk that Theorem 1 predicts: C eta/(K-1) + (1 - eta K/(K-1)) risk."""
    return c * eta / (k - 1) + (1 - eta * k / (k - 1)) * risk


def fresh(values: Tensor, true: Tensor, eta: float) -> Tensor:
    """The expected loss (N,) under fresh symmetric noise, from the table of losses (N, K)."""
    chances = torch.from_numpy(noise.symmetric_matrix(eta, values.shape[1]))[true]
    return (chances * values).sum(1)


def logits(k: int, n: int, low: float, high: float, seed: int = 0) -> Tensor:
    """Random logits (n, k), from 10^low to 10^high in size: nearly uniform p to nearly one-hot."""
    generator = torch.Generator().manual_seed(seed)
    size = torch.logspace(low, high, n, dtype=torch.float64)[:, None]
    return torch.randn(n, k, generator=generator, dtype=torch.float64) * size


def simplex(k: int) -> Tensor:
    """Log-probabilities (4000, k) all over the simplex, corners included."""
    return logits(k, 4000, -1, 2).log_softmax(1)


def at(k: int, **shares: float) -> Tensor:
    """Log-probabilities (1, k) with these shares, e.g. p0=0.5, and next to nothing elsewhere."""
    p = torch.full((1, k), 1e-300, dtype=torch.float64)
    for name, share in shares.items():
        p[0, int(name[1:])] = share
    return p.log()


def invented() -> tuple[Tensor, Tensor]:
    """A made-up network's log-probabilities (500, 10) and true labels (500,), for the mathematics
    alone.
    """
    n, k = 500, 10
    generator = torch.Generator().manual_seed(1)
    true = torch.randint(k, (n,), generator=generator)
    z = 2 * torch.randn(n, k, generator=generator, dtype=torch.float64)
    z[torch.arange(n), true] += 3 * torch.randn(n, generator=generator, dtype=torch.float64)
    return z.log_softmax(1), true
