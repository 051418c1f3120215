"""Density, distribution function, sampler, moments, entropy, divergence and Fisher information of the standard distributions.

The oracles are SciPy, and mpmath with fifty digits where SciPy itself is not accurate; the grid has tails of 40σ,
counts and shapes of a million, probabilities of 0 and 1.
"""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions import (
    as_scipy,
    entropy,
    fisher_information,
    kl_divergence,
    log_cdf,
    log_density,
    log_survival,
    multivariate_normal,
)

mp = pytest.importorskip("mpmath")
EPS = 2.0**-52
MILLION = 10**6


def real(value):
    return torch.tensor(value, dtype=torch.float64)


def distribution(kind, *parameters):
    """A distribution of torch; a number of trials stays an integer."""
    if kind is D.Binomial:
        return D.Binomial(parameters[0], real(parameters[1]), validate_args=False)
    return kind(*map(real, parameters), validate_args=False)


def lg(z):
    return mp.loggamma(z)


def times_log(x, y):
    return x * mp.log(y) if x else mp.mpf(0)


# the formulas themselves, x first; to be evaluated with fifty digits
FORMULAS = {
    D.Normal: lambda x, m, s: -(((x - m) / s) ** 2) / 2 - mp.log(s) - mp.log(2 * mp.pi) / 2,
    D.Bernoulli: lambda x, p: times_log(x, p) + times_log(1 - x, 1 - p),
    D.Binomial: lambda x, n, p: (
        lg(n + 1) - lg(x + 1) - lg(n - x + 1) + times_log(x, p) + times_log(n - x, 1 - p)
    ),
    D.Poisson: lambda x, v: times_log(x, v) - v - lg(x + 1),
    D.Uniform: lambda x, a, b: -mp.log(b - a),
    D.Exponential: lambda x, v: mp.log(v) - v * x,
    D.Gamma: lambda x, a, b: a * mp.log(b) - lg(a) + (a - 1) * mp.log(x) - b * x,
    D.Beta: lambda x, a, b: (a - 1) * mp.log(x) + (b - 1) * mp.log(1 - x) + lg(a + b) - lg(a) - lg(b),
}

GRID = [
    (D.Normal, 0.0, 1.0),
    (D.Normal, 1e6, 1e-3),
    (D.Normal, -2.0, 1e150),
    (D.Bernoulli, 0.3),
    (D.Bernoulli, 1e-300),
    (D.Bernoulli, 1 - 2.0**-53),
    (D.Binomial, 20, 0.3),
    (D.Binomial, 1, 0.5),
    (D.Binomial, MILLION, 0.5),
    (D.Binomial, MILLION, 1e-6),
    (D.Binomial, MILLION, 0.999),
    (D.Poisson, 3.5),
    (D.Poisson, 1e-5),
    (D.Poisson, 1e6),
    (D.Uniform, -1.0, 3.0),
    (D.Exponential, 0.01),
    (D.Exponential, 1e6),
    (D.Gamma, 2.5, 2.0),
    (D.Gamma, 0.1, 1.0),
    (D.Gamma, 16.5, 1.0),
    (D.Gamma, 1e6, 1e6),
    (D.Gamma, 1e6, 1.0),
    (D.Beta, 2.0, 3.0),
    (D.Beta, 0.5, 0.5),
    (D.Beta, 1e6, 1e6),
    (D.Beta, 2.0, 1e6),
]


def name_of(row):
    return f"{row[0].__name__}{row[1:]}"


def outcomes(kind, parameters):
    """Outcomes from −40σ to 40σ around the mean, those that lie in the support."""
    d = distribution(kind, *parameters)
    mean, spread = d.mean.item(), d.variance.sqrt().item()
    x = mean + spread * np.array([-40.0, -20.0, -8.0, -1.0, 0.0, 0.3, 1.0, 8.0, 20.0, 40.0])
    if kind in (D.Bernoulli, D.Binomial, D.Poisson):
        x = np.unique(np.append(np.round(x), [0.0, 1.0]))
        top = {D.Bernoulli: 1, D.Binomial: parameters[0], D.Poisson: math.inf}[kind]
        return x[(x >= 0) & (x <= top)]
    scipy = as_scipy(d)
    low, high = scipy.support()
    return x[(x > low) & (x < high)]


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


# ------------------------------------------------------------------------------------------ distribution functions


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


# ------------------------------------------------------------------------------------------ entropy


def exact_entropy(kind, *v):
    """The closed form with fifty digits; for counts the sum of the masses."""
    psi = mp.digamma
    v = [mp.mpf(a) for a in v]
    if kind is D.Normal:
        return mp.log(2 * mp.pi * mp.e * v[1] ** 2) / 2
    if kind is D.Uniform:
        return mp.log(v[1] - v[0])
    if kind is D.Exponential:
        return 1 - mp.log(v[0])
    if kind is D.Gamma:
        return v[0] - mp.log(v[1]) + lg(v[0]) + (1 - v[0]) * psi(v[0])
    if kind is D.Beta:
        a, b = v
        return lg(a) + lg(b) - lg(a + b) - (a - 1) * psi(a) - (b - 1) * psi(b) + (a + b - 2) * psi(a + b)
    if kind is D.Bernoulli:
        return -times_log(v[0], v[0]) - times_log(1 - v[0], 1 - v[0])
    raise KeyError(kind)


@pytest.mark.parametrize("row", [r for r in GRID if r[0] not in (D.Binomial, D.Poisson)], ids=name_of)
def test_entropy_equals_the_closed_form_with_fifty_digits(row):
    kind, *parameters = row
    with mp.workdps(400):  # 1 − 1e-300 needs more than fifty
        want = float(exact_entropy(kind, *parameters))
    # the closed form's own terms are at most as large as the logarithms of the parameters, and as 8 = log(√2π·10⁶)
    size = (
        abs(want)
        + 8
        + sum(abs(math.log(abs(v) + 1e-300)) for v in parameters if v and kind is not D.Bernoulli)
    )
    got = entropy(distribution(kind, *parameters)).item()
    assert abs(got - want) <= 8 * EPS * (abs(want) if kind is D.Bernoulli and want < 1e-3 else size)


def test_entropy_of_counts():
    small = D.Poisson(real([3.5, 0.2]))
    assert entropy(small).numpy() == pytest.approx(stats.poisson([3.5, 0.2]).entropy(), rel=1e-9)
    lam = 1e6
    series = 0.5 * math.log(2 * math.pi * math.e * lam) - 1 / (12 * lam) - 1 / (24 * lam**2)
    assert entropy(D.Poisson(real(lam))).item() == pytest.approx(series, rel=1e-13)
    with pytest.warns(RuntimeWarning, match="did not converge"):  # why it is ours
        assert abs(stats.poisson(lam).entropy() - series) > 1
    assert entropy(D.Binomial(12, real(0.3))).item() == pytest.approx(
        stats.binom(12, 0.3).entropy(), rel=1e-12
    )
    # ½ log(2πe np(1−p)) + (1 − 4·¼·…)/…: the next term of the series is of order 1/n
    assert entropy(D.Binomial(MILLION, real(0.5))).item() == pytest.approx(
        0.5 * math.log(2 * math.pi * math.e * MILLION / 4), abs=1 / MILLION
    )
    assert entropy(D.Binomial(MILLION, real([0.0, 1.0]))).tolist() == [0, 0]
    assert entropy(D.Poisson(real(0.0))).item() == 0


def test_entropy_at_the_extremes():
    assert entropy(D.Bernoulli(real([0.0, 1.0]))).tolist() == [0, 0]
    assert entropy(D.Categorical(real([0.0, 1.0, 0.0]))).item() == 0
    assert entropy(D.Categorical(real(np.full(1024, 1 / 1024)))).item() == pytest.approx(
        10 * math.log(2), rel=1e-14
    )
    alpha = [1e6, 1e6, 2e6]
    with mp.workdps(50):
        a = [mp.mpf(v) for v in alpha]
        total = sum(a)
        want = sum(map(lg, a)) - lg(total) + (total - 3) * mp.digamma(total)
        want = float(want - sum((v - 1) * mp.digamma(v) for v in a))
    assert entropy(D.Dirichlet(real(alpha))).item() == pytest.approx(want, rel=1e-14)
    S = real([[2.0, 0.6], [0.6, 0.5]])
    assert entropy(multivariate_normal(torch.zeros(2, dtype=torch.float64), S)).item() == pytest.approx(
        stats.multivariate_normal(np.zeros(2), S.numpy()).entropy(), rel=1e-14
    )


# ------------------------------------------------------------------------------------------ divergence


def exact_divergence(kind, p, q):
    p, q = [mp.mpf(v) for v in p], [mp.mpf(v) for v in q]
    psi = mp.digamma
    if kind is D.Normal:
        return mp.log(q[1] / p[1]) + (p[1] ** 2 + (p[0] - q[0]) ** 2) / (2 * q[1] ** 2) - mp.mpf(1) / 2
    if kind is D.Bernoulli:
        return times_log(p[0], p[0] / q[0]) + times_log(1 - p[0], (1 - p[0]) / (1 - q[0]))
    if kind is D.Poisson:
        return times_log(p[0], p[0] / q[0]) + q[0] - p[0]
    if kind is D.Exponential:
        return mp.log(p[0] / q[0]) + q[0] / p[0] - 1
    if kind is D.Uniform:
        return mp.log((q[1] - q[0]) / (p[1] - p[0]))
    if kind is D.Gamma:
        (a, b), (c, d) = p, q
        return (a - c) * psi(a) - lg(a) + lg(c) + c * mp.log(b / d) + a * (d - b) / b
    (a, b), (c, d) = p, q

    def log_b(x, y):
        return lg(x) + lg(y) - lg(x + y)

    return log_b(c, d) - log_b(a, b) + (a - c) * psi(a) + (b - d) * psi(b) + (c + d - a - b) * psi(a + b)


@pytest.mark.parametrize(
    ("kind", "p", "q", "relative"),
    [
        (D.Normal, (0.0, 1.0), (3.0, 2.0), 1e-14),
        (D.Normal, (0.0, 1.0), (1e-9, 1.0), 1e-14),
        (D.Normal, (0.0, 1.0), (40.0, 1.0), 1e-14),
        (D.Normal, (5.0, 1e-3), (5.0, 1e3), 1e-14),
        (D.Bernoulli, (0.3,), (0.6,), 1e-14),
        (D.Bernoulli, (0.0,), (0.5,), 1e-14),
        (D.Bernoulli, (1.0,), (0.25,), 1e-14),
        (D.Bernoulli, (1e-20,), (0.5,), 1e-14),
        (D.Poisson, (1.0,), (2.0,), 1e-14),
        (D.Poisson, (1e6,), (1e6 + 1,), 1e-14),
        (D.Poisson, (0.0,), (2.0,), 1e-14),
        (D.Exponential, (1.0,), (1e6,), 1e-14),
        (D.Exponential, (3.0,), (3.0000001,), 1e-14),
        (D.Uniform, (0.0, 1.0), (-1.0, 3.0), 1e-14),
        (D.Gamma, (2.5, 2.0), (3.0, 1.0), 1e-14),
        (D.Gamma, (1e6, 1e6), (1.001e6, 1e6), 1e-14),
        (D.Gamma, (1e6, 1e6), (1e6 + 1, 1e6), 1e-9),  # 5e-7 = differences of terms of size 8
        (D.Gamma, (1e-3, 1.0), (1e-3, 2.0), 1e-14),
        (D.Beta, (2.0, 3.0), (1.0, 1.0), 1e-13),
        (D.Beta, (1e6, 1e6), (1.001e6, 1e6), 1e-13),
    ],
)
def test_divergence_equals_the_closed_form_with_fifty_digits(kind, p, q, relative):
    with mp.workdps(50):
        want = float(exact_divergence(kind, p, q))
    assert kl_divergence(distribution(kind, *p), distribution(kind, *q)).item() == pytest.approx(
        want, rel=relative
    )


def test_divergence_of_counts_and_vectors():
    same = kl_divergence(D.Binomial(MILLION, real(0.3)), D.Binomial(MILLION, real(0.31))).item()
    assert same == pytest.approx(
        MILLION * kl_divergence(D.Bernoulli(real(0.3)), D.Bernoulli(real(0.31))).item(), rel=1e-14
    )
    p, q = np.array([0.2, 0.5, 0.3, 0.0]), np.array([0.1, 0.1, 0.3, 0.5])
    assert kl_divergence(D.Categorical(real(p)), D.Categorical(real(q))).item() == pytest.approx(
        stats.entropy(p, q), rel=1e-14
    )
    a, b = real([2.0, 3.0, 4.0]), real([1.0, 1.0, 6.0])
    ours, torchs = (
        kl_divergence(D.Dirichlet(a), D.Dirichlet(b)),
        D.kl_divergence(D.Dirichlet(a), D.Dirichlet(b)),
    )
    assert ours.item() == pytest.approx(torchs.item(), rel=1e-13)
    eye = torch.eye(2, dtype=torch.float64)
    apart = kl_divergence(
        multivariate_normal(real([0.0, 0.0]), eye), multivariate_normal(real([3.0, 4.0]), eye)
    )
    assert apart.item() == pytest.approx(12.5, rel=1e-14)


def test_divergence_is_infinite_where_the_second_misses_the_first():
    half, none = D.Bernoulli(real(0.5)), D.Bernoulli(real(0.0))
    assert kl_divergence(half, none).item() == math.inf
    assert kl_divergence(none, none).item() == 0
    assert kl_divergence(D.Poisson(real(1.0)), D.Poisson(real(0.0))).item() == math.inf
    assert kl_divergence(D.Poisson(real(0.0)), D.Poisson(real(0.0))).item() == 0
    one, two = D.Categorical(real([0.5, 0.5])), D.Categorical(real([1.0, 0.0]))
    assert kl_divergence(one, two).item() == math.inf
    assert kl_divergence(two, one).item() == pytest.approx(math.log(2), rel=1e-15)
    assert (
        kl_divergence(distribution(D.Uniform, 0.0, 2.0), distribution(D.Uniform, 0.0, 1.0)).item() == math.inf
    )


# ------------------------------------------------------------------------------------------ Fisher information

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
