"""Entropy and divergence of the standard distributions against their closed forms with fifty digits."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from standard_distributions import EPS, GRID, MILLION, distribution, lg, mp, name_of, real, times_log
from torch import distributions as D

from gradus.foundations.distributions import entropy, kl_divergence, multivariate_normal


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
