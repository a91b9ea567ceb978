"""The paper's mathematics, checked in float64: which losses are symmetric, and what symmetry gives.

Each function returns tuples of (what, whether it holds as stated, numbers), and computes them once in a process.
"""

import functools
from itertools import pairwise

import torch
from torch import Tensor

from memutils import losses, noise
from memutils.claims.outcomes import ETAS, T

K = 10
CLAIMED = {"rll": True, "mae": True, "nmse": True, "zero-one": True, "cce": False, "mse": False}
"""Which losses the paper calls symmetric (section 3)."""

Check = tuple[str, bool, dict]


def zero_one(logits: Tensor, target: Tensor) -> Tensor:
    """1 where the largest logit is not the target's, (N,); symmetric with C = K - 1."""
    return (logits.argmax(1) != target).to(logits.dtype)


def centered(logits: Tensor, target: Tensor) -> Tensor:
    """mean(z) - z_y, (N,): sums to 0 over the labels and has no bound."""
    return logits.mean(1) - losses.pick(logits, target)


def build(name: str):
    """The loss of that name, one value an example."""
    return zero_one if name == "zero-one" else losses.build(name, reduction="none")


@functools.cache
def symmetric() -> tuple[Check, ...]:
    """C14, first half: for each loss, whether it is as symmetric as the paper says."""
    checks = []
    for name, claimed in CLAIMED.items():
        found = losses.check_symmetry(build(name), K, tolerance=T["symmetry"])
        numbers = {"symmetric": found.constant is not None, "lowest_sum": found.sums[0], "highest_sum": found.sums[1]}
        checks.append((name, numbers["symmetric"] == claimed, numbers))
    return tuple(checks)


@functools.cache
def bounded() -> tuple[Check, ...]:
    """C14, second half: a symmetric loss is bounded. One that is not bounded below shows that it need not be."""
    found = losses.check_symmetry(centered, K, tolerance=T["symmetry"])
    logits = torch.zeros(1, K, dtype=torch.float64)
    sizes = (1.0, 1e3, 1e6)
    values = [float(centered(logits.index_fill(1, torch.tensor(0), size), torch.tensor([0]))) for size in sizes]
    numbers = {"symmetric": found.constant is not None} | {f"at_z_{s:g}": v for s, v in zip(sizes, values, strict=True)}
    unbounded = all(b < 100 * a for a, b in pairwise(values))  # it grows with z, downwards
    return (("mean(z) - z_y", not (numbers["symmetric"] and unbounded), numbers),)


@functools.cache
def ranks_alike(classifiers: int = 50, examples: int = 40) -> tuple[Check, ...]:
    """C15: the noisy risk by the noise's definition, against the affine function of the clean risk (Theorem 1).

    Args:
        classifiers: random ones, from undecided to nearly one-hot.
        examples: of each risk, with random labels.
    """
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(-1, 1.5, classifiers, dtype=torch.float64)[:, None, None]
    logits = torch.randn(classifiers, examples, K, generator=generator, dtype=torch.float64) * scale
    labels = torch.randint(K, (examples,), generator=generator)
    checks = []
    for name in (n for n, claimed in CLAIMED.items() if claimed):
        loss = build(name)
        constant = losses.check_symmetry(loss, K).constant
        every = torch.stack(
            [torch.stack([loss(z, torch.full_like(labels, k)) for k in range(K)], 1) for z in logits]
        )  # (classifiers, examples, K)
        clean = every[:, torch.arange(examples), labels].mean(1)
        error, alike = 0.0, True
        for eta in (*ETAS, 0.89):  # the last is just below (K - 1) / K
            matrix = torch.from_numpy(noise.symmetric_matrix(eta, K, "others")).to(torch.float64)
            noisy = (every * matrix[labels]).sum(2).mean(1)
            affine = constant * eta / (K - 1) + (1 - eta * K / (K - 1)) * clean
            error = max(error, float((noisy - affine).abs().max()))
            gap = clean[:, None] - clean
            alike &= bool(((noisy[:, None] - noisy) * gap)[gap.abs() > 1e-9].gt(0).all())  # ties have no order
        numbers = {"constant": constant, "same_within_tolerance": error <= T["symmetry"], "order_kept": alike}
        checks.append((name, error <= T["symmetry"] and alike, numbers))
    return tuple(checks)
