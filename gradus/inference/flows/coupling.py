"""Affine coupling layers, of which RealNVP is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import refusal, whole
from gradus.inference.flows.conditioner import LIMIT, dense, floating, limited, log_scales, points, widths
from gradus.text import Text

__all__ = ["AffineCoupling"]


class AffineCoupling(nn.Module):
    r"""An affine coupling layer: some coordinates pass, and a network of them scales and shifts the others.

    .. math:: z_A=x_A,\qquad z_B=(x_B-t(x_A))\,e^{-s(x_A)},\qquad\ln\Bigl|\det\frac{\partial z}{\partial x}\Bigr|=-\sum_{i\in B}s_i(x_A)

    s and t may be any functions: they are never undone, and their derivatives do not enter the determinant.

    Args:
        features: d, the length of a point.
        hidden: widths of the hidden layers of the network.
        mask: d booleans: which coordinates pass (A); every other one if left out, beginning with the first.
        limit: ℓ: log-scales are ℓ tanh(raw/ℓ); None for no limit.
        conditioner: a module of your own in place of the network, from (…, |A|) to (…, 2|B|): raw log-scales, then shifts.
        device, dtype: of the parameters.

    Raises:
        GradusError: a mask by which all coordinates pass, or none, or of another length.

    Source: Dinh, Sohl-Dickstein and Bengio 2017; there z = x eˢ + t.

    Example:
        >>> layer = AffineCoupling(3, mask=[True, False, False])
        >>> z, log_det = layer(torch.ones(5, 3))  # the identity, before it is trained
        >>> bool((z == 1).all()), bool((log_det == 0).all())
        (True, True)
    """

    passing: Tensor
    moved: Tensor
    back: Tensor

    def __init__(
        self,
        features: int,
        *,
        hidden: Sequence[int] = (64, 64),
        mask: Sequence[bool] | None = None,
        limit: float | None = LIMIT,
        conditioner: nn.Module | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.features, self.limit = whole("features", features, least=2), limited(limit)
        passing = _mask(mask, self.features)
        self.register_buffer("passing", torch.tensor([i for i, p in enumerate(passing) if p], device=device))
        self.register_buffer(
            "moved", torch.tensor([i for i, p in enumerate(passing) if not p], device=device)
        )
        places = [i for i, p in enumerate(passing) if p] + [i for i, p in enumerate(passing) if not p]
        back = sorted(range(self.features), key=places.__getitem__)
        self.register_buffer("back", torch.tensor(back, device=device))
        kind = {"device": device, "dtype": floating(dtype)}
        if conditioner is not None and not isinstance(conditioner, nn.Module):
            raise refusal("conditioner", ("a module", "模块"), conditioner, kind=True)
        sizes = widths(hidden)
        count = sum(passing)
        self.conditioner = (
            dense(count, 2 * (self.features - count), sizes, **kind) if conditioner is None else conditioner
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """From x to z, with ln|det ∂z/∂x|.

        Args:
            x: (…, d).

        Returns:
            z, (…, d), and the logarithms, (…).

        Raises:
            GradusError: another length, precision or device; a conditioner that puts out another number of values.

        Cost: one pass of the conditioner.

        Example:
            >>> [t.shape for t in AffineCoupling(2)(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        kept, rest, s, t = self._parts("x", x)
        return self._whole(kept, (rest - t) * torch.exp(-s)), -s.sum(-1)

    def inverse(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """From z to x, with ln|det ∂x/∂z|.

        Args:
            z: (…, d).

        Returns:
            x, (…, d), and the logarithms, (…).

        Raises:
            GradusError: as `forward`.

        Cost: one pass of the conditioner.

        Example:
            >>> [t.shape for t in AffineCoupling(2).inverse(torch.zeros(3, 2))]
            [torch.Size([3, 2]), torch.Size([3])]
        """
        kept, rest, s, t = self._parts("z", z)
        return self._whole(kept, rest * torch.exp(s) + t), s.sum(-1)

    def _parts(self, name: str, value: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What passes, what is moved, and the latter's log-scales and shifts."""
        like = next(self.conditioner.parameters(), value)
        value = points(name, value, self.features, like)
        kept, rest = value[..., self.passing], value[..., self.moved]
        found = self.conditioner(kept)
        if found.shape != (*rest.shape[:-1], 2 * rest.shape[-1]):
            noun = (
                f"{2 * rest.shape[-1]} values a point: log-scales, then shifts",
                f"每个点 {2 * rest.shape[-1]} 个值：先对数尺度，后平移",
            )
            came = str(tuple(found.shape))
            raise refusal("conditioner", noun, Text(came, came))
        raw, t = found.chunk(2, -1)
        return kept, rest, log_scales(raw, self.limit), t

    def _whole(self, kept: Tensor, rest: Tensor) -> Tensor:
        return torch.cat((kept, rest), -1)[..., self.back]


def _mask(mask: Any, features: int) -> list[bool]:
    if mask is None:
        return [i % 2 == 0 for i in range(features)]
    listed = mask.tolist() if isinstance(mask, Tensor) else mask
    if not isinstance(listed, (list, tuple)) or not all(isinstance(m, bool) for m in listed):
        raise refusal("mask", (f"{features} booleans", f"{features} 个布尔值"), mask, kind=True)
    if len(listed) != features or all(listed) or not any(listed):
        noun = (
            f"{features} booleans, not all of them alike: True where a coordinate passes",
            f"{features} 个不全相同的布尔值：True 表示该坐标原样通过",
        )
        raise refusal("mask", noun, Text(str(list(listed)), str(list(listed))))
    return list(listed)
