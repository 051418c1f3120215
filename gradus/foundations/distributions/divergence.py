"""Kullback–Leibler divergence between the standard distributions, in closed form where there is one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_distribution
from gradus.foundations.distributions.parameters import (
    check_parameters,
    concentrations,
    log_odds,
    log_shares,
    parameters,
    wide,
    working_dtype,
)
from gradus.foundations.distributions.saddle_point import (
    deviance,
    digamma_excess,
    factorial_excess,
    log_ratio,
    within,
)
from gradus.text import Text


def kl_divergence(p: D.Distribution, q: D.Distribution) -> Float[Tensor, "*batch"]:
    r"""Kullback–Leibler divergence in nats, :math:`D(p\|q)=E_p[\log p(X)-\log q(X)]`; infinite where q misses what p has.

    Args:
        p: the distribution over which the average is taken.
        q: the distribution that it is compared with; of the same kind.

    Raises:
        GradusError: a parameter is outside its domain, the kinds differ and torch knows no closed form, the batches do not
            broadcast, or two binomials have different numbers of trials.

    Cost: O(1) for each member of the batch.

    Source: Kullback and Leibler 1951.

    Deviates: log-odds are used as they were given: D of the log-odds 800 from −800 is 800. torch's own gives NaN for Poisson(0), finite values where clamped probabilities of 0 make it infinite, and
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
    try:
        torch.broadcast_shapes(p.batch_shape, q.batch_shape)
    except RuntimeError:
        first, second = tuple(p.batch_shape), tuple(q.batch_shape)
        raise GradusError(
            Text(
                f"expected batches of p and q that broadcast, got shapes {first} and {second}",
                f"p 与 q 的批形状应能广播，实为 {first} 与 {second}",
            )
        ) from None
    rule = _DIVERGENCE.get(type(p))
    if rule is not None and type(p) is type(q):
        return rule(p, q).to(torch.promote_types(working_dtype(p), working_dtype(q)))
    try:
        return D.kl_divergence(p, q)
    except NotImplementedError:
        raise GradusError(
            Text(
                f"no closed form of the divergence of {type(p).__name__} from {type(q).__name__}; sample it",
                f"{type(p).__name__} 与 {type(q).__name__} 的散度没有闭式；请用抽样估计",
            )
        ) from None


def _of_outcomes(p: D.Categorical, q: D.Categorical) -> Tensor:
    """Σ p log(p/q), of terms that are never negative: Σ (q − p) = 0 is spread over them."""
    first, second = log_shares(p), log_shares(q)
    if first.shape[-1] != second.shape[-1]:
        raise GradusError(
            Text(
                f"expected as many outcomes in p as in q, got {first.shape[-1]} and {second.shape[-1]}",
                f"p 与 q 的结果数应相同，实为 {first.shape[-1]} 与 {second.shape[-1]}",
            )
        )
    first, second = wide(first, second)
    shares = [
        wide(d.probs)[0] if "probs" in parameters(d) else logs.exp() for d, logs in ((p, first), (q, second))
    ]
    return deviance(*wide(*shares), log_m=second).sum(-1)


def _of_two(p: D.Bernoulli | D.Binomial, q: D.Bernoulli | D.Binomial) -> Tensor:
    """Between two outcomes; p − q comes from the log-odds where both have them, since both may round to 1."""
    p1, q1, _, _, p2, q2, log_p2, log_q2 = wide(*log_odds(p), *log_odds(q))
    if "logits" in parameters(p) and "logits" in parameters(q):
        z, w = wide(p.logits, q.logits)
        apart = within(z != w, z - w, 0.0)
        size = torch.expm1(-apart.abs()) * torch.where(apart > 0, p1 * q2, p2 * q1)
        difference = -torch.sign(apart) * size
    else:
        difference = torch.where(p1 < 0.5, p1 - p2, q2 - q1)
    ones = deviance(p1, p2, difference=difference, log_m=log_p2)
    return ones + deviance(q1, q2, difference=-difference, log_m=log_q2)


def _of_binomials(p: D.Binomial, q: D.Binomial) -> Tensor:
    if not bool((p.total_count == q.total_count).all()):
        raise GradusError(
            Text(
                "expected two binomials of the same number of trials; no closed form otherwise",
                "两个二项分布的试验次数应相同；否则没有闭式",
            )
        )
    each, n = wide(_of_two(p, q), p.total_count)
    return n * within(n > 0, each, 0.0)


def _of_normals(p: D.Normal, q: D.Normal) -> Tensor:
    mean, deviation, mean2, deviation2 = wide(p.loc, p.scale, q.loc, q.scale)
    ratio = deviation / deviation2
    spread = deviance(
        torch.ones_like(ratio),
        ratio**2,
        difference=(deviation2 - deviation) / deviation2 * (1 + ratio),
        log_m=2 * log_ratio(deviation, deviation2),
    )
    apart = mean - mean2
    fits = apart.detach().isfinite()
    moved = within(fits, apart, 0.0) / deviation2 + 2 * (
        within(~fits, mean / 2 - mean2 / 2, 0.0) / deviation2
    )
    return 0.5 * (spread + moved**2)


def _of_exponentials(p: D.Exponential, q: D.Exponential) -> Tensor:
    first, second = wide(p.rate, q.rate)
    ratio, difference = second / first, (first - second) / first
    return deviance(torch.ones_like(ratio), ratio, difference=difference, log_m=log_ratio(second, first))


def _of_uniforms(p: D.Uniform, q: D.Uniform) -> Tensor:
    low, high, low2, high2 = wide(p.low, p.high, q.low, q.high)
    inside = (low >= low2) & (high <= high2)
    fits = (high2 - low2).isfinite()
    halves = log_ratio(high2 / 2 - low2 / 2, high / 2 - low / 2)
    usual = log_ratio(within(fits, high2 - low2), within(fits, high - low))
    return torch.where(inside, torch.where(fits, usual, halves), math.inf)


def _of_gammas(p: D.Gamma, q: D.Gamma) -> Tensor:
    a, b, c, d = wide(p.concentration, p.rate, q.concentration, q.rate)
    return _of_shapes(a, c, a * (d / b), torch.log(a) + log_ratio(d, b))


def _of_shapes(a: Tensor, c: Tensor, r: Tensor, log_r: Tensor) -> Tensor:
    """Between gamma distributions of the shapes a and c, where r is the first's shape in the second's unit, a·rate₂/rate₁."""
    a, c, r, log_r = torch.broadcast_tensors(a, c, r, log_r)
    excess = factorial_excess(c) - factorial_excess(a) - log_ratio(c, a)
    return deviance(c, r, log_m=log_r) + (a - c) * digamma_excess(a) + excess


def _of_shares(p: D.Beta | D.Dirichlet, q: D.Beta | D.Dirichlet) -> Tensor:
    """Independent gamma variables are their sum and their shares, which are independent too: divergences subtract."""
    a, c = concentrations(p), concentrations(q)
    if a.shape[-1] != c.shape[-1]:
        raise GradusError(
            Text(
                f"expected as many shares in p as in q, got {a.shape[-1]} and {c.shape[-1]}",
                f"p 与 q 的分量数应相同，实为 {a.shape[-1]} 与 {c.shape[-1]}",
            )
        )
    a, c = wide(a, c)
    first, second = a.sum(-1), c.sum(-1)
    return _of_shapes(a, c, a, torch.log(a)).sum(-1) - _of_shapes(first, second, first, torch.log(first))


_DIVERGENCE: dict[type, Callable[[Any, Any], Tensor]] = {
    D.Normal: _of_normals,
    D.Bernoulli: _of_two,
    D.Binomial: _of_binomials,
    D.Categorical: _of_outcomes,
    D.Poisson: lambda p, q: deviance(*wide(p.rate, q.rate)),
    D.Exponential: _of_exponentials,
    D.Uniform: _of_uniforms,
    D.Gamma: _of_gammas,
    D.Beta: _of_shares,
    D.Dirichlet: _of_shares,
}
