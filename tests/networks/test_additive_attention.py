"""Additive attention: module and function, padding that may hold anything, gradients, the mistakes it names."""

import pytest
import torch
from torch import nn

from gradus.errors import GradusError
from gradus.networks import AdditiveAttention, additive_attention

DOUBLE = torch.float64


def drawn(*shapes, dtype=DOUBLE):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(s, dtype=DOUBLE, generator=generator).to(dtype) for s in shapes]


S, H, W, U, V = drawn((2, 3, 4), (2, 5, 3), (6, 4), (6, 3), (6,))
PAD = torch.tensor([[False, False, True, True, True], [False] * 5])


def layer():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return AdditiveAttention(4, 3, 6).double()


def test_module_and_function_agree():
    m = layer()
    want = additive_attention(S, H, m.state.weight, m.annotation.weight, m.score.weight[0], PAD)
    for got, right in zip(m(S, H, PAD), want, strict=True):
        torch.testing.assert_close(got, right)
    assert sum(p.numel() for p in m.parameters()) == (4 + 3 + 1) * 6


def test_is_a_dense_layer_on_both_written_below_each_other():
    pairs = torch.cat([S[:, :, None].expand(2, 3, 5, 4), H[:, None].expand(2, 3, 5, 3)], -1)
    scores = nn.functional.linear(torch.tanh(nn.functional.linear(pairs, torch.cat([W, U], 1))), V[None])[
        ..., 0
    ]
    context, weights = additive_attention(S, H, W, U, V)
    torch.testing.assert_close(weights, scores.softmax(-1))
    torch.testing.assert_close(context, scores.softmax(-1) @ H)


@pytest.mark.parametrize("filling", [float("nan"), float("inf"), 1e300])
def test_padding_may_hold_anything_forwards_and_backwards(filling):
    spoilt = H.masked_fill(PAD[..., None], filling)
    leaves = [x.clone().requires_grad_() for x in (S, spoilt, W, U, V)]
    context, weights = additive_attention(*leaves, PAD)
    torch.testing.assert_close(context, additive_attention(S, H, W, U, V, PAD)[0])
    (context.square().sum() + weights.square().sum()).backward()
    assert all(x.grad.isfinite().all() for x in leaves)
    assert (leaves[1].grad[PAD] == 0).all()


def test_a_blind_row_is_zero_and_has_no_gradient():
    blind = torch.tensor([[True] * 5, [False] * 5])
    leaves = [x.clone().requires_grad_() for x in (S, H, W, U, V)]
    context, weights = additive_attention(*leaves, blind)
    assert (context[0] == 0).all() and (weights[0] == 0).all()
    context[0].sum().backward()
    assert all((x.grad == 0).all() for x in leaves)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_lower_precisions(dtype):
    context, weights = additive_attention(*[x.to(dtype) for x in (S, H, W, U, V)], PAD)
    assert context.dtype == weights.dtype == dtype
    want = additive_attention(S, H, W, U, V, PAD)[0]
    torch.testing.assert_close(context.double(), want, rtol=0, atol=16 * torch.finfo(dtype).eps)


def test_gradients():
    leaves = [x.clone().requires_grad_() for x in (S, H, W, U, V)]
    assert torch.autograd.gradcheck(lambda *x: additive_attention(*x, PAD), leaves)


def test_compiled_without_a_break():
    for call, arguments in ((additive_attention, (S, H, W, U, V, PAD)), (layer(), (S, H, PAD))):
        compiled = torch.compile(call, fullgraph=True, backend="eager")
        for got, want in zip(compiled(*arguments), call(*arguments), strict=True):
            torch.testing.assert_close(got, want)


def test_learns_to_find_a_marked_word():
    """A bag of five words, one of which carries a mark: the context must be its content."""
    generator, m = torch.Generator().manual_seed(1), layer()
    optimizer = torch.optim.Adam(m.parameters(), 0.03)
    for _ in range(200):
        h = torch.randn(64, 5, 3, dtype=DOUBLE, generator=generator)
        place = torch.randint(5, (64,), generator=generator)
        h[..., 0] = -1
        h[torch.arange(64), place, 0] = 1
        loss = (
            (m(torch.ones(64, 1, 4, dtype=DOUBLE), h)[0][:, 0] - h[torch.arange(64), place]).square().mean()
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.01


def test_mistakes_are_named():
    with pytest.raises(GradusError, match="W: expected the shape"):
        additive_attention(S[..., :2], H, W, U, V)
    with pytest.raises(GradusError, match="U: expected the shape"):
        additive_attention(S, H, W, U[:3], V)
    with pytest.raises(GradusError, match="pad: expected a tensor of booleans"):
        additive_attention(S, H, W, U, V, PAD.int())
    with pytest.raises(GradusError, match="pad: expected the shape"):
        additive_attention(S, H, W, U, V, PAD[:, :3])
    with pytest.raises(GradusError, match="units: expected a whole number"):
        AdditiveAttention(4, 3, 0)
