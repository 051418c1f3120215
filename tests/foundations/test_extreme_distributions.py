"""Distributions at their extremes against mpmath: log-odds of ±800, subnormal arguments, 0, ±∞, NaN; tails too."""

import math

import pytest
import torch
from extreme_numbers import INF, NAN, chance, close, mp, real
from torch import distributions as D

from gradus.errors import GradusError
from gradus.foundations.distributions import (
    entropy,
    fisher_information,
    kl_divergence,
    log_cdf,
    log_density,
    log_survival,
)

LOGITS = [-800.0, -40.0, -1.5, 0.0, 2.0, 40.0, 800.0]


@pytest.mark.parametrize("z", LOGITS)
def test_two_outcomes_by_their_log_odds(z):
    with mp.workdps(1000):
        p = chance(z)
        q = 1 - p
        d = D.Bernoulli(logits=real(z))
        log_p, log_q = mp.log(p), mp.log(q)
        close(log_density(d, real(1.0)).item(), log_p)
        close(log_density(d, real(0.0)).item(), log_q)
        close(log_cdf(d, real(0.0)).item(), log_q)
        close(log_survival(d, real(0.5)).item(), log_p)
        assert log_cdf(d, real([-1.0, 1.0])).tolist() == [-INF, 0.0]
        close(entropy(d).item(), -p * log_p - q * log_q)
        if abs(z) < 700:
            close(fisher_information(d).item(), 1 / (p * q))


@pytest.mark.parametrize("z", LOGITS)
@pytest.mark.parametrize("k", [0, 1, 5, 10])
def test_counts_by_their_log_odds(z, k):
    n, d = 10, D.Binomial(10, logits=real(z))
    with mp.workdps(1000):
        p = chance(z)
        mass = [mp.binomial(n, j) * p**j * (1 - p) ** (n - j) for j in range(n + 1)]
        close(log_density(d, real(float(k))).item(), mp.log(mass[k]))
        close(log_cdf(d, real(float(k))).item(), mp.log(sum(mass[: k + 1])) if k < n else 0)
        close(log_survival(d, real(float(k))).item(), mp.log(sum(mass[k + 1 :])) if k < n else -INF)
        close(entropy(d).item(), -sum(m * mp.log(m) for m in mass))


PAIRS = [
    (800.0, -800.0),
    (-800.0, 800.0),
    (40.0, 41.0),
    (0.0, 800.0),
    (2.0, 2.0 + 2.0**-30),
    (-700.0, -701.0),
]


@pytest.mark.parametrize(("z", "w"), PAIRS)
def test_divergence_by_log_odds(z, w):
    with mp.workdps(1000):
        a, b = chance(z), chance(w)
        want = a * mp.log(a / b) + (1 - a) * mp.log((1 - a) / (1 - b))
    close(kl_divergence(D.Bernoulli(logits=real(z)), D.Bernoulli(logits=real(w))).item(), want)
    close(kl_divergence(D.Binomial(7, logits=real(z)), D.Binomial(7, logits=real(w))).item(), 7 * want)
    p, q = D.Categorical(logits=real([z, 0.0])), D.Categorical(logits=real([w, 0.0]))
    close(kl_divergence(p, q).item(), want, 1e-13 if abs(z - w) > 0.1 else 1e-5)  # the shares' own rounding


def test_the_certain_and_the_impossible_by_infinite_log_odds():
    for z, p in ((INF, 1.0), (-INF, 0.0)):
        d = D.Bernoulli(logits=real(z))
        assert log_density(d, real([0.0, 1.0])).tolist() == ([-INF, 0.0] if p else [0.0, -INF])
        assert entropy(d).item() == 0
        assert kl_divergence(d, D.Bernoulli(logits=real(0.0))).item() == pytest.approx(math.log(2), rel=1e-15)
        assert kl_divergence(d, d).item() == 0
        slope = real(z, gradient=True)
        entropy(D.Bernoulli(logits=slope)).backward()
        assert slope.grad.item() == 0


def test_shares_from_logits():
    with mp.workdps(60):
        rest = mp.exp(-40) / (1 + mp.exp(-40))
        want = -(1 - rest) * mp.log1p(-rest) - rest * mp.log(rest)
        close(entropy(D.Categorical(logits=real([40.0, 0.0]))).item(), want)
        close(log_density(D.Categorical(logits=real([40.0, 0.0])), torch.tensor(0)).item(), mp.log1p(-rest))
    assert entropy(D.Categorical(logits=real([-INF, 0.0]))).item() == 0
    with pytest.raises(GradusError, match="logits of Categorical"):
        entropy(D.Categorical(logits=real([INF, 0.0]), validate_args=False))


GAMMA = [(2.0, 1.0, 1e-310), (2.0, 1.0, 4e-311), (0.1, 1.0, 1e-310), (2.0, 1e-200, 1e-300), (3.0, 1e200, 1e-310),
         (1.0, 1e-310, 1e-300), (1e6, 1.0, 1e-310), (1e-10, 1.0, 0.3), (1e6, 1e6, 1.0)]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "x"), GAMMA)
def test_gamma_at_tiny_arguments(a, b, x):
    with mp.workdps(60):
        A, B, X = map(mp.mpf, (a, b, x))
        want = A * mp.log(B) - mp.loggamma(A) + (A - 1) * mp.log(X) - B * X
        d = D.Gamma(real(a), real(b))
        close(log_density(d, real(x)).item(), want, 1e-12)
        if mp.mpf("1e-30") > B * X:  # P(a, y) = yᵃ/Γ(a + 1) there
            close(log_cdf(d, real(x)).item(), A * mp.log(B * X) - mp.loggamma(A + 1), 1e-12)


@pytest.mark.parametrize(("a", "b", "x"), [
    (2.0, 1.0, 4e-311), (0.5, 0.5, 1e-310), (2.0, 1e6, 4e-311), (1e10, 3.0, 4e-311), (1e10, 3.0, 1e-300), (3.0, 2.0, 0.4),
])  # fmt: skip
def test_beta_at_tiny_arguments(a, b, x):
    with mp.workdps(60):
        A, B, X = map(mp.mpf, (a, b, x))
        level = mp.loggamma(A) + mp.loggamma(B) - mp.loggamma(A + B)
        close(
            log_density(D.Beta(real(a), real(b)), real(x)).item(),
            (A - 1) * mp.log(X) + (B - 1) * mp.log1p(-X) - level,
            1e-12,
        )
        if x < 1e-100:
            close(log_cdf(D.Beta(real(a), real(b)), real(x)).item(), A * mp.log(X) - mp.log(A) - level, 1e-12)


def test_a_tail_that_is_nearly_one_comes_from_the_other():
    close(log_cdf(D.Exponential(real(1.0)), real(40.0)).item(), -4.248354255291589e-18)
    with mp.workdps(60):
        for rate, x in ((1e-200, 1e180), (1e300, 1e-303), (1e-310, 4e-311), (1e-310, 1e300), (3.0, 0.1)):
            y = mp.mpf(rate) * mp.mpf(x)
            d = D.Exponential(real(rate))
            close(log_cdf(d, real(x)).item(), mp.log(-mp.expm1(-y)), 1e-12)
            close(log_survival(d, real(x)).item(), -y, 1e-12)
        # six standard deviations above the mean, where SciPy's own survival function has lost seven digits
        k, mean = 1_006_000, mp.mpf(10**6)
        term = mp.exp((k + 1) * mp.log(mean) - mean - mp.loggamma(k + 2))
        total, j = mp.mpf(0), k + 1
        while term > total * mp.mpf("1e-25"):
            total += term
            j += 1
            term *= mean / j
        d = D.Poisson(real(1e6))
        close(log_cdf(d, real(float(k))).item(), mp.log1p(-total), 1e-12)
        close(log_survival(d, real(float(k))).item(), mp.log(total), 1e-12)


def test_a_uniform_as_wide_as_the_numbers_go():
    d = D.Uniform(real(-1e308), real(1e308))
    width = float(mp.log(2) + 308 * mp.log(10))
    assert entropy(d).item() == pytest.approx(width, rel=1e-15)
    assert log_density(d, real(0.0)).item() == pytest.approx(-width, rel=1e-15)
    assert log_cdf(d, real([-5e307, 0.0])).tolist() == pytest.approx(
        [math.log(0.25), math.log(0.5)], rel=1e-15
    )
    assert kl_divergence(D.Uniform(real(0.0), real(1e308)), d).item() == pytest.approx(math.log(2), rel=1e-13)


@pytest.mark.parametrize(("p", "q", "want"), [
    (D.Normal(real(0.0), real(1e-200)), D.Normal(real(0.0), real(1.0)), 200 * math.log(10) - 0.5),
    (D.Normal(real(1e308), real(1e308)), D.Normal(real(-1e308), real(1e308)), 2.0),
    (D.Exponential(real(1e308)), D.Exponential(real(1e-308)), 616 * math.log(10) - 1),
    (D.Poisson(real(1.0)), D.Poisson(real(1e-310)), 310 * math.log(10) - 1),
    (D.Gamma(real(2.0), real(1e200)), D.Gamma(real(2.0), real(1e-200)), 800 * math.log(10) - 2),
    (D.Bernoulli(real(0.5)), D.Bernoulli(real(1e-310)), 155 * math.log(10) - math.log(2)),
])  # fmt: skip
def test_divergence_of_scales_far_apart(p, q, want):
    assert kl_divergence(p, q).item() == pytest.approx(want, rel=1e-13)


def test_divergence_of_normals_of_nearly_one_scale():
    t = 1 + 2.0**-30
    with mp.workdps(50):
        want = mp.log(mp.mpf(t)) + 1 / (2 * mp.mpf(t) ** 2) - mp.mpf(1) / 2
    close(kl_divergence(D.Normal(real(0.0), real(1.0)), D.Normal(real(0.0), real(t))).item(), want)


def test_information_where_the_square_of_the_rate_overflows():
    with mp.workdps(30):
        for a, b in ((1e300, 1e200), (1e-300, 1e-200)):
            close(fisher_information(D.Gamma(real(a), real(b)))[1, 1].item(), mp.mpf(a) / mp.mpf(b) ** 2)
    assert fisher_information(D.Binomial(0, real(0.0))).item() == 0


def test_entropy_of_counts_beyond_counting():
    for rate in (1e7, 1e20, 1e300):
        want = 0.5 * (math.log(2 * math.pi * math.e) + math.log(rate)) - 1 / (12 * rate)
        assert entropy(D.Poisson(real(rate))).item() == pytest.approx(want, rel=1e-14)
    n, p = 10**6, 0.3  # where both ways go
    series = 0.5 * math.log(2 * math.pi * math.e * n * p * (1 - p)) + (4 * p * (1 - p) - 1) / (
        12 * n * p * (1 - p)
    )
    assert entropy(D.Binomial(n, real(p))).item() == pytest.approx(series, abs=1e-12)
    assert entropy(D.Binomial(10**12, real(p))).item() == pytest.approx(series + 3 * math.log(10), abs=1e-7)


FAMILIES = [
    D.Normal(real(0.0), real(1.0)), D.Exponential(real(1.0)), D.Uniform(real(0.0), real(1.0)), D.Gamma(real(2.0), real(1.0)),
    D.Beta(real(2.0), real(3.0)), D.Poisson(real(2.0)), D.Binomial(3, real(0.4)), D.Bernoulli(real(0.5)),
]  # fmt: skip


@pytest.mark.parametrize("d", FAMILIES, ids=lambda d: type(d).__name__)
def test_infinite_and_missing_arguments(d):
    x = real([NAN, INF, -INF])
    density, below, above = log_density(d, x), log_cdf(d, x), log_survival(d, x)
    assert density.isnan().tolist() == [True, False, False]
    assert density[1:].tolist() == [-INF, -INF]
    assert below.isnan().tolist() == [True, False, False]
    assert below[1:].tolist() == [0.0, -INF]
    assert above[1:].tolist() == [-INF, 0.0]
    with pytest.raises(GradusError):
        log_density(d, torch.tensor(1j))


def test_infinite_parameters_are_refused():
    for d in (
        D.Normal(real(INF), real(1.0), validate_args=False),
        D.Gamma(real(2.0), real(INF)),
        D.Poisson(real(INF)),
    ):
        with pytest.raises(GradusError, match="got inf"):
            log_density(d, real(1.0))
        with pytest.raises(GradusError, match="got inf"):
            entropy(d)


def test_a_dirichlet_takes_points_of_another_precision():
    alpha, x = torch.tensor([2.0, 3.0, 4.0]), torch.tensor([0.2, 0.3, 0.5])
    want = math.log(math.factorial(8) / (2 * 6)) + math.log(0.2) + 2 * math.log(0.3) + 3 * math.log(0.5)
    for a in (torch.float16, torch.float32, torch.float64):
        for p in (torch.float32, torch.float64):
            assert log_density(D.Dirichlet(alpha.to(a)), x.to(p)).item() == pytest.approx(
                want, rel=1e-3 if a == torch.float16 else 1e-6
            )
            assert log_density(D.Dirichlet(alpha.to(a)), x.to(p) + 0.01).item() == -INF


def test_parameters_may_be_integers_or_short():
    assert log_density(D.Poisson(torch.tensor(3)), torch.tensor(2)).item() == pytest.approx(math.log(4.5) - 3)
    for kind in (torch.float16, torch.bfloat16):
        two = torch.tensor(2.0, dtype=kind)
        for value in (entropy(D.Gamma(two, two)), kl_divergence(D.Beta(two, two), D.Beta(two, 2 * two))):
            assert value.dtype == kind
            assert value.isfinite()
