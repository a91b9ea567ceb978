"""The small Inception of Zhang et al. (ICLR 2017), which the paper calls Inception-Lite."""

import torch
from torch import Tensor, nn


class ConvUnit(nn.Sequential):
    """Convolution, batch normalization (optional), ReLU: the unit of Inception-Lite."""

    def __init__(
        self, in_channels: int, channels: int, kernel: int, stride: int = 1, batch_norm: bool = True
    ):
        padding = kernel // 2
        conv = nn.Conv2d(in_channels, channels, kernel, stride, padding, bias=not batch_norm)
        norm = [nn.BatchNorm2d(channels)] if batch_norm else []
        super().__init__(conv, *norm, nn.ReLU())


class InceptionUnit(nn.Module):
    """A 1x1 and a 3x3 branch, concatenated."""

    def __init__(self, in_channels: int, channels_1x1: int, channels_3x3: int, batch_norm: bool):
        super().__init__()
        self.branch1 = ConvUnit(in_channels, channels_1x1, 1, batch_norm=batch_norm)
        self.branch3 = ConvUnit(in_channels, channels_3x3, 3, batch_norm=batch_norm)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch1(x), self.branch3(x)], 1)


class Downsample(nn.Module):
    """A 3x3 convolution and a 3x3 max pooling, both of stride 2, concatenated:
    halves the resolution.
    """

    def __init__(self, in_channels: int, channels: int, batch_norm: bool):
        super().__init__()
        self.conv = ConvUnit(in_channels, channels, 3, stride=2, batch_norm=batch_norm)
        self.pool = nn.MaxPool2d(3, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.conv(x), self.pool(x)], 1)


class InceptionLite(nn.Module):
    """The small Inception of Zhang et al. (ICLR 2017, appendix A),
    which the paper calls Inception-Lite.

    Made for 28x28 images (CIFAR-10's center); any size from 4x4 works, since the last pooling is
    global.

    Args:
        in_channels: channels of the images.
        num_classes: K, the number of logits.
        batch_norm: batch normalization after each convolution; the convolutions then have no bias.
            Without it and with 3 channels and 10 classes it has 1,649,402 parameters, Zhang's
            count.
    """

    def __init__(self, in_channels: int = 3, num_classes: int = 10, batch_norm: bool = True):
        super().__init__()
        units, channels = [ConvUnit(in_channels, 96, 3, batch_norm=batch_norm)], 96
        for stage in (
            [(32, 32), (32, 48), 80],
            [(112, 48), (96, 64), (80, 80), (48, 96), 96],
            [(176, 160)] * 2,
        ):
            for width in stage:
                if isinstance(width, tuple):
                    units.append(InceptionUnit(channels, *width, batch_norm))
                    channels = sum(width)
                else:
                    units.append(Downsample(channels, width, batch_norm))
                    channels += width
        self.features = nn.Sequential(*units)
        self.classifier = nn.Linear(channels, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean((2, 3)))
