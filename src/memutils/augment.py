"""Random flips and crops of training images, on the device and before normalization.

Cropping pads each side with 4 pixels of value 0, as torchvision's ``RandomCrop(size, padding=4)``
does before it normalizes. Black is MNIST's background; He et al. (2016, section 4.2), who subtract
the mean first, pad CIFAR-10 with the mean instead.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

PADDING = 4
"""Pixels on each side from which a crop may start."""


class Augmentation:
    """What an epoch does to each image of a training set: mirrors it or not,
    and shifts it by up to 4 pixels.

    Args:
        how: 'flip', 'crop' or 'flip+crop'.
        n: images of the training set.
        device: where they are.
    """

    def __init__(self, how: str, n: int, device: str):
        self.flip, self.crop = "flip" in how, "crop" in how
        self.mirrored = torch.zeros(n, dtype=torch.bool, device=device)
        self.corner = torch.full((n, 2), PADDING, device=device)

    def draw(self) -> None:
        """Draws an epoch's flips and crops from torch's generator of the CPU:
        the same ones on every device."""
        n = len(self.mirrored)
        if self.flip:
            self.mirrored.copy_(torch.rand(n) < 0.5)
        if self.crop:
            self.corner.copy_(torch.randint(0, 2 * PADDING + 1, (n, 2)))

    def __call__(self, images: Tensor, index: Tensor) -> Tensor:
        """The images of these places in the training set, changed; uint8 (B, H, W,
        C) in and out.
        """
        height, width = images.shape[1:3]
        padded = F.pad(images, (0, 0, PADDING, PADDING, PADDING, PADDING))
        across = torch.arange(width, device=images.device)
        across = torch.where(self.mirrored[index, None], across.flip(0), across)
        columns = across + self.corner[index, 1:]
        rows = torch.arange(height, device=images.device) + self.corner[index, :1]
        batch = torch.arange(len(images), device=images.device)
        return padded[batch[:, None, None], rows[:, :, None], columns[:, None, :]]
