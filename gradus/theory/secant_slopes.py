"""How steep a model was found to be: slopes of secants, which no Lipschitz constant is below."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from gradus.theory.sample_outputs import outputs_of

NEAR, FAR = 0.02, 0.5  # distance of a pair relative to the size of the inputs: at first, and to climb from


class Secant(NamedTuple):
    """The steepest pair of inputs that was found."""

    slope: float
    first: Tensor
    second: Tensor


def steepest_secant(model: nn.Module, inputs: Tensor, steps: int, seed: int) -> Secant:
    """A search from every input: along the steepest direction there, then uphill with both ends of longer secants."""
    generator = torch.Generator().manual_seed(seed)
    x = inputs.detach()
    scale = float(x.double().square().mean().sqrt()) * x[0].numel() ** 0.5 or 1.0
    drawn = torch.randn(x.shape, dtype=torch.float64, generator=generator).to(x)
    v = drawn / _lengths(drawn)
    best = Secant(0.0, x[0], x[0])
    for _ in range(steps):
        y = x + NEAR * scale * v
        best = max(best, _steepest(model, x, y), key=lambda s: s.slope)
        with torch.no_grad():
            rise = outputs_of(model, y) - outputs_of(model, x)
        v = _unit(_gradient(model, x, rise), v)
    for far in (NEAR, FAR):
        first, second = x - far / 2 * scale * v, x + far / 2 * scale * v
        for step in range(steps):
            best = max(best, _steepest(model, first, second), key=lambda s: s.slope)
            a, b = first.clone().requires_grad_(), second.clone().requires_grad_()
            rise = (outputs_of(model, b) - outputs_of(model, a)).norm(dim=1)
            gap = (b - a).flatten(1).norm(dim=1)
            if not rise.requires_grad:
                break
            up = torch.autograd.grad(
                (rise.clamp_min(1e-30).log() - gap.log()).sum(), (a, b), allow_unused=True
            )
            pace = 0.3 * far * scale * (1 - step / steps)
            with torch.no_grad():
                first, second = (
                    end.detach() + pace * _unit(g, torch.zeros_like(end))
                    for end, g in zip((a, b), up, strict=True)
                )
                near = _lengths(second - first) < far / 4 * scale  # too close: rounding would count
                second = torch.where(near, first + far * scale * v, second)
    return best


def _gradient(model: nn.Module, x: Tensor, cotangent: Tensor) -> Tensor | None:
    at = x.clone().requires_grad_()
    total = (outputs_of(model, at) * cotangent).sum()
    if not total.requires_grad:
        return None
    (g,) = torch.autograd.grad(total, at, allow_unused=True)
    return g


def _unit(g: Tensor | None, otherwise: Tensor) -> Tensor:
    """Of length 1 for each sample; something else where there is no direction."""
    if g is None:
        return otherwise
    length = _lengths(g)
    return torch.where((length > 0) & length.isfinite(), g / torch.where(length > 0, length, 1), otherwise)


def _lengths(v: Tensor) -> Tensor:
    length: Tensor = v.flatten(1).norm(dim=1)
    return length.reshape(-1, *[1] * (v.dim() - 1))


def _steepest(model: nn.Module, first: Tensor, second: Tensor) -> Secant:
    """The steepest of these pairs; what rounding of the outputs can have added is taken off."""
    with torch.no_grad():
        a, b = outputs_of(model, first).double(), outputs_of(model, second).double()
        rounding = 8 * torch.finfo(first.dtype).eps * (a.norm(dim=1) + b.norm(dim=1))
        slopes = ((b - a).norm(dim=1) - rounding) / (second.double() - first.double()).flatten(1).norm(dim=1)
        slopes = torch.where(slopes.isfinite(), slopes, 0)
    i = int(slopes.argmax())
    return Secant(max(float(slopes[i]), 0.0), first[i].clone(), second[i].clone())
