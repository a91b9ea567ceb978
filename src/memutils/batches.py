"""A split on the device, and the normalized batches that come out of it."""

import math

import numpy as np
import torch
from torch import Tensor

from memutils.augment import Augmentation
from memutils.data import Split


class DeviceSplit:
    """A split on the device: uint8 images, noisy and true labels; batches come out normalized.

    Args:
        split: images and true labels.
        noisy: the labels to train on, (N,).
        shift, scale: per-channel mean and standard deviation in 0..255, (C,), or None to whiten
            each image.
        device: 'cpu' or 'cuda'.
    """

    def __init__(
        self,
        split: Split,
        noisy: np.ndarray,
        shift: Tensor | None,
        scale: Tensor | None,
        device: str,
    ):
        self.images = torch.from_numpy(split.images).to(device)
        self.true = torch.from_numpy(split.labels).to(device)
        self.noisy = torch.from_numpy(noisy).to(device)
        self.shift = None if shift is None else shift.to(device)
        self.scale = None if scale is None else scale.to(device)

    def __len__(self) -> int:
        return len(self.true)

    def batch(self, index: Tensor | slice, augmentation: Augmentation | None = None) -> Tensor:
        """Normalized images, float32 (N, C, H, W) in channels_last memory, which the uint8 (N, H,
        W, C) has already.
        """
        x = self.images[index]
        x = (augmentation(x, index) if augmentation else x).float()
        x = whiten(x) if self.shift is None else (x - self.shift) / self.scale
        return x.permute(0, 3, 1, 2)


def whiten(x: Tensor) -> Tensor:
    """Each image (N, H, W, C) less its mean, over its standard deviation.

    The deviation is bounded as in Zhang et al. and TensorFlow: a constant image must not divide by
    zero.
    """
    mean = x.mean((1, 2, 3), keepdim=True)
    deviation = x.std((1, 2, 3), correction=0, keepdim=True)
    return (x - mean) / deviation.clamp_min(1 / math.sqrt(x[0].numel()))


def channel_statistics(images: np.ndarray) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel of uint8 images (N, H, W, C), float32 (C,); a
    deviation of 0 becomes 1.
    """
    channels = np.moveaxis(images, -1, 0)
    counts = np.stack([np.bincount(channel.ravel(), minlength=256) for channel in channels])
    levels = np.arange(256)
    mean = (counts * levels).sum(1) / counts.sum(1)
    deviation = np.sqrt((counts * (levels - mean[:, None]) ** 2).sum(1) / counts.sum(1))
    deviation[deviation == 0] = 1
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(deviation, dtype=torch.float32)
