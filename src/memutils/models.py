"""The networks of the paper, and an MLP for small experiments.

Every network maps images, float (N, C, H, W), to logits, float (N, K).
"""

import weakref
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from memutils import trial
from memutils.errors import UserError, unknown_name


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
