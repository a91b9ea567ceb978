"""Three traits of a loss that may decide how much it memorizes."""

import math
from dataclasses import dataclass

import torch

from memutils import losses
from memutils.claims import steps
from memutils.losses.multiples import logit_gradients

KINDS = ("symmetric", "bounded, not symmetric", "unbounded, not symmetric")
"""Of losses."""

CLASSES, SURE = 10, 0.01
"""K, and the p_y at which a loss's pull is taken."""


@dataclass(frozen=True)
class Traits:
    """What may decide how much a loss memorizes.

    Attributes:
        symmetric: its sum over the labels is a constant.
        bounded: its values are.
        pull: the norm of its logit gradient for a label with p_y = 0.01 while one other class has
            0.98, over the norm at the uniform answer. So much a wrong label still pulls at a
            network that has learned the true class; cross entropy has 1.5.
    """

    symmetric: bool
    bounded: bool
    pull: float

    @property
    def kind(self) -> str:
        """Which of ``KINDS`` the loss is."""
        return KINDS[0] if self.symmetric else KINDS[1] if self.bounded else KINDS[2]

    @property
    def log_pull(self) -> float:
        """The decimal logarithm of the pull, from 0.0001 up."""
        return math.log10(max(self.pull, 1e-4))


def traits(loss: str, sure: float = SURE) -> Traits:
    """The traits of a loss of the registry, with its default parameters; its pull at that p_y."""
    built = losses.build(loss)
    pull = sure_norm(built, sure) / steps.initial_norm(built, CLASSES)
    return Traits(built.symmetry_constant(CLASSES) is not None, is_bounded(built), pull)


def is_bounded(loss: losses.Loss) -> bool:
    """Whether a loss stays as large when the logit of its label falls from -1,000 to -10,000."""
    logits = torch.zeros(2, CLASSES, dtype=torch.float64)
    logits[:, 0] = torch.tensor([-1e3, -1e4])
    near, far = (float(loss(z[None], torch.zeros(1, dtype=torch.long))) for z in logits)
    return abs(far) < 1.5 * abs(near)


def sure_norm(loss: losses.Loss, sure: float) -> float:
    """The norm of the logit gradient where p_y, and all other classes but one, have ``sure``."""
    p = torch.full((1, CLASSES), sure / (CLASSES - 2), dtype=torch.float64)
    p[0, 0], p[0, 1] = sure, 1 - 2 * sure
    return float(logit_gradients(loss, p.log(), torch.zeros(1, dtype=torch.long)).norm())
