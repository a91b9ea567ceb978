"""One real batch through a network before its first step,
so that what cannot work is said before anything is trained.

The trial leaves no trace: it runs on a copy, or puts back what it changed, and torch's generators
are as they were.
"""

import contextlib
import copy
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from memutils.errors import UserError
from memutils.recipe import Execution


@torch.no_grad()
def initialize_lazy(name: str, network: nn.Module, shape: tuple[int, int, int]) -> None:
    """Gives the lazy parameters of a network their shapes, by images (C, H, W) that are all 0.

    Raises:
        UserError: it fails on them, or a lazy parameter is left.
    """
    if not any(is_lazy(t) for t in (*network.parameters(), *network.buffers())):
        return
    mode = network.training
    network.eval()  # batch normalization must not count these images
    call(name, network, torch.zeros(2, *shape), "eval mode")
    network.train(mode)
    if any(is_lazy(t) for t in (*network.parameters(), *network.buffers())):
        raise UserError(
            f"The network {name!r} has a lazy layer that no image reaches; give it its size."
        )


def check_network(
    name: str, network: nn.Module, images: Tensor, num_classes: int, execution: Execution
) -> None:
    """Tries a network as it is used: in training mode, and on some images and one in eval mode.

    Args:
        name: of the network, for the message.
        network: on the device; it is as it was afterwards.
        images: a batch of training images, normalized, float32 (N, C, H, W).
        num_classes: K.
        execution: device and precision of the training.

    Raises:
        UserError: it fails, or what it returns is no finite tensor (N, K) that its weights decide.
    """
    if not any(p.requires_grad for p in network.parameters()):
        raise UserError(
            f"The network {name!r} has no weights to train; register its layers as attributes."
        )
    low = execution.precision == "bfloat16"
    with untouched(network, execution.device) as tried:
        tried.train()
        with torch.autocast(execution.device, torch.bfloat16, enabled=low):
            outputs = call(name, tried, images, "training mode")
        check_outputs(name, outputs, len(images), num_classes, "training mode")
        if not outputs.requires_grad:
            raise UserError(
                f"The outputs of the network {name!r} do not depend differentiably on its weights; "
                "use no detach, no_grad or argmax in forward."
            )
    with untouched(network, execution.device) as tried, torch.no_grad():
        tried.eval()
        for n in (max(1, len(images) // 2), 1):
            outputs = call(name, tried, images[:n], "eval mode")
            check_outputs(name, outputs, n, num_classes, "eval mode")


@contextlib.contextmanager
def untouched(network: nn.Module, device: str) -> Iterator[nn.Module]:
    """A copy of a network, or itself and its state put back; torch's generators are put back."""
    with torch.random.fork_rng([torch.cuda.current_device()] if device == "cuda" else []):
        try:
            copied = copy.deepcopy(network)
        except Exception:  # it is the user's code
            mode, before = network.training, copy.deepcopy(network.state_dict())
            try:
                yield network
            finally:
                network.load_state_dict(before)
                network.train(mode)
        else:
            yield copied


def call(name: str, network: nn.Module, images: Tensor, mode: str) -> object:
    """What the network returns; its failure as a UserError."""
    try:
        return network(images)
    except Exception as error:  # it is the user's code
        why = f"{type(error).__name__}: {error}".splitlines()[0][:200].rstrip(".")
        raise UserError(
            f"The network {name!r} fails in {mode} on images (N, C, H, W) = "
            f"{tuple(images.shape)}: {why}."
        ) from error


def check_outputs(name: str, outputs: object, n: int, num_classes: int, mode: str) -> None:
    """Raises a UserError unless these are finite logits, a floating-point tensor (n, K)."""
    wanted = f"wanted is a tensor of floats ({n}, {num_classes}), a number for each image and class"
    said = f"The network {name!r}, on a batch of {n} in {mode}, returns"
    if not isinstance(outputs, Tensor):
        raise UserError(f"{said} a {type(outputs).__name__}; {wanted}.")
    if tuple(outputs.shape) != (n, num_classes) or not outputs.is_floating_point():
        raise UserError(f"{said} {outputs.dtype} {tuple(outputs.shape)}; {wanted}.")
    if not outputs.isfinite().all():
        raise UserError(
            f"{said} numbers that are not finite; {wanted}. Look at how its weights begin."
        )
