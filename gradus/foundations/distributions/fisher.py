"""Fisher information of the standard distributions."""

from __future__ import annotations

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
    wide,
    working_dtype,
)
from gradus.foundations.distributions.saddle_point import trigamma
from gradus.text import Text


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
            Text(
                "Uniform has no Fisher information: its support moves with its parameters; the maximum converges like 1/n",
                "Uniform 没有费希尔信息：其支撑集随参数移动；极大值以 1/n 的速度收敛",
            )
        )
    rule = _FISHER.get(type(distribution))
    if rule is None:
        known = ", ".join(t.__name__ for t in _FISHER)
        raise GradusError(
            Text(
                f"distribution: expected one of {known}, got {type(distribution).__name__}",
                f"distribution：应为 {known} 之一，得到 {type(distribution).__name__}",
            )
        )
    return rule(distribution).to(working_dtype(distribution))


def _matrix(*rows: tuple[Tensor, ...]) -> Tensor:
    return torch.stack([torch.stack(torch.broadcast_tensors(*r), -1) for r in rows], -2)


def _normal(d: D.Normal) -> Tensor:
    (scale,) = wide(d.scale)
    return torch.diag_embed(torch.stack([scale**-2, 2 * scale**-2], -1))


def _two_outcomes(d: D.Bernoulli | D.Binomial, trials: Tensor | float) -> Tensor:
    """n/(p(1 − p)); nothing is learnt from no trial, whatever p."""
    p, q, _, _ = log_odds(d)
    n = torch.as_tensor(trials, dtype=p.dtype, device=p.device)
    return torch.where(n > 0, n / p / q, 0.0)[..., None, None]


def _gamma(d: D.Gamma) -> Tensor:
    a, b = wide(d.concentration, d.rate)
    return _matrix((trigamma(a), -1 / b), (-1 / b, a / b / b))


def _dirichlet(alpha: Tensor) -> Tensor:
    own = trigamma(alpha)
    return torch.diag_embed(own) - trigamma(alpha.sum(-1))[..., None, None]


def _categorical(d: D.Categorical) -> Tensor:
    (p,) = wide(d.probs)
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
    D.Bernoulli: lambda d: _two_outcomes(d, 1.0),
    D.Binomial: lambda d: _two_outcomes(d, d.total_count),
    D.Poisson: lambda d: (1 / wide(d.rate)[0])[..., None, None],
    D.Categorical: _categorical,
    D.Exponential: lambda d: (wide(d.rate)[0] ** -2)[..., None, None],
    D.Gamma: _gamma,
    D.Beta: lambda d: _dirichlet(concentrations(d)),
    D.Dirichlet: lambda d: _dirichlet(concentrations(d)),
    D.MultivariateNormal: _multivariate_normal,
}
