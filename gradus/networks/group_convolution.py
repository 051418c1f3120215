"""Convolution over the group C4: shifts and quarter turns of the plane."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from gradus.arguments import Sizes, flag, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text


def c4_convolution(
    x: Float[Tensor, "*batch c s h w"],
    w: Float[Tensor, "o c s k k"],
    b: Float[Tensor, " o"] | None = None,
    padding: int = 0,
) -> Float[Tensor, "*batch o 4 p q"]:
    r"""Group convolution over C4: y_{o,r} = b_o + Σ_{c,s} (Rʳ w_{o,c,s−r}) ⋆ x_{c,s}, R a quarter turn, ⋆ cross-correlation.

    With s = 1 the input is an image and the layer lifts it: every kernel is laid on in four directions. With s = 4 it is a map
    with one plane for each direction, and the index s − r is taken modulo 4. A turned input gives the turned output, whose
    directions have moved on by one.

    Args:
        x: images (s = 1) or maps (s = 4).
        w: square kernels.
        b: one number per output map, the same in all directions.
        padding: zeros on each side.

    Raises:
        GradusError: shapes that do not fit, another number of directions than 1 or 4, kernels that are not square or larger
            than the padded input.

    Cost: that of a plain convolution with 4·o output and c·s input maps.

    Source: cohen2016group, eq. 10 and 11, §7.

    Example:
        >>> import torch
        >>> x, w = torch.eye(2).reshape(1, 1, 2, 2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 1, 1, 2, 2)
        >>> c4_convolution(x, w).flatten().tolist()
        [5.0, 5.0, 5.0, 5.0]
    """
    whole("padding", padding, least=0)
    sizes = Sizes()
    tensor("x", x, "... c s h w", sizes)
    tensor("w", w, "o>=1 c>=1 s>=1 k>=1 k", sizes)
    if b is not None:
        tensor("b", b, "o", sizes)
    same_kind(x=x, w=w, b=b)
    s, k = w.shape[2], w.shape[-1]
    if s not in (1, 4):
        raise GradusError(
            Text(
                f"w: expected 1 direction (an image is lifted) or 4, got {s}; w needs shape (o, c, s, k, k)",
                f"w：应有 1 个方向（把图像提升）或 4 个，得到 {s}；w 的形状应为 (o, c, s, k, k)",
            )
        )
    if min(x.shape[-2:]) + 2 * padding < k:
        raise GradusError(
            Text(
                f"expected kernels no larger than the padded input, got x {tuple(x.shape)} and w {tuple(w.shape)} with "
                f"padding={padding}; pad more or take smaller kernels",
                f"核不应大于填充后的输入，x 为 {tuple(x.shape)}，w 为 {tuple(w.shape)}，padding={padding}；请增加填充或减小核",
            )
        )
    turned = [torch.rot90(w, r, (-2, -1)).roll(r, 2) for r in range(4)]  # roll: plane s holds w of s − r
    bank = torch.stack(turned, 1).flatten(0, 1).flatten(1, 2)  # (o·4, c·s, k, k)
    bias = None if b is None else b.repeat_interleave(4)
    lead = x.shape[:-4]
    images = x.reshape(lead.numel(), *x.shape[-4:]).flatten(1, 2)  # (n, c·s, h, w)
    y = F.conv2d(images, bank, bias, padding=padding)  # (n, o·4, p, q)
    return y.reshape(*lead, w.shape[0], 4, *y.shape[-2:])


class C4Convolution(nn.Module):
    r"""A layer of `c4_convolution`, with its kernels and biases.

    Args:
        inputs: number of input maps.
        outputs: number of output maps, each with four directions.
        kernel: side of the kernels.
        padding: zeros on each side.
        bias: whether each output map has a bias.
        lifting: whether the inputs are images (..., c, h, w), and not maps (..., c, 4, h, w).

    Raises:
        GradusError: a number below 1, a padding below 0; inputs that do not fit.

    Source: cohen2016group, §6.

    Example:
        >>> import torch
        >>> C4Convolution(3, 2, 3, lifting=True)(torch.zeros(5, 3, 8, 8)).shape
        torch.Size([5, 2, 4, 6, 6])
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int,
        padding: int = 0,
        bias: bool = True,
        lifting: bool = False,
    ) -> None:
        whole("inputs", inputs, least=1)
        whole("outputs", outputs, least=1)
        whole("kernel", kernel, least=1)
        whole("padding", padding, least=0)
        flag("bias", bias)
        flag("lifting", lifting)
        super().__init__()
        s = 1 if lifting else 4
        reach = 1 / math.sqrt(inputs * s * kernel**2)  # as torch.nn.Conv2d draws its own
        self.weight = nn.Parameter(torch.empty(outputs, inputs, s, kernel, kernel).uniform_(-reach, reach))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-reach, reach)) if bias else None
        self.padding, self.lifting = padding, lifting

    def forward(self, x: Tensor) -> Tensor:
        """The maps in four directions (..., o, 4, p, q)."""
        tensor("x", x, "... c h w" if self.lifting else "... c s h w")
        return c4_convolution(x.unsqueeze(-3) if self.lifting else x, self.weight, self.bias, self.padding)

    def extra_repr(self) -> str:
        """Sizes and options."""
        o, c, _, k, _ = self.weight.shape
        return f"{c}, {o}, kernel={k}, padding={self.padding}, bias={self.bias is not None}, lifting={self.lifting}"
