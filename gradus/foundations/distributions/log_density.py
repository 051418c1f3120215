"""Log-densities that are right on and off the support, at probabilities 0 and 1 and for counts of a million."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.saddle_point import deviance, factorial_excess


def log_density(distribution: D.Distribution, x: Tensor) -> Float[Tensor, "*batch"]:
    r"""Logarithm of the density, or of the mass, of a `torch.distributions` object: :math:`\log p(x\mid\theta)`.

    Off the support it is −∞, where `log_prob` raises or gives what the formula happens to give. An outcome of
    probability 0 has −∞, where `log_prob` has the logarithm of a clamped probability (−36 for Bernoulli(0) at 1). Counts and
    shapes of any size keep their digits (Loader's form), where `log_prob` subtracts numbers of size k log k:
    at a mean of 10⁶ it is off by 0.17 in float32. Differentiable in x and the parameters.

    Args:
        distribution: Normal, Bernoulli, Binomial, Poisson, Categorical, Uniform, Exponential, Gamma, Beta, Dirichlet or
            MultivariateNormal, of any batch shape; it may have been made with `validate_args=False`.
        x: outcomes; integers or floats for counts. Its batch broadcasts with the distribution's.

    Raises:
        GradusError: the distribution is another one, a parameter is outside its domain, or the shapes do not fit.

    Cost: O(1) operations for each entry; O(d²) for a multivariate normal.

    Source: Loader 2000 for the discrete, gamma and beta families.

    Deviates: 16-bit tensors are computed in float32 and rounded at the end.

    Example:
        >>> import torch
        >>> log_density(torch.distributions.Bernoulli(0.0), torch.tensor(1.0)).item()
        -inf
    """
    rule = _RULES.get(type(distribution))
    if rule is None:
        known = ", ".join(t.__name__ for t in _RULES)
        raise GradusError(f"expected one of {known}, got {type(distribution).__name__}; use its log_prob")
    check_parameters(distribution)
    _check_shape(distribution, x)
    dtype = next(v for v in parameters(distribution).values() if torch.is_floating_point(v)).dtype
    value = rule(distribution, x)
    if x.is_floating_point():
        missing = x.isnan().any(-1) if distribution.event_shape else x.isnan()
        value = torch.where(missing, torch.nan, value)
    return value.to(dtype)


def parameters(distribution: D.Distribution) -> dict[str, Tensor]:
    """The parameters by name; of two forms of one parameter (probs, logits) the one that was given."""
    given: dict[str, Any] = {}
    for name in distribution.arg_constraints:
        value = vars(distribution).get(name)
        if value is None and isinstance(inspect.getattr_static(distribution, name, None), property):
            value = getattr(distribution, name)  # Beta holds its two as a Dirichlet's
        if value is not None:
            given[name] = value
    if "probs" in given and "logits" in given:  # torch keeps the other form too once it has been asked for
        known: Any = distribution
        del given["logits" if known._param is given["probs"] else "probs"]
    return {k: v if isinstance(v, Tensor) else torch.as_tensor(v) for k, v in given.items()}


def check_parameters(distribution: D.Distribution) -> None:
    """Refuses parameters outside their domain, which a distribution made without validation may hold.

    Raises:
        GradusError: naming the parameter, the first bad value and what is allowed.
    """
    if isinstance(distribution, D.Uniform) and not bool((distribution.low < distribution.high).all()):
        raise GradusError("expected low < high of Uniform; exchange them")
    for name, value in parameters(distribution).items():
        constraint: Any = distribution.arg_constraints[name]
        good = constraint.check(value)
        if not bool(good.all()):
            shown = value[~good].flatten()[0] if good.shape == value.shape else value.flatten()[0]
            raise GradusError(
                f"expected {name} of {type(distribution).__name__} in {constraint}, got {shown.item():.6g}"
            )


def _check_shape(distribution: D.Distribution, x: Tensor) -> None:
    event = len(distribution.event_shape)
    batch = x.shape[: x.ndim - event]
    try:
        if x.ndim < event or x.shape[x.ndim - event :] != distribution.event_shape:
            raise RuntimeError
        torch.broadcast_shapes(batch, distribution.batch_shape)
    except RuntimeError:
        want = (*distribution.batch_shape, *distribution.event_shape)
        raise GradusError(
            f"expected x to broadcast with {type(distribution).__name__} of shape {tuple(want)}, got {tuple(x.shape)}"
        ) from None


def _wide(*values: Tensor) -> list[Tensor]:
    """In the parameters' own precision, but in float32 at least; broadcast."""
    dtype = torch.float64 if any(v.dtype == torch.float64 for v in values) else torch.float32
    return list(torch.broadcast_tensors(*[v.to(dtype) for v in values]))


def _only(where: Tensor, value: Tensor) -> Tensor:
    return torch.where(where, value, torch.full_like(value, -math.inf))


def _count(x: Tensor) -> Tensor:
    return (x >= 0) & (x == x.floor())


def _normal(d: D.Normal, x: Tensor) -> Tensor:
    x, mean, deviation = _wide(x, d.loc, d.scale)
    return -0.5 * ((x - mean) / deviation) ** 2 - torch.log(deviation) - 0.5 * math.log(2 * math.pi)


def _bernoulli(d: D.Bernoulli, x: Tensor) -> Tensor:
    if "probs" in parameters(d):
        x, p = _wide(x, d.probs)
        value = torch.where(x == 1, torch.log(p), torch.log1p(-p))
    else:
        x, z = _wide(x, d.logits)
        value = torch.where(x == 1, torch.nn.functional.logsigmoid(z), torch.nn.functional.logsigmoid(-z))
    return _only((x == 0) | (x == 1), value)


def _binomial(d: D.Binomial, x: Tensor) -> Tensor:
    if "probs" in parameters(d):
        p, q = d.probs, 1 - d.probs
    else:
        p, q = torch.sigmoid(d.logits), torch.sigmoid(-d.logits)
    x, n, p, q = _wide(x, d.total_count, p, q)
    k = torch.where((x >= 0) & (x <= n), x, torch.zeros_like(x))
    value = factorial_excess(n) - factorial_excess(k) - factorial_excess(n - k)
    return _only(_count(x) & (x <= n), value - deviance(k, n * p) - deviance(n - k, n * q))


def _poisson(d: D.Poisson, x: Tensor) -> Tensor:
    x, mean = _wide(x, d.rate)
    k = x.clamp_min(0)
    return _only(_count(x), -factorial_excess(k) - deviance(k, mean))


def _categorical(d: D.Categorical, x: Tensor) -> Tensor:
    logs = torch.log(d.probs) if "probs" in parameters(d) else d.logits  # Categorical normalises both
    (logs,) = _wide(logs)
    k = logs.shape[-1]
    known = (x >= 0) & (x < k) & (x == x.floor() if x.is_floating_point() else True)
    index, _ = torch.broadcast_tensors(torch.where(known, x, torch.zeros_like(x)).long(), logs[..., 0])
    chosen = logs.expand(*index.shape, k).gather(-1, index[..., None])[..., 0]
    return _only(known, chosen)


def _uniform(d: D.Uniform, x: Tensor) -> Tensor:
    x, low, high = _wide(x, d.low, d.high)
    return _only((x >= low) & (x < high), -torch.log(high - low))


def _exponential(d: D.Exponential, x: Tensor) -> Tensor:
    x, rate = _wide(x, d.rate)
    return _only(x >= 0, torch.log(rate) - rate * x)


def _gamma(d: D.Gamma, x: Tensor) -> Tensor:
    x, shape, rate = _wide(x, d.concentration, d.rate)
    y = torch.where(x > 0, x, torch.ones_like(x))
    value = torch.log(shape / y) - factorial_excess(shape) - deviance(shape, rate * y)
    return torch.where(x > 0, value, _at_zero(x, shape, torch.log(rate)))


def _at_zero(x: Tensor, shape: Tensor, level: Tensor) -> Tensor:
    """At 0, x^(shape−1) is infinite, 1 or 0; below 0 there is nothing."""
    infinite = torch.full_like(level, math.inf)
    at = torch.where(shape < 1, infinite, torch.where(shape == 1, level, -infinite))
    return torch.where(x == 0, at, -infinite)


def _beta(d: D.Beta, x: Tensor) -> Tensor:
    x, a, b = _wide(x, d.concentration1, d.concentration0)
    inside = (x > 0) & (x < 1)
    y = torch.where(inside, x, torch.full_like(x, 0.5))
    value = _multinomial(torch.stack([y, 1 - y], -1), torch.stack([a, b], -1))
    edge = torch.where(x <= 0, _at_zero(x, a, torch.log(b)), _at_zero(1 - x, b, torch.log(a)))
    return torch.where(inside, value, edge)


def _dirichlet(d: D.Dirichlet, x: Tensor) -> Tensor:
    x, alpha = _wide(x, d.concentration)
    tolerance = max(8, x.shape[-1]) * torch.finfo(x.dtype if x.dtype == torch.float64 else torch.bfloat16).eps
    on = (x >= 0).all(-1) & ((x.sum(-1) - 1).abs() <= tolerance)
    inside = (x > 0).all(-1)
    y = torch.where(inside[..., None] & on[..., None], x, torch.full_like(x, 1 / x.shape[-1]))
    edge = torch.special.xlogy(alpha - 1, x.clamp_min(0)).sum(-1) + torch.lgamma(alpha.sum(-1))
    return _only(on, torch.where(inside, _multinomial(y, alpha), edge - torch.lgamma(alpha).sum(-1)))


def _multinomial(x: Tensor, alpha: Tensor) -> Tensor:
    """Dirichlet's density as a multinomial mass of the counts α, times Πα / (Σα Πx)."""
    total = alpha.sum(-1)
    mass = (
        factorial_excess(total)
        - factorial_excess(alpha).sum(-1)
        - deviance(alpha, total[..., None] * x).sum(-1)
    )
    return mass + torch.log(alpha / x).sum(-1) - torch.log(total)


def _multivariate_normal(d: D.MultivariateNormal, x: Tensor) -> Tensor:
    dtype = torch.float64 if d.loc.dtype == torch.float64 else torch.float32
    factor, rest = d.scale_tril.to(dtype), x.to(dtype) - d.loc.to(dtype)
    whitened = torch.linalg.solve_triangular(factor, rest[..., None], upper=False)[..., 0]
    half_log_det = factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)
    return -0.5 * (whitened.square().sum(-1) + rest.shape[-1] * math.log(2 * math.pi)) - half_log_det


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
    d = mean.shape[-1] if mean.ndim else 0
    if covariance.shape[-2:] != (d, d):
        raise GradusError(
            f"expected a {d}×{d} covariance for a mean of shape {tuple(mean.shape)}, got {tuple(covariance.shape)}"
        )
    (wide,) = _wide(covariance)
    largest = wide.abs().max() if wide.numel() else torch.zeros(())
    if not bool(((wide - wide.mT).abs() <= 1e-6 * largest).all()):
        raise GradusError("expected a symmetric covariance; take (Σ + Σᵀ)/2 if it is meant to be one")
    factor, failed = torch.linalg.cholesky_ex(wide)
    if bool(failed.any()):
        least = torch.linalg.eigvalsh(wide.detach()).min().item()
        raise GradusError(
            f"expected a positive definite covariance, got the eigenvalue {least:.3g}; add to its diagonal"
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
