"""Fisher's information of the standard distributions is the covariance of the score."""

import math

import numpy as np
import pytest
import torch
from standard_distributions import EPS, distribution, mp, name_of, real
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions import as_scipy, fisher_information, log_density, multivariate_normal

INFORMATION = [
    (D.Normal, 1.0, 2.0),
    (D.Bernoulli, 0.3),
    (D.Bernoulli, 1e-6),
    (D.Binomial, 20, 0.3),
    (D.Poisson, 3.5),
    (D.Exponential, 0.2),
    (D.Gamma, 2.5, 2.0),
    (D.Gamma, 0.3, 1.0),
    (D.Beta, 2.0, 3.0),
]


def score_of(kind, parameters, x):
    """∂ log p/∂θ at every x, by torch."""
    free = [real(v).requires_grad_() for v in parameters if not isinstance(v, int)]
    fixed = [v for v in parameters if isinstance(v, int)]
    rows = []
    for point in x:
        value = log_density(kind(*fixed, *free, validate_args=False), real(point))
        rows.append([g.item() for g in torch.autograd.grad(value, free)])
    return np.array(rows)


@pytest.mark.parametrize("row", INFORMATION, ids=name_of)
def test_fisher_information_is_the_covariance_of_the_score(row):
    """By summation, or by the rule of Gauss and Legendre over equal shares of the mass: E f = ∫ f(F⁻¹(u)) du."""
    kind, *parameters = row
    d = distribution(kind, *parameters)
    scipy = as_scipy(d)
    if kind in (D.Bernoulli, D.Binomial, D.Poisson):
        x = np.arange(
            0, (parameters[0] if kind is D.Binomial else {D.Bernoulli: 1, D.Poisson: 60}[kind]) + 1.0
        )
        mass = scipy.pmf(x)
    else:  # u = logistic(t), so that the tails of both ends count
        t = np.arange(-34, 34, 0.25)
        u = 1 / (1 + np.exp(-t))
        x = np.where(t < 0, scipy.ppf(np.minimum(u, 0.5)), scipy.isf(np.minimum(1 / (1 + np.exp(t)), 0.5)))
        mass = 0.25 * u / (1 + np.exp(t))
    score = score_of(kind, parameters, x)
    want = fisher_information(d).numpy()
    size = np.sqrt(np.diag(want))
    assert np.abs((mass @ score) / size).max() < 1e-6
    got = np.einsum("n,ni,nj->ij", mass, score, score)
    assert np.abs((got - want) / np.outer(size, size)).max() < 1e-6


def test_fisher_information_with_fifty_digits():
    with mp.workdps(50):
        for a in (1e-3, 2.0, 15.9, 16.1, 1e6):
            own, total = float(mp.psi(1, mp.mpf(a))), float(mp.psi(1, mp.mpf(3 * a)))
            gamma = fisher_information(distribution(D.Gamma, a, 2.0))
            assert gamma.flatten().tolist() == pytest.approx([own, -0.5, -0.5, a / 4], rel=4 * EPS)
            shares = fisher_information(D.Dirichlet(real([a, a, a])))
            assert shares.numpy() == pytest.approx(np.diag([own] * 3) - total, rel=8 * EPS)


def test_fisher_information_of_a_multivariate_normal_and_of_categories():
    mean, S = real([1.0, -2.0]), real([[2.0, 0.6], [0.6, 0.5]])

    def log_likelihood(theta, x):
        covariance = torch.stack([torch.stack([theta[2], theta[3]]), torch.stack([theta[3], theta[4]])])
        return log_density(multivariate_normal(theta[:2], covariance), x)

    theta = torch.cat([mean, real([2.0, 0.6, 0.5])])
    # minus the Hessian is linear in x and xxᵀ: its mean is that over points with the distribution's mean and covariance
    L = torch.linalg.cholesky(S) * math.sqrt(2)
    points = [mean + s * L[:, i] for i in range(2) for s in (-1, 1)]
    bend = sum(torch.autograd.functional.hessian(lambda t, x=x: log_likelihood(t, x), theta) for x in points)
    got = fisher_information(multivariate_normal(mean, S))
    assert got.numpy() == pytest.approx(-bend.numpy() / 4, abs=1e-12)
    p = np.array([0.2, 0.5, 0.3])
    score = np.array([[1 / 0.2, 0], [0, 1 / 0.5], [-1 / 0.3, -1 / 0.3]])
    want = np.einsum("n,ni,nj->ij", p, score, score)
    assert fisher_information(D.Categorical(real(p))).numpy() == pytest.approx(want, rel=1e-14)
    with pytest.raises(GradusError, match="support moves"):
        fisher_information(distribution(D.Uniform, 0.0, 1.0))
