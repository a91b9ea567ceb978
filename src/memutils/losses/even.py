"""Losses of the label's probability alone: the weight of another loss, the direction of CCE."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from memutils.losses.base import Loss, pick
from memutils.losses.paper import MSE, RLL


def even(loss: type[Loss]) -> type[Loss]:
    """A loss L at the prediction that keeps p_y and lets the other classes share 1 - p_y evenly.

    So it depends on p_y alone, and its gradient with respect to the logits is w(p_y) (p - e_y):
    cross entropy's, times the weight that L has where the others share evenly. For K > 2 a loss of
    p_y alone is symmetric only where it is affine in p_y, as MAE is. For K = 2 it is L itself.

    Args:
        loss: a class whose ``per_example`` takes log-probabilities; the new one has its parameters.
            It is meant for losses that depend on the other classes too. Others keep their values,
            but for K > 2 the new class states no symmetry constant, even where L has one (MAE).
    """

    class Even(loss):
        def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
            return super().per_example(shared_evenly(log_p, target), target)

        def symmetry_constant(self, num_classes: int) -> float | None:
            return super().symmetry_constant(num_classes) if num_classes == 2 else None

    Even.__name__ = Even.__qualname__ = f"Even{loss.__name__}"
    return Even


def shared_evenly(log_p: Tensor, target: Tensor) -> Tensor:
    """Log-probabilities (N, K) with the same p_y, and (1 - p_y)/(K - 1) for each other class."""
    k = log_p.shape[1]
    label = F.one_hot(target, k).bool()
    rest = log_p.masked_fill(label, -math.inf).logsumexp(1) - math.log(k - 1)
    return torch.where(label, pick(log_p, target)[:, None], rest[:, None])


class EvenRLL(even(RLL)):
    """RLL's weight without its symmetry, log((1 + a)/a) - log(a + p_y) + log(a + (1 - p_y)/(K - 1))
    with a = alpha.

    RLL where the other classes share evenly, and elsewhere above it. This book's own, to tell
    weight from symmetry. Range that of RLL. Not symmetric for K > 2: over the labels it sums to
    RLL's constant at the uniform p, and where p is certain to K - 1 times its highest value.
    """


class EvenMSE(even(MSE)):
    """MSE's weight, (1 - p_y)^2 K/(K - 1): MSE where the other classes share evenly, else below it.

    This book's own, like evened RLL. Where p_y is small its weight is near K/(K - 1) times MAE's,
    and where p_y is near 1 it vanishes. Range [0, K/(K - 1)]. Not symmetric: over the labels it
    sums to K - 1 at the uniform p and to K where p is certain.
    """
