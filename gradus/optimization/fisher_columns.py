r"""Vectors c at a model's output with Σ ccᵀ, or E ccᵀ, the Fisher matrix of its likelihood there."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

LIKELIHOODS = ("categorical", "bernoulli", "gaussian")


def sampled_column(output: Tensor, likelihood: str, generator: torch.Generator) -> Tensor:
    """The gradient of −log p with respect to the outputs (…, C), at a target drawn from the model."""
    if likelihood == "gaussian":
        return torch.randn(output.shape, dtype=output.dtype, device=output.device, generator=generator)
    if likelihood == "bernoulli":
        p = output.sigmoid()
        drawn = torch.rand(output.shape, dtype=torch.float32, device=output.device, generator=generator)
        return p - (drawn < p).to(p)
    # by the distribution function: torch.multinomial refuses NaN with an error that names no layer
    p = output.softmax(-1)
    wide = torch.promote_types(p.dtype, torch.float32)
    level = torch.rand((*p.shape[:-1], 1), dtype=wide, device=p.device, generator=generator)
    total = p.to(wide).cumsum(-1)
    drawn = (total < level * total[..., -1:]).sum(-1, keepdim=True).clamp_max(p.shape[-1] - 1)
    return p.scatter_add(-1, drawn, p.new_full(drawn.shape, -1.0))


def all_columns(output: Tensor, likelihood: str) -> Iterator[Tensor]:
    """C vectors c(k) at each row, with Σ_k c(k) c(k)ᵀ the Fisher matrix there."""
    p = output.softmax(-1) if likelihood == "categorical" else output.sigmoid()
    for k in range(output.shape[-1]):
        column = torch.zeros_like(output)
        if likelihood == "gaussian":
            column[..., k] = 1.0
        elif likelihood == "bernoulli":
            column[..., k] = (p[..., k] * (1 - p[..., k])).sqrt()
        else:
            column = -p * p[..., k : k + 1].sqrt()
            column[..., k] += p[..., k].sqrt()
        yield column


def output_curvature(output: Tensor, along: Tensor, other: Tensor, likelihood: str) -> Tensor:
    """Σ over rows of uᵀ F v, for directions u and v at the output."""
    if likelihood == "gaussian":
        return (along * other).sum()
    if likelihood == "bernoulli":
        p = output.sigmoid()
        return (p * (1 - p) * along * other).sum()
    p = output.softmax(-1)
    return ((p * along * other).sum(-1) - (p * along).sum(-1) * (p * other).sum(-1)).sum()
