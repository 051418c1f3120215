"""The flows that are asked for by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gradus.arguments import whole
from gradus.inference.flows.autoregressive import MaskedAutoregressiveLayer
from gradus.inference.flows.conditioner import LIMIT
from gradus.inference.flows.coupling import AffineCoupling
from gradus.inference.flows.flow import NormalizingFlow
from gradus.inference.flows.planar import PlanarLayer

__all__ = ["MaskedAutoregressiveFlow", "PlanarFlow", "RealNVP"]


class PlanarFlow(NormalizingFlow):
    r"""Planar layers, one after another: z = x + û tanh(wᵀx + b).

    .. math:: \ln\Bigl|\det\frac{\partial z}{\partial x}\Bigr|=\sum_k\ln\bigl(1+w_k^{\mathsf T}\hat u_k(1-\tanh^2a_k)\bigr),\qquad a_k=w_k^{\mathsf T}x_{k-1}+b_k

    Each layer bends space along one direction only: for few dimensions. Its draws take a search along a line a layer.

    Args:
        features: d.
        layers: how many.
        device, dtype: of the parameters.

    Raises:
        GradusError: numbers below 1.

    Source: Rezende and Mohamed 2015.

    Example:
        >>> PlanarFlow(2)
        PlanarFlow(16 layers over 2 coordinates, 80 parameters)
    """

    def __init__(self, features: int, layers: int = 16, *, device: Any = None, dtype: Any = None) -> None:
        count = whole("layers", layers, least=1)
        super().__init__([PlanarLayer(features, device=device, dtype=dtype) for _ in range(count)])


class RealNVP(NormalizingFlow):
    r"""Affine coupling layers whose masks alternate: what passes in one layer is moved in the next.

    .. math:: z_A=x_A,\qquad z_B=(x_B-t(x_A))\,e^{-s(x_A)}

    Density and draws both take one pass of each layer. It begins as the identity.

    Args:
        features: d, 2 or more.
        layers: how many.
        hidden: widths of the hidden layers of each layer's network.
        limit: of the log-scales of a layer; None for none.
        device, dtype: of the parameters.

    Raises:
        GradusError: fewer than 2 coordinates, no layer.

    Source: Dinh, Sohl-Dickstein and Bengio 2017.

    Example:
        >>> RealNVP(2, layers=4, hidden=(16,))
        RealNVP(4 layers over 2 coordinates, 264 parameters)
    """

    def __init__(
        self,
        features: int,
        layers: int = 8,
        *,
        hidden: Sequence[int] = (64, 64),
        limit: float | None = LIMIT,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        d = whole("features", features, least=2)
        masks = [[i % 2 == k % 2 for i in range(d)] for k in range(whole("layers", layers, least=1))]
        kind = {"hidden": hidden, "limit": limit, "device": device, "dtype": dtype}
        super().__init__([AffineCoupling(d, mask=mask, **kind) for mask in masks])


class MaskedAutoregressiveFlow(NormalizingFlow):
    r"""Masked autoregressive layers whose orders alternate: forwards in one, backwards in the next.

    .. math:: z_i=(x_i-t_i(x_{<i}))\,e^{-s_i(x_{<i})}

    The density takes one pass of each layer, draws d passes. It begins as the identity.

    Args:
        features: d.
        layers: how many.
        hidden: widths of the hidden layers of each layer's network.
        limit: of the log-scales of a layer; None for none.
        device, dtype: of the parameters.

    Raises:
        GradusError: numbers below 1.

    Source: Papamakarios, Pavlakou and Murray 2017.

    Example:
        >>> MaskedAutoregressiveFlow(2, layers=3, hidden=(16,))
        MaskedAutoregressiveFlow(3 layers over 2 coordinates, 348 parameters)
    """

    def __init__(
        self,
        features: int,
        layers: int = 5,
        *,
        hidden: Sequence[int] = (64, 64),
        limit: float | None = LIMIT,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        d = whole("features", features, least=1)
        orders = [
            list(range(d)) if k % 2 == 0 else list(range(d))[::-1]
            for k in range(whole("layers", layers, least=1))
        ]
        kind = {"hidden": hidden, "limit": limit, "device": device, "dtype": dtype}
        super().__init__([MaskedAutoregressiveLayer(d, order=order, **kind) for order in orders])
