"""Whether a loss is symmetric, sum_k L(p, k) = C for every p (paper, section 3), or nearly so."""

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from memutils.errors import UserError

ROUNDING = 1e-5
"""Of the size of a loss's values: float32 has 6e-8 for a number, and a sum over 256 labels some
ten times that.
"""

CLAMPED = 1e-2
"""Of the size of a loss's values: more than a clamp of small probabilities does to it."""

NEAR_UNIFORM = 0.3
"""Size of the logits of which no probability falls below a clamp that anybody uses."""


@dataclass(frozen=True)
class Symmetry:
    """What ``check_symmetry`` found.

    Attributes:
        answer: 'symmetric', 'nearly symmetric' or 'not symmetric'.
        constant: C of a symmetric loss, else None.
        spread: max - min of the sums over labels.
        counterexample: two probability vectors (2, K), with the lowest and the highest sum.
        sums: those sums.
        cause: why a loss is only nearly symmetric, most likely; else ''.
    """

    answer: str
    constant: float | None
    spread: float
    counterexample: Tensor
    sums: tuple[float, float]
    cause: str = ""

    def __str__(self) -> str:
        low, high = self.sums
        if self.answer == "symmetric":
            text = f"symmetric: the sum over the labels is {self.constant:.6g}"
            return f"{text} for every p that was tried"
        if self.answer == "nearly symmetric":
            text = f"symmetric up to {self.spread:.1g}: the sum over the labels is about"
            return f"{text} {(low + high) / 2:.6g}; {self.cause}"
        p, q = (", ".join(f"{v:.3f}" for v in row) for row in self.counterexample.tolist())
        sums = f"{low:.6g} at p = ({p}), {high:.6g} at p = ({q})"
        return f"not symmetric: the sum over the labels is {sums}"


@torch.no_grad()
def check_symmetry(
    loss: Callable[[Tensor, Tensor], Tensor],
    num_classes: int = 10,
    seed: int = 0,
    tolerance: float = 1e-10,
) -> Symmetry:
    """Whether a loss is symmetric, tried in float64 on 200 p from uniform to nearly one-hot.

    A loss that computes in float32, or clamps small probabilities, is symmetric only nearly: its
    sums then differ by no more than rounding does, or only where a probability is small.

    Args:
        loss: called with logits (1, K) and a target (1,); any reduction. The class of a loss
            without parameters will do. A module's weights are taken in float64; what does not take
            float64 at all is called in float32.
        num_classes: K.
        seed: of the logits that are tried.
        tolerance: by how much of their size, or of 1 if that is more, the sums may differ.

    Raises:
        UserError: the loss fails, or returns a value that is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-2, 1.3, 200, dtype=torch.float64)[:, None]
    logits = torch.randn(200, num_classes, generator=generator, dtype=torch.float64) * scale
    values, single = values_of(ready(loss), logits)
    if not values.isfinite().all():
        raise UserError(
            "The loss is not finite for some logits; look for a log or a division of zero."
        )
    sums = values.sum(1)
    low, high = int(sums.argmin()), int(sums.argmax())
    found = {
        "spread": float(sums[high] - sums[low]),
        "counterexample": logits[[low, high]].softmax(1),
        "sums": (float(sums[low]), float(sums[high])),
    }
    if found["spread"] <= tolerance * max(1.0, float(sums.abs().max())):
        mean = float(sums.mean())
        return Symmetry("symmetric", mean if abs(mean) > tolerance else 0.0, **found)
    inner = sums[scale[:, 0] < NEAR_UNIFORM]
    cause = likely_cause(
        found["spread"], float(inner.max() - inner.min()), float(values.abs().max()), single
    )
    return Symmetry("nearly symmetric" if cause else "not symmetric", None, **found, cause=cause)


def likely_cause(spread: float, inner: float, size: float, single: bool) -> str:
    """Why sums differ so little, or '' where the loss is not symmetric.

    Args:
        spread, inner: max - min of the sums over all p, and over those near the uniform one.
        size: of the loss's values.
        single: whether the loss computes in float32 as far as can be seen.
    """
    if spread <= ROUNDING * size and (single or inner > 1e-3 * spread):
        return "it computes in float32, whose rounding that is"
    if spread <= CLAMPED * size and inner <= (ROUNDING if single else 1e-10) * size:
        return "it is symmetric where no probability is small, so a clamp is the likely cause"
    return ""


def ready(loss: object) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss to call: an object of a class that was handed in; a copy of a module in float64."""
    if isinstance(loss, type):
        try:
            loss = loss()
        except TypeError as error:
            raise UserError(
                f"The loss {loss.__name__} needs parameters; hand an object of it."
            ) from error
    try:
        return copy.deepcopy(loss).double() if isinstance(loss, nn.Module) else loss
    except Exception:  # it is the user's code, and may hold what cannot be copied
        return loss


def total(value: object) -> Tensor:
    """What a loss returned, summed."""
    return (value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)).sum()


def values_of(loss: Callable, logits: Tensor) -> tuple[Tensor, bool]:
    """The loss of each logits (n, K) with each label, float64 (n, K);
    and whether it came in float32.

    Raises:
        UserError: the loss fails on float64 and on float32.
    """
    why = None
    for inputs in (logits, logits.float()):
        try:
            targets = torch.arange(logits.shape[1])
            rows = [[total(loss(z[None], k[None])) for k in targets] for z in inputs]
        except Exception as error:  # it is the user's code
            why = why or error
            continue
        values = torch.stack([torch.stack(row) for row in rows])
        return values.double(), values.dtype != torch.float64
    text = f"{type(why).__name__}: {why}".splitlines()[0][:200].rstrip(".")
    raise UserError(
        f"The loss fails on logits (1, {logits.shape[1]}) and a target (1,), {text}."
    ) from why
