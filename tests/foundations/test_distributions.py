"""Densities of the standard distributions, and mistakes with them.

The oracles are SciPy, and mpmath with fifty digits where SciPy itself is not accurate.
"""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from standard_distributions import EPS, FORMULAS, GRID, distribution, lg, mp, name_of, outcomes, real
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions import (
    as_scipy,
    fisher_information,
    kl_divergence,
    log_cdf,
    log_density,
    multivariate_normal,
)


@pytest.mark.parametrize("row", GRID, ids=name_of)
def test_log_density_equals_the_formula_with_fifty_digits(row):
    """Backward stable: off by no more than a few roundings of the value and of each argument would make it."""
    kind, *parameters = row
    x = outcomes(kind, parameters)
    assert x.size
    got = log_density(distribution(kind, *parameters), real(x)).tolist()
    with mp.workdps(50):
        exact = [mp.mpf(v) for v in parameters]
        for value, point in zip(got, map(mp.mpf, x.tolist()), strict=True):
            want = FORMULAS[kind](point, *exact)
            moved = abs(want) + 1
            if kind not in (
                D.Bernoulli,
                D.Uniform,
            ):  # by how much a relative change of x and of each parameter moves it
                arguments = [point, *exact]
                fixed = {D.Binomial: (0, 1), D.Poisson: (0,)}.get(kind, ())  # counts are exact
                for i in range(len(arguments)):
                    if i not in fixed and arguments[i]:
                        h = arguments[i] * mp.mpf("1e-15")
                        changed = [*arguments[:i], arguments[i] + h, *arguments[i + 1 :]]
                        moved += abs(FORMULAS[kind](*changed) - want) * mp.mpf("1e15")
            assert abs(value - want) <= 8 * EPS * moved, (float(point), value, mp.nstr(want, 20))


@pytest.mark.parametrize("row", GRID, ids=name_of)
def test_log_density_agrees_with_scipy(row):
    kind, *parameters = row
    x = outcomes(kind, parameters)
    d = distribution(kind, *parameters)
    scipy = as_scipy(d)
    want = (
        scipy.logpmf
        if hasattr(scipy, "pmf") and kind in (D.Bernoulli, D.Binomial, D.Poisson)
        else scipy.logpdf
    )(x)
    # SciPy subtracts log-factorials: numbers of the size n log n
    largest = max(abs(v) for v in (*parameters, *x.tolist())) + 2
    sizes = np.abs(want) + (largest * math.log(largest) if kind not in (D.Normal, D.Exponential) else 1)
    got = log_density(d, real(x)).numpy()
    assert (np.abs(got - want) <= 64 * EPS * sizes * (1 + np.abs(np.log(np.abs(x) + 1e-300)))).all()


def test_float32_keeps_its_digits_at_counts_of_a_million():
    k = torch.tensor([1e6, 1000064.0])
    with mp.workdps(50):
        want = [float(FORMULAS[D.Poisson](mp.mpf(v), mp.mpf(10**6))) for v in k.tolist()]
    got = log_density(D.Poisson(torch.tensor(1e6)), k)
    assert got.dtype == torch.float32
    assert np.abs(got.numpy() / want - 1).max() < 4 * 2.0**-23
    assert abs(D.Poisson(torch.tensor(1e6)).log_prob(k)[0].item() / want[0] - 1) > 0.05  # why it is ours


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_log_density_keeps_the_dtype(dtype):
    p = torch.tensor([0.25, 0.75], dtype=dtype)
    assert log_density(D.Categorical(p), torch.tensor([0, 1])).dtype == dtype
    assert log_density(D.Normal(p[0], p[1]), p).dtype == dtype


def test_certain_and_impossible_outcomes():
    inf, x = math.inf, real([0.0, 1.0])
    assert log_density(D.Bernoulli(real(0.0)), x).tolist() == [0, -inf]
    assert log_density(D.Bernoulli(real(1.0)), x).tolist() == [-inf, 0]
    assert log_density(D.Binomial(3, real(0.0)), x).tolist() == [0, -inf]
    assert log_density(D.Binomial(1, real(1.0)), x).tolist() == [-inf, 0]
    assert log_density(D.Binomial(0, real(0.5)), x).tolist() == [0, -inf]
    assert log_density(D.Poisson(real(0.0)), x).tolist() == [0, -inf]
    assert log_density(D.Categorical(real([0.0, 1.0])), torch.tensor([0, 1])).tolist() == [-inf, 0]


def test_off_the_support_there_is_nothing():
    distributions = [
        (D.Bernoulli(real(0.5)), [2.0, 0.5, -1.0]),
        (D.Binomial(4, real(0.5)), [-1.0, 5.0, 1.5]),
        (D.Poisson(real(2.0)), [-1.0, 0.5]),
        (D.Uniform(real(0.0), real(1.0)), [-0.1, 1.1]),
        (D.Exponential(real(1.0)), [-1e-300]),
        (D.Gamma(real(0.5), real(1.0)), [-1.0]),
        (D.Beta(real(0.5), real(0.5)), [-0.1, 1.1]),
    ]
    for d, x in distributions:
        assert log_density(d, real(x)).tolist() == [-math.inf] * len(x)
    assert log_density(D.Dirichlet(real([0.5, 0.5])), real([1.5, -0.5])).item() == -math.inf
    assert log_density(D.Dirichlet(real([2.0, 2.0])), real([0.2, 0.2])).item() == -math.inf
    assert log_density(D.Categorical(real([0.5, 0.5])), torch.tensor([2, -1])).tolist() == [-math.inf] * 2


def test_log_odds_are_used_as_given():
    """Given as logits, a probability next to 1 keeps what 1 − p would lose; also after `probs` has been asked for."""
    d = D.Bernoulli(logits=real(40.0))
    assert d.probs.item() == 1.0
    assert log_density(d, real(0.0)).item() == pytest.approx(-40.0, rel=1e-15)
    n = D.Binomial(1000, logits=real(-50.0))
    assert log_density(n, real(1.0)).item() == pytest.approx(math.log(1000) - 50, rel=1e-14)


def test_densities_of_vectors():
    rng = np.random.default_rng(0)
    alpha = np.array([0.7, 2.0, 5.0])
    x = rng.dirichlet(alpha, 6)
    got = log_density(D.Dirichlet(real(alpha)), real(x)).numpy()
    assert got == pytest.approx(stats.dirichlet(alpha).logpdf(x.T), rel=1e-13)
    a = np.full(3, 1e6)
    with mp.workdps(50):
        want = float(lg(mp.mpf(3 * 10**6)) - 3 * lg(mp.mpf(10**6)) + (10**6 - 1) * 3 * mp.log(mp.mpf(1) / 3))
    # 1/3 is rounded: what is lost is of second order
    assert log_density(D.Dirichlet(real(a)), real(np.full(3, 1 / 3))).item() == pytest.approx(
        want, rel=4 * EPS
    )
    A = rng.standard_normal((4, 4))
    S, m, y = A @ A.T + np.eye(4), rng.standard_normal(4), rng.standard_normal((5, 4))
    d = multivariate_normal(real(m), real(S))
    assert log_density(d, real(y)).numpy() == pytest.approx(
        stats.multivariate_normal(m, S).logpdf(y), rel=1e-12
    )
    forty = real(m) + 40 * d.scale_tril[:, 2]
    at_mean = log_density(d, real(m)).item()
    assert log_density(d, forty).item() == pytest.approx(at_mean - 800, rel=1e-14)
    assert log_density(d, torch.zeros(0, 4, dtype=torch.float64)).shape == (0,)
    p = rng.dirichlet(np.ones(5))
    i = torch.arange(5)
    assert log_density(D.Categorical(real(p)), i).numpy() == pytest.approx(np.log(p), rel=1e-14)


def test_log_density_is_differentiable():
    a, b = real(2.5).requires_grad_(), real(1.5).requires_grad_()
    x = real([0.5, 30.0]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, a, b: log_density(D.Gamma(a, b), x), (x, a, b))
    p = real(0.3).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: log_density(D.Binomial(30, p), real([3.0, 20.0])), (p,))
    y = real([0.2, 0.9]).requires_grad_()
    assert torch.autograd.gradcheck(lambda x, a, b: log_density(D.Beta(a, b), x), (y, a, b))


# ------------------------------------------------------------------------------------------ users' mistakes


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: log_density(distribution(D.Normal, 0.0, -1.0), real(0.0)), "expected scale of Normal"),
        (lambda: log_density(distribution(D.Poisson, -1.0), real(0.0)), "expected rate of Poisson"),
        (lambda: log_density(distribution(D.Beta, 0.0, 1.0), real(0.5)), "expected concentration1 of Beta"),
        (lambda: log_density(distribution(D.Uniform, 1.0, 0.0), real(0.5)), "low < high"),
        (lambda: log_density(D.Cauchy(real(0.0), real(1.0)), real(0.0)), "got Cauchy; use its log_prob"),
        (lambda: log_density(D.Normal(torch.zeros(3), torch.ones(3)), torch.zeros(4)), "broadcast"),
        (lambda: multivariate_normal(real([0.0, 0.0]), real([[1.0, 2.0], [2.0, 1.0]])), "eigenvalue -1"),
        (lambda: multivariate_normal(real([0.0, 0.0]), real([[1.0, 0.5], [0.0, 1.0]])), "symmetric"),
        (
            lambda: multivariate_normal(real([0.0]), torch.eye(2, dtype=torch.float64)),
            "covariance: expected the shape .* got \\(2, 2\\); d is 1 in mean",
        ),
        (lambda: kl_divergence(D.Binomial(3, real(0.5)), D.Binomial(4, real(0.5))), "same number of trials"),
        (lambda: kl_divergence(distribution(D.Normal, 0.0, 1.0), D.Bernoulli(real(0.5))), "no closed form"),
        (lambda: as_scipy(D.Categorical(real([[0.5, 0.5]]))), "single Categorical"),
        (lambda: as_scipy(D.Cauchy(real(0.0), real(1.0))), "got Cauchy"),
        (lambda: log_cdf(D.Dirichlet(real([1.0, 1.0])), real([0.5, 0.5])), "no order"),
        (lambda: fisher_information(D.Cauchy(real(0.0), real(1.0))), "got Cauchy"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(GradusError, match=message):
        make()


def test_a_categorical_law_has_its_scipy_form():
    law = as_scipy(D.Categorical(real([0.2, 0.3, 0.5])))
    assert law.pmf([0, 1, 2, 3]) == pytest.approx([0.2, 0.3, 0.5, 0.0])
    assert law.ppf(0.5) == 1
