"""Convolution over C4: equivariance, gradients, precision, any leading axes, the mistakes that it names."""

import pytest
import torch
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.networks.group_convolution import C4Convolution, c4_convolution


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def turned(x, times=1):
    return torch.rot90(x, times, (-2, -1)).roll(times, -3)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("padding", [0, 1, 3])
def test_a_stack_of_layers_is_equivariant(padding, dtype):
    x = normal(2, 3, 1, 9, 9, dtype=dtype)
    w, v = normal(4, 3, 1, 3, 3, seed=1, dtype=dtype), normal(2, 4, 4, 5, 5, seed=2, dtype=dtype)
    b = normal(4, seed=3, dtype=dtype)
    layers = lambda x: c4_convolution(F.relu(c4_convolution(x, w, b, padding)), v, padding=2)
    y = layers(x)
    for times in (1, 2, 3):
        gap = (layers(turned(x, times)) - turned(y, times)).abs().max() / y.abs().max()
        assert gap < 64 * torch.finfo(dtype).eps


def test_gradients():
    x, w, b = (
        t.requires_grad_() for t in (normal(1, 2, 4, 4, 3), normal(2, 2, 4, 2, 2, seed=1), normal(2, seed=2))
    )
    assert torch.autograd.gradcheck(lambda x, w, b: c4_convolution(x, w, b, 1), (x, w, b))


@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (0,)])
def test_any_leading_axes_and_no_bias(lead):
    x, w = normal(*lead, 2, 4, 6, 5), normal(3, 2, 4, 3, 3, seed=1)
    y = c4_convolution(x, w)
    assert y.shape == (*lead, 3, 4, 4, 3)
    if lead == (2, 3):
        torch.testing.assert_close(y[1, 2], c4_convolution(x[1, 2], w))


def test_lower_precision():
    x, w = normal(2, 3, 1, 8, 8, dtype=torch.bfloat16), normal(4, 3, 1, 3, 3, seed=1, dtype=torch.bfloat16)
    y = c4_convolution(x, w, padding=1)
    assert y.dtype == torch.bfloat16
    want = c4_convolution(x.double(), w.double(), padding=1)
    eps = torch.finfo(torch.bfloat16).eps
    torch.testing.assert_close(y.double(), want, atol=32 * eps, rtol=4 * eps)


def test_module_lifts_and_goes_on():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first, second = (
            C4Convolution(1, 3, 3, 1, lifting=True).double(),
            C4Convolution(3, 2, 3, bias=False).double(),
        )
    x = normal(2, 1, 6, 6)
    y = second(F.relu(first(x)))
    assert y.shape == (2, 2, 4, 4, 4)
    torch.testing.assert_close(second(F.relu(first(torch.rot90(x, 1, (-2, -1))))), turned(y))
    y.square().sum().backward()
    assert all(p.grad.abs().max() > 0 for p in [*first.parameters(), *second.parameters()])
    assert "lifting=True" in repr(first) and "bias=False" in repr(second)


def test_a_compiled_stack_has_no_graph_break():
    layers = torch.nn.Sequential(
        C4Convolution(1, 2, 3, lifting=True), torch.nn.ReLU(), C4Convolution(2, 2, 3)
    )
    compiled = torch.compile(layers, fullgraph=True, backend="eager")
    x = normal(2, 1, 8, 8, dtype=torch.float32)
    torch.testing.assert_close(compiled(x), layers(x))


def test_mistakes_are_named():
    x = normal(2, 4, 5, 5)
    with pytest.raises(GradusError, match=r"w: expected 1 direction .* or 4, got 2"):
        c4_convolution(x[:, :2], normal(1, 2, 2, 3, 3))
    with pytest.raises(GradusError, match="kernels no larger than the padded input"):
        c4_convolution(x, normal(1, 2, 4, 7, 7))
    with pytest.raises(GradusError, match="padding"):
        C4Convolution(1, 1, 3, padding=-1)
