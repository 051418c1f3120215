"""Attention in memory linear in the sequence: the softmax is accumulated block by block."""

from __future__ import annotations

import math
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import Sizes, flag, whole
from gradus.arguments.tensors import concrete, factor, same_kind, tensor
from gradus.networks.attention_blocks import BlockAttention, largest_score


def online_attention(
    Q: Float[Tensor, "*batch n d"],
    K: Float[Tensor, "*batch m d"],
    V: Float[Tensor, "*batch m e"],
    causal: bool = False,
    scale: float | None = None,
    block: int = 512,
) -> Float[Tensor, "*batch n e"]:
    r"""Scaled dot-product attention without the score matrix.

    Keys are taken a block at a time; with the running maximum :math:`\mu` and the running sum
    :math:`\ell=\sum_j e^{s_j-\mu}`, a new block rescales both and the accumulated values by
    :math:`e^{\mu_{old}-\mu_{new}}`. A query that sees no key (all scores −∞, or m = 0) gets 0, as from
    `torch.nn.functional.scaled_dot_product_attention`.

    Args:
        Q: queries (..., n, d).
        K: keys (..., m, d).
        V: values (..., m, e).
        causal: query i sees keys j ≤ i only.
        scale: factor of the scores, 1/√d unless given.
        block: queries and keys taken at a time.

    Raises:
        GradusError: no tensors, or of several precisions; shapes that do not fit; a scale that is no finite number, a block
            below 1.

    Cost: O(n·m·(d+e)) operations, O(block² + n·e) memory; so in training, where scores are finite and their precision is
    32 or 64 bits: the weights are computed anew on the way back.

    Source: Rabe and Staats 2021, Self-attention does not need O(n²) memory; Milakov and Gimelshein 2018.

    Example:
        >>> import torch
        >>> Q, K, V = torch.zeros(1, 2), torch.zeros(2, 2), torch.tensor([[1.0], [3.0]])
        >>> online_attention(Q, K, V).tolist()
        [[2.0]]
    """
    sizes = Sizes()
    tensor("Q", Q, "*#batch n d>=1", sizes)
    tensor("K", K, "*#batch m d", sizes)
    tensor("V", V, "*#batch m e", sizes)
    same_kind(Q=Q, K=K, V=V)
    flag("causal", causal)
    block = whole("block", block, least=1)
    scale = None if scale is None else factor("scale", scale, most=1e18)
    s = 1 / math.sqrt(Q.shape[-1]) if scale is None else scale
    if _is_plain(Q, K, V, s):
        return _in_place(Q, K, V, causal, block, float(s))
    return _differentiable(Q, K, V, causal, block, s)


def _is_plain(Q: Tensor, K: Tensor, V: Tensor, scale: Any) -> bool:
    """Whether all scores are finite numbers that may be looked at, and wide enough to be summed as they are."""
    if isinstance(scale, Tensor) or not concrete(Q, K, V) or Q.dtype not in (torch.float32, torch.float64):
        return False
    return bool(Q.numel() and K.numel() and V.numel()) and largest_score(Q, K, scale) < 1e30


def _in_place(Q: Tensor, K: Tensor, V: Tensor, causal: bool, block: int, scale: float) -> Tensor:
    lead = torch.broadcast_shapes(Q.shape[:-2], K.shape[:-2], V.shape[:-2])
    flat = (v.expand(*lead, *v.shape[-2:]).reshape(-1, *v.shape[-2:]) for v in (Q, K, V))

    def again(Q: Tensor, K: Tensor, V: Tensor) -> Tensor:
        return _differentiable(Q, K, V, causal, block, scale)

    out: Tensor = BlockAttention.apply(*flat, causal, block, scale, again)
    return out.reshape(*lead, *out.shape[-2:])


def _differentiable(Q: Tensor, K: Tensor, V: Tensor, causal: bool, block: int, scale: Any) -> Tensor:
    """The attention as autograd, `torch.compile` and `torch.func` see through it, for any scores."""
    units = _unit(Q), _unit(K)
    rows = [
        _rows(Q[..., i : i + block, :], K, V, i, causal, block, scale, units)
        for i in range(0, Q.shape[-2], block)
    ]
    return torch.cat(rows, dim=-2) if rows else Q.new_zeros((*Q.shape[:-1], V.shape[-1]))


def _unit(numbers: Tensor) -> Tensor:
    """The largest entry where it is so large that the terms of a score might overflow, else 1."""
    if numbers.numel() == 0 or numbers.dtype.itemsize < 4:  # products of 16-bit numbers fit into float32
        return numbers.new_ones(())
    size = numbers.detach().abs()
    largest = size.masked_fill(~size.isfinite(), 0.0).max()
    return torch.where(largest > torch.finfo(numbers.dtype).max ** 0.25, largest, torch.ones_like(largest))


def _rows(
    q: Tensor,
    K: Tensor,
    V: Tensor,
    first: int,
    causal: bool,
    block: int,
    scale: float,
    units: tuple[Tensor, Tensor],
) -> Tensor:
    """The outputs of one block of queries, which starts at position `first`."""
    kind = q.dtype
    wide = (
        torch.float32 if kind.itemsize < 4 else kind
    )  # sums of 16-bit numbers would stop growing, or overflow
    q = q.to(wide) / units[0] * scale
    n = q.shape[-2]
    peak = q.new_full((*q.shape[:-1], 1), -math.inf)
    total = q.new_zeros((*q.shape[:-1], 1))
    value = q.new_zeros((*q.shape[:-1], V.shape[-1]))
    last = min(K.shape[-2], first + n) if causal else K.shape[-2]
    for j in range(0, last, block):
        k, v = K[..., j : min(j + block, last), :], V[..., j : min(j + block, last), :]
        k, v = k.to(wide) / units[1], v.to(wide)
        scores = q @ k.mT  # (..., n, block), in their unit
        if causal:
            later = (
                torch.arange(j, j + k.shape[-2], device=q.device)
                > torch.arange(first, first + n, device=q.device)[:, None]
            )
            scores = scores.masked_fill(later, -math.inf)
        top = torch.maximum(peak, scores.amax(-1, keepdim=True))
        base = top.masked_fill(top == -math.inf, 0.0)  # no key is seen yet
        # differences first: a score itself may overflow in the unit 1
        shrink, weight = (torch.exp((v - base) * units[0] * units[1]) for v in (peak, scores))
        total = total * shrink + weight.sum(-1, keepdim=True)
        value = value * shrink + weight @ v
        peak = top
    blind = total == 0
    return (value / total.masked_fill(blind, 1.0)).to(kind)
