"""Losses: functions of logits z (N, K) and integer targets y (N,), by name; p = softmax(z).

Every loss computes in float32 at least and without clamps, so that value and gradient are finite
for logits up to 1e4 in size whatever the precision of the network. A loss is *symmetric* when the
sum over all labels is a constant, sum_k L(p, k) = C for every p (paper, section 3);
``symmetry_constant`` tells C. Begin with ``build`` and ``LOSSES``.
"""

from collections.abc import Callable

from torch import nn

from memutils.errors import unknown_name
from memutils.losses.active_passive import RCE, SCE, NCEandMAE, NCEandRCE, weighted
from memutils.losses.asymmetric import AEL, AGCE, AUL, NCEandAGCE
from memutils.losses.base import Loss, Parameter, over_labels, pick
from memutils.losses.checks import check_loss, risks
from memutils.losses.divergences import BiTempered, JensenShannon
from memutils.losses.entries import checked, make, no_such_parameter, parameters_of_entry
from memutils.losses.entropies import NCE, LabelSmoothing
from memutils.losses.even import EvenMSE, EvenRLL, even
from memutils.losses.modified_ce import EpsilonSoftmax, LogitClipCCE, TaylorCE, logit_clipped
from memutils.losses.multiples import multiple
from memutils.losses.pairs import GCE, ShiftedCE, SymmetrizedGCE, Unhinged, symmetrized
from memutils.losses.paper import CCE, MAE, MSE, RLL, NormalizedMSE
from memutils.losses.symmetry import Symmetry, check_symmetry

__all__ = [
    "AEL",
    "AGCE",
    "AUL",
    "CCE",
    "GCE",
    "LOSSES",
    "MAE",
    "MSE",
    "NCE",
    "OWN",
    "PAPER",
    "RCE",
    "RLL",
    "SCE",
    "BiTempered",
    "EpsilonSoftmax",
    "EvenMSE",
    "EvenRLL",
    "JensenShannon",
    "LabelSmoothing",
    "LogitClipCCE",
    "Loss",
    "NCEandAGCE",
    "NCEandMAE",
    "NCEandRCE",
    "NormalizedMSE",
    "Parameter",
    "ShiftedCE",
    "SymmetrizedGCE",
    "Symmetry",
    "TaylorCE",
    "Unhinged",
    "build",
    "check_loss",
    "check_symmetry",
    "complete",
    "even",
    "logit_clipped",
    "make",
    "multiple",
    "no_such_parameter",
    "over_labels",
    "parameters_of",
    "pick",
    "risks",
    "symmetrized",
    "weighted",
]

LOSSES: dict[str, Callable] = {
    "cce": CCE,
    "mse": MSE,
    "mae": MAE,
    "rll": RLL,
    "nmse": NormalizedMSE,
    "shifted-ce": ShiftedCE,
    "gce": GCE,
    "symmetrized-gce": SymmetrizedGCE,
    "unhinged": Unhinged,
    "label-smoothing": LabelSmoothing,
    "nce": NCE,
    "rce": RCE,
    "sce": SCE,
    "nce-rce": NCEandRCE,
    "nce-mae": NCEandMAE,
    "nce-agce": NCEandAGCE,
    "agce": AGCE,
    "aul": AUL,
    "ael": AEL,
    "js": JensenShannon,
    "bi-tempered": BiTempered,
    "taylor-ce": TaylorCE,
    "eps-softmax": EpsilonSoftmax,
    "logit-clip-cce": LogitClipCCE,
    "even-rll": EvenRLL,
    "even-mse": EvenMSE,
}
"""Losses by name. Add yours here: a function of (logits, target) that returns a scalar to minimize,
a module that does, or a class or function that makes one."""

OWN = dict(LOSSES)
"""What the package itself registers: results of these losses need no hash of their code."""

PAPER = ("cce", "mse", "mae", "rll", "nmse")
"""The names of the losses that the paper speaks of."""


def parameters_of(name: str) -> dict[str, Parameter]:
    """The parameters of a loss: those it declares, else its arguments with a number as default.

    Raises:
        UserError: unknown name, or what is registered is no loss.
    """
    if not isinstance(name, str) or name not in LOSSES:
        raise unknown_name("loss", name, LOSSES)
    return parameters_of_entry(name, LOSSES[name])


def complete(name: str, parameters: dict) -> dict[str, float]:
    """All parameters of the loss of that name: these, checked, and its defaults elsewhere.

    Raises:
        UserError: unknown name, a parameter the loss does not have, or a value out of range.
    """
    parameters_of(name)
    return checked(name, LOSSES[name], parameters)


def build(name: str, **parameters) -> Callable | nn.Module:
    """The loss of that name, e.g. ``build('rll', alpha=0.45)``.

    Raises:
        UserError: unknown name, or a parameter the loss does not take or accept.
    """
    parameters_of(name)
    return make(name, LOSSES[name], parameters)
