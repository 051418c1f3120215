"""Logarithms of distribution functions far out, where the functions themselves underflow or round to 1."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float64
from torch import Tensor
from torch import distributions as D

from gradus.arguments.tensors import tensor
from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_outcomes
from gradus.foundations.distributions.incomplete import log_incomplete_beta, log_incomplete_gamma
from gradus.foundations.distributions.parameters import check_parameters, log_odds, parameters
from gradus.foundations.distributions.saddle_point import log_ratio, within
from gradus.text import Text

Tails = tuple[Tensor, Tensor]  # log P(X ≤ x) and log P(X > x)


def log_cdf(distribution: D.Distribution, x: Tensor) -> Float64[Tensor, "*batch"]:
    r"""Logarithm of the distribution function, :math:`\log F(x)=\log P(X\le x)`, at any distance from the mean.

    SciPy's `logcdf` of the gamma, beta, Poisson and binomial families is the logarithm of a number that underflows: −∞
    beyond 38σ; and at 5σ below a gamma distribution of shape 10⁶ it is off by 4·10⁻⁶. Here a series or a continued
    fraction follows Loader's form of the density instead, and a tail that is nearly 1 is taken from the other one:
    log F of the exponential distribution at 40 is −4.2e-18, not 0. At NaN it is NaN.

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
    return _logarithm(distribution, x, 0)


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
    return _logarithm(distribution, x, 1)


def log_complement(log_p: Tensor) -> Tensor:
    """log(1 − p) of log p ≤ 0, by whichever of expm1 and log1p loses nothing."""
    far = log_p < -math.log(2)
    return torch.where(far, torch.log1p(-torch.exp(within(far, log_p, -1.0))), torch.log(-torch.expm1(log_p)))


def _logarithm(d: D.Distribution, x: Tensor, side: int) -> Tensor:
    require_outcomes(d, x)
    tensor("x", x, dtype="any", meta=False)
    rule = _TAILS.get(type(d))
    if rule is None:
        if d.event_shape or isinstance(d, D.Categorical):
            kind = type(d).__name__
            raise GradusError(
                Text(
                    f"distribution: expected one of one dimension, got {kind}, which has no order",
                    f"distribution：应为一维分布，实为没有次序的 {kind}",
                )
            )
        known = ", ".join(t.__name__ for t in _TAILS)
        raise GradusError(
            Text(
                f"distribution: expected one of {known}, got {type(d).__name__}",
                f"distribution：应为 {known} 之一，实为 {type(d).__name__}",
            )
        )
    check_parameters(d)
    points = _plain(x).expand(torch.broadcast_shapes(x.shape, d.batch_shape))
    with torch.no_grad():
        tails = rule(d, within(points.isfinite(), points, 0.0))
        own, other = tails[side], tails[1 - side]
        nearly_all = own > -math.log(2)  # such a tail has its digits in the other one
        value = torch.where(nearly_all, log_complement(other), own)
        ends = (points > 0) == (side == 0)  # at ±∞ all is on one side
        value = torch.where(points.isinf(), torch.where(ends, 0.0, -math.inf), value)
        return torch.where(points.isnan(), torch.nan, value)


def _plain(value: Tensor) -> Tensor:
    return value.detach().resolve_neg().cpu().double()


def _all(*values: Tensor) -> list[Tensor]:
    return list(torch.broadcast_tensors(*map(_plain, values)))


def _between(low: Tensor, high: Tensor | None, tails: Tails) -> Tails:
    """The tails where neither all nor nothing lies below x; `high` is None where there is no upper end."""
    nothing, everything = torch.full_like(tails[0], -math.inf), torch.zeros_like(tails[0])
    if high is not None:
        tails = torch.where(high, everything, tails[0]), torch.where(high, nothing, tails[1])
    return torch.where(low, nothing, tails[0]), torch.where(low, everything, tails[1])


def _normal(d: D.Normal, x: Tensor) -> Tails:
    x, mean, deviation = _all(x, d.loc, d.scale)
    apart = x - mean
    z = torch.where(apart.isinf(), 2 * ((x / 2 - mean / 2) / deviation), apart / deviation)
    return torch.special.log_ndtr(z), torch.special.log_ndtr(-z)


def _exponential(d: D.Exponential, x: Tensor) -> Tails:
    x, rate = _all(x, d.rate)
    y = rate * within(x > 0, x)
    tiny = y < torch.finfo(y.dtype).tiny  # there 1 − e^(−y) is y, which may underflow
    lower = torch.where(tiny, torch.log(rate) + torch.log(within(x > 0, x)), torch.log(-torch.expm1(-y)))
    return _between(x <= 0, None, (lower, -y))


def _uniform(d: D.Uniform, x: Tensor) -> Tails:
    x, low, high = _all(x, d.low, d.high)
    half = torch.where((high - low).isfinite(), 1.0, 0.5)
    inside = (x > low) & (x < high)
    below, above = half * x - half * low, half * high - half * x
    width = half * high - half * low
    tails = log_ratio(within(inside, below), width), log_ratio(within(inside, above), width)
    return _between(x <= low, x >= high, tails)


def _bernoulli(d: D.Bernoulli, x: Tensor) -> Tails:
    x, log_p, log_q = _all(x, *log_odds(_double(d))[2:])
    return _between(x < 0, x >= 1, (log_q, log_p))


def _double(d: Any) -> Any:
    """A distribution of two outcomes in float64."""
    value = {name: _plain(v) for name, v in parameters(d).items() if name != "total_count"}
    if isinstance(d, D.Binomial):
        return D.Binomial(_plain(d.total_count), **value, validate_args=False)
    return D.Bernoulli(**value, validate_args=False)


def _gamma(d: D.Gamma, x: Tensor) -> Tails:
    x, a, rate = _all(x, d.concentration, d.rate)
    y = within(x > 0, x)
    return _between(x <= 0, None, log_incomplete_gamma(a, rate * y, torch.log(rate) + torch.log(y)))


def _poisson(d: D.Poisson, x: Tensor) -> Tails:
    k, mean = _all(x.floor(), d.rate)
    usual = (k >= 0) & (mean > 0)
    mean = within(usual, mean)
    upper, lower = log_incomplete_gamma(within(usual, k, 0.0) + 1, mean, torch.log(mean))
    return _between(k < 0, (k >= 0) & ~usual, (lower, upper))


def _beta(d: D.Beta, x: Tensor) -> Tails:
    x, a, b = _all(x, d.concentration1, d.concentration0)
    y = within((x > 0) & (x < 1), x, 0.5)
    return _between(x <= 0, x >= 1, log_incomplete_beta(a, b, y, 1 - y, torch.log(y), torch.log1p(-y)))


def _binomial(d: D.Binomial, x: Tensor) -> Tails:
    k, n, p, q, log_p, log_q = _all(x.floor(), d.total_count, *log_odds(_double(d)))
    usual = (k >= 0) & (k < n) & (log_p > -math.inf) & (log_q > -math.inf)
    k, n = within(usual, k, 0.0), within(usual, n)
    p, q = within(usual, p, 0.5), within(usual, q, 0.5)
    log_p, log_q = within(usual, log_p, math.log(0.5)), within(usual, log_q, math.log(0.5))
    upper, lower = log_incomplete_beta(k + 1, n - k, p, q, log_p, log_q)
    at, trials, one = _all(x.floor(), d.total_count, log_odds(_double(d))[2])
    none = (at < 0) | (~usual & (at < trials) & (one == 0))  # p = 1: all n succeed
    return _between(none, ~usual & ~none, (lower, upper))


_TAILS: dict[type, Callable[[Any, Tensor], Tails]] = {
    D.Normal: _normal,
    D.Bernoulli: _bernoulli,
    D.Binomial: _binomial,
    D.Poisson: _poisson,
    D.Uniform: _uniform,
    D.Exponential: _exponential,
    D.Gamma: _gamma,
    D.Beta: _beta,
}
