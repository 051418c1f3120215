"""Log-densities that are right on and off the support, at probabilities 0 and 1 and for counts of a million."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributions as D

from gradus.arguments import Sizes
from gradus.arguments.tensors import same_kind, tensor
from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_outcomes
from gradus.foundations.distributions.parameters import (
    check_parameters,
    log_odds,
    log_shares,
    log_width,
    parameters,
    wide,
    working_dtype,
)
from gradus.foundations.distributions.saddle_point import (
    deviance,
    factorial_excess,
    log_ratio,
    within,
)
from gradus.text import Text


def log_density(distribution: D.Distribution, x: Tensor) -> Float[Tensor, "*batch"]:
    r"""Logarithm of the density, or of the mass, of a `torch.distributions` object: :math:`\log p(x\mid\theta)`.

    Off the support it is −∞, where `log_prob` raises or gives what the formula happens to give; at NaN it is NaN. An
    outcome of probability 0 has −∞, where `log_prob` has the logarithm of a clamped probability (−36 for Bernoulli(0) at
    1). Log-odds are used as they were given: those of ±800 keep what the probability, 0 or 1, has lost. Counts and
    shapes of any size keep their digits (Loader's form), where `log_prob` subtracts numbers of size k log k:
    at a mean of 10⁶ it is off by 0.17 in float32. Differentiable in the parameters and,
    where it is continuous, in x.

    Args:
        distribution: Normal, Bernoulli, Binomial, Poisson, Categorical, Uniform, Exponential, Gamma, Beta, Dirichlet or
            MultivariateNormal, of any batch shape; it may have been made with `validate_args=False`.
        x: outcomes; integers or floats for counts. Its batch broadcasts with the distribution's.

    Raises:
        GradusError: the distribution is another one, a parameter is outside its domain or infinite, x is complex, or the
            shapes do not fit.

    Cost: O(1) operations for each entry; O(d²) for a multivariate normal.

    Source: Loader 2000 for the discrete, gamma and beta families.

    Deviates: 16-bit tensors are computed in float32 and rounded at the end. A Dirichlet's x lies on the simplex where its
        sum is 1 within 1e-6, or within the rounding of its own dtype; at a corner where a factor 0 meets a factor ∞ there
        is no limit, and −∞ stands.

    Example:
        >>> import torch
        >>> log_density(torch.distributions.Bernoulli(0.0), torch.tensor(1.0)).item()
        -inf
    """
    require_outcomes(distribution, x)
    rule = _RULES.get(type(distribution))
    if rule is None:
        known = ", ".join(t.__name__ for t in _RULES)
        raise GradusError(
            Text(
                f"expected one of {known}, got {type(distribution).__name__}; use its log_prob",
                f"应为 {known} 之一，实为 {type(distribution).__name__}；请用它自己的 log_prob",
            )
        )
    check_parameters(distribution)
    value = rule(distribution, x.detach() if type(distribution) in _DISCRETE else x)
    if x.is_floating_point():
        missing = x.isnan().any(-1) if distribution.event_shape else x.isnan()
        value = torch.where(missing, torch.nan, value)
    return value.to(working_dtype(distribution))


def _only(where: Tensor, value: Tensor) -> Tensor:
    return torch.where(where, value, torch.full_like(value, -math.inf))


def _count(x: Tensor) -> Tensor:
    return (x >= 0) & (x == x.floor()) & x.isfinite()


def _normal(d: D.Normal, x: Tensor) -> Tensor:
    x, mean, deviation = wide(x, d.loc, d.scale)
    known = x.isfinite()
    x = within(known, x, 0.0)
    value = -0.5 * ((x - mean) / deviation) ** 2 - torch.log(deviation) - 0.5 * math.log(2 * math.pi)
    return _only(known, value)


def _bernoulli(d: D.Bernoulli, x: Tensor) -> Tensor:
    if "probs" in parameters(d):
        x, p = wide(x, d.probs)
        value = torch.where(x == 1, torch.log(within(x == 1, p)), torch.log1p(-within(x != 1, p, 0.0)))
    else:
        x, z = wide(x, d.logits)
        value = torch.nn.functional.logsigmoid(torch.where(x == 1, z, -z))
    return _only((x == 0) | (x == 1), value)


def _binomial(d: D.Binomial, x: Tensor) -> Tensor:
    x, n, p, q, log_p, log_q = wide(x, d.total_count, *log_odds(d))
    known = _count(x) & (x <= n)
    k = within(known, x, 0.0)
    beyond = torch.where(p < 0.5, k - n * p, n * q - (n - k))  # k − np, of the parts that are rounded least
    log_n = torch.log(within(n > 0, n))
    value = factorial_excess(n) - factorial_excess(k) - factorial_excess(n - k)
    value = value - deviance(k, n * p, difference=beyond, log_m=log_n + log_p)
    return _only(known, value - deviance(n - k, n * q, difference=-beyond, log_m=log_n + log_q))


def _poisson(d: D.Poisson, x: Tensor) -> Tensor:
    x, mean = wide(x, d.rate)
    k = within(_count(x), x, 0.0)
    return _only(_count(x), -factorial_excess(k) - deviance(k, mean))


def _categorical(d: D.Categorical, x: Tensor) -> Tensor:
    logs = log_shares(d)
    k = logs.shape[-1]
    known = (x >= 0) & (x < k) & (x == x.floor() if x.is_floating_point() else True)
    index, _ = torch.broadcast_tensors(torch.where(known, x, torch.zeros_like(x)).long(), logs[..., 0])
    chosen = logs.expand(*index.shape, k).gather(-1, index[..., None])[..., 0]
    return _only(known, chosen)


def _uniform(d: D.Uniform, x: Tensor) -> Tensor:
    x, low, high = wide(x, d.low, d.high)
    return _only((x >= low) & (x < high), -log_width(low, high))


def _exponential(d: D.Exponential, x: Tensor) -> Tensor:
    x, rate = wide(x, d.rate)
    known = (x >= 0) & x.isfinite()
    return _only(known, torch.log(rate) - rate * within(known, x, 0.0))


def _gamma(d: D.Gamma, x: Tensor) -> Tensor:
    x, shape, rate = wide(x, d.concentration, d.rate)
    tiny = torch.finfo(x.dtype).tiny
    inside, least = (x >= tiny) & x.isfinite(), (x > 0) & (x < tiny)
    y, z = within(inside, x), within(least, x)
    gap = deviance(shape, rate * y, log_m=torch.log(rate) + torch.log(y))
    value = log_ratio(shape, y) - factorial_excess(shape) - gap
    power = torch.special.xlogy(shape - 1, z) + torch.special.xlogy(shape, rate) - rate * z
    value = torch.where(least, power - torch.lgamma(shape), value)
    return torch.where(inside | least, value, _at_zero(x, shape, torch.log(rate)))


def _at_zero(x: Tensor, shape: Tensor, level: Tensor) -> Tensor:
    """At 0, x^(shape−1) is infinite, 1 or 0; below 0 there is nothing."""
    infinite = torch.full_like(level, math.inf)
    at = torch.where(shape < 1, infinite, torch.where(shape == 1, level, -infinite))
    return torch.where(x == 0, at, -infinite)


def _beta(d: D.Beta, x: Tensor) -> Tensor:
    x, a, b = wide(x, d.concentration1, d.concentration0)
    tiny = torch.finfo(x.dtype).tiny
    inside, least = (x >= tiny) & (x < 1), (x > 0) & (x < tiny)
    y, z, total, alpha = within(inside, x, 0.5), within(least, x, 0.5), a + b, torch.stack([a, b], -1)
    beyond = torch.where(
        y < 0.5, total * y - a, b - total * (1 - y)
    )  # (a+b)y − a, of the part that is rounded least
    value = _multinomial(
        torch.stack([y, 1 - y], -1),
        alpha,
        torch.stack([torch.log(y), torch.log1p(-y)], -1),
        torch.stack([-beyond, beyond], -1),
    )
    power = torch.special.xlogy(a - 1, z) + torch.special.xlog1py(b - 1, -z)
    value = torch.where(least, power + _level(alpha), value)
    edge = torch.where(x <= 0, _at_zero(x, a, torch.log(b)), _at_zero(1 - x, b, torch.log(a)))
    return torch.where(inside | least, value, edge)


def _dirichlet(d: D.Dirichlet, x: Tensor) -> Tensor:
    coarse = torch.finfo(x.dtype).eps if x.is_floating_point() else 0.0
    tolerance = max(1e-6, max(8, x.shape[-1]) * coarse)
    x, alpha = wide(x, d.concentration)
    on = (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() <= tolerance)
    inside = (x >= torch.finfo(x.dtype).tiny).all(-1) & on
    y = torch.where(inside[..., None], x, torch.full_like(x, 1 / x.shape[-1]))
    at = torch.where((on & ~inside)[..., None], x, torch.ones_like(x))
    powers = torch.special.xlogy(alpha - 1, at)  # ±∞ where x is 0 and α is not 1
    edge = torch.where((powers == -math.inf).any(-1), -math.inf, powers.sum(-1))
    return _only(on, torch.where(inside, _multinomial(y, alpha, torch.log(y)), edge + _level(alpha)))


def _level(alpha: Tensor) -> Tensor:
    """Dirichlet's normaliser, log Γ(Σα) − Σ log Γ(α)."""
    total = alpha.sum(-1)
    spread = (alpha * log_ratio(total[..., None].expand_as(alpha), alpha) + torch.log(alpha)).sum(-1)
    return factorial_excess(total) - factorial_excess(alpha).sum(-1) + spread - torch.log(total)


def _multinomial(x: Tensor, alpha: Tensor, log_x: Tensor, difference: Tensor | None = None) -> Tensor:
    """Dirichlet's density as a multinomial mass of the counts α, times Πα / (Σα Πx); `difference` is α − xΣα."""
    total = alpha.sum(-1)
    gaps = deviance(
        alpha, total[..., None] * x, difference=difference, log_m=torch.log(total)[..., None] + log_x
    )
    mass = factorial_excess(total) - factorial_excess(alpha).sum(-1) - gaps.sum(-1)
    return mass + log_ratio(alpha, x).sum(-1) - torch.log(total)


def _multivariate_normal(d: D.MultivariateNormal, x: Tensor) -> Tensor:
    dtype = torch.float64 if torch.float64 in (d.loc.dtype, x.dtype) else torch.float32
    finite = x.isfinite().all(-1)
    x = torch.where(finite[..., None], x, torch.zeros_like(x))
    factor, rest = d.scale_tril.to(dtype), x.to(dtype) - d.loc.to(dtype)
    whitened = torch.linalg.solve_triangular(factor, rest[..., None], upper=False)[..., 0]
    half_log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    value = -0.5 * (whitened.square().sum(-1) + rest.shape[-1] * math.log(2 * math.pi)) - half_log_det
    return _only(finite, value)


def multivariate_normal(
    mean: Float[Tensor, "*batch d"], covariance: Float[Tensor, "*batch d d"]
) -> D.MultivariateNormal:
    r"""The distribution :math:`\mathcal N(\mu,\Sigma)` as a `torch.distributions` object, made of the Cholesky factor of Σ.

    Args:
        mean: μ (..., d).
        covariance: Σ (..., d, d), symmetric positive definite.

    Raises:
        GradusError: the shapes do not fit, or Σ is not symmetric positive definite; it names the smallest eigenvalue.

    Cost: O(d³) for each member of the batch.

    Deviates: 16-bit matrices, of which torch has no Cholesky factor, are factored in float32.

    Example:
        >>> import torch
        >>> distribution = multivariate_normal(torch.zeros(2), torch.tensor([[4.0, 0.0], [0.0, 9.0]]))
        >>> distribution.scale_tril.tolist()
        [[2.0, 0.0], [0.0, 3.0]]
    """
    sizes = Sizes()
    tensor("mean", mean, "*#batch d>=1", sizes, finite=True, meta=False)
    tensor("covariance", covariance, "*#batch d d", sizes, finite=True, meta=False)
    same_kind(mean=mean, covariance=covariance)
    (matrix,) = wide(covariance)
    largest = matrix.abs().max() if matrix.numel() else torch.zeros(())
    if not bool(((matrix - matrix.mT).abs() <= 1e-6 * largest).all()):
        raise GradusError(
            Text(
                "covariance: expected a symmetric one; take (Σ + Σᵀ)/2 if it is meant to be one",
                "covariance：应为对称矩阵；若本应对称，可取 (Σ + Σᵀ)/2",
            )
        )
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if bool(failed.any()):
        least = torch.linalg.eigvalsh(matrix.detach()).min().item()
        raise GradusError(
            Text(
                f"covariance: expected a positive definite one, got the eigenvalue {least:.3g}; add to its diagonal",
                f"covariance：应为正定矩阵，得到特征值 {least:.3g}；可加大对角线元素",
            )
        )
    return D.MultivariateNormal(mean, scale_tril=factor.to(covariance.dtype), validate_args=False)


_RULES: dict[type, Callable[[Any, Tensor], Tensor]] = {
    D.Normal: _normal,
    D.Bernoulli: _bernoulli,
    D.Binomial: _binomial,
    D.Poisson: _poisson,
    D.Categorical: _categorical,
    D.Uniform: _uniform,
    D.Exponential: _exponential,
    D.Gamma: _gamma,
    D.Beta: _beta,
    D.Dirichlet: _dirichlet,
    D.MultivariateNormal: _multivariate_normal,
}
_DISCRETE = (D.Bernoulli, D.Binomial, D.Poisson, D.Categorical)
