"""The same distribution in SciPy: for CDF, quantiles, survival, tests and samplers with a generator of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions.arguments import require_distribution
from gradus.foundations.distributions.parameters import check_parameters
from gradus.text import Text


def as_scipy(distribution: D.Distribution) -> Any:
    """The frozen `scipy.stats` distribution of the same distribution: `as_scipy(d).cdf(x)`, `.ppf`, `.sf`, `.rvs(random_state=rng)`.

    `torch.distributions` has no CDF for Binomial, Poisson and Beta, hardly any quantiles, a CDF of the normal that is 0
    beyond 8σ, and samplers that draw from the global generator.

    Args:
        distribution: Normal, Bernoulli, Binomial, Poisson, Categorical, Uniform, Exponential, Gamma, Beta, Dirichlet or
            MultivariateNormal; the last three of a single batch member where SciPy has no batches.

    Raises:
        GradusError: the distribution is another one, a parameter is outside its domain, or it has a batch that SciPy lacks.

    Cost: O(1); the parameters are copied to NumPy in float64.

    Source: the parametrisations of SciPy's reference: scale = σ = 1/rate, loc = low.

    Example:
        >>> import torch.distributions as D
        >>> float(as_scipy(D.Binomial(10, 0.5)).ppf(0.5))
        5.0
    """
    require_distribution("distribution", distribution)
    rule = _RULES.get(type(distribution))
    if rule is None:
        known = ", ".join(t.__name__ for t in _RULES)
        raise GradusError(
            Text(
                f"distribution: expected one of {known}, got {type(distribution).__name__}",
                f"distribution：应为 {known} 之一，得到 {type(distribution).__name__}",
            )
        )
    check_parameters(distribution)
    if (
        isinstance(distribution, D.Categorical | D.Dirichlet | D.MultivariateNormal)
        and distribution.batch_shape
    ):
        raise GradusError(
            Text(
                f"distribution: expected a single {type(distribution).__name__}, got a batch of {tuple(distribution.batch_shape)}; take one",
                f"distribution：应为单个 {type(distribution).__name__}，得到形状为 {tuple(distribution.batch_shape)} 的一批；请取其中一个",
            )
        )
    from scipy import stats

    return rule(stats, distribution)


def _array(tensor: Tensor) -> Any:
    return tensor.detach().cpu().double().numpy()


def _categorical(stats: Any, d: D.Categorical) -> Any:
    p = _array(d.probs)
    return stats.rv_discrete(values=(range(len(p)), p / p.sum()))


_RULES: dict[type, Callable[[Any, Any], Any]] = {
    D.Normal: lambda s, d: s.norm(_array(d.loc), _array(d.scale)),
    D.Bernoulli: lambda s, d: s.bernoulli(_array(d.probs)),
    D.Binomial: lambda s, d: s.binom(_array(d.total_count).astype(int), _array(d.probs)),
    D.Poisson: lambda s, d: s.poisson(_array(d.rate)),
    D.Categorical: _categorical,
    D.Uniform: lambda s, d: s.uniform(_array(d.low), _array(d.high - d.low)),
    D.Exponential: lambda s, d: s.expon(0.0, 1 / _array(d.rate)),
    D.Gamma: lambda s, d: s.gamma(_array(d.concentration), scale=1 / _array(d.rate)),
    D.Beta: lambda s, d: s.beta(_array(d.concentration1), _array(d.concentration0)),
    D.Dirichlet: lambda s, d: s.dirichlet(_array(d.concentration)),
    D.MultivariateNormal: lambda s, d: s.multivariate_normal(_array(d.loc), _array(d.covariance_matrix)),
}
