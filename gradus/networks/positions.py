"""Positions for layers that do not know them: sinusoids that are added, rotations of queries and keys."""

from __future__ import annotations

import torch
from jaxtyping import Float, Real
from torch import Tensor, nn

from gradus.arguments import Sizes, choice, number, refusal, whole
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

__all__ = ["RotaryEncoding", "SinusoidalEncoding", "rotary_encoding", "sinusoidal_encoding"]

PAIRS = ("neighbours", "halves")


def sinusoidal_encoding(
    t: Real[Tensor, "*batch n"], d: int, base: float = 10000.0, dtype: torch.dtype | None = None
) -> Float[Tensor, "*batch n d"]:
    r"""Sinusoidal encoding of positions: (sin ω₁t, cos ω₁t, …, sin ω_{d/2}t, cos ω_{d/2}t), ω_i = base^{−2(i−1)/d}.

    Args:
        t: positions, any real numbers (..., n).
        d: width, even.
        base: the wavelengths grow from 2π towards 2π·base.
        dtype: of the result; that of t unless given, PyTorch's default where t are whole numbers.

    Raises:
        GradusError: t are no real numbers, d is odd or below 2, base is not above 0, dtype is no floating-point one.

    Cost: O(n·d). Angles are computed in float64 (float32 on devices without it), for t·ω leaves few digits to a remainder.

    Source: Vaswani et al. 2017, §3.5.

    Example:
        >>> import torch
        >>> sinusoidal_encoding(torch.tensor([0.0]), 4).tolist()
        [[0.0, 1.0, 0.0, 1.0]]
    """
    tensor("t", t, "... n", dtype="real")
    d, base = _even("d", whole("d", d, least=2)), _base(base)
    if dtype is None:
        dtype = t.dtype if t.is_floating_point() else torch.get_default_dtype()
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise refusal(
            "dtype", ("a floating-point dtype", "浮点数据类型"), Text(str(dtype), str(dtype)), kind=True
        )
    angles = _angles(t, d, base)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(-2).to(dtype)


def rotary_encoding(
    x: Float[Tensor, "*batch n d"],
    t: Real[Tensor, "*batch n"],
    base: float = 10000.0,
    pairs: str = "neighbours",
) -> Float[Tensor, "*batch n d"]:
    r"""Rotary encoding: each pair of coordinates of x turned by the angle ω_i t, ω_i = base^{−2(i−1)/d}.

    The product of a query at t and a key at s depends on t − s only.

    Args:
        x: queries or keys (..., n, d), d even.
        t: their positions, any real numbers (..., n); leading axes broadcast, so that rows of a batch whose heads come
            before n, x (b, h, n, d), take t (b, 1, n).
        base: the wavelengths grow from 2π towards 2π·base.
        pairs: "neighbours" pairs the coordinates (1, 2), (3, 4), …, as in the paper; "halves" pairs i with i + d/2, as
            GPT-NeoX and Llama's weights in transformers.

    Raises:
        GradusError: no tensors, d is odd, shapes that do not broadcast, another name for pairs, base is not above 0.

    Cost: O(n·d). Angles are computed in float64 (float32 on devices without it), 16-bit products in float32.

    Source: Su et al. 2024, §3.2.

    Example:
        >>> import math, torch
        >>> rotary_encoding(torch.tensor([[2.0, 0.0]]), torch.tensor([math.pi / 2])).abs().round().tolist()
        [[0.0, 2.0]]
    """
    sizes = Sizes()
    tensor("x", x, "*#batch n d>=2", sizes)
    tensor("t", t, "*#batch n", sizes, dtype="real")
    same_device(x=x, t=t)
    base, pairs = _base(base), choice("pairs", pairs, PAIRS)
    d = _even("x", x.shape[-1])
    wide = torch.float32 if x.dtype.itemsize < 4 else x.dtype
    angles = _angles(t, d, base)
    sin, cos = angles.sin().to(wide), angles.cos().to(wide)
    y = x.to(wide)
    a, b = (y[..., 0::2], y[..., 1::2]) if pairs == "neighbours" else y.chunk(2, -1)
    turned = [a * cos - b * sin, a * sin + b * cos]
    joined = torch.stack(turned, -1).flatten(-2) if pairs == "neighbours" else torch.cat(turned, -1)
    return joined.to(x.dtype)


class SinusoidalEncoding(nn.Module):
    r"""Adds the sinusoidal encoding to a sequence of vectors: y = x + PE(t).

    Args:
        d: width of the vectors, even.
        base: the wavelengths grow from 2π towards 2π·base.

    Raises:
        GradusError: as `sinusoidal_encoding`; vectors of another width.

    Cost: O(n·d) a call.

    Source: Vaswani et al. 2017, §3.5.

    Example:
        >>> import torch
        >>> SinusoidalEncoding(2)(torch.zeros(1, 2)).tolist()
        [[0.0, 1.0]]
    """

    def __init__(self, d: int, base: float = 10000.0) -> None:
        super().__init__()
        self.d, self.base = _even("d", whole("d", d, least=2)), _base(base)

    def forward(self, x: Tensor, t: Tensor | None = None) -> Tensor:
        """The vectors x (..., n, d) with the encoding of their positions t (..., n) added; 0, 1, … unless given."""
        sizes = Sizes()
        tensor("x", x, "*#batch n d", sizes)
        if x.shape[-1] != self.d:
            raise refusal("x", (f"the width {self.d}", f"宽度 {self.d}"), x.shape[-1])
        if t is None:
            t = torch.arange(x.shape[-2], device=x.device)
        tensor("t", t, "*#batch n", sizes, dtype="real")
        same_device(x=x, t=t)
        return x + sinusoidal_encoding(t, self.d, self.base, x.dtype)

    def extra_repr(self) -> str:
        """Width and base."""
        return f"{self.d}, base={self.base:g}"


class RotaryEncoding(nn.Module):
    r"""Turns the pairs of coordinates of queries or keys by their positions.

    Args:
        base: the wavelengths grow from 2π towards 2π·base.
        pairs: "neighbours" or "halves", see `rotary_encoding`.

    Raises:
        GradusError: as `rotary_encoding`.

    Cost: O(n·d) a call.

    Source: Su et al. 2024, §3.2.

    Example:
        >>> import torch
        >>> RotaryEncoding()(torch.tensor([[1.0, 0.0]])).tolist()
        [[1.0, 0.0]]
    """

    def __init__(self, base: float = 10000.0, pairs: str = "neighbours") -> None:
        super().__init__()
        self.base, self.pairs = _base(base), choice("pairs", pairs, PAIRS)

    def forward(self, x: Tensor, t: Tensor | None = None) -> Tensor:
        """The vectors x (..., n, d) turned by their positions t (..., n); 0, 1, … unless given."""
        tensor("x", x, "... n d")
        if t is None:
            t = torch.arange(x.shape[-2], device=x.device)
        return rotary_encoding(x, t, self.base, self.pairs)

    def extra_repr(self) -> str:
        """Base and pairs."""
        return f"base={self.base:g}, pairs={self.pairs!r}"


def _angles(t: Tensor, d: int, base: float) -> Tensor:
    """ω_i t for every position and pair (..., n, d/2)."""
    wide = torch.float32 if t.device.type == "mps" else torch.float64
    omega = base ** (-torch.arange(0, d, 2, dtype=wide, device=t.device) / d)
    return t.to(wide)[..., None] * omega


def _base(base: float) -> float:
    return number("base", base, above=0)


def _even(name: str, d: int) -> int:
    if d % 2:
        raise refusal(name, ("an even width", "偶数宽度"), d)
    return d
