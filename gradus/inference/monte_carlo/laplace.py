"""The mode of a log density and the curvature there, by gradients alone: where chains may begin, and their metric."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = ["Laplace", "laplace"]

MOST = 60  # Newton steps
HALVINGS = 12
LARGEST = 1e6  # standard deviations beyond which no mode is believed


class Laplace(NamedTuple):
    """A mode (d) and F with F Fᵀ the inverse of the curvature there (d d)."""

    mode: Tensor
    factor: Tensor


def laplace(
    density: Callable[[Tensor], Tensor], gradient: Callable[[Tensor], Tensor], start: Tensor
) -> Laplace | None:
    """Newton's method from a point (d), the curvature by central differences of the gradient, all in one call; None without a mode.

    Args:
        density: of points (k, d); any number k of them.
        gradient: of the same points.
        start: where to begin.
    """
    x, value = start, density(start[None])[0]
    for _ in range(MOST):
        g = gradient(x[None])[0]
        curvature = -_hessian(gradient, x)
        if not bool(torch.isfinite(curvature).all()) or not bool(torch.isfinite(g).all()):
            return None
        values, vectors = torch.linalg.eigh(curvature)
        size = values.abs().clamp(min=1e-8 * float(values.abs().max().clamp(min=1e-30)))
        move = vectors @ ((vectors.mT @ g) / size)
        gain = float(g @ move)
        if bool((values > 0).all()) and gain < torch.finfo(x.dtype).eps ** 0.4:
            factor = vectors / values.sqrt()
            spread = (factor * factor).sum(-1).sqrt()
            lower, failed = torch.linalg.cholesky_ex(factor @ factor.mT)
            believed = bool((spread < LARGEST).all()) and not bool(failed)
            return Laplace(x + move, lower) if believed else None
        steps = 0.5 ** torch.arange(HALVINGS, dtype=x.dtype, device=x.device)
        tried = x + steps[:, None] * move
        found = torch.nan_to_num(density(tried), nan=-torch.inf)
        best = int(found.argmax())
        if not bool(found[best] > value):
            return None
        x, value = tried[best], found[best]
    return None


def _hessian(gradient: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    d = len(x)
    h = torch.finfo(x.dtype).eps ** (1 / 3) * x.abs().clamp(min=1.0)
    shifts = torch.diag(h)
    both = gradient(torch.cat([x + shifts, x - shifts]))
    columns = (both[:d] - both[d:]) / (2 * h[:, None])
    hessian: Tensor = (columns + columns.mT) / 2
    return hessian
