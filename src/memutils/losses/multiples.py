"""Which losses are one another's multiple, and so one loss to an optimizer."""

import torch
from torch import Tensor

from memutils.losses.base import Loss


def gradients(loss: Loss, num_classes: int, seed: int = 0) -> Tensor:
    """The gradients of each label's loss with respect to the logits, (n K, K) in float64.

    At n = 64 random logits from near the uniform p to near a certain one.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-2, 1, 64, dtype=torch.float64)[:, None]
    z = torch.randn(64, num_classes, generator=generator, dtype=torch.float64) * scale
    z = z.repeat_interleave(num_classes, 0).requires_grad_()
    labels = torch.arange(num_classes).repeat(64)
    return torch.autograd.grad(loss(z, labels) * len(z), z)[0]


def multiple(
    loss: Loss, other: Loss, num_classes: int = 10, tolerance: float = 1e-9
) -> float | None:
    """The c > 0 with ``loss`` = c ``other`` + something that no logit changes, or None.

    Then training with ``loss`` is training with ``other`` at c times the learning rate: the two
    are one point among the losses. Told from their gradients, up to a relative tolerance.

    Args:
        loss, other: with the reduction 'mean'.
        num_classes: K.
    """
    first, second = gradients(loss, num_classes), gradients(other, num_classes)
    c = float((first * second).sum() / second.square().sum())
    apart = float((first - c * second).norm() / first.norm())
    return c if c > 0 and apart <= tolerance else None
