"""What an activation function does to signals and gradients, measured on a grid."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import function as require_function
from gradus.arguments.tensors import concrete, tensor
from gradus.errors import GradusError
from gradus.text import Text


class ActivationProperties(NamedTuple):
    """Seven measurements of one activation function; `monotone` and `lipschitz` follow from them.

    Attributes:
        lower, upper: smallest and largest value on the grid.
        least_slope, greatest_slope: of the chords between neighbouring points.
        left_slope, right_slope: of the first and the last chord; 0 where the function saturates.
        jump: largest change of slope between neighbouring chords; it shrinks with the grid, except at a kink.

    Example:
        >>> import torch
        >>> round(activation_properties(torch.sigmoid, torch.linspace(-5, 5, 1001)).lipschitz, 4)
        0.25
    """

    lower: Tensor
    upper: Tensor
    least_slope: Tensor
    greatest_slope: Tensor
    left_slope: Tensor
    right_slope: Tensor
    jump: Tensor

    @property
    def lipschitz(self) -> float:
        """The Lipschitz constant seen on the grid, never above the true one but for rounding."""
        return max(-self.least_slope.item(), self.greatest_slope.item())


def activation_properties(
    function: Callable[[Tensor], Tensor], x: Float[Tensor, " n"]
) -> ActivationProperties:
    r"""Range, slopes, saturation and kinks of an elementwise function on an increasing grid.

    With :math:`y_i=f(x_i)` and :math:`q_i=(y_{i+1}-y_i)/(x_{i+1}-x_i)`: the extremes of y and q, both ends of q,
    and :math:`\max_i|q_{i+1}-q_i|`. Any callable on tensors will do, an `nn.Module` too.

    Args:
        function: maps a tensor to one of the same shape, entry by entry.
        x: (n,), increasing, n ≥ 3.

    Raises:
        GradusError: x is not an increasing grid of at least 3 points, or the function changes the shape or
            returns something that is not finite.

    Cost: one call of the function on n numbers.

    Source: the definitions of Lipschitz constant and monotone function, on a grid.

    Example:
        >>> import torch
        >>> properties = activation_properties(torch.relu, torch.linspace(-2.0, 2.0, 5))
        >>> properties.left_slope.item(), properties.right_slope.item(), properties.jump.item()
        (0.0, 1.0, 1.0)
    """
    require_function("function", function, "torch.relu")
    tensor("x", x, "n>=3", finite=True)
    if concrete(x) and not bool((x.diff() > 0).all()):
        raise GradusError(
            Text(
                f"x: expected an increasing grid, got {tuple(x.shape)} numbers that are not; torch.linspace makes one",
                f"x：应为递增的网格，得到 {tuple(x.shape)} 个并非递增的数；可用 torch.linspace 生成",
            )
        )
    y = function(x)
    if not isinstance(y, Tensor) or y.shape != x.shape:
        got = tuple(y.shape) if isinstance(y, Tensor) else type(y).__name__
        raise GradusError(
            Text(
                f"function: expected one that keeps the shape {tuple(x.shape)}, got {got} back",
                f"function：应保持形状 {tuple(x.shape)}，得到 {got}",
            )
        )
    if concrete(y) and not bool(y.isfinite().all()):
        where = x[~y.isfinite()][0].item()
        raise GradusError(
            Text(
                f"function: expected finite values, but it is not finite at x = {where:g}; shorten the grid",
                f"function：应取有限值，但在 x = {where:g} 处不是有限值；请缩短网格",
            )
        )
    q = y.diff() / x.diff()
    least, greatest = torch.aminmax(q)
    lower, upper = torch.aminmax(y)
    return ActivationProperties(lower, upper, least, greatest, q[0], q[-1], q.diff().abs().max())
