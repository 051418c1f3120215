"""Logarithms of distribution functions far out, where the functions themselves underflow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float64
from torch import Tensor
from torch import distributions as D

from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_outcomes
from gradus.foundations.distributions.saddle_point import deviance, factorial_excess
from gradus.foundations.distributions.with_scipy import as_scipy

DEEP = (
    -8.0
)  # below it (4σ) SciPy's lower tail of a gamma distribution of shape 10⁶ has five digits, beyond 38σ none
STEPS = 100_000


def log_cdf(distribution: D.Distribution, x: Tensor) -> Float64[Tensor, "*batch"]:
    r"""Logarithm of the distribution function, :math:`\log F(x)=\log P(X\le x)`, at any distance from the mean.

    SciPy's `logcdf` of the gamma, beta, Poisson and binomial families is the logarithm of a number that underflows: −∞
    beyond 38σ; and at 5σ below a gamma distribution of shape 10⁶ it is off by 4·10⁻⁶. Here a series or a continued fraction follows Loader's form of the density instead.

    Args:
        distribution: Normal, Bernoulli, Binomial, Poisson, Uniform, Exponential, Gamma or Beta.
        x: where, broadcast with the distribution's batch.

    Raises:
        GradusError: the distribution is another one, a parameter is outside its domain, or a shape is too large for the
            series where SciPy's function underflows (more than 10⁵ terms: shapes beyond 10⁹).

    Cost: O(1) for each entry near the mean, O(√shape) far out; on the CPU, without gradient.

    Source: Press et al. 2007, §6.2, 6.4 for the series and the continued fractions; Loader 2000 for the prefix.

    Example:
        >>> import torch
        >>> round(log_cdf(torch.distributions.Normal(0.0, 1.0), torch.tensor(-40.0)).item(), 2)
        -804.61
    """
    return _logarithm(distribution, x, lower=True)


def log_survival(distribution: D.Distribution, x: Tensor) -> Float64[Tensor, "*batch"]:
    r"""Logarithm of the upper tail, :math:`\log P(X>x)`, at any distance from the mean; else as `log_cdf`.

    Args:
        distribution: Normal, Bernoulli, Binomial, Poisson, Uniform, Exponential, Gamma or Beta.
        x: where, broadcast with the distribution's batch.

    Raises:
        GradusError: the distribution is another one, a parameter is outside its domain.

    Cost: O(1) for each entry near the mean, O(√shape) far out; on the CPU, without gradient.

    Source: as of `log_cdf`.

    Example:
        >>> import torch
        >>> log_survival(torch.distributions.Exponential(2.0), torch.tensor(500.0)).item()
        -1000.0
    """
    return _logarithm(distribution, x, lower=False)


def _logarithm(d: D.Distribution, x: Tensor, lower: bool) -> Tensor:
    require_outcomes(d, x)
    tensor("x", x, dtype="any", meta=False)
    if d.event_shape or isinstance(d, D.Categorical):
        raise GradusError(
            f"distribution: expected one of one dimension, got {type(d).__name__}, which has no order"
        )
    distribution, points = as_scipy(d), _plain(x).numpy()
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        if isinstance(d, D.Normal):
            value = distribution.logcdf(points) if lower else distribution.logsf(points)
        elif isinstance(d, D.Exponential):
            value = np.log(-np.expm1(-points / distribution.std())) if lower else -points / distribution.std()
            value = np.where(points <= 0, -np.inf if lower else 0.0, value)
        else:
            ours, other = (
                (distribution.cdf, distribution.sf) if lower else (distribution.sf, distribution.cdf)
            )
            small, large = np.asarray(ours(points)), np.asarray(other(points))
            # a tail that is nearly 1 has its digits in the other one
            value = np.where(small > 0.5, np.log1p(-np.minimum(large, 0.5)), np.log(small))
    result = torch.as_tensor(value, dtype=torch.float64)
    deep = _DEEP.get(type(d))
    if deep is None or not bool((result < DEEP).any()):
        return result
    far = result < DEEP
    value = deep(d, _plain(x), lower, far)
    if bool((far & value.isnan() & result.isinf()).any()):
        raise GradusError(
            f"distribution, x: the tail of {type(d).__name__} did not converge in {STEPS} terms: its shape is too large"
        )
    return torch.where(far & ~value.isnan(), value, result)


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
        moving = (c * e - 1).abs() > 1e-16
        if not bool(moving.any()):
            return value
    return torch.where(moving, torch.nan, value)


def _log_incomplete_gamma(a: Tensor, y: Tensor, lower: bool) -> Tensor:
    """Log P(a, y) or log Q(a, y), each on its own side of the mean."""
    prefix = -factorial_excess(a) - deviance(a, y)  # log yᵃe⁻ʸ/Γ(a + 1)
    if not lower:
        return (
            prefix
            + torch.log(a)
            - torch.log(_fraction(y + 1 - a, lambda j: (-j * (j - a), y + 2 * j + 1 - a)))
        )
    total, term = torch.ones_like(y), torch.ones_like(y)
    for j in range(1, STEPS):
        term = term * (y / (a + j))
        total = total + term
        moving = term > 1e-17 * total
        if not bool(moving.any()):
            return prefix + torch.log(total)
    return torch.where(moving, torch.nan, prefix + torch.log(total))


def _log_incomplete_beta(a: Tensor, b: Tensor, x: Tensor, rest: Tensor) -> Tensor:
    """Log I_x(a, b) below the mean, where `rest` is 1 − x."""
    total = a + b
    excess = factorial_excess(total) - factorial_excess(a) - factorial_excess(b)
    # log xᵃ(1 − x)ᵇ/(a B(a, b))
    prefix = excess - deviance(a, total * x) - deviance(b, total * rest) + torch.log(b / total)

    def coefficients(j: int) -> tuple[Tensor, Tensor]:
        m, one = j // 2, torch.ones_like(x)
        if j % 2:
            return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), one
        return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), one

    return prefix - torch.log(_fraction(torch.ones_like(x), coefficients))


def _plain(value: Tensor) -> Tensor:
    return value.detach().resolve_neg().cpu().double()


def _only_far(far: Tensor, *values: Tensor) -> list[Tensor]:
    """The values where they are needed; elsewhere their neighbours, so that nothing slows the loop."""
    return [v[far] for v in torch.broadcast_tensors(*map(_plain, values), far)[:-1]]


def _filled(far: Tensor, values: Tensor) -> Tensor:
    return torch.full(far.shape, -torch.inf, dtype=torch.float64).masked_scatter(far, values)


def _gamma(d: D.Gamma, x: Tensor, lower: bool, far: Tensor) -> Tensor:
    a, y = _only_far(far, d.concentration, _plain(d.rate) * x)
    inside = torch.where(y > 0, y, torch.ones_like(y))
    return _filled(far, torch.where(y > 0, _log_incomplete_gamma(a, inside, lower), -torch.inf))


def _poisson(d: D.Poisson, x: Tensor, lower: bool, far: Tensor) -> Tensor:
    k, mean = _only_far(far, x.floor(), d.rate)
    usual = (k >= 0) & (mean > 0)
    k, mean = torch.where(usual, k, 1.0), torch.where(usual, mean, 1.0)
    return _filled(far, torch.where(usual, _log_incomplete_gamma(k + 1, mean, not lower), -torch.inf))


def _beta(d: D.Beta, x: Tensor, lower: bool, far: Tensor) -> Tensor:
    a, b, y = _only_far(far, d.concentration1, d.concentration0, x)
    inside = (y > 0) & (y < 1)
    y = torch.where(inside, y, 0.5)
    value = _log_incomplete_beta(a, b, y, 1 - y) if lower else _log_incomplete_beta(b, a, 1 - y, y)
    return _filled(far, torch.where(inside, value, -torch.inf))


def _binomial(d: D.Binomial, x: Tensor, lower: bool, far: Tensor) -> Tensor:
    k, n, p = _only_far(far, x.floor(), d.total_count, d.probs)
    usual = (k >= 0) & (k < n) & (p > 0) & (p < 1)
    k, n, p = torch.where(usual, k, 0.0), torch.where(usual, n, 1.0), torch.where(usual, p, 0.5)
    ours = (n - k, k + 1, 1 - p, p) if lower else (k + 1, n - k, p, 1 - p)
    return _filled(far, torch.where(usual, _log_incomplete_beta(*ours), -torch.inf))


_DEEP: dict[type, Callable[[Any, Tensor, bool, Tensor], Tensor]] = {
    D.Gamma: _gamma,
    D.Poisson: _poisson,
    D.Beta: _beta,
    D.Binomial: _binomial,
}
