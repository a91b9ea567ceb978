"""Whether a loss is symmetric, whether it can be trained with, and its mean under each labeling."""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from memutils.errors import UserError


@dataclass(frozen=True)
class Symmetry:
    """What ``check_symmetry`` found.

    Attributes:
        constant: C or None.
        spread: max - min of the sums over labels.
        counterexample: two probability vectors (2, K), with the lowest and the highest sum.
        sums: those sums.
    """

    constant: float | None
    spread: float
    counterexample: Tensor
    sums: tuple[float, float]

    def __str__(self) -> str:
        if self.constant is not None:
            sums = f"the sum over the labels is {self.constant:.6g}"
            return f"symmetric: {sums} for every p that was tried"
        (low, high), (p, q) = self.sums, self.counterexample.tolist()
        text = [", ".join(f"{v:.3f}" for v in row) for row in (p, q)]
        sums = f"{low:.6g} at p = ({text[0]}), {high:.6g} at p = ({text[1]})"
        return f"not symmetric: the sum over the labels is {sums}"


@torch.no_grad()
def check_symmetry(
    loss: Callable[[Tensor, Tensor], Tensor],
    num_classes: int = 10,
    seed: int = 0,
    tolerance: float = 1e-10,
) -> Symmetry:
    """Whether a loss is symmetric, tried in float64 on 200 p from uniform to nearly one-hot.

    Args:
        loss: called with logits (1, K) in float64 and a target (1,); any reduction.
        num_classes: K.
        seed: of the logits that are tried.
        tolerance: by how much of their size, or of 1 if that is more, the sums may differ.

    Raises:
        UserError: the loss returns a value that is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-2, 1.3, 200, dtype=torch.float64)[:, None]
    logits = torch.randn(200, num_classes, generator=generator, dtype=torch.float64) * scale
    targets = torch.arange(num_classes)
    sums = torch.stack([sum(loss(z[None], k[None]).sum() for k in targets) for z in logits])
    if not sums.isfinite().all():
        raise UserError(
            "The loss is not finite for some logits; look for a log or a division of zero."
        )
    low, high = int(sums.argmin()), int(sums.argmax())
    spread = float(sums[high] - sums[low])
    mean = float(sums.mean()) if sums.mean().abs() > tolerance else 0.0  # 0 up to rounding
    constant = mean if spread <= tolerance * max(1.0, float(sums.abs().max())) else None
    pair = logits[[low, high]].softmax(1)
    return Symmetry(constant, spread, pair, (float(sums[low]), float(sums[high])))


def check_loss(
    loss: Callable[[Tensor, Tensor], Tensor], num_classes: int, device: str = "cpu"
) -> None:
    """Raises a UserError when a loss cannot be trained with; tries random and saturated logits.

    The contract: called with logits (N, K), float32, and targets (N,), int64, it returns one finite
    number with a finite gradient with respect to the logits. It may be negative.
    """
    generator = torch.Generator().manual_seed(0)
    n = num_classes + 7  # every class occurs, and N = K hides no wrong broadcast
    target = (torch.arange(n) % num_classes).to(device)
    for scale in (0.1, 1.0, 100.0):
        logits = (
            (torch.randn(n, num_classes, generator=generator) * scale).to(device).requires_grad_()
        )
        try:
            value = loss(logits, target)
            if not isinstance(value, Tensor) or value.ndim:
                shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise UserError(
                    f"The loss must return one number for a batch, not {shape}; "
                    "end it with .mean()."
                )
            if not value.requires_grad:
                raise UserError(
                    "The loss does not depend on the logits differentiably; "
                    "use no argmax, round or .item()."
                )
            (gradient,) = torch.autograd.grad(value.sum(), logits, allow_unused=True)
        except UserError:
            raise
        except Exception as error:  # it is the user's code
            why = f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(".")
            raise UserError(
                f"The loss fails on logits ({n}, {num_classes}) and targets ({n},), {why}."
            ) from error
        if gradient is None:
            raise UserError("The loss does not depend on the logits.")
        if not (value.isfinite().all() and gradient.isfinite().all()):
            raise UserError(
                f"The loss or its gradient is not finite for logits of size {scale:g}; "
                "compute from log_softmax, and look for log(0)."
            )


def risks(
    make: Callable[[], Callable], logits: Tensor, targets: dict[str, Tensor]
) -> dict[str, float]:
    """A loss's mean under each labeling, by its name; empty where the loss does not work.

    Args:
        make: builds the loss.
        logits: (N, K), float64; float32 is tried next, which is all that ``check_loss`` asks for.
        targets: each labeling, (N,), int64.
    """
    for outputs in (logits, logits.float()):
        with contextlib.suppress(Exception):  # it is the user's code
            loss = make()
            check_loss(loss, logits.shape[1])
            values = {name: loss(outputs, target).item() for name, target in targets.items()}
            if all(map(math.isfinite, values.values())):
                return values
    return {}
