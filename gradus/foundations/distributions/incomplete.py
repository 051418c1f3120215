"""Logarithms of the incomplete gamma and beta functions, both tails: SciPy's near the mean, series and fractions far from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor

from gradus.errors import GradusError
from gradus.foundations.distributions.saddle_point import deviance, factorial_excess, log_ratio
from gradus.text import Text

DEEP = (
    -8.0
)  # below it (4σ) SciPy's tail of a gamma distribution of shape 10⁶ has five digits, beyond 38σ none
STEPS = 100_000


def log_incomplete_gamma(
    a: Float64[Tensor, "*shape"], y: Float64[Tensor, "*shape"], log_y: Float64[Tensor, "*shape"]
) -> tuple[Float64[Tensor, "*shape"], Float64[Tensor, "*shape"]]:
    """Log P(a, y) and log Q(a, y); `log_y` may be finite where y underflows.

    Raises:
        GradusError: no series converges.
    """
    from scipy import special

    lower = _log(special.gammainc(a.numpy(), y.numpy()))
    upper = _log(special.gammaincc(a.numpy(), y.numpy()))
    lower = _refined(lower, (a, y, log_y), _lower_gamma)
    return lower, _refined(upper, (a, y, log_y), _upper_gamma)


def log_incomplete_beta(
    a: Float64[Tensor, "*shape"],
    b: Float64[Tensor, "*shape"],
    x: Float64[Tensor, "*shape"],
    rest: Float64[Tensor, "*shape"],
    log_x: Float64[Tensor, "*shape"],
    log_rest: Float64[Tensor, "*shape"],
) -> tuple[Float64[Tensor, "*shape"], Float64[Tensor, "*shape"]]:
    """Log I_x(a, b) and log(1 − I_x(a, b)), where `rest` is 1 − x; the logarithms may be finite where these underflow.

    Raises:
        GradusError: no fraction converges.
    """
    from scipy import special

    p, q, small, large = a.numpy(), b.numpy(), x.numpy(), rest.numpy()
    left = small < 0.5  # of x and 1 − x the less is rounded less
    lower = _log(np.where(left, special.betainc(p, q, small), special.betaincc(q, p, large)))
    upper = _log(np.where(left, special.betaincc(p, q, small), special.betainc(q, p, large)))
    lower = _refined(lower, (a, b, x, rest, log_x, log_rest), _below_beta)
    return lower, _refined(upper, (b, a, rest, x, log_rest, log_x), _below_beta)


def _log(value: Any) -> Tensor:
    with np.errstate(divide="ignore"):
        return torch.as_tensor(np.log(value), dtype=torch.float64)


def _refined(near: Tensor, arguments: tuple[Tensor, ...], function: Callable[..., Tensor]) -> Tensor:
    """The values near the mean, and where they are far below it those of the function."""
    far = (near < DEEP) | near.isnan()
    if not bool(far.any()):
        return near
    deep = function(*[v[far] for v in torch.broadcast_tensors(*arguments)])
    if bool((deep.isnan() & ~near[far].isfinite()).any()):
        raise GradusError(
            Text(
                f"the tail did not converge in {STEPS} terms: a shape is too large",
                f"尾部在 {STEPS} 项内未收敛：形状参数过大",
            )
        )
    return near.masked_scatter(far, torch.where(deep.isnan(), near[far], deep))


def _fraction(first: Tensor, coefficients: Callable[[int], tuple[Tensor, Tensor]]) -> Float[Tensor, "*shape"]:
    """b₀ + a₁/(b₁ + a₂/(b₂ + …)) by Lentz's method, until no entry changes; NaN where that does not happen."""
    tiny = torch.full_like(first, 1e-300)
    value = torch.where(first == 0, tiny, first)
    c, e = value, torch.zeros_like(value)
    for j in range(1, STEPS):
        a, b = coefficients(j)
        e, c = b + a * e, b + a / c
        e = 1 / torch.where(e == 0, tiny, e)
        c = torch.where(c == 0, tiny, c)
        value = value * (c * e)
        moving = (c * e - 1).abs() > 2.5e-16
        if not bool(moving.any()):
            return value
    return torch.where(moving, torch.nan, value)


def _gamma_prefix(a: Tensor, y: Tensor, log_y: Tensor) -> Tensor:
    """Log yᵃe⁻ʸ/Γ(a + 1)."""
    return -factorial_excess(a) - deviance(a, y, log_m=log_y)


def _upper_gamma(a: Tensor, y: Tensor, log_y: Tensor) -> Tensor:
    fraction = _fraction(y + 1 - a, lambda j: (-j * (j - a), y + 2 * j + 1 - a))
    return _gamma_prefix(a, y, log_y) + torch.log(a) - torch.log(fraction)


def _lower_gamma(a: Tensor, y: Tensor, log_y: Tensor) -> Tensor:
    prefix = _gamma_prefix(a, y, log_y)
    total, term = torch.ones_like(y), torch.ones_like(y)
    for j in range(1, STEPS):
        term = term * (y / (a + j))
        total = total + term
        moving = term > 1e-17 * total
        if not bool(moving.any()):
            return prefix + torch.log(total)
    return torch.where(moving, torch.nan, prefix + torch.log(total))


def _below_beta(a: Tensor, b: Tensor, x: Tensor, rest: Tensor, log_x: Tensor, log_rest: Tensor) -> Tensor:
    """Log I_x(a, b) below the mean."""
    total = a + b
    excess = factorial_excess(total) - factorial_excess(a) - factorial_excess(b)
    beyond = torch.where(x < 0.5, a - total * x, total * rest - b)
    gaps = deviance(a, total * x, difference=beyond, log_m=torch.log(total) + log_x)
    gaps = gaps + deviance(b, total * rest, difference=-beyond, log_m=torch.log(total) + log_rest)
    prefix = excess - gaps + log_ratio(b, total)  # log xᵃ(1 − x)ᵇ/(a B(a, b))

    def coefficients(j: int) -> tuple[Tensor, Tensor]:
        m, one = j // 2, torch.ones_like(x)
        if j % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), one
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), one

    return prefix - torch.log(_fraction(torch.ones_like(x), coefficients))
