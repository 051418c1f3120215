"""The way between two points of noise on which their length is kept."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.arguments import Sizes, number, refusal
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.text import Text

__all__ = ["spherical_interpolation"]


def spherical_interpolation(start: Tensor, end: Tensor, weight: float | Tensor) -> Tensor:
    r"""The way between vectors along the great circle: for two of equal length each point has that length.

    .. math:: \frac{\sin((1-t)\Omega)}{\sin\Omega}\,a+\frac{\sin(t\,\Omega)}{\sin\Omega}\,b,\qquad\Omega=\angle(a,b)

    A straight way between two draws of noise goes through points that are shorter than nearly every draw: half way by √½ in many dimensions. The angle
    is found without the arc cosine, which loses half of the digits where the two are close.

    Args:
        start: a, (…, d).
        end: b, of the same shape.
        weight: t: 0 at the start, 1 at the end; a number, or a tensor of numbers whose axes come first in the result: `torch.linspace(0, 1, 8)` for eight points.

    Returns:
        (t's axes …, …, d).

    Raises:
        GradusError: other shapes or precisions, NaN or ±∞, a vector of length 0, two that point in opposite directions: there is no one way then; a weight outside 0 to 1.

    Cost: O(n) for n numbers in the result.

    Source: Shoemake 1985, Animating rotation with quaternion curves; White 2016, Sampling generative networks.

    Example:
        >>> import torch
        >>> a, b = torch.tensor([3.0, 0.0]), torch.tensor([0.0, 3.0])
        >>> spherical_interpolation(a, b, 0.5), (a + b) / 2
        (tensor([2.1213, 2.1213]), tensor([1.5000, 1.5000]))
    """
    sizes = Sizes()
    tensor("start", start, "... d>=1", sizes, finite=True)
    tensor("end", end, "... d", sizes, finite=True)
    same_kind(start=start, end=end)
    if start.shape != end.shape:
        came = str(tuple(end.shape))
        noun = (f"the shape {tuple(start.shape)} of start", f"与 start 相同的形状 {tuple(start.shape)}")
        raise refusal("end", noun, Text(came, came))
    if isinstance(weight, Tensor):
        t = tensor("weight", weight, finite=True)
        same_kind(start=start, weight=t)
        if concrete(t) and t.numel() and not 0 <= float(t.min()) <= float(t.max()) <= 1:
            came = f"{float(t.min()):.3g} … {float(t.max()):.3g}"
            raise refusal("weight", ("numbers from 0 to 1", "0 到 1 的数"), Text(came, came))
        t = t.reshape(*t.shape, *[1] * start.dim())
    else:
        t = torch.as_tensor(number("weight", weight, least=0, most=1), dtype=start.dtype, device=start.device)
    a, b = _directions("start", start), _directions("end", end)
    apart, together = (torch.linalg.vector_norm(v, dim=-1, keepdim=True) for v in (b - a, a + b))
    least = 8 * torch.finfo(start.dtype).eps
    if concrete(start, end) and bool((together < least).any()):
        noun = ("vectors that do not point in opposite directions", "方向不相反的向量")
        mend = ("go by way of a third", "请经过第三个点")
        raise refusal("end", noun, Text("some that do, to rounding", "有方向相反者（在舍入误差内）"), mend)
    angle = 2 * torch.atan2(apart, together)
    return _share((1 - t), angle) * start + _share(t, angle) * end


def _directions(name: str, v: Tensor) -> Tensor:
    largest = v.abs().amax(-1, keepdim=True)
    if concrete(v) and bool((largest == 0).any()):
        raise refusal(name, ("vectors of length above 0", "长度大于 0 的向量"), Text("length 0", "长度 0"))
    scaled = v / largest  # squares of tiny or huge numbers would be lost
    unit: Tensor = scaled / torch.linalg.vector_norm(scaled, dim=-1, keepdim=True)
    return unit


def _share(t: Tensor, angle: Tensor) -> Tensor:
    """sin(tΩ)/sin Ω, and t where Ω is 0."""
    whole = angle.sin()
    small = whole == 0
    share: Tensor = torch.where(
        small, t, (t * angle).sin() / torch.where(small, torch.ones_like(whole), whole)
    )
    return share
