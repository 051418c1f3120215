r"""Means of activations over pairs of normal numbers, in closed form: what a layer makes of a covariance."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

Dual = Callable[[Tensor, Tensor, Tensor], tuple[Tensor, Tensor]]
PARALLEL = 8.0  # roundings of 1 − ρ² below which two inputs count as parallel


def _relu(p: Tensor, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    r"""(√(pq) sin θ + (π−θ) k)/2π and (π−θ)/2π, θ the angle, cos θ = k/√(pq) (Cho and Saul 2009)."""
    area = p * q - k * k
    open_angle = area > PARALLEL * torch.finfo(k.dtype).eps * p * q
    sine = torch.where(open_angle, area, torch.ones_like(area)).sqrt() * open_angle
    rest = math.pi - torch.atan2(sine, k)
    return (sine + rest * k) / (2 * math.pi), rest / (2 * math.pi)


def _erf(p: Tensor, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    r"""(2/π) arcsin(2k/√((1+2p)(1+2q))) and its derivative by k (Williams 1997)."""
    root = ((1 + 2 * p) * (1 + 2 * q) - 4 * k * k).sqrt()  # never below 1
    return (2 / math.pi) * torch.atan2(2 * k, root), 4 / (math.pi * root)


def _gelu(p: Tensor, q: Tensor, k: Tensor) -> tuple[Tensor, Tensor]:
    r"""k(¼ + arcsin ρ/2π) + N/2πD, D² = (1+p)(1+q) − k², N = pq + k²(1/(1+p) + 1/(1+q) − 1); and the derivative by k."""
    a, b = 1 + p, 1 + q
    root = (a * b - k * k).sqrt()  # never below 1
    lean = 1 / a + 1 / b - 1
    top = p * q + k * k * lean
    share = 0.25 + torch.atan2(k, root) / (2 * math.pi)
    slope = share + k * (1 + 2 * lean + top / (root * root)) / (2 * math.pi * root)
    return k * share + top / (2 * math.pi * root), slope


DUALS: dict[str, Dual] = {"relu": _relu, "erf": _erf, "gelu": _gelu}
