"""Entropy, Kullback–Leibler divergence and Fisher information of the standard distributions, in closed form where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.log_density import check_parameters, log_density, require_distribution
from gradus.foundations.distributions.saddle_point import deviance, digamma_excess, factorial_excess, trigamma


def entropy(distribution: D.Distribution) -> Float[Tensor, "*batch"]:
    r"""Entropy in nats, :math:`-E[\log p(X)]`; exact 0 at probabilities 0 and 1, and for binomial and Poisson of any size.

    Args:
        distribution: one of `torch.distributions`.

    Raises:
        GradusError: a parameter is outside its domain.

    Cost: O(1) for each member of the batch; binomial and Poisson sum over ±12 standard deviations.

    Source: Cover and Thomas 2006, §8.

    Deviates: torch's Poisson has no entropy, its Bernoulli has 8e-15 at p = 0; those of gamma and beta lose ten digits at
    shapes of 10⁶. SciPy 1.17 gives 2.77 for Poisson(10⁶), where 8.33 is right.

    Example:
        >>> import torch.distributions as D
        >>> round(entropy(D.Poisson(1e6)).item(), 2)
        8.33
    """
    require_distribution("distribution", distribution)
    check_parameters(distribution)
    if isinstance(distribution, D.Bernoulli):
        p = distribution.probs
        return torch.special.entr(p) + torch.special.entr(1 - p)
    if isinstance(distribution, D.Categorical):
        return torch.special.entr(distribution.probs).sum(-1)
    if isinstance(distribution, D.Binomial | D.Poisson):
        return _entropy_of_counts(distribution)
    if isinstance(distribution, D.Gamma):
        a, b = distribution.concentration, distribution.rate
        return factorial_excess(a) - torch.log(b) + (1 - a) * digamma_excess(a)
    if isinstance(distribution, D.Beta | D.Dirichlet):
        return _entropy_of_shares(_concentrations(distribution))
    return distribution.entropy()


def _concentrations(d: D.Beta | D.Dirichlet) -> Tensor:
    return torch.stack([d.concentration1, d.concentration0], -1) if isinstance(d, D.Beta) else d.concentration


def _entropy_of_shares(alpha: Tensor) -> Tensor:
    """Dirichlet's, with the terms α log α and αᵢψ(αᵢ) cancelled by hand."""
    k, total = alpha.shape[-1], alpha.sum(-1)
    own = (factorial_excess(alpha) - (alpha - 1) * digamma_excess(alpha)).sum(-1)
    return own - factorial_excess(total) - (k - 1) * torch.log(total) + (total - k) * digamma_excess(total)


def _entropy_of_counts(d: D.Binomial | D.Poisson) -> Tensor:
    """−Σ p log p over the counts within 12 standard deviations, beyond which less than 1e-30 is left."""
    mean, spread = d.mean.detach().flatten(), d.variance.detach().flatten().sqrt()
    top = d.total_count.flatten() if isinstance(d, D.Binomial) else torch.full_like(mean, math.inf)
    values = []
    for i in range(mean.numel()):
        reach = 12 * spread[i].item() + 40
        low = max(0, math.floor(mean[i].item() - reach))
        high = int(min(top[i].item(), math.ceil(mean[i].item() + reach)))
        k = torch.arange(low, high + 1, device=mean.device)
        one = (
            D.Poisson(d.rate.flatten()[i], validate_args=False)
            if isinstance(d, D.Poisson)
            else D.Binomial(d.total_count.flatten()[i], d.probs.flatten()[i], validate_args=False)
        )
        logs = log_density(one, k)
        finite = logs > -math.inf
        values.append(-torch.where(finite, logs.exp() * torch.where(finite, logs, 0.0), 0.0).sum())
    return torch.stack(values).reshape(d.batch_shape) if values else mean.reshape(d.batch_shape)


def kl_divergence(p: D.Distribution, q: D.Distribution) -> Float[Tensor, "*batch"]:
    r"""Kullback–Leibler divergence in nats, :math:`D(p\|q)=E_p[\log p(X)-\log q(X)]`; infinite where q misses what p has.

    Args:
        p: the distribution over which the average is taken.
        q: the distribution that it is compared with; of the same kind.

    Raises:
        GradusError: a parameter is outside its domain, the kinds differ and torch knows no closed form, or two binomials
            have different numbers of trials.

    Cost: O(1) for each member of the batch.

    Source: Kullback and Leibler 1951.

    Deviates: torch's own gives NaN for Poisson(0), finite values where clamped probabilities of 0 make it infinite, and
    nothing but rounding where the two distributions are near each other.

    Example:
        >>> import torch.distributions as D
        >>> kl_divergence(D.Normal(0.0, 1.0), D.Normal(2.0, 1.0)).item()
        2.0
    """
    require_distribution("p", p)
    require_distribution("q", q)
    check_parameters(p)
    check_parameters(q)
    if isinstance(p, D.Bernoulli) and isinstance(q, D.Bernoulli):
        return _two(p.probs, q.probs)
    if isinstance(p, D.Binomial) and isinstance(q, D.Binomial):
        if not bool((p.total_count == q.total_count).all()):
            raise GradusError(
                "p, q: expected two binomials of the same number of trials; no closed form otherwise"
            )
        return p.total_count * _two(p.probs, q.probs)
    if isinstance(p, D.Categorical) and isinstance(q, D.Categorical):
        if p.event_shape != q.event_shape or p.probs.shape[-1] != q.probs.shape[-1]:
            raise GradusError(
                f"q: expected as many outcomes in p as in q, got {p.probs.shape[-1]} and {q.probs.shape[-1]}"
            )
        return _sum_of_deviances(p.probs, q.probs)
    rule = _DIVERGENCE.get(type(p))
    if rule is not None and type(p) is type(q):
        return rule(p, q)
    try:
        return D.kl_divergence(p, q)
    except NotImplementedError:
        raise GradusError(
            f"p, q: no closed form of the divergence of {type(p).__name__} from {type(q).__name__}; sample it"
        ) from None


def _sum_of_deviances(p: Tensor, q: Tensor) -> Tensor:
    """Σ p log(p/q), of terms that are never negative: Σ (q − p) = 0 is spread over them."""
    return deviance(*torch.broadcast_tensors(p, q)).sum(-1)


def _two(p: Tensor, q: Tensor) -> Tensor:
    return deviance(*torch.broadcast_tensors(p, q)) + deviance(*torch.broadcast_tensors(1 - p, 1 - q))


def _of_normals(p: D.Normal, q: D.Normal) -> Tensor:
    ratio = (p.scale / q.scale) ** 2
    return 0.5 * (deviance(torch.ones_like(ratio), ratio) + ((p.loc - q.loc) / q.scale) ** 2)


def _of_shapes(a: Tensor, c: Tensor, r: Tensor) -> Tensor:
    """Between gamma distributions of the shapes a and c, where r is the first's shape in the second's unit, a·rate₂/rate₁."""
    a, c, r = torch.broadcast_tensors(a, c, r)
    excess = factorial_excess(c) - factorial_excess(a) - torch.log(c / a)
    return deviance(c, r) + (a - c) * digamma_excess(a) + excess


def _of_shares(p: Tensor, q: Tensor) -> Tensor:
    """Independent gamma variables are their sum and their shares, which are independent too: divergences subtract."""
    first, second = p.sum(-1), q.sum(-1)
    return _of_shapes(p, q, p).sum(-1) - _of_shapes(first, second, first)


_DIVERGENCE: dict[type, Callable[[Any, Any], Tensor]] = {
    D.Normal: _of_normals,
    D.Poisson: lambda p, q: deviance(*torch.broadcast_tensors(p.rate, q.rate)),
    D.Exponential: lambda p, q: deviance(*torch.broadcast_tensors(p.rate, q.rate)) / p.rate,
    D.Gamma: lambda p, q: _of_shapes(p.concentration, q.concentration, p.concentration * (q.rate / p.rate)),
    D.Beta: lambda p, q: _of_shares(_concentrations(p), _concentrations(q)),
    D.Dirichlet: lambda p, q: _of_shares(p.concentration, q.concentration),
}


def fisher_information(distribution: D.Distribution) -> Float[Tensor, "*batch k k"]:
    r"""Fisher information of one observation, :math:`I(\theta)=\operatorname{Cov}_\theta[\nabla_\theta\log p(X\mid\theta)]`.

    The parameters are those of the constructor, in its order: Normal (loc, scale); Bernoulli, Binomial p; Poisson,
    Exponential rate; Gamma (concentration, rate); Beta (concentration1, concentration0); Dirichlet concentration;
    Categorical the first k − 1 probabilities, the last being the rest; MultivariateNormal the mean, then the
    covariance's lower triangle row by row.

    Args:
        distribution: one of these.

    Raises:
        GradusError: a parameter is outside its domain, or the distribution has no Fisher information: the support of Uniform
            depends on its parameters.

    Cost: O(k²) for each member of the batch; O(d⁶) for a multivariate normal.

    Source: Fisher 1922; Lehmann and Casella 1998, §2.5.

    Example:
        >>> import torch.distributions as D
        >>> fisher_information(D.Normal(0.0, 2.0)).tolist()
        [[0.25, 0.0], [0.0, 0.5]]
    """
    require_distribution("distribution", distribution)
    check_parameters(distribution)
    if isinstance(distribution, D.Uniform):
        raise GradusError(
            "Uniform has no Fisher information: its support moves with its parameters; the maximum converges like 1/n"
        )
    rule = _FISHER.get(type(distribution))
    if rule is None:
        known = ", ".join(t.__name__ for t in _FISHER)
        raise GradusError(f"distribution: expected one of {known}, got {type(distribution).__name__}")
    return rule(distribution)


def _matrix(*rows: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([torch.stack(torch.broadcast_tensors(*r), -1) for r in rows], -2)


def _normal(d: D.Normal) -> Tensor:
    return torch.diag_embed(torch.stack([d.scale**-2, 2 * d.scale**-2], -1))


def _gamma(d: D.Gamma) -> Tensor:
    a, b = d.concentration, d.rate
    return _matrix((trigamma(a), -1 / b), (-1 / b, a / b**2))


def _dirichlet(alpha: Tensor) -> Tensor:
    own = trigamma(alpha)
    return torch.diag_embed(own) - trigamma(alpha.sum(-1))[..., None, None]


def _categorical(d: D.Categorical) -> Tensor:
    p = d.probs
    return torch.diag_embed(1 / p[..., :-1]) + (1 / p[..., -1])[..., None, None]


def _multivariate_normal(d: D.MultivariateNormal) -> Tensor:
    precision, k = d.precision_matrix, d.loc.shape[-1]
    i, j = torch.tril_indices(k, k)
    basis = torch.zeros(len(i), k, k, dtype=precision.dtype, device=precision.device)
    basis[range(len(i)), i, j] = 1
    basis[range(len(i)), j, i] = 1
    moved = precision[..., None, :, :] @ basis  # (..., k(k+1)/2, k, k)
    of_covariance = 0.5 * torch.einsum("...aij,...bji->...ab", moved, moved)
    result = torch.zeros(
        *precision.shape[:-2], k + len(i), k + len(i), dtype=basis.dtype, device=basis.device
    )
    result[..., :k, :k], result[..., k:, k:] = precision, of_covariance
    return result


_FISHER: dict[type, Callable[[Any], Tensor]] = {
    D.Normal: _normal,
    D.Bernoulli: lambda d: (1 / (d.probs * (1 - d.probs)))[..., None, None],
    D.Binomial: lambda d: (d.total_count / (d.probs * (1 - d.probs)))[..., None, None],
    D.Poisson: lambda d: (1 / d.rate)[..., None, None],
    D.Categorical: _categorical,
    D.Exponential: lambda d: (d.rate**-2)[..., None, None],
    D.Gamma: _gamma,
    D.Beta: lambda d: _dirichlet(torch.stack([d.concentration1, d.concentration0], -1)),
    D.Dirichlet: lambda d: _dirichlet(d.concentration),
    D.MultivariateNormal: _multivariate_normal,
}
