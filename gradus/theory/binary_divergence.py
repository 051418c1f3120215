"""The divergence of two coins, and its inverse: how large a risk may be of which the frequency was seen."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from gradus.arguments import Sizes, number, refusal, shapes_together
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

__all__ = ["binary_kl_inverse"]

STEPS = 60  # at most; each halves the distance at least, and most double the digits
NOTHING = 2.0**-1000  # below it a risk adds nothing to the result, and its quotients overflow


def binary_kl_inverse(risk: Tensor | float, budget: Tensor | float) -> Tensor:
    r"""The largest p whose divergence from the risk q is no more than the budget c.

    .. math:: \mathrm{kl}^{-1}(q,c)=\max\{p\in[q,1]:\mathrm{kl}(q\Vert p)\le c\},\qquad
        \mathrm{kl}(q\Vert p)=q\ln\frac qp+(1-q)\ln\frac{1-q}{1-p}

    Newton's iteration for p − q from above, where the divergence is convex; the divergence is computed as
    q φ((p−q)/q) + (1−q) φ(−(p−q)/(1−q)) with φ(x) = x − log(1+x) ≥ 0, in which nothing cancels. So p − q has nearly all its
    digits even where c is 10⁻³⁰.

    Args:
        risk: q, from 0 to 1: a tensor of any shape, or a number.
        budget: c ≥ 0, in nats; shapes are broadcast.

    Returns:
        p, of the tensors' precision, in float32 at least (numbers alone: float64); its first derivatives by q and c are there.

    Raises:
        GradusError: a risk outside of [0, 1], a negative budget, a NaN, or a second derivative.

    Cost: some ten passes over the entries, in double precision.

    Source: Langford 2005, §3.3; the derivatives: Reeb et al. 2018.

    Example:
        >>> float(binary_kl_inverse(0.0, 1.0))  # 1 − 1/e
        0.6321205588285577
        >>> binary_kl_inverse(torch.tensor([0.1, 0.5]), 0.05)
        tensor([0.2201, 0.6542])
    """
    q, c, dtype = _double("risk", risk, "budget", budget)
    if bool((c < 0).any()):
        raise refusal("budget", ("numbers from 0", "不小于 0 的数"), Text("a negative one", "负数"))
    inverse: Tensor = _Inverse.apply(q, c)
    return inverse.to(dtype)


def _double(name: str, risk: Any, other: str, value: Any) -> tuple[Tensor, Tensor, torch.dtype]:
    """Both in double precision where the device has it and of one shape, and the precision of the result."""
    given = {n: v for n, v in ((name, risk), (other, value)) if isinstance(v, Tensor)}
    sizes = Sizes()
    for n, v in given.items():
        tensor(n, v, None, sizes, finite=True, meta=False)
    same_device(**given)
    device = next((v.device for v in given.values()), torch.device("cpu"))
    wide = torch.float32 if device.type == "mps" else torch.float64
    pair = []
    for n, v in ((name, risk), (other, value)):
        whole = v if isinstance(v, Tensor) else torch.tensor(number(n, v), dtype=wide, device=device)
        pair.append(whole.to(wide))
    shapes_together(**{name: tuple(pair[0].shape), other: tuple(pair[1].shape)})
    q, c = torch.broadcast_tensors(*pair)
    if bool(((q < 0) | (q > 1)).any()):
        raise refusal(name, ("numbers from 0 to 1", "0 到 1 的数"), Text("one outside", "超出范围的数"))
    dtype = torch.float32 if given else wide
    for v in given.values():
        dtype = torch.promote_types(dtype, v.dtype)
    return q, c, dtype


def _excess(x: Tensor) -> Tensor:
    """The excess x − log(1 + x) for x > −1, to a few units in the last place."""
    r = x / (2 + x)
    square = r * r
    tail = torch.zeros_like(x)
    for k in range(37, 1, -2):
        tail = square * tail + 1 / k
    return torch.where(x.abs() < 0.5, r * (x - 2 * square * tail), x - torch.log1p(x))


def _steps(q: Tensor, c: Tensor) -> Tensor:
    """The distance d = p − q."""
    room = 1 - q
    seen = q > NOTHING
    safe = torch.where(seen, q, torch.ones_like(q))
    rest = torch.where(room > 0, room, torch.ones_like(q))
    entropy = -torch.where(seen, q * torch.log(safe), torch.zeros_like(q))
    far = -room * torch.expm1(-(c + entropy) / rest)  # no smaller than d, as the two others
    d = torch.minimum(torch.minimum((c / 2).sqrt(), (2 * q * c).sqrt() + 2 * c), far)
    open_ = (d > 0) & (d < room)
    for _ in range(STEPS):
        left = room - d
        value = torch.where(seen, q * _excess(d / safe), d) + rest * _excess(-d / rest) - c
        step = value * (q + d) * left / d
        new = torch.where(open_, torch.maximum(d - step, d / 16), d)
        done = bool((((new - d).abs() <= 2.0**-50 * new) | ~open_).all())
        d = torch.minimum(new, room)
        open_ = open_ & (d < room)
        if done:
            break
    return d


class _Inverse(torch.autograd.Function):
    """The inverse, with its derivatives by the implicit function theorem."""

    @staticmethod
    def forward(ctx: Any, q: Tensor, c: Tensor) -> Tensor:
        d = _steps(q, c)
        ctx.save_for_backward(q, d)
        return (q + d).clamp(max=1)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, Tensor]:
        q, d = ctx.saved_tensors
        left = 1 - q - d
        by_budget = (q + d) * left / d
        by_risk = by_budget * (torch.log1p(d / q) - torch.log1p(-d / (1 - q)))
        still, full = d <= 0, (left <= 0) & (d > 0)
        zero, one = torch.zeros_like(d), torch.ones_like(d)
        by_risk = torch.where(still, one, torch.where(full, zero, by_risk))
        return upstream * by_risk, upstream * torch.where(full, zero, by_budget)
