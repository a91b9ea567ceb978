"""Cross entropies that change the label, or divide by what the other labels cost."""

from typing import ClassVar

from torch import Tensor

from memutils.losses.base import Loss, Parameter, pick


class LabelSmoothing(Loss):
    """Label smoothing, -(1 - epsilon) log p_y - epsilon mean_k log p_k (Szegedy et al., CVPR 2016).

    Section 7 there: epsilon is spread over all K labels, the true one among them, as in torch.
    (Code that spreads an epsilon over the K - 1 others has this one's times (K - 1) / K.) Range
    from the entropy of the smoothed label, where p equals it, to infinity; not symmetric: over the
    labels it sums to -sum_k log p_k, which is unbounded.
    """

    loss_parameters: ClassVar = {
        "epsilon": Parameter(0.1, 0.0, 1.0, "how much of the label is spread over all classes")
    }

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -(1 - self.epsilon) * pick(log_p, target) - self.epsilon * log_p.mean(1)


class NCE(Loss):
    """Normalized cross entropy, log p_y / sum_k log p_k (Ma et al., ICML 2020, section 3).

    Symmetric, C = 1. Range (0, 1): near 0 where p_y is near 1, near 1 where p_y alone is near 0.
    The sum is at most -K log K, so that nothing is divided by zero.
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return pick(log_p, target) / log_p.sum(1)

    def symmetry_constant(self, num_classes: int) -> float:
        return 1.0
