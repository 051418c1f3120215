"""Two other routes to a convolutional layer: one large matrix product, and Fourier transforms."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F

from gradus.arguments import Sizes, whole
from gradus.arguments.tensors import same_kind, tensor
from gradus.errors import GradusError
from gradus.text import Text

Images = Float[Tensor, "*batch c h w"]
Maps = Float[Tensor, "*batch o p q"]
Weights = Float[Tensor, "o i k l"]


def im2col_convolution(
    x: Images,
    w: Weights,
    b: Float[Tensor, " o"] | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Maps:
    r"""Convolutional layer as a matrix product: the windows of the input are the columns of one large matrix.

    Y = W·X with W (o, i·k·l) the kernels as rows and X (i·k·l, p·q) the windows as columns, per group.

    Args:
        x: images.
        w: kernels, with i = c / groups.
        b: one number per output map.
        stride: distance between windows.
        padding: zeros on each side.
        dilation: distance between the taps of a kernel.
        groups: blocks of channels that do not see each other.

    Raises:
        GradusError: shapes that do not fit, or options out of range.

    Cost: the flops of the direct way; k·l times the memory of the input.

    Source: chellapilla2006high, §3.

    Example:
        >>> import torch
        >>> x, w = torch.arange(9.0).reshape(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
        >>> im2col_convolution(x, w).tolist()
        [[[[8.0, 12.0], [20.0, 24.0]]]]
    """
    p, q = _output_size(x, w, b, stride, padding, dilation, groups)
    lead, o = x.shape[:-3], w.shape[0]
    if lead.numel() == 0:
        return x.new_zeros(*lead, o, p, q)
    x = x.reshape(-1, *x.shape[-3:])
    columns = F.unfold(x, w.shape[-2:], dilation, padding, stride)  # (n, c·k·l, p·q)
    columns = columns.reshape(len(x), groups, -1, p * q)  # (n, g, i·k·l, p·q)
    y = w.reshape(groups, o // groups, -1) @ columns  # (n, g, o/g, p·q)
    y = y.reshape(*lead, o, p, q)
    return y if b is None else y + b[:, None, None]


def fft_convolution(
    x: Images,
    w: Weights,
    b: Float[Tensor, " o"] | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
) -> Maps:
    r"""Convolutional layer by the convolution theorem: products of Fourier transforms.

    ŷ_o = Σ_c x̂_c · conj(ŵ_{oc}), the conjugate because a layer does not flip its kernel.

    Args, Raises: as `im2col_convolution`.

    Cost: O((c + o)·N log N + c·o·N) for N pixels, whatever the size of the kernel: it pays for large kernels.
    Strides compute all positions and keep some.

    Deviates: a transform mixes all entries, so that one NaN or infinity in x fills its whole map; rounding is relative to
        the largest entry, not to each.

    Source: mathieu2014fast, §2.

    Example:
        >>> import torch
        >>> x, w = torch.arange(9.0).reshape(1, 1, 3, 3), torch.ones(1, 1, 2, 2)
        >>> fft_convolution(x, w).round(decimals=4).tolist()
        [[[[8.0, 12.0], [20.0, 24.0]]]]
    """
    p, q = _output_size(x, w, b, stride, padding, dilation, groups)
    if x.shape[:-3].numel() == 0:
        return x.new_zeros(*x.shape[:-3], w.shape[0], p, q)
    x = F.pad(x, (padding,) * 4)
    size = x.shape[-2:]  # the kernel lies inside, so that no valid window wraps around
    wide = x.dtype if x.dtype in (torch.float32, torch.float64) else torch.float32  # no 16-bit transforms
    spread = w.new_zeros((*w.shape[:2], *size), dtype=wide)
    k, l = w.shape[-2:]  # noqa: E741 (the letter of the formula)
    spread[..., : dilation * (k - 1) + 1 : dilation, : dilation * (l - 1) + 1 : dilation] = w.to(wide)
    # in units of their largest entries, so that sums of large numbers do not overflow before they are needed
    unit, weight = _unit(x.to(wide)), _unit(spread)
    x_hat = torch.fft.rfft2(x.to(wide) / unit).unflatten(-3, (groups, -1))  # (..., g, i, h, f)
    w_hat = torch.fft.rfft2(spread / weight).unflatten(0, (groups, -1)).conj()  # (g, o/g, i, h, f)
    y_hat = torch.einsum("...gihf,goihf->...gohf", x_hat, w_hat).flatten(-4, -3)  # (..., o, h, f)
    wide_maps = torch.fft.irfft2(y_hat, s=tuple(size)) * weight * unit
    y: Tensor = wide_maps[..., : stride * (p - 1) + 1 : stride, : stride * (q - 1) + 1 : stride].to(x.dtype)
    return y if b is None else y + b[:, None, None]


def _unit(numbers: Tensor) -> Tensor:
    """A power of two by which they come into the middle of the range, where they are near its end; else 1."""
    if numbers.numel() == 0:
        return numbers.new_ones(())
    largest, end = numbers.detach().abs().max(), torch.finfo(numbers.dtype).max
    return torch.where(largest > end**0.25, numbers.new_tensor(2.0 ** (math.log2(end) // 2)), 1.0)


def _output_size(
    x: Tensor, w: Tensor, b: Tensor | None, stride: int, padding: int, dilation: int, groups: int
) -> tuple[int, int]:
    """⌊(h + 2·padding − dilation·(k−1) − 1)/stride⌋ + 1 along each axis, after checking that all fits."""
    whole("stride", stride, least=1)
    whole("padding", padding, least=0)
    whole("dilation", dilation, least=1)
    whole("groups", groups, least=1)
    sizes = Sizes()
    tensor("x", x, "... c h w", sizes)
    tensor("w", w, "o>=1 i>=1 k>=1 l>=1", sizes)
    if b is not None:
        tensor("b", b, "o", sizes)
    same_kind(x=x, w=w, b=b)
    shapes = f"got x {tuple(x.shape)} and w {tuple(w.shape)}"
    o, i, *kernel = w.shape
    if x.shape[-3] != i * groups or o % groups:
        raise GradusError(
            Text(
                f"expected {i * groups} channels and outputs divisible by groups={groups}, {shapes}; "
                "w needs shape (o, c/groups, k, l)",
                f"应有 {i * groups} 个通道，且输出可被 groups={groups} 整除，{shapes}；w 的形状应为 (o, c/groups, k, l)",
            )
        )
    p, q = (
        (n + 2 * padding - dilation * (k - 1) - 1) // stride + 1
        for n, k in zip(x.shape[-2:], kernel, strict=True)
    )
    if p < 1 or q < 1:
        raise GradusError(
            Text(
                f"expected a kernel no larger than the padded input, {shapes} with padding={padding} and "
                f"dilation={dilation}; pad more or take a smaller kernel",
                f"卷积核不应大于填充后的输入，{shapes}，padding={padding}，dilation={dilation}；请增加填充或用更小的卷积核",
            )
        )
    return p, q
