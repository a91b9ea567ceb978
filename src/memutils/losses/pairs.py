"""Bounded losses, and what makes a loss symmetric: pairs of a loss and the same one symmetrized."""

import functools
import math
from typing import ClassVar

import torch
from torch import Tensor

from memutils.losses.base import Loss, Parameter, check_class, over_labels, pick
from memutils.losses.paper import ALPHA

Q = Parameter(0.7, 1e-3, 1.0, "toward 0 it becomes cross entropy, at 1 it is half of MAE")
"""The exponent of generalized cross entropy."""


class ShiftedCE(Loss):
    """Cross entropy shifted to be bounded, log((1 + alpha) / (alpha + p_y)): RLL unsymmetrized.

    It is RLL (Kumar and Sastry, IEEE SMC 2018) without the mean over the other labels, and 0 at
    p_y = 1. Range [0, log((1 + alpha) / alpha)]. Not symmetric: its sum over the labels grows from
    K log((1 + alpha) / (alpha + 1/K)) at the uniform p to (K - 1) log((1 + alpha) / alpha).
    """

    loss_parameters: ClassVar = {"alpha": ALPHA}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return math.log1p(self.alpha) - torch.log(self.alpha + pick(log_p, target).exp())


class GCE(Loss):
    """Generalized cross entropy, (1 - p_y^q) / q (Zhang and Sabuncu, NeurIPS 2018, section 3.2).

    Range [0, 1/q]. Not symmetric for q < 1: over the labels it sums to (K - K^(1-q)) / q at the
    uniform p and (K - 1) / q where p is certain. (Their truncated variant is another loss.)
    """

    loss_parameters: ClassVar = {"q": Q}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -torch.expm1(self.q * pick(log_p, target)) / self.q

    def symmetry_constant(self, num_classes: int) -> float | None:
        return num_classes - 1.0 if self.q == 1 else None


def symmetrized(loss: type[Loss]) -> type[Loss]:
    """The symmetric part of a loss L (Lemire Paquin et al., arXiv 2605.20347), scaled and shifted:

        S_y = K/(K - 1) (L_y - mean_k L_k) + c = L_y - mean_{j != y} L_j + c

    c is L of a label that is ruled out less L of one that is certain, so that S is 0 where the
    label is certain; for an unbounded L it is 0. S is symmetric with C = K c whatever L is. Thus
    ``symmetrized(ShiftedCE)`` is RLL, ``symmetrized(MSE)`` is K/(K - 1) times MAE, and
    ``symmetrized(CCE)`` is K/(K - 1) times the unhinged loss.

    Args:
        loss: a class; the new one has its parameters.

    Raises:
        UserError: no class of a loss.
    """
    check_class(loss)

    class Symmetrized(loss):
        def per_example(self, outputs: Tensor, target: Tensor) -> Tensor:
            values = over_labels(super().per_example, outputs)
            own, others = pick(values, target), values.shape[1] - 1
            return own - (values.sum(1) - own) / others + self.offset(values.shape[1])

        def offset(self, num_classes: int) -> float:
            """c."""
            parameters = tuple((name, getattr(self, name)) for name in loss.loss_parameters)
            return largest_gap(loss, parameters, num_classes)

        def symmetry_constant(self, num_classes: int) -> float:
            return num_classes * self.offset(num_classes)

    Symmetrized.__name__ = Symmetrized.__qualname__ = f"Symmetrized{loss.__name__}"
    return Symmetrized


@functools.cache
def largest_gap(loss: type[Loss], parameters: tuple[tuple[str, float], ...], k: int) -> float:
    """How much more a label that is ruled out costs than one that is certain; 0 if unbounded."""
    certain = torch.full((1, k), -math.inf, dtype=torch.float64)
    certain[0, 0] = 0
    values = over_labels(loss(**dict(parameters)).per_example, certain)[0]
    gap = float(values[1] - values[0])
    return gap if math.isfinite(gap) else 0.0


class SymmetrizedGCE(symmetrized(GCE)):
    """Symmetrized generalized cross entropy, (1 - p_y^q + mean_{j != y} p_j^q) / q.

    Between the unhinged loss (q -> 0) and K/(K - 1) times half of MAE (q = 1), as SGCE of
    Lemire Paquin et al., arXiv 2605.20347. Symmetric, C = K/q. Range [0, (1 + (K - 1)^-q) / q].
    """


class Unhinged(Loss):
    """Multi-class unhinged loss, mean_j z_j - z_y: linear in the logits z.

    After van Rooyen et al., NeurIPS 2015 (arXiv 1505.07634; two classes, 1 - v y); this form is the
    symmetric part of cross entropy (Lemire Paquin et al., arXiv 2605.20347; its dynamics: Zhou et
    al., arXiv 2312.07841). Symmetric, C = 0; unbounded in both directions, so that training needs
    weight decay or an early end.
    """

    from_logits: ClassVar = True

    def per_example(self, logits: Tensor, target: Tensor) -> Tensor:
        return logits.mean(1) - pick(logits, target)

    def symmetry_constant(self, num_classes: int) -> float:
        return 0.0
