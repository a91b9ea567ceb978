"""An evaluation: the network in eval mode and float32 over a whole set, and what it answers."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from memutils.batches import DeviceSplit
from memutils.step import Diverged


@torch.inference_mode()
def predict(network: nn.Module, data: DeviceSplit, batch_size: int = 500) -> Tensor:
    """Log-probabilities (N, K) of a split, float32, in eval mode; the network's mode is restored.

    Raises:
        Diverged: they are not all finite.
    """
    mode = network.training
    network.eval()
    with torch.backends.cudnn.flags(enabled=True, deterministic=True, allow_tf32=False):
        batches = (slice(i, i + batch_size) for i in range(0, len(data), batch_size))
        parts = [network(data.batch(batch)) for batch in batches]
    network.train(mode)
    log_p = F.log_softmax(torch.cat(parts).float(), 1)
    if not log_p.isfinite().all():  # after the last step no other check follows
        raise Diverged(
            "The trained network's output is not finite. Lower the learning rate; nothing was"
            " recorded."
        )
    return log_p


def fractions(predicted: Tensor, noisy: Tensor, true: Tensor) -> dict[str, float | None]:
    """J1, J2 and their parts from predicted, noisy and true labels (N,);
    parts of an empty set are None.
    """
    mislabeled = noisy != true
    on_noisy, on_true = predicted == noisy, predicted == true

    def share(hits: Tensor, among: Tensor) -> float | None:
        return hits[among].double().mean().item() if among.any() else None

    return {
        "j1": on_noisy.double().mean().item(),
        "j2": on_true.double().mean().item(),
        "fitted": share(on_true, ~mislabeled),
        "memorized": share(on_noisy, mislabeled),
        "recovered": share(on_true, mislabeled),
    }
