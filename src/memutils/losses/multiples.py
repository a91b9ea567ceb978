"""Gradients with respect to the logits, and which losses are one another's multiple by them, and
so one loss to an optimizer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from memutils.losses.base import Loss


def logit_gradients(loss: Callable[[Tensor, Tensor], Tensor], z: Tensor, y: Tensor) -> Tensor:
    """The gradient of the loss, summed where it is one value an example, with respect to the logits
    z (N, K) with labels y (N,); (N, K) in float64.
    """
    z = z.detach().double().requires_grad_()
    return torch.autograd.grad(loss(z, y).sum(), z)[0]


def gradients(loss: Loss, num_classes: int) -> Tensor:
    """The gradients of each label's loss, times n K, with respect to the logits, (n K, K).

    At n = 64 random logits from near the uniform p to near a certain one.
    """
    generator = torch.Generator().manual_seed(0)
    scale = torch.logspace(-2, 1, 64, dtype=torch.float64)[:, None]
    z = torch.randn(64, num_classes, generator=generator, dtype=torch.float64) * scale
    z, labels = z.repeat_interleave(num_classes, 0), torch.arange(num_classes).repeat(64)
    return logit_gradients(lambda z, y: loss(z, y) * len(z), z, labels)


TOLERANCE = 1e-9
"""Relative, of gradients that are the same up to rounding."""


def multiple(loss: Loss, other: Loss, num_classes: int = 10) -> float | None:
    """The c > 0 with ``loss`` = c ``other`` + something that no logit changes, or None.

    Then training with ``loss`` is training with ``other`` at c times the learning rate: the two
    are one point among the losses. Told from their gradients.

    Args:
        loss, other: with the reduction 'mean'.
        num_classes: K.
    """
    first, second = gradients(loss, num_classes), gradients(other, num_classes)
    c = float((first * second).sum() / second.square().sum())
    apart = float((first - c * second).norm() / first.norm())
    return c if c > 0 and apart <= TOLERANCE else None
