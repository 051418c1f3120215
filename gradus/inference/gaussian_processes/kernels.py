"""Covariances of functions: the kernels that Gaussian processes are made from."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import number, refusal
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import concrete, same_kind, tensor
from gradus.text import Text

__all__ = ["linear_kernel", "matern_kernel", "periodic_kernel", "squared_exponential_kernel"]


def squared_exponential_kernel(x: Tensor, z: Tensor, *, length: Any = 1.0, deviation: Any = 1.0) -> Tensor:
    r"""The covariance of very smooth functions, also called Gaussian or RBF.

    .. math:: k(x,z)=a^2\exp\Bigl(-\tfrac12\sum_j\frac{(x_j-z_j)^2}{\ell_j^2}\Bigr)

    Args:
        x: (…, n, d).
        z: (…, m, d).
        length: ℓ > 0: a number, or a tensor of one or of d, one a coordinate, which may be learnt.
        deviation: a > 0, of the function at a point.

    Returns:
        (…, n, m).

    Raises:
        GradusError: shapes that do not fit, a length or deviation that is not positive.

    Cost: O(nmd) time and memory.

    Source: Rasmussen and Williams 2006, §4.2.

    Example:
        >>> squared_exponential_kernel(torch.tensor([[0.0]]), torch.tensor([[0.0], [1.0]]))
        tensor([[1.0000, 0.6065]])
    """
    x, z = _points(x, z)
    scale, a = _positive("length", length, x), _positive("deviation", deviation, x, single=True)
    covariance: Tensor = a * a * torch.exp(-_squares(x / scale, z / scale) / 2)
    return _finite(covariance, x, z)


def matern_kernel(
    x: Tensor, z: Tensor, *, nu: float = 1.5, length: Any = 1.0, deviation: Any = 1.0
) -> Tensor:
    r"""The covariance of functions that have ⌈ν⌉ − 1 derivatives, in mean square.

    .. math:: a^2e^{-r},\quad a^2(1+r)e^{-r},\quad a^2\bigl(1+r+\tfrac{r^2}3\bigr)e^{-r},\qquad
        r=\sqrt{2\nu}\,\Bigl(\sum_j\frac{(x_j-z_j)^2}{\ell_j^2}\Bigr)^{1/2},\quad\nu=\tfrac12,\tfrac32,\tfrac52

    Args:
        x: (…, n, d).
        z: (…, m, d).
        nu: 0.5, 1.5 or 2.5.
        length: ℓ > 0: a number, or a tensor of one or of d, one a coordinate, which may be learnt.
        deviation: a > 0, of the function at a point.

    Returns:
        (…, n, m). Its derivative by the points is 0 where two coincide, also for ν = ½, which has none there.

    Raises:
        GradusError: shapes that do not fit, another ν, a length or deviation that is not positive.

    Cost: O(nmd) time and memory.

    Source: Rasmussen and Williams 2006, §4.2.

    Example:
        >>> matern_kernel(torch.tensor([[0.0]]), torch.tensor([[0.0], [1.0]]), nu=0.5)
        tensor([[1.0000, 0.3679]])
    """
    x, z = _points(x, z)
    order = _order(nu)
    scale, a = _positive("length", length, x), _positive("deviation", deviation, x, single=True)
    squares = 2 * order * _squares(x / scale, z / scale)
    apart = squares > 0  # the root has no derivative at 0
    r = torch.where(apart, torch.where(apart, squares, 1.0).sqrt(), 0.0)
    factor = {0.5: torch.ones_like(r), 1.5: 1 + r, 2.5: 1 + r + squares / 3}[order]
    covariance: Tensor = a * a * factor * torch.exp(-r)
    return _finite(covariance, x, z)


def periodic_kernel(
    x: Tensor, z: Tensor, *, period: Any = 1.0, length: Any = 1.0, deviation: Any = 1.0
) -> Tensor:
    r"""The covariance of functions that repeat themselves, in each coordinate.

    .. math:: k(x,z)=a^2\exp\Bigl(-\sum_j\frac{2\sin^2(\pi(x_j-z_j)/p_j)}{\ell^2}\Bigr)

    A product with another kernel lets the shape change from period to period. Of several coordinates it is the product of the kernels of each;
    scikit-learn's `ExpSineSquared`, which puts the Euclidean distance into the sine, is that for one coordinate alone, and no covariance for several.

    Args:
        x: (…, n, d).
        z: (…, m, d).
        period: p > 0: a number, or a tensor of one or of d, one a coordinate, which may be learnt.
        length: ℓ > 0, in the size of the sine, not in the unit of x.
        deviation: a > 0, of the function at a point.

    Returns:
        (…, n, m).

    Raises:
        GradusError: shapes that do not fit, a period, length or deviation that is not positive.

    Cost: O(nmd) time and memory.

    Source: MacKay 1998; Rasmussen and Williams 2006, §4.2.3.

    Example:
        >>> periodic_kernel(torch.tensor([[0.0]]), torch.tensor([[0.5], [1.0]])).round(decimals=4)
        tensor([[0.1353, 1.0000]])
    """
    x, z = _points(x, z)
    p = _positive("period", period, x)
    scale, a = (
        _positive("length", length, x, single=True),
        _positive("deviation", deviation, x, single=True),
    )
    turns = x.unsqueeze(-2) / p - z.unsqueeze(-3) / p
    sine = torch.sin(math.pi * (turns - turns.round()))  # whole periods are taken off before π rounds
    covariance: Tensor = a * a * torch.exp(-2 * (sine / scale).square().sum(-1))
    return _finite(covariance, x, z)


def linear_kernel(x: Tensor, z: Tensor, *, deviation: Any = 1.0, constant: Any = 0.0) -> Tensor:
    r"""The covariance of linear functions wᵀx + c, whose coefficients are independent and normal.

    .. math:: k(x,z)=\sum_jb_j^2x_jz_j+c^2

    Args:
        x: (…, n, d).
        z: (…, m, d).
        deviation: b > 0, of the coefficients: a number, or a tensor of one or of d, one a coordinate.
        constant: deviation of the constant, ≥ 0.

    Returns:
        (…, n, m). It is singular for more points than coefficients, so that it needs noise or another kernel beside it.

    Raises:
        GradusError: shapes that do not fit, a deviation that is not positive.

    Cost: O(nmd) time, O(nm) memory.

    Source: Rasmussen and Williams 2006, §4.2.2.

    Example:
        >>> linear_kernel(torch.tensor([[2.0]]), torch.tensor([[1.0], [3.0]]), constant=1.0)
        tensor([[3., 7.]])
    """
    x, z = _points(x, z)
    b, c = _positive("deviation", deviation, x), _positive("constant", constant, x, single=True, zero=True)
    covariance: Tensor = (b * x) @ (b * z).mT + c * c
    return _finite(covariance, x, z)


def _points(x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    sizes = Sizes()
    tensor("x", x, "*#batch n d", sizes)
    same_kind(x=x, z=tensor("z", z, "*#batch m d", sizes))
    return x, z


def _finite(covariance: Tensor, x: Tensor, z: Tensor) -> Tensor:
    """Refuses what overflowed on the way; what is not finite in the points shows in the answer."""
    if not concrete(covariance) or bool(covariance.detach().isfinite().all()):
        return covariance
    if not bool(x.detach().isfinite().all()) or not bool(z.detach().isfinite().all()):
        return covariance
    beyond = Text("an overflow", "溢出")
    raise refusal(
        "x",
        ("points and parameters whose covariances stay finite", "使协方差保持有限的点与参数"),
        beyond,
        ("rescale them", "请缩放它们"),
    )


def _squares(x: Tensor, z: Tensor) -> Tensor:
    """Squared distances from differences: ‖x‖² + ‖z‖² − 2xᵀz would cancel for points that lie close together."""
    return (x.unsqueeze(-2) - z.unsqueeze(-3)).square().sum(-1)


def _positive(name: str, value: Any, x: Tensor, single: bool = False, zero: bool = False) -> Any:
    if not isinstance(value, Tensor):
        return number(name, value, least=0) if zero else number(name, value, above=0)
    given = tensor(name, value, "" if single or not value.dim() else "d", Sizes(), finite=True)
    if given.dim() and given.shape[0] not in (1, x.shape[-1]):
        d = x.shape[-1]
        raise refusal(
            name, (f"one number or {d}, one a coordinate", f"一个数，或每个坐标一个，共 {d} 个"), given
        )
    if concrete(given) and not bool((given >= 0).all() if zero else (given > 0).all()):
        raise refusal(name, ("numbers ≥ 0", "≥ 0 的数") if zero else ("numbers > 0", "> 0 的数"), given)
    return given.to(x.dtype) if given.dtype != x.dtype else given


def _order(nu: Any) -> float:
    order = number("nu", nu)
    if order not in (0.5, 1.5, 2.5):
        raise refusal("nu", ("0.5, 1.5 or 2.5", " 0.5、1.5 或 2.5"), nu)
    return order
