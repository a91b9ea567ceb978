"""Weighted sums of an active and a passive loss: SCE, and the active passive losses of Ma et al.

An *active* loss raises p_y alone (cross entropy, NCE); a *passive* one also lowers the other p_j
(MAE, RCE). A sum of symmetric losses is symmetric.
"""

import dataclasses
from functools import cache
from typing import ClassVar

import torch
from torch import Tensor

from memutils.errors import UserError, unknown_name
from memutils.losses.base import Loss, Parameter, check_class, pick
from memutils.losses.entropies import NCE
from memutils.losses.paper import CCE, MAE

ACTIVE = Parameter(1.0, 0.0, 1e3, "weight of the active loss, alpha in the papers")
PASSIVE = Parameter(1.0, 0.0, 1e3, "weight of the passive loss, beta in the papers")


class RCE(Loss):
    """Reverse cross entropy, -sum_k p_k log q_k = -A (1 - p_y) (Wang et al., ICCV 2019).

    q is the one-hot label, and log 0 stands for A < 0, ``log_zero``. So it is -A/2 times MAE.
    Symmetric, C = -A (K - 1). Range [0, -A]. The default A is the paper's. Its code clamps the
    label at 1e-4 instead, which makes A = log 1e-4 = -9.21, and p at 1e-7, below which the gradient
    of that p is 0.
    """

    loss_parameters: ClassVar = {"log_zero": Parameter(-4.0, -1e3, -1e-3, "what log 0 stands for")}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return self.log_zero * torch.expm1(pick(log_p, target))

    def symmetry_constant(self, num_classes: int) -> float:
        return -self.log_zero * (num_classes - 1)


@cache
def part(loss: type[Loss], *parameters: float) -> Loss:
    """A part of a sum, made once: making a loss takes longer than its formula on a small batch."""
    return loss(*parameters)


def weighted(active: type[Loss], passive: type[Loss], /, **defaults: float) -> type[Loss]:
    """The loss ``self.active`` L + ``self.passive`` M, L being the active loss and M the passive.

    C is the same sum of their constants; there is none where one of weight above 0 has none.

    Args:
        active, passive: classes that take log-probabilities; the new one has the parameters of
            both besides the two weights.
        defaults: of its parameters, where they differ from the declared ones.

    Raises:
        UserError: no class of a loss, a loss of logits, two parameters of one name, or a default of
            a parameter that neither has.
    """
    declared = {"active": ACTIVE, "passive": PASSIVE}
    for loss in (active, passive):
        check_class(loss)
        if loss.from_logits:
            raise UserError(
                f"{loss.__name__} takes logits; weighted takes losses of their softmax."
            )
        if shared := sorted(declared.keys() & loss.loss_parameters.keys()):
            raise UserError(
                f"A weighted sum cannot have two parameters named {shared[0]!r}; rename that of "
                f"{loss.__name__}."
            )
        declared |= loss.loss_parameters
    for name in defaults:
        if name not in declared:
            raise unknown_name("parameter", name, declared)
    own = {n: dataclasses.replace(declared[n], default=value) for n, value in defaults.items()}

    class Weighted(Loss):
        loss_parameters: ClassVar = declared | own

        @property
        def parts(self) -> list[tuple[float, Loss]]:
            """Each weight with its loss."""
            return [
                (weight, part(loss, *(getattr(self, name) for name in loss.loss_parameters)))
                for loss, weight in ((active, self.active), (passive, self.passive))
            ]

        def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
            return sum(weight * loss.per_example(log_p, target) for weight, loss in self.parts)

        def symmetry_constant(self, num_classes: int) -> float | None:
            found = [(w, loss.symmetry_constant(num_classes)) for w, loss in self.parts if w]
            return None if any(c is None for _, c in found) else sum(w * c for w, c in found)

    Weighted.__name__ = Weighted.__qualname__ = f"Weighted{active.__name__}{passive.__name__}"
    return Weighted


class SCE(weighted(CCE, RCE, active=0.1)):
    """Symmetric cross entropy, alpha CE + beta RCE (Wang et al., ICCV 2019).

    Not symmetric despite its name, since cross entropy is not. Range [0, inf). The defaults .1
    and 1 are the authors' for CIFAR-10; .01 and 1 for MNIST. Their code takes another A (``RCE``).
    """


class NCEandRCE(weighted(NCE, RCE)):
    """Active passive loss alpha NCE + beta RCE (Ma et al., ICML 2020).

    Symmetric, C = alpha - beta A (K - 1). Range (0, alpha - beta A). The defaults 1 and 1 are the
    authors' for CIFAR-10; 1 and 10 for MNIST. Their code takes another A (``RCE``).
    """


class NCEandMAE(weighted(NCE, MAE)):
    """Active passive loss alpha NCE + beta MAE (Ma et al., ICML 2020).

    Symmetric, C = alpha + 2 beta (K - 1). Range (0, alpha + 2 beta). The defaults 1 and 1 are the
    authors' for CIFAR-10; 1 and 10 for MNIST. MAE is 2 (1 - p_y), as in the paper; its code takes
    1 - p_y, so that its beta is twice the one here.
    """
