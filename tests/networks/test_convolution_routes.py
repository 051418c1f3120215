"""The matrix product and the Fourier transform as routes to a convolutional layer: gradients, precision, mistakes."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from gradus.errors import GradusError
from gradus.networks.convolution import fft_convolution, im2col_convolution

ROUTES = pytest.mark.parametrize("route", [im2col_convolution, fft_convolution])


def normal(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@ROUTES
def test_equals_torch_over_all_options(route):
    for stride, padding, dilation, groups, (k, l) in itertools.product(
        (1, 2, 3), (0, 1, 4), (1, 2), (1, 2), [(1, 1), (3, 2), (4, 5)]
    ):
        x, w, b = normal(2, 4, 11, 10), normal(6, 4 // groups, k, l, seed=1), normal(6, seed=2)
        want = F.conv2d(x, w, b, stride, padding, dilation, groups)
        torch.testing.assert_close(route(x, w, b, stride, padding, dilation, groups), want)


@ROUTES
def test_gradients(route):
    x, w, b = (
        t.requires_grad_() for t in (normal(1, 2, 5, 4), normal(2, 1, 3, 2, seed=1), normal(2, seed=2))
    )
    assert torch.autograd.gradcheck(lambda x, w, b: route(x, w, b, 2, 1, 1, 2), (x, w, b))


@ROUTES
@pytest.mark.parametrize("lead", [(), (3,), (2, 3), (0,), (2, 0)])
def test_any_leading_dimensions_and_no_bias(route, lead):
    x, w = normal(*lead, 2, 6, 6), normal(3, 2, 3, 3, seed=1)
    y = route(x, w)
    assert y.shape == (*lead, 3, 4, 4)
    want = F.conv2d(x.reshape(-1, 2, 6, 6) if x.numel() else normal(0, 2, 6, 6), w)
    torch.testing.assert_close(y.flatten(0, -4) if lead else y[None], want)


@ROUTES
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_lower_precision(route, dtype):
    x, w = normal(2, 3, 8, 8, dtype=dtype), normal(4, 3, 3, 3, seed=1, dtype=dtype)
    y = route(x, w, padding=1)
    assert y.dtype == dtype
    want = F.conv2d(x.double(), w.double(), padding=1)
    torch.testing.assert_close(
        y.double(), want, atol=32 * torch.finfo(dtype).eps, rtol=4 * torch.finfo(dtype).eps
    )


@ROUTES
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (dict(x=(5, 5), w=(1, 1, 3, 3)), r"x: expected the shape \(…, c, h, w\), got \(5, 5\)"),
        (dict(x=(1, 3, 5, 5), w=(2, 2, 3, 3)), "expected 2 channels"),
        (dict(x=(1, 4, 5, 5), w=(3, 2, 3, 3), groups=2), "outputs divisible by groups=2"),
        (
            dict(x=(1, 2, 5, 5), w=(3, 2, 3, 3), b=(2,)),
            r"b: expected the shape \(o,\), got \(2,\); o is 3 in w",
        ),
        (dict(x=(1, 2, 2, 5), w=(3, 2, 3, 3)), "no larger than the padded input"),
        (dict(x=(1, 2, 5, 5), w=(3, 2, 3, 3), stride=0), "stride: expected a whole number ≥ 1, got 0"),
        (dict(x=(1, 2, 5, 5), w=(3, 2, 3, 3), padding=-1), "padding: expected a whole number ≥ 0, got -1"),
        (
            dict(x=(1, 2, 5, 5), w=(3, 2, 3, 3), dilation=1.5),
            "dilation: expected a whole number ≥ 1, got 1.5",
        ),
    ],
)
def test_mistakes_are_named(route, arguments, said):
    made = {k: torch.zeros(v) if k in ("x", "w", "b") else v for k, v in arguments.items()}
    with pytest.raises(GradusError, match=said):
        route(**made)
