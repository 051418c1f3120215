"""The U-Net that guesses the noise of images: residual blocks at falling sizes, each told the time and the class."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import concrete, same_device, same_kind, tensor
from gradus.text import Text

__all__ = ["DenoisingUNet"]

GROUPS = 8  # of group normalisation at most
PERIOD = 10_000.0  # of the slowest wave of a time


class DenoisingUNet(nn.Module):
    r"""A U-Net for diffusion and flow matching: images and a time, and a class if there are classes, to something like the images.

    .. math:: h\mapsto h+\mathrm{conv}\bigl(\varphi(\gamma(e)\odot\mathrm{GN}(\mathrm{conv}(\varphi(\mathrm{GN}(h))))+\beta(e))\bigr),\qquad e=\mathrm{MLP}(\text{waves of }t)+\text{class}

    At each size there are residual blocks, told the time and the class by the scale and shift of their normalisation; between sizes the image is halved
    by a convolution of stride 2, and enlarged again beside what was kept on the way down. At the smallest size each place attends to each.
    Each block and the output begin at zero, so that at first the network is 0 whatever it is given.

    Args:
        channels: of the images.
        size: height and width, a multiple of 2 to the number of sizes less one.
        width: channels at the largest size, a multiple of 4.
        multipliers: of the width at each size, from the largest.
        blocks: residual blocks at each size on the way down; as many, and one more, on the way up.
        heads: of the attention.
        classes: how many; the class `classes` stands for none. None: it takes no class.
        dropout: within the blocks.

    Attributes:
        no_class: the number that stands for no class.

    Raises:
        GradusError: a size that cannot be halved so often, widths that do not divide.

    Source: Ho, Jain and Abbeel 2020, appendix B; Nichol and Dhariwal 2021 for scale and shift.

    Deviates: one attention, at the smallest size.

    Example:
        >>> import torch
        >>> model = DenoisingUNet(1, 8, width=16, multipliers=(1, 2), classes=10)
        >>> x = torch.zeros(3, 1, 8, 8)
        >>> model(x, torch.tensor([1, 500, 1000]), torch.tensor([0, 3, 10])).shape
        torch.Size([3, 1, 8, 8])
    """

    def __init__(
        self,
        channels: int = 1,
        size: int = 28,
        *,
        width: int = 32,
        multipliers: Sequence[int] = (1, 2, 2),
        blocks: int = 1,
        heads: int = 4,
        classes: int | None = None,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        channels, size = whole("channels", channels, least=1), whole("size", size, least=1)
        width, blocks = whole("width", width, least=4, most=2**16), whole("blocks", blocks, least=1)
        heads = whole("heads", heads, least=1)
        number("dropout", dropout, least=0, below=1)
        widths = [width * m for m in _multipliers(multipliers)]
        if width % 4:
            raise refusal("width", ("a multiple of 4", "4 的倍数"), width)
        halvings = 2 ** (len(widths) - 1)
        if size % halvings:
            noun = (
                f"a multiple of {halvings}, for {len(widths)} sizes",
                f"{halvings} 的倍数（共 {len(widths)} 种尺寸）",
            )
            raise refusal(
                "size",
                noun,
                size,
                ("give fewer multipliers, or pad the images", "请减少 multipliers，或填充图像"),
            )
        if widths[-1] % heads:
            raise refusal("heads", (f"a divisor of {widths[-1]}", f"{widths[-1]} 的约数"), heads)
        self.shape = (channels, size, size)
        self.classes = None if classes is None else whole("classes", classes, least=1)
        self.no_class = self.classes or 0
        self.width, told = width, 4 * width
        self.of_time = nn.Sequential(nn.Linear(width, told), nn.SiLU(), nn.Linear(told, told))
        self.of_class = None if self.classes is None else nn.Embedding(self.classes + 1, told)
        self.first = nn.Conv2d(channels, width, 3, padding=1)
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        kept, here = [width], width
        for i, out in enumerate(widths):
            for _ in range(blocks):
                self.down.append(ResidualBlock(here, out, told, dropout))
                here = out
                kept.append(here)
            if i < len(widths) - 1:
                self.down.append(nn.Conv2d(here, here, 3, stride=2, padding=1))
                kept.append(here)
        self.middle = nn.ModuleList(
            [
                ResidualBlock(here, here, told, dropout),
                SelfAttention(here, heads),
                ResidualBlock(here, here, told, dropout),
            ]
        )
        for i, out in reversed(list(enumerate(widths))):
            for _ in range(blocks + 1):
                self.up.append(ResidualBlock(here + kept.pop(), out, told, dropout))
                here = out
            if i:
                self.up.append(nn.Conv2d(here, here, 3, padding=1))
        self.last = nn.Sequential(_norm(here), nn.SiLU(), _silent(nn.Conv2d(here, channels, 3, padding=1)))

    def forward(self, x: Tensor, t: Tensor, condition: Tensor | None = None) -> Tensor:
        """What is guessed of the images at their times.

        Args:
            x: (n, channels, size, size).
            t: (n,), times: whole numbers, or any others, of the order of 1 to 1000.
            condition: (n,), the classes, whole numbers; the number of classes stands for none. None: none for all.

        Raises:
            GradusError: images of another shape, precision or device; other numbers of times or classes, classes that there are not.

        Cost: some 40 width² operations a pixel for one channel of the default, attention beside it.
        """
        tensor("x", x)
        same_kind(parameters=self.first.weight, x=x)
        if x.dim() != 4 or tuple(x.shape[1:]) != self.shape:
            want, came = (str(s) for s in (("n", *self.shape), tuple(x.shape)))
            want = want.replace("'", "")
            raise refusal("x", (f"images of the shape {want}", f"形状为 {want} 的图像"), Text(came, came))
        told = self.of_time(_waves(_each("t", t, x), self.width).to(x.dtype))
        if self.of_class is not None:
            told = told + self.of_class(self._classes(condition, x))
        elif condition is not None:
            mend = ("make it with classes=…", "请以 classes=… 建立它")
            raise refusal(
                "condition",
                ("None, for it knows no classes", "None，因为它不区分类别"),
                condition,
                mend,
                kind=True,
            )
        told = torch.nn.functional.silu(told)
        h = self.first(x)
        kept = [h]
        for part in self.down:
            h = part(h, told) if isinstance(part, ResidualBlock) else part(h)
            kept.append(h)
        for part in self.middle:
            h = part(h, told) if isinstance(part, ResidualBlock) else part(h)
        for part in self.up:
            if isinstance(part, ResidualBlock):
                h = part(torch.cat((h, kept.pop()), 1), told)
            else:
                h = part(torch.nn.functional.interpolate(h, scale_factor=2.0, mode="nearest"))
        return tensor("what is guessed of x", self.last(h), finite=True)

    def _classes(self, condition: Any, x: Tensor) -> Tensor:
        if condition is None:
            return torch.full((len(x),), self.no_class, device=x.device)
        found = _each("condition", condition, x, "integer").long()
        if concrete(found) and len(found) and not 0 <= int(found.min()) <= int(found.max()) <= self.no_class:
            came = f"{int(found.min())} … {int(found.max())}"
            noun = f"classes from 0 to {self.no_class}", f"0 到 {self.no_class} 的类别"
            raise refusal("condition", noun, Text(came, came))
        return found

    def __repr__(self) -> str:
        count = sum(p.numel() for p in self.parameters())
        told = "" if self.classes is None else f", {self.classes} classes"
        return f"DenoisingUNet({'×'.join(map(str, self.shape))}{told}, {count} parameters)"


class ResidualBlock(nn.Module):
    """A residual block that is told something."""

    def __init__(self, width: int, out: int, told: int, dropout: float) -> None:
        super().__init__()
        self.before = nn.Sequential(_norm(width), nn.SiLU(), nn.Conv2d(width, out, 3, padding=1))
        self.norm = _norm(out, affine=False)
        self.told = nn.Linear(told, 2 * out)
        self.after = nn.Sequential(nn.SiLU(), nn.Dropout(dropout), _silent(nn.Conv2d(out, out, 3, padding=1)))
        self.beside = nn.Conv2d(width, out, 1) if width != out else nn.Identity()

    def forward(self, h: Tensor, told: Tensor) -> Tensor:
        scale, shift = self.told(told)[:, :, None, None].chunk(2, 1)
        new = self.norm(self.before(h)) * (1 + scale) + shift
        out: Tensor = self.beside(h) + self.after(new)
        return out


class SelfAttention(nn.Module):
    """Each place of an image attends to each."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm, self.three = _norm(width), nn.Conv2d(width, 3 * width, 1)
        self.out = _silent(nn.Conv2d(width, width, 1))

    def forward(self, h: Tensor) -> Tensor:
        n, width, rows, columns = h.shape
        parts = self.three(self.norm(h)).reshape(n, 3, self.heads, width // self.heads, rows * columns)
        q, k, v = parts.transpose(-1, -2).unbind(1)
        seen = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        out: Tensor = h + self.out(seen.transpose(-1, -2).reshape(n, width, rows, columns))
        return out


def _norm(width: int, affine: bool = True) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(GROUPS, width), width, affine=affine)


def _silent(layer: nn.Conv2d) -> nn.Conv2d:
    """A convolution that begins at zero."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _waves(t: Tensor, width: int) -> Tensor:
    """Cosines and sines of times, (n, width)."""
    half = width // 2
    rates = torch.exp(-math.log(PERIOD) * torch.arange(half, device=t.device) / half)
    angles = t.float()[:, None] * rates
    return torch.cat((angles.cos(), angles.sin()), 1)


def _each(name: str, value: Any, x: Tensor, dtype: Literal["real", "integer"] = "real") -> Tensor:
    """One number a sample."""
    found = tensor(name, value, dtype=dtype, finite=True)
    same_device(**{"x": x, name: found})
    if found.dim() != 1 or len(found) != len(x):
        came = str(tuple(found.shape))
        raise refusal(
            name, (f"one number a sample, ({len(x)},)", f"每个样本一个数，({len(x)},)"), Text(came, came)
        )
    return found


def _multipliers(given: Any) -> list[int]:
    if not isinstance(given, (tuple, list)) or not given:
        raise refusal(
            "multipliers", ("whole numbers, such as (1, 2, 2)", "若干整数，例如 (1, 2, 2)"), given, kind=True
        )
    return [whole("multipliers", m, least=1, most=2**10) for m in given]
