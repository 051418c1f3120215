"""Distribution functions and their tails, quantiles, samplers and moments of the standard distributions."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from standard_distributions import EPS, FORMULAS, GRID, MILLION, distribution, mp, name_of, outcomes, real
from torch import distributions as D

from gradus.foundations.distributions import (
    as_scipy,
    entropy,
    log_cdf,
    log_density,
    log_survival,
    multivariate_normal,
)


def log_of_series(first, ratio):
    total = term = mp.mpf(1)
    j = 0
    while term > mp.mpf(10) ** -30 * total:
        term *= ratio(j)
        total, j = total + term, j + 1
    return float(first + mp.log(total))


def poisson_tail(mean, k, lower):
    """Log P(X ≤ k) or log P(X > k), by summing the masses outwards."""
    if lower:
        return log_of_series(FORMULAS[D.Poisson](mp.mpf(k), mean), lambda j: (k - j) / mean)
    return log_of_series(FORMULAS[D.Poisson](mp.mpf(k + 1), mean), lambda j: mean / (k + 2 + j))


def binomial_tail(n, p, k, lower):
    q = 1 - p
    if lower:
        return log_of_series(
            FORMULAS[D.Binomial](mp.mpf(k), n, p), lambda j: (k - j) * q / ((n - k + 1 + j) * p)
        )
    return log_of_series(
        FORMULAS[D.Binomial](mp.mpf(k + 1), n, p), lambda j: (n - k - 1 - j) * p / ((k + 2 + j) * q)
    )


@pytest.mark.parametrize("lower", [True, False], ids=["lower", "upper"])
@pytest.mark.parametrize("deviations", [5, 20, 36, 40])
def test_tails_of_a_million_counts(deviations, lower):
    """Off by a relative change of the parameters of a few ε: |log| ε and 40σ·√n ε."""
    ours, side = (log_cdf, -1) if lower else (log_survival, 1)
    k = MILLION + side * deviations * 1000
    half = MILLION // 2 + side * deviations * 500
    x = 0.5 + side * deviations * 0.5 / math.sqrt(2e6)
    with mp.workdps(40):
        mean = mp.mpf(MILLION)
        wants = [
            poisson_tail(mean, k, lower),
            poisson_tail(mp.mpf(k), MILLION - 1, not lower),  # the wait for a million events at rate 1
            binomial_tail(MILLION, mp.mpf(0.5), half, lower),
            binomial_tail(2 * MILLION - 1, mp.mpf(x), MILLION - 1, not lower),  # order statistics
        ]
    got = [
        ours(distribution(D.Poisson, 1e6), real(float(k))),
        ours(distribution(D.Gamma, 1e6, 1.0), real(float(k))),
        ours(distribution(D.Binomial, MILLION, 0.5), real(float(half))),
        ours(distribution(D.Beta, 1e6, 1e6), real(x)),
    ]
    for value, want in zip(got, wants, strict=True):
        allowed = 16 * EPS * (abs(want) + deviations * 1000)
        assert abs(value.item() - want) <= allowed


def test_tails_of_the_normal_and_the_exponential():
    with mp.workdps(40):
        wants = [float(mp.log(mp.ncdf(-z))) for z in (1, 10, 40)]
        near_one = float(mp.log(1 - mp.exp(-40)))
    d = D.Normal(real(0.0), real(1.0))
    assert log_cdf(d, real([-1.0, -10.0, -40.0])).numpy() == pytest.approx(wants, rel=1e-14)
    assert log_survival(d, real([1.0, 10.0, 40.0])).numpy() == pytest.approx(wants, rel=1e-14)
    assert log_cdf(D.Exponential(real(2.0)), real(20.0)).item() == pytest.approx(near_one, rel=1e-10)
    assert log_survival(D.Exponential(real(2.0)), real([1e6, -1.0])).tolist() == [-2e6, 0.0]
    assert as_scipy(d).cdf(-40.0) == 0.0  # e^{-804.6} is no float64


@pytest.mark.parametrize("row", GRID, ids=name_of)
def test_tails_agree_with_scipy_and_add_up_to_one(row):
    kind, *parameters = row
    d, x = distribution(kind, *parameters), real(outcomes(kind, parameters))
    below, above, scipy = log_cdf(d, x), log_survival(d, x), as_scipy(d)
    assert (below.exp() + above.exp()).numpy() == pytest.approx(1.0, abs=1e-9)
    assert below.exp().numpy() == pytest.approx(scipy.cdf(x.numpy()), abs=1e-10)
    assert (below <= 0).all() and (above <= 0).all()
    assert (below.diff() >= 0).all() and (above.diff() <= 0).all()


def test_quantiles_undo_the_distribution_function():
    u = np.array([1e-10, 0.01, 0.5, 0.99])
    for kind, *parameters in GRID:
        scipy = as_scipy(distribution(kind, *parameters))
        if kind in (D.Normal, D.Uniform, D.Exponential, D.Gamma, D.Beta) and parameters[0] != 0.1:
            # at shapes of a million SciPy's quantiles of the far tail are good to 1e-7
            assert scipy.cdf(scipy.ppf(u)) == pytest.approx(u, rel=1e-6)


# ------------------------------------------------------------------------------------------ samplers and moments


@pytest.mark.parametrize("row", GRID, ids=name_of)
def test_samplers_draw_the_distribution(row):
    """torch's, which most use, and SciPy's: within the bound of Dvoretzky, Kiefer and Wolfowitz, as rare as 5σ."""
    kind, *parameters = row
    n = 4000
    limit = math.sqrt(math.log(2 / 5.7e-7) / (2 * n))
    d = distribution(kind, *parameters)
    scipy = as_scipy(d)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = [d.sample((n,)).numpy()]
    drawn.append(scipy.rvs(size=n, random_state=np.random.default_rng(0)))
    for sample in drawn:
        x, seen = np.unique(sample, return_counts=True)
        empirical = seen.cumsum() / n
        F = scipy.cdf(x)
        before = F - scipy.pmf(x) if kind in (D.Bernoulli, D.Binomial, D.Poisson) else F
        assert max(np.abs(empirical - F).max(), np.abs(empirical - seen / n - before).max()) < limit


def test_samplers_of_vectors():
    n = 4000
    alpha = real([0.5, 2.0, 4.0])
    mean, S = real([1.0, -2.0]), real([[2.0, 0.6], [0.6, 0.5]])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        for d in (D.Dirichlet(alpha), multivariate_normal(mean, S)):
            x = d.sample((n,))
            z = (x.mean(0) - d.mean) / (d.variance / n).sqrt()
            assert z.abs().max() < 5
            surprise = -log_density(d, x)
            assert abs(surprise.mean() - entropy(d)) < 5 * surprise.std() / math.sqrt(n)
        p = real([0.0, 0.3, 0.7])
        seen = torch.bincount(D.Categorical(p).sample((n,)), minlength=3) / n
    assert seen[0] == 0
    assert (seen - p).abs().max() < 5 * math.sqrt(0.21 / n)


def test_certain_distributions_draw_one_value():
    for d, value in ((D.Bernoulli(real(1.0)), 1), (D.Binomial(7, real(0.0)), 0), (D.Poisson(real(0.0)), 0)):
        assert (d.sample((50,)) == value).all()
        assert (as_scipy(d).rvs(size=50, random_state=0) == value).all()


@pytest.mark.parametrize("row", GRID, ids=name_of)
def test_moments_agree_with_scipy(row):
    kind, *parameters = row
    d = distribution(kind, *parameters)
    mean, variance = as_scipy(d).stats()
    assert d.mean.item() == pytest.approx(float(mean), rel=1e-13)
    assert d.variance.item() == pytest.approx(float(variance), rel=1e-9, abs=1e-300)


def test_moments_of_vectors_agree_with_scipy():
    alpha = np.array([0.5, 2.0, 1e6])
    d, scipy = D.Dirichlet(real(alpha)), stats.dirichlet(alpha)
    assert d.mean.numpy() == pytest.approx(scipy.mean(), rel=1e-13)
    assert d.variance.numpy() == pytest.approx(scipy.var(), rel=1e-9)
