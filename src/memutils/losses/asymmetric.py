"""The asymmetric losses of Zhou et al., ICML 2021 (arXiv 2106.03110): AGCE, AUL and AEL.

A loss is *asymmetric* for weights w_1 > w_2 >= ... if sum_k w_k L(p, k) is least where p is certain
of class 1. So under noise that leaves the true class the most frequent, the best prediction stays
the true class. A function of p_y alone that decreases in it is asymmetric where w_1 / w_2 exceeds
the ratio of its steepest to its flattest slope in p_y.
"""

from typing import ClassVar

import torch
from torch import Tensor

from memutils.losses.active_passive import weighted
from memutils.losses.base import Loss, Parameter, pick
from memutils.losses.entropies import NCE

Q = Parameter(0.6, 1e-3, 5.0, "exponent; at 1 it is half of MAE")


def one_less_p(log_p: Tensor, target: Tensor) -> Tensor:
    """1 - p_y, exact where p_y is near 1."""
    return -torch.expm1(pick(log_p, target))


class AGCE(Loss):
    """Asymmetric generalized cross entropy, ((a + 1)^q - (a + p_y)^q) / q.

    Range [0, ((a + 1)^q - a^q) / q]. Not symmetric for q != 1: the sum over the labels is
    K ((a + 1)^q - (a + 1/K)^q) / q at the uniform p and (K - 1) ((a + 1)^q - a^q) / q where p is
    certain. Slopes differ by up to (1 + 1/a)^|1 - q|. The defaults .6 and .6 are the authors' for
    CIFAR-10; 4 and .2 for MNIST.
    """

    loss_parameters: ClassVar = {"a": Parameter(0.6, 1e-3, 1e3, "large: near half of MAE"), "q": Q}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        ratio = torch.log1p(-one_less_p(log_p, target) / (self.a + 1))  # log (a + p_y) / (a + 1)
        return -((self.a + 1) ** self.q) / self.q * torch.expm1(self.q * ratio)

    def symmetry_constant(self, num_classes: int) -> float | None:
        return num_classes - 1.0 if self.q == 1 else None


class AUL(Loss):
    """Asymmetric unhinged loss, ((a - p_y)^q - (a - 1)^q) / q with a > 1.

    Range [0, (a^q - (a - 1)^q) / q]. Not symmetric for q != 1: the sum over the labels is
    K ((a - 1/K)^q - (a - 1)^q) / q at the uniform p and (K - 1) (a^q - (a - 1)^q) / q where p is
    certain. Slopes differ by up to (a / (a - 1))^|q - 1|. The defaults 5.5 and 3 are the authors'
    for CIFAR-10; 3 and .1 for MNIST.
    """

    loss_parameters: ClassVar = {
        "a": Parameter(5.5, 1.001, 1e3, "large: near a multiple of MAE"),
        "q": Parameter(3.0, Q.low, Q.high, Q.text),
    }

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        ratio = torch.log1p(one_less_p(log_p, target) / (self.a - 1))  # log (a - p_y) / (a - 1)
        return (self.a - 1) ** self.q / self.q * torch.expm1(self.q * ratio)

    def symmetry_constant(self, num_classes: int) -> float | None:
        return num_classes - 1.0 if self.q == 1 else None


class AEL(Loss):
    """Asymmetric exponential loss, exp(-p_y / a).

    Range [exp(-1/a), 1], never 0. Not symmetric: the sum over the labels is K exp(-1 / (K a)) at
    the uniform p and K - 1 + exp(-1/a) where p is certain. Slopes differ by up to exp(1/a). The
    default 2.5 is the authors' for CIFAR-10; 3.5 for MNIST.
    """

    loss_parameters: ClassVar = {"a": Parameter(2.5, 0.01, 1e3, "large: near a multiple of MAE")}

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return torch.exp(-pick(log_p, target).exp() / self.a)


class NCEandAGCE(weighted(NCE, AGCE, passive=4.0, a=6.0, q=1.5)):
    """Active passive loss alpha NCE + beta AGCE.

    Range (0, alpha + beta times AGCE's highest value). Not symmetric for q != 1, as AGCE is not.
    The defaults, weights 1 and 4, a = 6 and q = 1.5, are the authors' for CIFAR-10. For MNIST
    their weights are 0 and 1, with which it is AGCE alone.
    """
