"""Divergences of the prediction from the one-hot label: Jensen-Shannon's, and the bi-tempered."""

import math
from typing import ClassVar

import torch
from torch import Tensor

from memutils.losses.base import Loss, Parameter, pick

NEWTON_STEPS = 12
"""Enough for float64's rounding with 2 to 256 classes and t from 1 to 4; four do for t = 1.2."""


class JensenShannon(Loss):
    """Scaled Jensen-Shannon divergence (L_JS of Englesson and Azizpour, NeurIPS 2021).

    With m = pi e_y + (1 - pi) p, e_y the one-hot label:

        (pi KL(e_y, m) + (1 - pi) KL(p, m)) / Z,    Z = -(1 - pi) log(1 - pi)

    It depends on p_y alone: toward pi = 0 it is cross entropy, toward pi = 1 half of MAE. Range
    [0, 1 + pi log(pi) / ((1 - pi) log(1 - pi))]. Not symmetric: the sum over the labels is K times
    the value at p_y = 1/K at the uniform p, and K - 1 times the highest where p is certain. The
    default .7 is the authors' for CIFAR-10 with 20 to 40 % of symmetric noise; .9 for 80 %. (Their
    GJS, of several augmented predictions, is another loss.) Their code clamps m at 1e-7, which
    alters the value by less than 1e-6 a class.
    """

    loss_parameters: ClassVar = {
        "pi": Parameter(0.7, 0.01, 0.99, "toward 0 it is cross entropy, toward 1 half of MAE")
    }

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        rest = 1 - self.pi
        own = pick(log_p, target)
        p, others = own.exp(), -torch.expm1(own)  # p_y and the sum of the other p_j
        log_m = torch.log1p(-rest * others)  # of m_y; every other m_j is (1 - pi) p_j
        from_p = p * (own - log_m) - others * math.log(rest)
        return (rest * from_p - self.pi * log_m) / (-rest * math.log(rest))


class BiTempered(Loss):
    """Bi-tempered logistic loss (Amid et al., NeurIPS 2019).

    The tempered softmax p = exp_t2(z - lambda), with the lambda that makes its sum 1, in a Bregman
    divergence with the tempered logarithm log_t(x) = (x^(1 - t) - 1) / (1 - t):

        -log_t1(p_y) - (1 - sum_k p_k^(2 - t1)) / (2 - t1)

    Cross entropy for t1 = t2 = 1. Range [0, 1 / (1 - t1)], bounded for t1 < 1. Not symmetric: the
    sum over the labels depends on p. The paper chooses the temperatures for each data set; .8 and
    1.2 are moderate ones. Its code approximates lambda in five iterations; here it is exact.
    """

    from_logits: ClassVar = True
    loss_parameters: ClassVar = {
        "t1": Parameter(0.8, 0.0, 1.0, "of the logarithm; below 1 the loss is bounded"),
        "t2": Parameter(1.2, 1.0, 4.0, "of the exponential; above 1 the softmax has a heavy tail"),
    }

    def per_example(self, logits: Tensor, target: Tensor) -> Tensor:
        log_p = log_tempered_softmax(logits, self.t2)
        power = torch.exp((2 - self.t1) * log_p).sum(1)
        return -log_t(pick(log_p, target), self.t1) - (1 - power) / (2 - self.t1)


def log_t(log_x: Tensor, t: float) -> Tensor:
    """The tempered logarithm log_t(x), from log x."""
    return log_x if t == 1 else torch.expm1((1 - t) * log_x) / (1 - t)


def log_tempered_softmax(logits: Tensor, t: float) -> Tensor:
    """log exp_t(z - lambda), with the lambda that makes the sum of exp_t(z - lambda) 1, (N, K).

    exp_t(x) = (1 + (1 - t) x)^(1 / (1 - t)), the inverse of log_t, with t from 1 to 4. With S the
    sum, S^(1 - t) is concave and increasing in lambda, so that Newton's method for S^(1 - t) = 1
    climbs from the largest logit to lambda. Only the last step has a gradient, which is exact
    there, since the step's own dependence on where it begins vanishes.
    """
    if t == 1:
        return logits.log_softmax(1)
    below = logits.detach().amax(1, keepdim=True) - logits
    shift = torch.zeros_like(below[:, :1])  # lambda less the largest logit
    for step in range(NEWTON_STEPS):
        with torch.set_grad_enabled(step == NEWTON_STEPS - 1 and torch.is_grad_enabled()):
            log_p = -torch.log1p((t - 1) * (shift + below)) / (t - 1)
            total, slope = log_p.exp().sum(1, keepdim=True), (t * log_p).exp().sum(1, keepdim=True)
            shift = shift + total * torch.expm1((t - 1) * total.log()) / ((t - 1) * slope)
    return -torch.log1p((t - 1) * (shift + below)) / (t - 1)
