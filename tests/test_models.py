"""Networks: their published sizes, their outputs,
and that a seed decides them without side effects.
"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from memutils import models
from memutils.errors import UserError

SHAPES = {
    "mlp": (1, 28, 28),
    "resnet18": (1, 28, 28),
    "resnet32": (3, 32, 32),
    "inception-lite": (3, 28, 28),
}
SHAPES["inception-lite-no-bn"] = (3, 28, 28)


def build(name, seed=0):
    return models.build(name, SHAPES[name], 10, seed)


def test_the_networks_have_their_published_sizes():
    assert models.count_parameters(build("resnet32")) == 464_154
    assert models.count_parameters(build("resnet18")) == 11_175_370
    assert models.count_parameters(models.InceptionLite(batch_norm=False)) == 1_649_402
    assert (
        models.count_parameters(build("mlp")) == 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10
    )


def test_frozen_parameters_do_not_count():
    network = build("mlp")
    network[1].requires_grad_(False)
    assert models.count_parameters(network) == 512 * 512 + 512 + 512 * 10 + 10


@pytest.mark.parametrize("name", models.NETWORKS)
@pytest.mark.parametrize(("shape", "k"), [(None, 10), ((1, 16, 20), 3), ((4, 32, 32), 2)])
def test_logits_have_one_column_a_class_and_finite_gradients(name, shape, k):
    shape = shape or SHAPES[name]
    network = models.build(name, shape, k, 0)
    logits = network(torch.randn(2, *shape, generator=torch.Generator().manual_seed(1)))
    assert logits.shape == (2, k)
    logits.square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in network.parameters())


def test_batch_normalization_is_an_option_of_inception_lite():
    kinds = [{type(m) for m in models.InceptionLite(batch_norm=b).modules()} for b in (True, False)]
    assert torch.nn.BatchNorm2d in kinds[0] and torch.nn.BatchNorm2d not in kinds[1]
    assert models.InceptionLite(batch_norm=False)(torch.zeros(1, 3, 28, 28)).shape == (1, 10)


@pytest.mark.parametrize("name", models.NETWORKS)
def test_a_seed_decides_the_weights_and_leaves_the_global_generator_alone(name):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (
        torch.cat([p.flatten() for p in build(name, seed).parameters()]) for seed in (1, 1, 2)
    )
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_the_shortcut_of_a_block_is_the_subsampled_padded_input():
    block = models.resnet.BasicBlock(16, 32, 2).eval()
    torch.nn.init.zeros_(block.bn2.weight)
    x = torch.rand(2, 16, 8, 8)
    out = block(x)
    assert (
        torch.equal(out[:, 8:24], x[:, :, ::2, ::2])
        and out[:, :8].abs().sum() == 0 == out[:, 24:].abs().sum()
    )


def test_errors_name_what_is_wrong():
    with pytest.raises(UserError, match="Did you mean 'resnet32'"):
        models.build("resnet23", (3, 32, 32), 10)
    for shape, k in (((3, 32), 10), ((3, 32, 0), 10), ((3, 32, 32), 1)):
        with pytest.raises(UserError, match="at least 2 classes"):
            models.build("resnet32", shape, k)


@given(
    size=st.integers(1, 2),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 3),
    half=st.booleans(),
    bias=st.booleans(),
    seed=st.integers(0, 99),
)
def test_a_convolution_of_tiny_maps_is_the_ordinary_one(size, kernel, stride, half, bias, seed):
    padding = kernel // 2 if half else 0
    if size + 2 * padding < kernel:
        return
    torch.manual_seed(seed)
    conv = models.resnet.TinyMapConv2d(3, 4, kernel, stride, padding, bias=bias).double()
    x = torch.randn(2, 3, size, size, dtype=torch.float64, requires_grad=True)
    ours, ordinary = conv(x), nn.Conv2d.forward(conv, x)
    torch.testing.assert_close(ours, ordinary)
    direction, inputs = torch.randn_like(ordinary), [x, *conv.parameters()]
    for a, b in zip(
        *(torch.autograd.grad(y, inputs, direction) for y in (ours, ordinary)), strict=True
    ):
        torch.testing.assert_close(a, b)


def test_resnet18_uses_it_and_stays_torchvisions_network():
    from torchvision.models import resnet18

    network, x = models.build("resnet18", (1, 28, 28), 10, seed=0), torch.randn(8, 1, 28, 28)
    assert sum(type(m) is models.resnet.TinyMapConv2d for m in network.modules()) == 16
    reference = resnet18(num_classes=10)
    reference.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    reference.load_state_dict(network.state_dict())
    torch.testing.assert_close(network(x), reference(x), rtol=1e-3, atol=1e-4)
