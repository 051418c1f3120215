"""Clipping by the global norm where PyTorch's own falls short: exact, out of place, without overflow."""

import math

import pytest
import torch

from gradus.errors import GradusError
from gradus.optimization.clipping import clip_by_global_norm


def norm(gradients):
    return math.sqrt(sum(float(g.double().square().sum()) for g in gradients))


def test_norm_is_exactly_c_and_arguments_stay():
    g = (torch.full((3,), 2.0, dtype=torch.float64), torch.full((2, 2), -2.0, dtype=torch.float64))
    before = [x.clone() for x in g]
    clipped = clip_by_global_norm(g, 1.0)
    assert norm(clipped) == pytest.approx(1.0, rel=1e-15)
    assert all(torch.equal(a, b) for a, b in zip(g, before, strict=True))


@pytest.mark.parametrize("size", [1e200, 1e-200])
def test_neither_overflow_nor_underflow(size):
    g = (torch.tensor([3 * size, 4 * size], dtype=torch.float64),)
    clipped = clip_by_global_norm(g, size)
    assert (clipped[0] / size).tolist() == pytest.approx([0.6, 0.8], rel=1e-14)


def test_a_norm_beyond_double_precision():
    g = [torch.full((4,), 1e308, dtype=torch.float64)] * 3  # of norm 3.5e308
    clipped = clip_by_global_norm(g, 1.0)
    assert norm(clipped) == pytest.approx(1.0, rel=1e-14)
    assert all(torch.equal(a, b) for a, b in zip(clip_by_global_norm(g, float("inf")), g, strict=True))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_low_precision_keeps_its_dtype(dtype):
    clipped = clip_by_global_norm((torch.full((400,), 300.0, dtype=dtype),), 2.0)
    assert clipped[0].dtype == dtype
    assert norm(clipped) == pytest.approx(2.0, rel=4 * torch.finfo(dtype).eps)


def test_equals_pytorch_with_its_epsilon():
    torch.manual_seed(0)
    parameters = [torch.nn.Parameter(torch.zeros(n, dtype=torch.float64)) for n in (3, 5)]
    for p in parameters:
        p.grad = torch.randn_like(p)
    ours = clip_by_global_norm([p.grad for p in parameters], 0.5, epsilon=1e-6)
    torch.nn.utils.clip_grad_norm_(parameters, 0.5)
    torch.testing.assert_close(ours, tuple(p.grad for p in parameters), rtol=1e-15, atol=0)


def test_nothing_zero_and_empty():
    assert clip_by_global_norm((), 1.0) == ()
    zero, empty = clip_by_global_norm((torch.zeros(3), torch.zeros(0, 2)), 1.0)
    assert torch.equal(zero, torch.zeros(3))
    assert empty.shape == (0, 2)


@pytest.mark.parametrize("c", [0.0, -1.0, math.nan, "one"])
def test_a_norm_that_is_not_positive_is_named(c):
    with pytest.raises(GradusError, match="max_norm: expected a number > 0"):
        clip_by_global_norm((torch.ones(2),), c)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_is_named(bad):
    with pytest.raises(GradusError, match=r"gradients\[1\] of 2, of shape \(2,\), is not finite"):
        clip_by_global_norm((torch.ones(3), torch.tensor([1.0, bad])), 1.0)
