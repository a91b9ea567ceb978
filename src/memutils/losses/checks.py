"""Whether a loss can be trained with, and its mean under each labeling."""

import contextlib
import math
from collections.abc import Callable

import torch
from torch import Tensor

from memutils.errors import UserError


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

    Empty too where log-probabilities do not tell the loss (``Loss.shift_invariant``).

    Args:
        make: builds the loss.
        logits: log-probabilities (N, K), float64; float32 is tried next, which is all that
            ``check_loss`` asks for.
        targets: each labeling, (N,), int64.
    """
    for outputs in (logits, logits.float()):
        with contextlib.suppress(Exception):  # it is the user's code
            loss = make()
            if not getattr(loss, "shift_invariant", True):
                return {}
            check_loss(loss, logits.shape[1])
            values = {name: loss(outputs, target).item() for name, target in targets.items()}
            if all(map(math.isfinite, values.values())):
                return values
    return {}
