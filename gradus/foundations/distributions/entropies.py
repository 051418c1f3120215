"""Entropy of the standard distributions, in closed form where there is one."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_distribution
from gradus.foundations.distributions.log_density import log_density
from gradus.foundations.distributions.parameters import (
    check_parameters,
    concentrations,
    log_odds,
    log_shares,
    log_width,
    parameters,
    wide,
    working_dtype,
)
from gradus.foundations.distributions.saddle_point import digamma_excess, factorial_excess, within
from gradus.text import Text

_SUMMED = (
    1e8  # the variance up to which masses are added; beyond it the next term of the series is below 1e-16
)


def entropy(distribution: D.Distribution) -> Float[Tensor, "*batch"]:
    r"""Entropy in nats, :math:`-E[\log p(X)]`; exact 0 at probabilities 0 and 1, and for binomial and Poisson of any size.

    Log-odds are used as they were given: Bernoulli of the log-odds 40 has 1.74e-16, where its probability rounds to 1.

    Args:
        distribution: one of `torch.distributions`.

    Raises:
        GradusError: a parameter is outside its domain, or torch knows no entropy of such a distribution.

    Cost: O(1) for each member of the batch; binomial and Poisson sum over ±12 standard deviations up to a variance of 10⁸.

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
    return _entropy(distribution).to(working_dtype(distribution))


def _entropy(d: D.Distribution) -> Tensor:
    if isinstance(d, D.Bernoulli):
        p, q, log_p, log_q = log_odds(d)
        given = "probs" in parameters(d)
        return _surprise(p, log_p, given) + _surprise(q, log_q, given)
    if isinstance(d, D.Categorical):
        logs = log_shares(d)
        given = "probs" in parameters(d)
        return _surprise(wide(d.probs)[0] if given else logs.exp(), logs, given).sum(-1)
    if isinstance(d, D.Binomial | D.Poisson):
        return _entropy_of_counts(d)
    if isinstance(d, D.Gamma):
        a, b = wide(d.concentration, d.rate)
        return factorial_excess(a) - torch.log(b) + (1 - a) * digamma_excess(a)
    if isinstance(d, D.Beta | D.Dirichlet):
        return _entropy_of_shares(concentrations(d))
    if isinstance(d, D.Uniform):
        return log_width(*wide(d.low, d.high))
    try:
        return d.entropy()
    except NotImplementedError:
        raise GradusError(
            Text(
                f"no closed form of the entropy of {type(d).__name__}; average −log p over samples",
                f"{type(d).__name__} 的熵没有闭式；请对样本的 −log p 取平均",
            )
        ) from None


def _surprise(p: Tensor, log_p: Tensor, given: bool) -> Tensor:
    """−p log p; at 0 it is 0, with the slope ∞ by a probability that was given and 0 by log-odds."""
    some = p > 0
    at_zero = torch.special.entr(within(~some, p)) if given else torch.zeros_like(p)
    return torch.where(some, -within(some, p) * within(some, log_p, 0.0), at_zero)


def _entropy_of_shares(alpha: Tensor) -> Tensor:
    """Dirichlet's, with the terms α log α and αᵢψ(αᵢ) cancelled by hand."""
    k, total = alpha.shape[-1], alpha.sum(-1)
    own = (factorial_excess(alpha) - (alpha - 1) * digamma_excess(alpha)).sum(-1)
    return own - factorial_excess(total) - (k - 1) * torch.log(total) + (total - k) * digamma_excess(total)


def _entropy_of_counts(d: D.Binomial | D.Poisson) -> Tensor:
    """−Σ p log p over the counts within 12 standard deviations, beyond which less than 1e-30 is left; or a series."""
    counts: tuple[Tensor, ...] = (d.rate,) if isinstance(d, D.Poisson) else ()
    if isinstance(d, D.Poisson):
        (mean,) = wide(d.rate)
        variance, correction = mean, -1 / (12 * mean.clamp_min(1))
    else:
        p, q, _, _ = log_odds(d)
        (n,) = wide(d.total_count)
        mean, variance = n * p, n * p * q
        correction = (4 * p * q - 1) / (12 * variance.clamp_min(1))
        counts = (d.total_count, d.probs if "probs" in parameters(d) else d.logits)
    large = variance.detach() > _SUMMED
    series = 0.5 * (math.log(2 * math.pi * math.e) + torch.log(within(large, variance))) + correction
    rows = [v.expand(d.batch_shape).flatten() for v in counts]
    summed = [
        mean.new_zeros(()) if large.flatten()[i] else _summed(_member(d, [v[i] for v in rows]))
        for i in range(mean.numel())
    ]
    total = torch.stack(summed).reshape(d.batch_shape) if summed else mean.reshape(d.batch_shape)
    return torch.where(large, series, total)


def _member(d: D.Binomial | D.Poisson, values: list[Tensor]) -> D.Distribution:
    if isinstance(d, D.Poisson):
        return D.Poisson(values[0], validate_args=False)
    name = "probs" if "probs" in parameters(d) else "logits"
    return D.Binomial(values[0], **{name: values[1]}, validate_args=False)


def _summed(one: D.Distribution) -> Tensor:
    mean, reach = one.mean.item(), 12 * math.sqrt(one.variance.item()) + 40
    top = one.total_count.item() if isinstance(one, D.Binomial) else math.inf
    low, high = max(0, math.floor(mean - reach)), int(min(top, math.ceil(mean + reach)))
    logs = log_density(one, torch.arange(low, high + 1, device=one.mean.device))
    possible = logs > -math.inf
    logs = within(possible, logs, 0.0)
    return -torch.where(possible, logs.exp() * logs, 0.0).sum()
