"""The paper's mathematics, checked in float64: which losses are symmetric, and what symmetry gives.

The derivations are in the book; the numbers check them. What is computed once in a process depends
on no threshold but the rounding.
"""

import functools
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from memutils import losses, noise
from memutils.claims.thresholds import Thresholds
from memutils.names import LOSS_NAMES

K = 10
CLAIMED = {"rll": True, "mae": True, "nmse": True, "zero-one": True, "cce": False, "mse": False}
"""Which losses the paper calls symmetric (section 3)."""

PROVED, REFUTED = "proved", "refuted"
WITH_HYPOTHESIS = "proved with a hypothesis the paper leaves unsaid"


@dataclass(frozen=True)
class Proof:
    """One statement: what it says, PROVED, WITH_HYPOTHESIS or REFUTED, the numbers that check it,
    and why in words.
    """

    what: str
    state: str
    numbers: dict
    why: str = ""


def zero_one(logits: Tensor, target: Tensor) -> Tensor:
    """1 where the largest logit is not the target's, (N,); symmetric with C = K - 1."""
    return (logits.argmax(1) != target).to(logits.dtype)


def centered(logits: Tensor, target: Tensor) -> Tensor:
    """mean(z) - z_y, (N,), the unhinged loss (van Rooyen et al. 2015) with a constant less: sums to
    0 over the labels, has no bound.
    """
    return logits.mean(1) - losses.pick(logits, target)


def build(name: str):
    """The loss of that name, one value an example."""
    return zero_one if name == "zero-one" else losses.build(name, reduction="none")


def normalized_cce(logits: Tensor, target: Tensor) -> Tensor:
    """CCE over its sum over the labels, (N,): symmetric with C = 1, although CCE is unbounded."""
    surprise = -logits.log_softmax(1)
    return losses.pick(surprise, target) / surprise.sum(1)


def sums(loss, limits: Thresholds) -> dict:
    """Whether the sum over the labels is constant, and its range over random logits."""
    found = losses.check_symmetry(loss, K, tolerance=limits.rounding)
    low, high = found.sums
    return {"symmetric": found.constant is not None, "lowest_sum": low, "highest_sum": high}


@functools.cache
def symmetry(limits: Thresholds) -> tuple[Proof, ...]:
    """C14: which losses are symmetric; that symmetric ones are bounded;
    that CCE cannot be normalized to symmetry.
    """
    proofs = []
    for name, claimed in CLAIMED.items():
        numbers = sums(build(name), limits)
        what = f"{LOSS_NAMES[name]} is {'' if claimed else 'not '}symmetric"
        proofs.append(Proof(what, PROVED if numbers["symmetric"] == claimed else REFUTED, numbers))
    return (*proofs, bounded(limits), cannot_be_normalized(limits))


def bounded(limits: Thresholds) -> Proof:
    """A symmetric loss is bounded if it is bounded below; the unhinged loss is symmetric, and
    without a lower bound.
    """
    numbers = {"symmetric": sums(centered, limits)["symmetric"]}
    logits = torch.zeros(1, K, dtype=torch.float64)
    sizes = (1.0, 1e3, 1e6)
    values = [
        float(centered(logits.index_fill(1, torch.tensor(0), size), torch.tensor([0])))
        for size in sizes
    ]
    numbers |= {f"at_z_{s:g}": v for s, v in zip(sizes, values, strict=True)}
    falls = all(b < 100 * a for a, b in pairwise(values))  # the more, the larger z is
    state = WITH_HYPOTHESIS if numbers["symmetric"] and falls else PROVED
    why = (
        "true of losses bounded below, as all of the paper's are; the unhinged loss is the "
        "counterexample without"
    )
    return Proof("symmetric losses are bounded", state, numbers, why)


def cannot_be_normalized(limits: Thresholds) -> Proof:
    """Normalized CCE sums to 1 over the labels."""
    numbers = sums(normalized_cce, limits)
    state = REFUTED if numbers["symmetric"] else PROVED
    why = "normalized CCE sums to 1 over the labels"
    return Proof("CCE cannot be normalized to symmetry", state, numbers, why)


@functools.cache
def theorem(limits: Thresholds) -> tuple[Proof, ...]:
    """C15: the noisy risk by the noise's definition, against the affine function of the clean risk
    (Theorem 1); of 50 random classifiers, from undecided to nearly one-hot, on 40 random labels.
    """
    classifiers, examples = 50, 40
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(-1, 1.5, classifiers, dtype=torch.float64)[:, None, None]
    logits = torch.randn(classifiers, examples, K, generator=generator, dtype=torch.float64) * scale
    labels = torch.randint(K, (examples,), generator=generator)
    names = [n for n, claimed in CLAIMED.items() if claimed]
    return tuple(ranks_alike(name, logits, labels, limits) for name in names)


def ranks_alike(name: str, logits: Tensor, labels: Tensor, limits: Thresholds) -> Proof:
    """Theorem 1 for one loss, on logits (classifiers, examples, K) and labels (examples,)."""
    loss, rows = build(name), torch.arange(len(labels))
    constant = losses.check_symmetry(loss, K).constant
    every = torch.stack(
        [torch.stack([loss(z, torch.full_like(labels, k)) for k in range(K)], 1) for z in logits]
    )  # (classifiers, examples, K)
    clean = every[:, rows, labels].mean(1)
    error, alike = 0.0, True
    for eta in (*limits.etas, 0.89):  # the last is just below (K - 1) / K
        matrix = torch.from_numpy(noise.symmetric_matrix(eta, K, "others")).to(torch.float64)
        noisy = (every * matrix[labels]).sum(2).mean(1)
        affine = constant * eta / (K - 1) + (1 - eta * K / (K - 1)) * clean
        error = max(error, float((noisy - affine).abs().max()))
        gap = clean[:, None] - clean
        apart = gap.abs() > 1e-9  # ties have no order
        alike &= bool(((noisy[:, None] - noisy) * gap)[apart].gt(0).all())
    same = error <= limits.rounding
    numbers = {"constant": constant, "same_within_tolerance": same, "order_kept": alike}
    state = PROVED if same and alike else REFUTED
    return Proof(f"Theorem 1 for {LOSS_NAMES[name]}", state, numbers)
