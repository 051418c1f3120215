"""Coordinate-ascent mean field beside closed forms, integrals and scikit-learn's neighbours."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import gammaln, logsumexp
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from gradus.errors import GradusError
from gradus.inference import mean_field_gaussian, mean_field_regression


def laws(seed: int, *batch: int, d: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    A = torch.randn(*batch, d, 8 * d, dtype=torch.float64, generator=g)
    return torch.randn(*batch, d, dtype=torch.float64, generator=g), A @ A.mT / (8 * d)


def test_the_end_and_the_way_there() -> None:
    mu, P = laws(0, 3)
    found = mean_field_gaussian(mu, P, sweeps=400, tolerance=1e-13)
    assert found.converged
    torch.testing.assert_close(found.mean, mu, rtol=0, atol=1e-11)
    diagonal = P.diagonal(dim1=-2, dim2=-1)
    torch.testing.assert_close(found.variance, 1 / diagonal)
    steps = found.elbo.permute(1, 0, 2).reshape(3, -1)
    assert steps.diff().min() > -1e-12
    torch.testing.assert_close(steps[:, -1], -(diagonal.log().sum(-1) - P.logdet()) / 2)
    for t, k in ((1, 0), (2, 1)):  # after whole sweeps the bound is minus the divergence
        part = mean_field_gaussian(mu, P, sweeps=t, tolerance=0)
        q = MultivariateNormal(part.mean[k], torch.diag(part.variance[k]))
        want = -kl_divergence(q, MultivariateNormal(mu[k], precision_matrix=P[k]))
        torch.testing.assert_close(part.elbo[-1, k, -1], want)


def test_order_and_start_change_the_way_alone() -> None:
    mu, P = laws(1)
    start = (torch.full((4,), 5.0).to(mu), torch.full((4,), 0.1).to(mu))
    one, two = (mean_field_gaussian(mu, P, start, order=o, sweeps=500) for o in (None, [3, 1, 0, 2]))
    assert abs(one.elbo[0, 1] - two.elbo[0, 1]) > 1e-3
    torch.testing.assert_close(one.mean, two.mean, rtol=0, atol=1e-8)
    assert mean_field_gaussian(mu.float(), P.float()).mean.dtype == torch.float32


def test_what_is_refused() -> None:
    mu, P = laws(2)
    with pytest.raises(GradusError, match="precision: expected a positive definite"):
        mean_field_gaussian(mu, -P)
    with pytest.raises(GradusError, match="precision: expected a symmetric"):
        mean_field_gaussian(mu, P + torch.tril(torch.ones_like(P), -1))
    with pytest.raises(GradusError, match="each coordinate from 0 to 3 once"):
        mean_field_gaussian(mu, P, order=[0, 1, 2, 2])
    with pytest.raises(GradusError, match="variances above 0"):
        mean_field_gaussian(mu, P, (mu, 0 * mu))
    with pytest.raises(GradusError, match="shape and rate"):
        mean_field_regression(P, mu, noise=(1.0,))  # type: ignore[arg-type]


def data(seed: int, n: int, d: int) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    y = X @ rng.standard_normal(d) + 0.5 * rng.standard_normal(n)
    return torch.tensor(X), torch.tensor(y)


def integral(
    X: torch.Tensor,
    y: torch.Tensor,
    alpha: float | None,
    noise: tuple[float, float],
    law: tuple[float, float],
) -> float:
    """Ln p(y) by quadrature over ln τ (and ln α); the weights are integrated in closed form."""
    grid = np.linspace(-12, 9, 141)
    A, t = X.numpy(), y.numpy()
    s2, U = np.linalg.eigh(A @ A.T)
    z2 = (U.T @ t) ** 2

    def gamma(u: np.ndarray, shape: float, rate: float) -> np.ndarray:  # density of the logarithm
        return shape * np.log(rate) - gammaln(shape) + shape * u - rate * np.exp(u)

    alphas = np.array([math.log(alpha)]) if alpha is not None else grid
    v = np.exp(-grid)[:, None, None] + np.exp(-alphas)[None, :, None] * np.maximum(s2, 0)
    logs = -0.5 * (np.log(2 * np.pi * v) + z2 / v).sum(-1) + gamma(grid, *noise)[:, None]
    step = grid[1] - grid[0]
    if alpha is None:
        return float(logsumexp(logs + gamma(grid, *law)) + 2 * math.log(step))
    return float(logsumexp(logs) + math.log(step))


@pytest.mark.parametrize("shape", [(12, 3), (4, 6)])
@pytest.mark.parametrize("alpha", [None, 0.7])
def test_the_bound_of_a_regression_rises_to_just_below_the_evidence(
    shape: tuple[int, int], alpha: float | None
) -> None:
    X, y = data(3, *shape)
    found = mean_field_regression(X, y, weight_precision=alpha, noise=(2.0, 1.0), weights=(2.0, 3.0))
    assert found.converged
    assert found.elbo.diff().min() > -1e-11
    gap = integral(X, y, alpha, (2.0, 1.0), (2.0, 3.0)) - float(found.elbo[-1])
    assert 1e-4 < gap < 0.5, gap


def test_the_bound_of_a_regression_is_what_draws_say() -> None:
    X, y = data(4, 9, 2)
    found = mean_field_regression(X, y, noise=(2.0, 1.0), weights=(2.0, 3.0))
    torch.manual_seed(0)
    n, (a, b), (c, d) = 20000, found.noise, found.weights
    w_law = MultivariateNormal(found.mean, found.covariance)
    gamma = torch.distributions.Gamma
    tau_law, alpha_law = (
        gamma(*(torch.tensor(v, dtype=torch.float64) for v in pair)) for pair in ((a, b), (c, d))
    )
    w, tau, alpha = w_law.sample((n,)), tau_law.sample((n,)), alpha_law.sample((n,))
    each = Normal((w @ X.mT), tau.rsqrt()[:, None]).log_prob(y).sum(-1) + Normal(
        0.0, alpha.rsqrt()[:, None]
    ).log_prob(w).sum(-1)
    each = each + gamma(2.0, 1.0).log_prob(tau) + gamma(2.0, 3.0).log_prob(alpha)
    each = each - w_law.log_prob(w) - tau_law.log_prob(tau) - alpha_law.log_prob(alpha)
    assert float(each.mean()) == pytest.approx(
        float(found.elbo[-1]), abs=5 * float(each.std()) / math.sqrt(n)
    )


def test_with_many_samples_the_weights_are_those_of_least_squares() -> None:
    X, y = data(5, 4000, 3)
    found = mean_field_regression(X, y)
    torch.testing.assert_close(
        found.mean, torch.linalg.lstsq(X, y[:, None]).solution[:, 0], rtol=1e-3, atol=1e-4
    )
    assert found.noise[0] / found.noise[1] == pytest.approx(4.0, rel=0.1)
    assert "d=3, noise precision" in repr(found)


def test_half_precision_is_computed_in_single() -> None:
    """Ln 64 and ln 48 cancel in the bound: in bfloat16 each alone is off by 0.01."""
    mu, start = torch.tensor([1.0, -2.0]), (torch.zeros(2), torch.ones(2))
    P = torch.tensor([[64.0, 4.0], [4.0, 1.0]])
    exact = mean_field_gaussian(mu, P, start, sweeps=4, tolerance=0)
    half = mean_field_gaussian(
        mu.bfloat16(), P.bfloat16(), (start[0].bfloat16(), start[1].bfloat16()), sweeps=4, tolerance=0
    )
    assert half.elbo.dtype == half.mean.dtype == torch.bfloat16
    torch.testing.assert_close(half.elbo.float(), exact.elbo, rtol=2**-8, atol=0)
