"""Residual networks (He et al. 2016): ResNet-32 for 32x32 images, and torchvision's ResNet-18."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut without parameters (He et al. 2016, option A)."""

    def __init__(self, in_channels: int, channels: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.widen = stride, channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.widen:
            x = x[:, :, :: self.stride, :: self.stride]
            x = F.pad(x, (0, 0, 0, 0, self.widen // 2, self.widen // 2))
        return F.relu(out + x)


class CifarResNet(nn.Module):
    """A ResNet for 32x32 images (He et al. 2016, section 4.2) of depth 6 x blocks + 2.

    Args:
        blocks: blocks in each of the three stages; 5 gives ResNet-32 (464,154 parameters).
        in_channels: channels of the images.
        num_classes: K, the number of logits.

    The convolutions start from He's normal initialization, the last layer from torch's default:
    with He's there too, bounded losses begin at a saturated softmax, where their gradient vanishes.
    """

    def __init__(self, blocks: int = 5, in_channels: int = 3, num_classes: int = 10):
        super().__init__()
        self.stem = nn.Conv2d(in_channels, 16, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(16)
        layers, channels = [], 16
        for width, first_stride in ((16, 1), (32, 2), (64, 2)):
            for i in range(blocks):
                layers.append(BasicBlock(channels, width, first_stride if i == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*layers)
        self.classifier = nn.Linear(64, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.blocks(F.relu(self.bn(self.stem(x)))).mean((2, 3)))


class TinyMapConv2d(nn.Conv2d):
    """A square convolution, padded by less than its kernel, that is computed as matrix products
    where the map is at most 2x2, on the CPU.

    There the libraries spend most of their time on taps that meet nothing but padding: without
    this, more than half of ResNet-18's time on 28x28 images. The function is the same.
    """

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or max(x.shape[2:]) > 2:
            return super().forward(x)
        x, weight = x.permute(0, 2, 3, 1), self.weight.permute(0, 2, 3, 1)
        rows, columns = (self.windows(size) for size in x.shape[1:3])
        outputs = [
            F.linear(
                x[:, seen_h, seen_w].flatten(1), weight[:, taps_h, taps_w].flatten(1), self.bias
            )
            for seen_h, taps_h in rows
            for seen_w, taps_w in columns
        ]
        return torch.stack(outputs, 1).unflatten(1, (len(rows), len(columns))).permute(0, 3, 1, 2)

    def windows(self, size: int) -> list[tuple[slice, slice]]:
        """For each output position along an axis of ``size``:
        the inputs it sees and the taps it sees them through.
        """
        kernel, stride, padding = self.kernel_size[0], self.stride[0], self.padding[0]
        starts = range(-padding, size + padding - kernel + 1, stride)
        return [
            (slice(max(s, 0), min(s + kernel, size)), slice(max(-s, 0), min(kernel, size - s)))
            for s in starts
        ]


def resnet18(in_channels: int = 1, num_classes: int = 10) -> nn.Module:
    """torchvision's ResNet-18 with a stem for ``in_channels``: 11,175,370 parameters for MNIST."""
    from torchvision import models  # half a second, so only when asked for

    network = models.resnet18(num_classes=num_classes)
    network.conv1 = nn.Conv2d(in_channels, 64, 7, 2, 3, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    for module in network.modules():
        if type(module) is nn.Conv2d and module.kernel_size == (3, 3):
            module.__class__ = TinyMapConv2d  # the same parameters, another forward
    return network
