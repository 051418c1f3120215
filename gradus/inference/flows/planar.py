"""Planar layers: a ridge that pushes points along one direction."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import whole
from gradus.inference.flows.conditioner import floating, points

__all__ = ["PlanarLayer"]

AT_ZERO = math.log(math.e - 1)  # softplus of it is 1
HALVINGS = {torch.float64: 62}  # of the interval that holds the answer; 32 in shorter precisions


class PlanarLayer(nn.Module):
    r"""A planar layer: pushes points along û by a ridge across w.

    .. math:: z=x+\hat u\tanh(w^{\mathsf T}x+b),\qquad\ln\Bigl|\det\frac{\partial z}{\partial x}\Bigr|=\ln\bigl(1+w^{\mathsf T}\hat u\,(1-\tanh^2(w^{\mathsf T}x+b))\bigr)

    It can be undone if and only if wᵀû ≥ −1. So u is free, and û = u + (m(wᵀu) − wᵀu) w/‖w‖² with m(a) = −1 + softplus(a + ln(e − 1)), for which
    wᵀû > −1. There is no formula for the inverse, but along w it is one increasing equation in one unknown, which is solved by halving.

    Args:
        features: d, the length of a point.
        device, dtype: of the parameters.

    Attributes:
        u, w: (d,).
        b: a scalar.

    Raises:
        GradusError: no feature, or a dtype that is not floating-point.

    Source: Rezende and Mohamed 2015, §4.1 and appendix A.1; there m(a) = −1 + softplus(a), for which u = 0 is not the identity.

    Example:
        >>> layer = PlanarLayer(2)
        >>> with torch.no_grad():
        ...     z, log_det = layer(layer.inverse(torch.ones(5, 2))[0])
        >>> bool(torch.allclose(z, torch.ones(5, 2), atol=1e-5)), log_det.shape
        (True, torch.Size([5]))
    """

    def __init__(self, features: int, *, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.features = whole("features", features, least=1)
        kind = {"device": device, "dtype": floating(dtype)}
        self.u = nn.Parameter(0.1 * torch.randn(self.features, **kind))
        self.w = nn.Parameter(torch.randn(self.features, **kind) / math.sqrt(self.features))
        self.b = nn.Parameter(torch.zeros((), **kind))

    def direction(self) -> tuple[Tensor, Tensor]:
        """û, and wᵀû, which is above −1.

        Example:
            >>> u, slope = PlanarLayer(3).direction()
            >>> u.shape, bool(slope > -1)
            (torch.Size([3]), True)
        """
        square = (self.w**2).sum()
        there = square > 0
        wu = (self.w * self.u).sum()
        slope = torch.where(there, nn.functional.softplus(wu + AT_ZERO) - 1, 0.0)
        return self.u + (slope - wu) * self.w / torch.where(there, square, 1.0), slope

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """From x to z, with ln|det ∂z/∂x|.

        Args:
            x: (…, d).

        Returns:
            z, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device.

        Cost: O(d) a point.

        Example:
            >>> [t.shape for t in PlanarLayer(2)(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        x = points("x", x, self.features, self.u)
        u, slope = self.direction()
        a = x @ self.w + self.b
        return x + u * torch.tanh(a)[..., None], torch.log1p(slope * _steepness(a))

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """From z to x, with ln|det ∂x/∂z|, differentiable.

        Args:
            z: (…, d).

        Returns:
            x, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device.

        Cost: O(d) a point, and 62 evaluations of tanh, 32 in shorter precisions than float64.

        Example:
            >>> [t.shape for t in PlanarLayer(2).inverse(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        z = points("z", z, self.features, self.u)
        u, slope = self.direction()
        a = _solved(z @ self.w + self.b, slope)
        return z - u * torch.tanh(a)[..., None], -torch.log1p(slope * _steepness(a))


def _steepness(a: Tensor) -> Tensor:
    """tanh′(a), without the loss of digits of 1 − tanh²."""
    return 4 * torch.sigmoid(2 * a) * torch.sigmoid(-2 * a)


def _solved(y: Tensor, slope: Tensor) -> Tensor:
    """The a with a + slope · tanh(a) = y, for a slope above −1: halving, then two steps of Newton, which carry derivatives up to the third."""
    with torch.no_grad():
        low, high = y - slope.abs(), y + slope.abs()
        for _ in range(HALVINGS.get(y.dtype, 32)):
            middle = (low + high) / 2
            above = middle + slope * torch.tanh(middle) > y
            low, high = torch.where(above, low, middle), torch.where(above, middle, high)
    a = (low + high) / 2
    for _ in range(2):
        steep = 1 + slope * _steepness(a)
        a = a - (a + slope * torch.tanh(a) - y) / torch.where(steep > 0, steep, 1.0)
    return a
