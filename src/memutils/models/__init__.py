"""The networks of the paper, and an MLP for small experiments.

Every network maps images, float (N, C, H, W), to logits, float (N, K). In: a name of ``NETWORKS``,
the images' shape and K. Out: a network with fresh weights. Begin with ``build``.
"""

import weakref
from collections.abc import Callable

import torch
from torch import nn

from memutils import trial
from memutils.errors import UserError, unknown_name
from memutils.models.inception import InceptionLite
from memutils.models.resnet import CifarResNet, resnet18


class MLP(nn.Sequential):
    """A multilayer network: three linear layers with ReLU, on flattened images.

    Args:
        shape: (C, H, W) of the images.
        num_classes: K, the number of logits.
        width: units of each hidden layer.
    """

    def __init__(self, shape: tuple[int, int, int], num_classes: int = 10, width: int = 512):
        c, h, w = shape
        super().__init__(
            nn.Flatten(),
            nn.Linear(c * h * w, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, num_classes),
        )


NETWORKS: dict[str, Callable[[tuple[int, int, int], int], nn.Module]] = {
    "mlp": MLP,
    "resnet18": lambda shape, k: resnet18(shape[0], k),
    "resnet32": lambda shape, k: CifarResNet(5, shape[0], k),
    "inception-lite": lambda shape, k: InceptionLite(shape[0], k),
    "inception-lite-no-bn": lambda shape, k: InceptionLite(shape[0], k, batch_norm=False),
}
"""Networks by name: a function of the image shape (C, H, W) and the number of classes K.
Add yours here.
"""


OWN = dict(NETWORKS)
"""What the package itself registers: results of these networks need no hash of their code."""

BUILT: "weakref.WeakSet[nn.Module]" = weakref.WeakSet()
"""Every network that was built and is still there: none may be handed out twice,
when it may have been trained."""


def build(
    name: str, shape: tuple[int, int, int], num_classes: int, seed: int | None = None
) -> nn.Module:
    """A freshly initialized network.

    Args:
        name: a key of ``NETWORKS``.
        shape: (C, H, W) of the images it will see.
        num_classes: K >= 2.
        seed: seeds the initialization without touching torch's global generator; None leaves it
            random.

    Raises:
        UserError: unknown name, a shape the network cannot take, or a function that does not return
        a new network.
    """
    if name not in NETWORKS:
        raise unknown_name("network", name, NETWORKS)
    if num_classes < 2 or len(shape) != 3 or min(shape) < 1:
        came = f"{shape} and {num_classes}"
        raise UserError(f"A network needs images (C, H, W) and at least 2 classes, not {came}.")
    with torch.random.fork_rng(devices=[]):
        if seed is not None:  # the CPU's: torch.manual_seed would seed the GPUs' for good
            torch.default_generator.manual_seed(seed)
        try:
            network = NETWORKS[name](tuple(shape), num_classes)
        except Exception as error:  # it may be the user's code
            why = f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(".")
            raise UserError(
                f"The network {name!r} cannot be built for images (C, H, W) = {tuple(shape)} and"
                f" {num_classes} classes, {why}. Register a function of the two that returns a new"
                " network."
            ) from error
        if not isinstance(network, nn.Module):
            raise UserError(
                f"The network {name!r} must be a torch.nn.Module, not a {type(network).__name__}."
            )
        if network in BUILT:
            raise UserError(
                f"The function of the network {name!r} returns the same network again; let it build"
                " a new one."
            )
        BUILT.add(network)
        trial.initialize_lazy(name, network, tuple(shape))
        return network


def count_parameters(network: nn.Module) -> int:
    """The number of trainable parameters."""
    return sum(p.numel() for p in network.parameters() if p.requires_grad)
