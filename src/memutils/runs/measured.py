"""What a run leaves in arrays beside its history, an image or a mislabeled image a row.

| array | shape, type | what it is |
| --- | --- | --- |
| ``train_noisy``, ``train_true``, ``train_predicted`` | (N,) uint8 | given, true, predicted class |
| ``holdout_*``; ``test_true``, ``test_predicted`` | (N,) uint8 | the same of the other images |
| ``mislabeled_predicted`` | (evaluations, M) uint8 | predicted class at each evaluation |
| ``train_p_given``, ``holdout_p_given`` | (N,) float16 | probability of the label given |
| ``holdout_p_true``, ``test_p_true`` | (N,) float16 | probability of the true label |
| ``train_rll`` | (N,) float16 | RLL of the label given, with the run's alpha or .1, in nats |
| ``*_log_p`` | (N, K) float16 | log-probabilities, where the scale's config asks for them |
| ``thumbnails``, ``thumbnail_index`` | (n, H, W, C), (n,) | images and their places, likewise |

All but ``mislabeled_predicted`` are of the final network. Where a license forbids to hand on the
labels, no class of a training image is among them (what a memorizer predicts *is* the label): there
stand ``train_outcome``, ``holdout_outcome``, ``mislabeled_outcome``, uint8 places in ``OUTCOMES``.
"""

from collections.abc import Mapping

import numpy as np
import torch

from memutils import losses
from memutils.noise import NoisyLabels

OUTCOMES = ("neither", "true", "given")
"""What a training image is predicted as; 'true' where the label given is the true one."""


def outcome(predicted: np.ndarray, labels: NoisyLabels) -> np.ndarray:
    """For predictions (..., N) their places in ``OUTCOMES``, uint8."""
    hits = np.where(predicted == labels.noisy, 2, 0)
    return np.where(predicted == labels.true, 1, hits).astype(np.uint8)


def class_arrays(
    labels: Mapping[str, NoisyLabels],
    predicted: Mapping[str, np.ndarray],
    dynamics: Mapping[int, torch.Tensor],
    redistributable: bool = True,
) -> dict[str, np.ndarray]:
    """Labels and predictions as a record may hold them.

    Args:
        labels: of each split; those of 'test' are true and free.
        predicted: classes by split, (N,); none of a diverged run.
        dynamics: epoch -> predicted classes of the mislabeled training images, (M,).
        redistributable: whether the training labels' license lets a record hold them.
    """
    train, arrays = labels["train"], {}
    wrong = NoisyLabels(train.noisy[train.mislabeled], train.true[train.mislabeled])
    rows = [dynamics[epoch].numpy() for epoch in sorted(dynamics)]
    rows = np.array(rows, dtype=np.uint8).reshape(len(rows), len(wrong.true))
    name, rows = ("predicted", rows) if redistributable else ("outcome", outcome(rows, wrong))
    arrays[f"mislabeled_{name}"] = np.asfortranarray(rows)  # equal values of an image pack well
    for split, given in labels.items():
        free = redistributable or split == "test"
        if free:
            arrays[f"{split}_true"] = given.true.astype(np.uint8)
        if free and split != "test":
            arrays[f"{split}_noisy"] = given.noisy.astype(np.uint8)
        if split in predicted:
            classes = predicted[split].astype(np.uint8)
            arrays[f"{split}_{'predicted' if free else 'outcome'}"] = (
                classes if free else outcome(classes, given)
            )
    return arrays


def counts(arrays: Mapping[str, np.ndarray]) -> dict[str, dict[str, int]]:
    """For each split with outcomes, and the mislabeled at the last evaluation, how many of each."""
    found = {name.removesuffix("_outcome"): a for name, a in arrays.items() if "_outcome" in name}
    last = {name: a[-1] if a.ndim == 2 and len(a) else a.ravel() for name, a in found.items()}
    tallies = {name: np.bincount(a, minlength=len(OUTCOMES)).tolist() for name, a in last.items()}
    return {name: dict(zip(OUTCOMES, tally, strict=True)) for name, tally in tallies.items()}


def rll_alpha(settings: Mapping) -> float:
    """RLL's alpha in a run: its own where RLL is one of its losses, else the paper's .1."""
    if "rll" not in (settings["loss"], settings["switch_loss"]):
        return 0.1
    return settings.get("loss_parameters", settings).get("alpha", 0.1)


def probabilities(
    split: str, log_p: torch.Tensor, noisy: np.ndarray, true: np.ndarray, alpha: float
) -> dict[str, np.ndarray]:
    """Of each image the probability of its label, given or true; of a training image RLL's value.

    Args:
        split: names the arrays.
        log_p: log-probabilities, (N, K), float64.
        noisy, true: labels (N,).
        alpha: RLL's.
    """
    given, right = (torch.from_numpy(np.asarray(y, dtype=np.int64)) for y in (noisy, true))
    values = {}
    if split != "test":
        values["p_given"] = losses.pick(log_p, given).exp()
    if split != "train":
        values["p_true"] = losses.pick(log_p, right).exp()
    if split == "train":
        values["rll"] = losses.RLL(alpha=alpha, reduction="none")(log_p, given)
    return {f"{split}_{name}": value.numpy().astype(np.float16) for name, value in values.items()}


def log_probabilities(log_p: torch.Tensor) -> np.ndarray:
    """Log-probabilities as float16; what is below its range becomes its lowest."""
    return log_p.clamp_min(float(np.finfo(np.float16).min)).numpy().astype(np.float16)


def thumbnails(mislabeled: np.ndarray, n: int = 40) -> np.ndarray:
    """Indices of the images a gallery shows: the first mislabeled ones, then clean ones up to n."""
    wrong = np.flatnonzero(mislabeled)[:n]
    return np.concatenate([wrong, np.flatnonzero(~mislabeled)[: n - len(wrong)]])
