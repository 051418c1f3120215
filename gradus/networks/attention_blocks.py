"""Attention on finite scores, block by block in place, with a backward of its own that computes the weights anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

__all__ = ["BlockAttention", "largest_score"]

_PLAIN = 40.0  # scores in size below which exp needs no maximum: e^±40 and sums of it are far from the ends of float32
_LARGEST_SUM = 1e20  # of the sizes of the values, with which its weighted sums are, too


def largest_score(Q: Tensor, K: Tensor, scale: float) -> float:
    """Max ‖q‖ · max ‖k‖ · |scale|, which no score exceeds; NaN or ∞ where an entry is."""
    norms = [torch.linalg.vector_norm(v, dim=-1).amax() for v in (Q.detach(), K.detach())]
    return float(norms[0] * norms[1] * abs(scale))


class BlockAttention(torch.autograd.Function):
    """softmax(scale · Q Kᵀ) V for Q (N, n, d), K (N, m, d), V (N, m, e), where every score is a finite number and m ≥ 1.

    Where `largest_score` is small, e^s is summed as it is; else the running maximum is taken off first.
    """

    @staticmethod
    def forward(
        ctx: Any, Q: Tensor, K: Tensor, V: Tensor, causal: bool, block: int, scale: float, again: Callable[..., Tensor]
    ) -> Tensor:  # fmt: skip
        """All rows (N, n, e); `again` is the same attention as autograd sees through it."""
        plain = largest_score(Q, K, scale) <= _PLAIN and float(V.abs().amax()) * V.shape[1] <= _LARGEST_SUM
        out = Q.new_empty(*Q.shape[:-1], V.shape[-1])
        logs = Q.new_empty(*Q.shape[:-1], 1)  # of the sums of e^s
        rows = _rows_by_sums if plain else _rows_by_maximum
        buffer = Q.new_empty(Q.shape[0] * min(block, Q.shape[1]) * min(block, K.shape[1]))
        for i in range(0, Q.shape[1], block):
            part = slice(i, i + block)
            rows(Q[:, part] * scale, K, V, i, causal, block, buffer, out[:, part], logs[:, part])
        ctx.save_for_backward(Q, K, V, out, logs)
        ctx.options, ctx.again = (causal, block, scale), again
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        """By Q, K and V, a block of queries and one of keys at a time."""
        Q, K, V, out, logs = ctx.saved_tensors
        if torch.is_grad_enabled():  # a derivative of the derivative is asked for
            chosen = [v for v, w in zip((Q, K, V), ctx.needs_input_grad[:3], strict=True) if w]
            twice = iter(torch.autograd.grad(ctx.again(Q, K, V), chosen, gradient, create_graph=True))
            return *(next(twice) if w else None for w in ctx.needs_input_grad[:3]), None, None, None, None
        causal, block, scale = ctx.options
        dQ, dK, dV = (torch.zeros_like(v) for v in (Q, K, V))
        common = (gradient * out).sum(-1, keepdim=True)
        size = Q.shape[0] * min(block, Q.shape[1]) * min(block, K.shape[1])
        weights, slopes = Q.new_empty(size), Q.new_empty(size)
        for i in range(0, Q.shape[1], block):
            part = slice(i, i + block)
            q, above = Q[:, part] * scale, gradient[:, part].contiguous()
            for j, p in _scores(q, K, i, causal, block, weights):
                p.sub_(logs[:, part]).exp_()
                dV[:, j].baddbmm_(p.mT, above)
                ds = torch.bmm(above, V[:, j].mT, out=slopes[: p.numel()].view_as(p))
                ds.sub_(common[:, part]).mul_(p)
                dQ[:, part].baddbmm_(ds, K[:, j], alpha=scale)
                dK[:, j].baddbmm_(ds.mT, q)
        return dQ, dK, dV, None, None, None, None


def _scores(
    q: Tensor, K: Tensor, first: int, causal: bool, block: int, buffer: Tensor
) -> Iterator[tuple[slice, Tensor]]:
    """The scores of a block of queries, a block of keys at a time, always in the same memory."""
    N, n, _ = q.shape
    last = min(K.shape[1], first + n) if causal else K.shape[1]
    for j in range(0, last, block):
        keys = slice(j, min(j + block, last))
        m = keys.stop - j
        s = torch.bmm(q, K[:, keys].mT, out=buffer[: N * n * m].view(N, n, m))
        if causal and keys.stop - 1 > first:
            s.masked_fill_(
                torch.ones(n, m, dtype=torch.bool, device=q.device).triu(first - j + 1), -torch.inf
            )
        yield keys, s


def _rows_by_sums(
    q: Tensor, K: Tensor, V: Tensor, first: int, causal: bool, block: int, buffer: Tensor, out: Tensor, logs: Tensor
) -> None:  # fmt: skip
    value, total = torch.zeros_like(out), torch.zeros_like(logs)
    for keys, weights in _scores(q, K, first, causal, block, buffer):
        total.add_(weights.exp_().sum(-1, keepdim=True))
        value.baddbmm_(weights, V[:, keys])
    torch.div(value, total, out=out)
    torch.log(total, out=logs)


def _rows_by_maximum(
    q: Tensor, K: Tensor, V: Tensor, first: int, causal: bool, block: int, buffer: Tensor, out: Tensor, logs: Tensor
) -> None:  # fmt: skip
    value, total, peak = torch.zeros_like(out), torch.zeros_like(logs), torch.full_like(logs, -torch.inf)
    for keys, weights in _scores(q, K, first, causal, block, buffer):
        top = torch.maximum(peak, weights.amax(-1, keepdim=True))
        weights.sub_(top).exp_()
        shrink = peak.sub_(top).exp_()
        total.mul_(shrink).add_(weights.sum(-1, keepdim=True))
        value.mul_(shrink).baddbmm_(weights, V[:, keys])
        peak = top
    torch.div(value, total, out=out)
    torch.add(peak, total.log_(), out=logs)
