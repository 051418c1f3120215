"""Layers, losses and gradients where sums overflow, nothing is seen, or integers come in."""

import math

import numpy as np
import pytest
import torch

from gradus.errors import GradusError
from gradus.networks import constant_risk, fft_convolution, im2col_convolution, online_attention
from gradus.optimization.problems import quadratic, scripted

INF = math.inf


def softmax_attention(Q, K, V, causal=False):
    """The definition, in float64."""
    s = Q.double() @ K.double().mT / math.sqrt(Q.shape[-1])
    if causal:
        later = torch.arange(K.shape[-2]) > torch.arange(Q.shape[-2])[:, None]
        s = s.masked_fill(later, -INF)
    return torch.softmax(s, -1) @ V.double()


@pytest.mark.parametrize("block", [1, 2, 128])
def test_keys_that_are_not_seen(block):
    one = torch.ones(1, 1)
    K, V = torch.tensor([[-INF], [-INF], [1.0], [1.0]]), torch.tensor([[1.0], [2.0], [3.0], [5.0]])
    assert online_attention(one, K, V, block=block).item() == 4.0
    assert online_attention(one, K[:2], V[:2], block=block).item() == 0.0
    assert (
        online_attention(torch.ones(2, 3), torch.ones(0, 3), torch.ones(0, 2), block=block).tolist()
        == [[0, 0]] * 2
    )
    Q = one.clone().requires_grad_()
    online_attention(Q, K[:2].clamp_min(-1e30), V[:2], block=block).sum().backward()
    assert Q.grad.isfinite().all()


@pytest.mark.parametrize("size", [1e10, 1e20, 1e30])
def test_scores_beyond_the_range(size):
    """Where scores overflow the largest alone has weight: what softmax tends to."""
    Q, K, V = torch.tensor([[1.0, -1.0]]), torch.tensor([[1.0, 1.0], [3.0, 1.0], [2.0, 1.0]]), torch.eye(3)
    assert online_attention(Q * size, K * size, V).tolist() == [[0.0, 1.0, 0.0]]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_many_keys_in_sixteen_bits(dtype):
    """70 000 equal keys: a sum of weights in float16 would overflow, one in bfloat16 stop at 256."""
    Q, K, V = (
        torch.zeros(1, 4, dtype=dtype),
        torch.zeros(70_000, 4, dtype=dtype),
        torch.ones(70_000, 1, dtype=dtype),
    )
    value = online_attention(Q, K, V)
    assert value.dtype == dtype
    assert value.item() == 1.0
    torch.manual_seed(0)
    Q, K, V = (torch.randn(5, 8).to(dtype) for _ in range(3))
    want = softmax_attention(Q, K, V, causal=True)
    assert (online_attention(Q, K, V, causal=True, block=2) - want).abs().max() < 4 * torch.finfo(dtype).eps


@pytest.mark.parametrize("block", [-1, 0, 1.5, None, True])
def test_a_block_is_a_positive_whole_number(block):
    with pytest.raises(GradusError, match="block"):
        online_attention(torch.ones(2, 2), torch.ones(2, 2), torch.ones(2, 2), block=block)


@pytest.mark.parametrize("size", [1e30, 1e37])
def test_transforms_of_large_numbers_do_not_overflow(size):
    x, w = size * torch.ones(1, 1, 8, 8), torch.ones(1, 1, 2, 2) / 4
    want = im2col_convolution(x, w)
    assert ((fft_convolution(x, w) - want).abs() / size).max() < 1e-5
    small = fft_convolution(x / size, w * size)
    assert ((small - want).abs() / size).max() < 1e-5
    with pytest.raises(GradusError, match=r"x.float\(\)"):
        fft_convolution(torch.ones(1, 1, 3, 3, dtype=torch.long), torch.full((1, 1, 2, 2), 0.3))


def test_what_cannot_happen_costs_nothing():
    c, y = torch.linspace(0.0, 1.0, 5), torch.tensor([0.0, 1.0])
    sure = constant_risk(lambda c, y: torch.where(c < y, INF, c - y), y, torch.tensor([1.0, 0.0]), c)
    assert sure.risk.tolist() == c.tolist()
    with pytest.raises(GradusError, match="loss: expected numbers, got NaN"):
        constant_risk(lambda c, y: (c - y).log(), y, torch.tensor([0.5, 0.5]), c)


@pytest.mark.parametrize("make", [np.array, torch.tensor], ids=["numpy", "torch"])
def test_gradients_at_integer_points_are_not_cut_off(make):
    assert quadratic([1.5, 4.0], 0.5)(make([2, 2])).tolist() == [2.25, 6.0]
    assert quadratic([[1.5, 0.25], [0.25, 4.0]])(make([1, 1])).tolist() == [1.75, 4.25]
    assert scripted([[0.5]])(make([1])).tolist() == [0.5]
    single = quadratic([1.5])(make([1.0], dtype=np.float32 if make is np.array else torch.float32))
    assert "float32" in str(single.dtype)
    with pytest.raises(GradusError, match="theta: expected the shape"):
        quadratic([1.0, 1.0])(make([1.0, 2.0, 3.0]))


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize(
    "size", [1.0, 9.0]
)  # scores that are summed as they are, and some that need their maximum
def test_attention_in_place_is_that_of_the_formula_with_both_derivatives(causal, size):
    torch.manual_seed(0)
    Q, K, V = (size * torch.randn(2, 1, 5, 3, dtype=torch.float64) for _ in range(3))
    K, V = (v[:1, :, :4].expand(1, 3, 4, 3) for v in (K, V))  # broadcast against Q
    args = [v.clone().requires_grad_() for v in (Q, K, V)]

    def ours(Q, K, V):
        return online_attention(Q, K, V, causal=causal, block=2)

    def formula(Q, K, V):
        hidden = torch.ones(5, 4, dtype=torch.bool).triu(1) & causal
        return torch.softmax((Q @ K.mT / 3**0.5).masked_fill(hidden, -torch.inf), -1) @ V

    torch.testing.assert_close(ours(*args), formula(*args))
    weights = torch.randn(2, 3, 5, 3, dtype=torch.float64)
    got, want = (torch.autograd.grad((f(*args) * weights).sum(), args) for f in (ours, formula))
    for a, b in zip(got, want, strict=True):
        torch.testing.assert_close(a, b)
    if size == 1.0:
        assert torch.autograd.gradgradcheck(ours, args, fast_mode=True)


def test_attention_of_values_that_leave_the_range_or_are_no_numbers():
    Q, K = torch.ones(2, 3), torch.ones(3, 3)
    V = torch.tensor([[1e38], [1e38], [1e38]])
    torch.testing.assert_close(online_attention(Q, K, V), torch.full((2, 1), 1e38))
    V[1] = torch.nan
    assert online_attention(Q, K, V).isnan().all()
