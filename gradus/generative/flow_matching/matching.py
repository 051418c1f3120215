"""What a velocity is learnt by, and which noise goes to which data."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.arguments import choice, function, number, refusal
from gradus.arguments.tensors import same_kind, tensor
from gradus.generative.diffusion.coefficients import batch, beside
from gradus.generative.diffusion.model_calls import Model, called, drawing
from gradus.text import Text

__all__ = ["flow_matching_loss", "optimal_coupling"]

REDUCTIONS = ("mean", "none")


def flow_matching_loss(
    velocity: Model,
    x: Tensor,
    *,
    t: float | Tensor | None = None,
    noise: Tensor | None = None,
    reduction: str = "mean",
    seed: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    r"""How far a model is from the velocities of lines from noise to data, at a time drawn for each; the mean over a sample's numbers.

    .. math:: \mathbb E\bigl\lVert v(x_t,t)-(x_1-x_0)\bigr\rVert^2,\qquad x_t=(1-t)\,x_0+t\,x_1

    Args:
        velocity: gets x_t, like x, and the times, (batch,), from 0 (noise) to 1 (data); gives a velocity, like x. It is in whatever mode it is in.
        x: the data x₁, (batch, …).
        t: times from 0 to 1, a number or one a sample; None draws them evenly.
        noise: x₀, like x; None draws standard normal numbers. Give `noise[optimal_coupling(noise, x)]` for lines that cross less.
        reduction: "mean" over the batch, or "none": one number a sample.
        seed: of what is drawn; None draws from PyTorch's own generator.
        generator: to draw from, in place of a seed.

    Returns:
        A number, or (batch,).

    Raises:
        GradusError: times outside of 0 to 1; other shapes; a model that gives something else.

    Cost: one call of the model.

    Source: Lipman et al. 2023; Liu, Gong and Liu 2023.

    Example:
        >>> import torch
        >>> x = torch.ones(5, 2)
        >>> right = lambda y, t: (1 - y) / (1 - t[:, None])  # of data that are 1
        >>> flow_matching_loss(right, x, seed=0).item() < 1e-9
        True
    """
    function("velocity", velocity, "lambda x, t: 0 * x")
    x = batch("x", x)
    choice("reduction", reduction, REDUCTIONS)
    source = drawing(seed, generator, x.device)
    if t is None:
        times = torch.rand(len(x), generator=source, device=x.device, dtype=x.dtype)
    else:
        times = _times(t, x)
    if noise is None:
        noise = torch.randn(x.shape, generator=source, device=x.device, dtype=x.dtype)
    else:
        noise = beside("noise", noise, x)
    wide = times.reshape(-1, *[1] * (x.dim() - 1))
    apart = (called(velocity, (1 - wide) * noise + wide * x, times, "velocity") - (x - noise)).square()
    each = apart.flatten(1).mean(1) if x.dim() > 1 else apart
    return each.mean() if reduction == "mean" else each


def optimal_coupling(noise: Tensor, x: Tensor) -> Tensor:
    r"""Which noise goes to which data, so that the sum of the squared ways is as small as can be.

    .. math:: \min_\pi\sum_i\lVert x_i-x_{0,\pi(i)}\rVert^2

    Args:
        noise: x₀, (n, …).
        x: data, (n, …).

    Returns:
        π, (n,): `noise[π]` is the noise for x.

    Raises:
        GradusError: other shapes, precision or device.

    Cost: O(n³) at worst, and n² distances: a thousand samples take some tens of milliseconds.

    Source: Tong et al. 2024; Pooladian et al. 2023.

    Example:
        >>> import torch
        >>> optimal_coupling(torch.tensor([[0.0], [5.0]]), torch.tensor([[6.0], [1.0]]))
        tensor([1, 0])
    """
    from scipy.optimize import linear_sum_assignment

    a = batch("noise", noise, finite=True, meta=False)
    b = beside("x", tensor("x", x, finite=True, meta=False), a)
    same_kind(noise=a, x=b)
    p, q = (
        v.detach().flatten(1).double().cpu() if v.dim() > 1 else v.detach()[:, None].double().cpu()
        for v in (a, b)
    )
    cost = torch.cdist(q, p, compute_mode="donot_use_mm_for_euclid_dist").square()
    if not bool(torch.isfinite(cost).all()):
        raise refusal(
            "noise and x",
            ("distances whose squares are finite", "平方有限的距离"),
            Text("an overflow", "溢出"),
        )
    return torch.from_numpy(linear_sum_assignment(cost.numpy())[1]).to(a.device)


def _times(t: Any, x: Tensor) -> Tensor:
    if not isinstance(t, Tensor):
        return torch.full((len(x),), float(number("t", t, least=0, most=1)), device=x.device, dtype=x.dtype)
    found = tensor("t", t, finite=True)
    same_kind(x=x, t=found)
    found = found.expand(len(x)) if found.dim() == 0 else found
    if found.shape != (len(x),):
        came = str(tuple(found.shape))
        noun = f"a number, or one a sample, ({len(x)},)", f"一个数，或每个样本一个，({len(x)},)"
        raise refusal("t", noun, Text(came, came))
    if not bool(((found >= 0) & (found <= 1)).all()):
        came = f"{float(found.min()):.4g} … {float(found.max()):.4g}"
        raise refusal("t", ("times from 0 to 1", "0 到 1 的时刻"), Text(came, came))
    return found
