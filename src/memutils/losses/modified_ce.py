"""Cross entropy with one thing changed: its series, the softmax's output, the logits' norm."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from memutils.losses.active_passive import weighted
from memutils.losses.base import Loss, Parameter, pick
from memutils.losses.paper import CCE, MAE


class TaylorCE(Loss):
    """Taylor cross entropy, sum_{i=1}^t (1 - p_y)^i / i (Feng et al., IJCAI 2020).

    -log p_y is the limit of t, the order, to infinity; at t = 1 it is half of MAE. Range [0, H_t],
    H_t = 1 + 1/2 + ... + 1/t. Not symmetric for t > 1: the sum over the labels is K times the value
    at p_y = 1/K at the uniform p, and (K - 1) H_t where p is certain. The paper tunes t; 2, the
    first order that is not a multiple of MAE, is what public code takes.
    """

    loss_parameters: ClassVar = {
        "order": Parameter(2, 1, 100, "terms of the series; 1 is half of MAE", whole=True)
    }

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        x = -torch.expm1(pick(log_p, target))
        return sum(x**i / i for i in range(1, self.order + 1))

    def symmetry_constant(self, num_classes: int) -> float | None:
        return num_classes - 1.0 if self.order == 1 else None


class EpsilonSoftmaxCE(Loss):
    """Cross entropy of the epsilon-softmax, CE_eps (J. Wang et al., NeurIPS 2024).

        -log((p_y + m [y = argmax p]) / (m + 1))

    The largest probability gets m more before all are divided by m + 1, which brings each within
    1 / (m + 1) of a one-hot vector's. Not continuous where the prediction changes. Range [0, inf).
    Not symmetric: where p is certain, the labels that are ruled out cost any amount. The authors'
    code clamps the changed probability at 1e-8, so that the loss has a bound there; with m = 1e5
    it is reached at p_y = .001, below which no gradient is left.
    """

    loss_parameters: ClassVar = {
        "m": Parameter(1e5, 0.01, 1e8, "what is added to the largest probability")
    }

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        own = pick(log_p, target)
        predicted = -torch.log1p(torch.expm1(own) / (self.m + 1))  # -log (p_y + m) / (m + 1)
        other = math.log1p(self.m) - own
        return torch.where(target == log_p.argmax(1), predicted, other)


class EpsilonSoftmax(weighted(EpsilonSoftmaxCE, MAE, active=0.01, passive=5.0)):
    """CE_eps + MAE, alpha CE_eps + beta MAE (J. Wang et al., NeurIPS 2024).

    Range [0, inf). Not symmetric, as CE_eps is not. The defaults, weights .01 and 5 and m = 1e5,
    are the authors' for CIFAR-10 with symmetric noise.
    """


def logit_clipped(loss: type[Loss]) -> type[Loss]:
    """LogitClip of a loss L: L of logits whose norm is at most tau (Wei et al., ICML 2023).

        L(z min(1, tau / |z|), y)

    Every continuous L is bounded so, and a symmetric one stays symmetric. Adding a number to all
    logits changes their norm: unlike any other loss here, it takes logits and not probabilities
    alone (``shift_invariant``). The paper tunes 1/tau from .1 to 5 on held-out labels; the default
    1 is within. Its code scales to tau the logits of a norm above 1/tau, and leaves those between
    the two as they are: at tau = 1 this is the paper's formula, elsewhere it jumps.

    Args:
        loss: a class; the new one has its parameters too.
    """

    class LogitClipped(loss):
        from_logits: ClassVar = True
        shift_invariant: ClassVar = False
        loss_parameters: ClassVar = loss.loss_parameters | {
            "tau": Parameter(1.0, 0.01, 1e3, "the highest norm of the logits")
        }

        def per_example(self, logits: Tensor, target: Tensor) -> Tensor:
            norm = torch.linalg.vector_norm(logits, dim=1, keepdim=True)
            clipped = logits * (self.tau / norm.clamp(min=self.tau))
            outputs = clipped if loss.from_logits else clipped.log_softmax(1)
            return super().per_example(outputs, target)

    LogitClipped.__name__ = LogitClipped.__qualname__ = f"LogitClipped{loss.__name__}"
    return LogitClipped


class LogitClipCCE(logit_clipped(CCE)):
    """Cross entropy with LogitClip (Wei et al., ICML 2023).

    Range from log(1 + (K - 1) exp(-tau sqrt(K / (K - 1)))), above 0, to at most
    log(1 + (K - 1) exp(tau sqrt(2))); for tau <= 1 to log(1 + (K - 1) exp(tau sqrt(K / (K - 1)))).
    Not symmetric: the sum over the labels is K log K at z = 0, and more for a clipped z.
    """
