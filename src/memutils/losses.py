"""The paper's losses, as functions of logits z (N, K) and integer targets y (N,); p = softmax(z).

Every loss computes in float32 at least, from log-probabilities and without clamps, so that value and gradient are
finite for logits up to 1e4 in size whatever the precision of the network. A loss is *symmetric* when the sum over
all labels is a constant, sum_k L(p, k) = C for every p (paper, section 3); ``symmetry_constant`` tells C.
"""

import contextlib
import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from memutils.errors import UserError, unknown_name


class Loss(nn.Module):
    """Base of the losses: turns logits into log-probabilities and reduces ``per_example``.

    Args:
        reduction: 'mean' (over examples, never over classes), 'sum' or 'none'.

    Shape:
        logits: (N, K), any floating type. target: (N,), integers in [0, K). Output: scalar, or (N,) with 'none'.

    Raises:
        ValueError: an unknown reduction, or shapes and types other than these.
    """

    def __init__(self, reduction: str = "mean"):
        super().__init__()
        if reduction not in ("mean", "sum", "none"):
            raise ValueError(f"reduction must be 'mean', 'sum' or 'none', not {reduction!r}")
        self.reduction = reduction

    def forward(self, logits: Tensor, target: Tensor) -> Tensor:
        if logits.ndim != 2 or target.shape != logits.shape[:1]:
            raise ValueError(
                f"expected logits (N, K) and target (N,), got {tuple(logits.shape)} and {tuple(target.shape)}"
            )
        if target.is_floating_point() or target.dtype == torch.bool:
            raise ValueError(f"target must hold class indices as integers, not {target.dtype}")
        if logits.dtype not in (torch.float32, torch.float64):
            logits = logits.float()
        values = self.per_example(F.log_softmax(logits, 1), target.long())
        return values if self.reduction == "none" else getattr(values, self.reduction)()

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        """The loss of each example, (N,), from log-probabilities (N, K)."""
        raise NotImplementedError

    def symmetry_constant(self, num_classes: int) -> float | None:
        """C with sum_k L(p, k) = C for every p, or None where the loss is not symmetric."""
        return None


def pick(values: Tensor, target: Tensor) -> Tensor:
    """values[i, target[i]] for each row i."""
    return values.gather(1, target[:, None])[:, 0]


class CCE(Loss):
    """Categorical cross entropy, -log p_y (paper, section 2). Range [0, inf); not symmetric, unbounded."""

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -pick(log_p, target)


class MSE(Loss):
    """Squared error sum_j (p_j - [j = y])^2 = |p|^2 - 2 p_y + 1 (paper, section 2): a sum over classes.

    Range [0, 2]. Not symmetric: over the labels it sums to K |p|^2 + K - 2, from K - 1 to 2K - 2.
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        p = log_p.exp()
        return (p - F.one_hot(target, p.shape[1])).square().sum(1)


class MAE(Loss):
    """Absolute error sum_j |p_j - [j = y]| = 2 (1 - p_y) (Ghosh et al., AAAI 2017). Range [0, 2]; C = 2 (K - 1)."""

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        return -2 * torch.expm1(pick(log_p, target))

    def symmetry_constant(self, num_classes: int) -> float:
        return 2.0 * (num_classes - 1)


class RLL(Loss):
    """Robust log loss (Kumar and Sastry, IEEE SMC 2018; paper, section 2), with l_j = -log(alpha + p_j):

        log((1 + alpha) / alpha) + l_y - 1/(K - 1) sum_{j != y} l_j

    Symmetric, C = K log((1 + alpha) / alpha). Range [0, log((1 + alpha)/alpha) + log(1 + 1/((K - 1) alpha))].

    Args:
        alpha: 1e-30 to 1e30, which float32 can hold. Small: pulls like cross entropy where alpha << p_y << 1; large: near a
            multiple of MAE.
    """

    def __init__(self, alpha: float = 0.1, reduction: str = "mean"):
        super().__init__(reduction)
        if isinstance(alpha, bool) or not isinstance(alpha, int | float) or not 1e-30 <= alpha <= 1e30:
            raise ValueError(f"alpha must be a positive number, from 1e-30 to 1e30, not {alpha!r}")
        self.alpha = float(alpha)

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        shifted = torch.log(self.alpha + log_p.exp())
        own, others = pick(shifted, target), shifted.shape[1] - 1
        return math.log((1 + self.alpha) / self.alpha) - own + (shifted.sum(1) - own) / others

    def symmetry_constant(self, num_classes: int) -> float:
        return num_classes * math.log((1 + self.alpha) / self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class NormalizedMSE(Loss):
    """MSE over its sum over the labels, MSE / (K |p|^2 + K - 2) (paper, section 3). Symmetric, C = 1.

    Range [0, K / (K^2 - 2K + 2)], .122 for K = 10. The authors' code multiplies it by 0.1; here it is unscaled.
    """

    def per_example(self, log_p: Tensor, target: Tensor) -> Tensor:
        p = log_p.exp()
        k = p.shape[1]
        return (p - F.one_hot(target, k)).square().sum(1) / (k * p.square().sum(1) + k - 2)

    def symmetry_constant(self, num_classes: int) -> float:
        return 1.0


LOSSES: dict[str, Callable[..., nn.Module]] = {
    "cce": CCE,
    "mse": MSE,
    "mae": MAE,
    "rll": RLL,
    "nmse": NormalizedMSE,
}
"""Losses by name. Add yours here: anything that is called with (logits, target) and returns a scalar to minimize."""


OWN = dict(LOSSES)
"""What the package itself registers: results of these losses need no hash of their code."""


def build(name: str, **parameters) -> nn.Module:
    """The loss of that name, e.g. ``build('rll', alpha=0.45)``.

    Raises:
        UserError: unknown name, or a parameter the loss does not take or accept.
    """
    if not isinstance(name, str) or name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    try:
        return LOSSES[name](**parameters)
    except (TypeError, ValueError) as error:
        raise UserError(f"Loss {name!r} cannot be built with {parameters}: {error}.") from error


@dataclass(frozen=True)
class Symmetry:
    """What ``check_symmetry`` found: ``constant`` is C or None; ``spread`` is max - min of the sums over labels;
    ``counterexample`` holds two probability vectors (2, K) with the lowest and the highest sum, ``sums`` those sums."""

    constant: float | None
    spread: float
    counterexample: Tensor
    sums: tuple[float, float]

    def __str__(self) -> str:
        if self.constant is not None:
            return f"symmetric: the sum over the labels is {self.constant:.6g} for every p that was tried"
        (low, high), (p, q) = self.sums, self.counterexample.tolist()
        text = [", ".join(f"{v:.3f}" for v in row) for row in (p, q)]
        return f"not symmetric: the sum over the labels is {low:.6g} at p = ({text[0]}), {high:.6g} at p = ({text[1]})"


@torch.no_grad()
def check_symmetry(
    loss: Callable[[Tensor, Tensor], Tensor], num_classes: int = 10, seed: int = 0, tolerance: float = 1e-10
) -> Symmetry:
    """Whether a loss is symmetric, tried in float64 on 200 probability vectors from uniform to nearly one-hot.

    Args:
        loss: called with logits (1, K) in float64 and a target (1,); any reduction.
        num_classes: K.
        seed: of the logits that are tried.
        tolerance: by how much of their size, or of 1 if that is more, the sums may differ.

    Raises:
        UserError: the loss returns a value that is not finite.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = torch.logspace(-2, 1.3, 200, dtype=torch.float64)[:, None]
    logits = torch.randn(200, num_classes, generator=generator, dtype=torch.float64) * scale
    targets = torch.arange(num_classes)
    sums = torch.stack([sum(loss(z[None], k[None]).sum() for k in targets) for z in logits])
    if not sums.isfinite().all():
        raise UserError("The loss is not finite for some logits; look for a log or a division of zero.")
    low, high = int(sums.argmin()), int(sums.argmax())
    spread = float(sums[high] - sums[low])
    constant = float(sums.mean()) if spread <= tolerance * max(1.0, float(sums.abs().max())) else None
    pair = logits[[low, high]].softmax(1)
    return Symmetry(constant, spread, pair, (float(sums[low]), float(sums[high])))


def check_loss(loss: Callable[[Tensor, Tensor], Tensor], num_classes: int, device: str = "cpu") -> None:
    """Raises a UserError when a loss cannot be trained with on a device: tried on a few random and some saturated logits.

    The contract: called with logits (N, K), float32, and targets (N,), int64, it returns one finite number with a
    finite gradient with respect to the logits. It may be negative.
    """
    generator = torch.Generator().manual_seed(0)
    n = num_classes + 7  # every class occurs, and N = K hides no wrong broadcast
    target = (torch.arange(n) % num_classes).to(device)
    for scale in (0.1, 1.0, 100.0):
        logits = (torch.randn(n, num_classes, generator=generator) * scale).to(device).requires_grad_()
        try:
            value = loss(logits, target)
            if not isinstance(value, Tensor) or value.ndim:
                shape = tuple(value.shape) if isinstance(value, Tensor) else type(value).__name__
                raise UserError(f"The loss must return one number for a batch, not {shape}; end it with .mean().")
            if not value.requires_grad:
                raise UserError("The loss does not depend on the logits differentiably; use no argmax, round or .item().")
            (gradient,) = torch.autograd.grad(value.sum(), logits, allow_unused=True)
        except UserError:
            raise
        except Exception as error:  # it is the user's code
            why = f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(".")
            raise UserError(f"The loss fails on logits ({n}, {num_classes}) and targets ({n},), {why}.") from error
        if gradient is None:
            raise UserError("The loss does not depend on the logits.")
        if not (value.isfinite().all() and gradient.isfinite().all()):
            raise UserError(
                f"The loss or its gradient is not finite for logits of size {scale:g}; "
                "compute from log_softmax, and look for log(0)."
            )


def risks(make: Callable[[], Callable], logits: Tensor, targets: dict[str, Tensor]) -> dict[str, float]:
    """A loss's mean under each labeling, by its name; empty where the loss does not work, which costs no other loss's run.

    Args:
        make: builds the loss.
        logits: (N, K), float64; float32 is tried next, which is all that ``check_loss`` asks of a loss with weights of its own.
        targets: each labeling, (N,), int64.
    """
    for outputs in (logits, logits.float()):
        with contextlib.suppress(Exception):  # it is the user's code
            loss = make()
            check_loss(loss, logits.shape[1])
            values = {name: loss(outputs, target).item() for name, target in targets.items()}
            if all(map(math.isfinite, values.values())):
                return values
    return {}
