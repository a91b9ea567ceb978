"""The paper's losses, and MAE. p = softmax(z) for logits z (N, K); y is the label."""

import math
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from memutils.losses.base import Loss, Parameter, pick

ALPHA = Parameter(
    0.1,
    1e-30,
    1e30,
    "small: pulls like cross entropy where alpha << p_y << 1; large: near a multiple of MAE",
)
"""RLL's parameter, within what float32 can hold."""


class CCE(Loss):
    """Categorical cross entropy, -log p_y (paper, section 2). Range [0, inf); not symmetric."""

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -pick(log_p, target)


class MSE(Loss):
    """Squared error sum_j (p_j - [j = y])^2 = |p|^2 - 2 p_y + 1 (paper, section 2).

    A sum over classes, no mean. Range [0, 2]. Not symmetric: over the labels it sums to
    K |p|^2 + K - 2, from K - 1 to 2K - 2.
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        p = log_p.exp()
        return (p - F.one_hot(target, p.shape[1])).square().sum(1)


class MAE(Loss):
    """Absolute error sum_j |p_j - [j = y]| = 2 (1 - p_y) (Ghosh et al., AAAI 2017).

    Symmetric, C = 2 (K - 1). Range [0, 2].
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -2 * torch.expm1(pick(log_p, target))

    def symmetry_constant(self, num_classes: int) -> float:
        return 2.0 * (num_classes - 1)


class RLL(Loss):
    """Robust log loss (Kumar and Sastry, IEEE SMC 2018; paper, section 2).

    With l_j = -log(alpha + p_j) it is

        log((1 + alpha) / alpha) + l_y - 1/(K - 1) sum_{j != y} l_j

    Symmetric, C = K log((1 + alpha) / alpha).
    Range [0, log((1 + alpha) / alpha) + log(1 + 1 / ((K - 1) alpha))].
    The paper does not give alpha; .1 is the value of its authors' script.
    """

    loss_parameters: ClassVar = {"alpha": ALPHA}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        shifted = torch.log(self.alpha + log_p.exp())
        own, others = pick(shifted, target), shifted.shape[1] - 1
        return math.log((1 + self.alpha) / self.alpha) - own + (shifted.sum(1) - own) / others

    def symmetry_constant(self, num_classes: int) -> float:
        return num_classes * math.log((1 + self.alpha) / self.alpha)


class NormalizedMSE(Loss):
    """MSE over its sum over the labels, MSE / (K |p|^2 + K - 2) (paper, section 3).

    Symmetric, C = 1. Range [0, K / (K^2 - 2K + 2)], .122 for K = 10. The authors' code multiplies
    it by 0.1; here it is unscaled.
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        p = log_p.exp()
        k = p.shape[1]
        return (p - F.one_hot(target, k)).square().sum(1) / (k * p.square().sum(1) + k - 2)

    def symmetry_constant(self, num_classes: int) -> float:
        return 1.0
