"""Masked autoregressive layers: each coordinate is scaled and shifted by what a masked network makes of those before it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import refusal, whole
from gradus.inference.flows.conditioner import (
    LIMIT,
    floating,
    limited,
    log_scales,
    points,
    widths,
    zero_last,
)
from gradus.text import Text

__all__ = ["MaskedAutoregressiveLayer"]


class MaskedAutoregressiveLayer(nn.Module):
    r"""A masked autoregressive layer: given the coordinates before it, each is normal where z is standard normal.

    .. math:: z_i=(x_i-t_i)\,e^{-s_i},\qquad s_i,t_i\ \text{functions of the}\ x_j\ \text{with}\ o_j<o_i,\qquad\ln\Bigl|\det\frac{\partial z}{\partial x}\Bigr|=-\sum_is_i

    All s and t come from one network whose weights are masked, so that no path leads from a coordinate to itself or to one before it.
    `forward` is one pass; `inverse` takes as many as there are different ranks. (The inverse as the way from the data is the *inverse
    autoregressive flow*.)

    Args:
        features: d, the length of a point.
        hidden: widths of the hidden layers.
        order: o, the rank of each coordinate, from 0; those of equal rank do not look at each other. None for 0, 1, …, d − 1.
        limit: ℓ: log-scales are ℓ tanh(raw/ℓ); None for no limit.
        device, dtype: of the parameters.

    Attributes:
        order: (d,).
        conditioner: the network, from (…, d) to (…, 2d): raw log-scales, then shifts.

    Raises:
        GradusError: an order of another length, or with a negative rank.

    Source: Papamakarios, Pavlakou and Murray 2017; the masks: Germain et al. 2015.

    Example:
        >>> layer = MaskedAutoregressiveLayer(3, hidden=(16,))
        >>> z, log_det = layer(torch.ones(5, 3))  # the identity, before it is trained
        >>> bool((z == 1).all()), bool((log_det == 0).all())
        (True, True)
    """

    order: Tensor
    conditioner: nn.Sequential

    def __init__(
        self,
        features: int,
        *,
        hidden: Sequence[int] = (64, 64),
        order: Sequence[int] | None = None,
        limit: float | None = LIMIT,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.features, self.limit = whole("features", features, least=1), limited(limit)
        ranks = _order(order, self.features)
        self.register_buffer("order", torch.tensor(ranks, device=device))
        self.passes = sorted(set(ranks))
        layers = [
            MaskedLinear(mask, device=device, dtype=floating(dtype)) for mask in masks(ranks, widths(hidden))
        ]
        between: list[nn.Module] = [m for layer in layers for m in (layer, nn.SiLU())]
        self.conditioner = zero_last(nn.Sequential(*between[:-1]))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """From x to z, with ln|det ∂z/∂x|, by one pass.

        Args:
            x: (…, d).

        Returns:
            z, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device.

        Cost: one pass of the network.

        Example:
            >>> [t.shape for t in MaskedAutoregressiveLayer(2)(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        x = points("x", x, self.features, self._like())
        s, t = self._scales(x)
        return (x - t) * torch.exp(-s), -s.sum(-1)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """From z to x, with ln|det ∂x/∂z|, a rank after another.

        Args:
            z: (…, d).

        Returns:
            x, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device.

        Cost: as many passes of the network as there are different ranks.

        Example:
            >>> [t.shape for t in MaskedAutoregressiveLayer(2).inverse(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        z = points("z", z, self.features, self._like())
        x, log_det = torch.zeros_like(z), z.new_zeros(z.shape[:-1])
        for rank in self.passes:
            s, t = self._scales(x)  # right at this rank, as all before it stand
            now = self.order.eq(rank)
            x = torch.where(now, z * torch.exp(s) + t, x)
            log_det = log_det + torch.where(now, s, 0.0).sum(-1)
        return x, log_det

    def _scales(self, x: Tensor) -> tuple[Tensor, Tensor]:
        raw, t = self.conditioner(x).chunk(2, -1)
        return log_scales(raw, self.limit), t

    def _like(self) -> Tensor:
        weight = self.conditioner[0].weight
        assert isinstance(weight, Tensor)
        return weight


class MaskedLinear(nn.Linear):
    """A linear layer of which only the weights that a mask (outputs, inputs) allows are there."""

    mask: Tensor

    def __init__(self, mask: Tensor, **kind: Any) -> None:
        super().__init__(mask.shape[1], mask.shape[0], **kind)
        self.register_buffer("mask", mask.to(self.weight.device))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output, (…, outputs)."""
        return nn.functional.linear(x, torch.where(self.mask, self.weight, 0.0), self.bias)


def masks(ranks: Sequence[int], hidden: Sequence[int]) -> list[Tensor]:
    """Of each layer, (outputs, inputs): a hidden unit of rank r sees ranks up to r, an output of rank r those below r."""
    inputs = torch.tensor(ranks)
    seen = sorted(set(ranks))[:-1] or [ranks[0]]  # the last rank is seen by none
    levels = [inputs, *(torch.tensor([seen[i % len(seen)] for i in range(h)]) for h in hidden)]
    within = [b[:, None] >= a for a, b in pairwise(levels)]
    return [*within, torch.cat((inputs, inputs))[:, None] > levels[-1]]


def _order(order: Any, features: int) -> list[int]:
    if order is None:
        return list(range(features))
    listed = order.tolist() if isinstance(order, Tensor) else order
    if not isinstance(listed, (list, tuple, range)):
        raise refusal("order", (f"{features} ranks from 0", f"{features} 个从 0 起的次序"), order, kind=True)
    ranks = [whole("order", r, least=0) for r in listed]
    if len(ranks) != features:
        came = str(len(ranks))
        raise refusal("order", (f"{features} ranks", f"{features} 个次序"), Text(came, came))
    return ranks
