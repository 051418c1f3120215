"""Gradients of distributions at their extremes: differences with eighty digits, and none of a branch that is not taken."""

import pytest
from extreme_numbers import INF, chance, close, mp, real
from torch import distributions as D

from gradus.foundations.distributions import entropy, kl_divergence, log_density


def slope(function, values, i):
    """∂f/∂vᵢ by a difference with eighty digits."""
    with mp.workdps(80):
        values = list(map(mp.mpf, values))
        h = (abs(values[i]) or 1) * mp.mpf("1e-25")
        up, down = list(values), list(values)
        up[i] += h
        down[i] -= h
        return (function(*up) - function(*down)) / (2 * h)


def log_gamma_density(a, b, x):
    return a * mp.log(b) - mp.loggamma(a) + (a - 1) * mp.log(x) - b * x


def two_divergence(z, w):
    a, b = chance(z), chance(w)
    return a * mp.log(a / b) + (1 - a) * mp.log((1 - a) / (1 - b))


GRADIENTS = [
    (lambda a, b, x: log_density(D.Gamma(a, b, validate_args=False), x), log_gamma_density, (2.0, 1.0, 1e-300)),
    (lambda a, b, x: log_density(D.Gamma(a, b, validate_args=False), x), log_gamma_density, (3.0, 1e200, 1e-200)),
    (lambda a, b, x: log_density(D.Gamma(a, b, validate_args=False), x), log_gamma_density, (1e6, 1.0, 1.001e6)),
    (lambda a, b: entropy(D.Gamma(a, b)), lambda a, b: a - mp.log(b) + mp.loggamma(a) + (1 - a) * mp.digamma(a), (2.0, 1.0)),
    (lambda z: log_density(D.Binomial(10, logits=z), real(1.0)),
     lambda z: mp.log(10) - mp.log1p(mp.exp(-z)) - 9 * mp.log1p(mp.exp(z)), (-800.0,)),
    (lambda z: log_density(D.Binomial(10, logits=z), real(10.0)), lambda z: -10 * mp.log1p(mp.exp(-z)), (40.0,)),
    (lambda m: log_density(D.Poisson(m), real(5.0)), lambda m: 5 * mp.log(m) - m, (1e-300,)),
    (lambda z: entropy(D.Bernoulli(logits=z)), lambda z: mp.log1p(mp.exp(-z)) + z / (1 + mp.exp(z)), (40.0,)),
    (lambda z, w: kl_divergence(D.Bernoulli(logits=z), D.Bernoulli(logits=w)), two_divergence, (70.0, -70.0)),
    (lambda z, w: kl_divergence(D.Bernoulli(logits=z), D.Bernoulli(logits=w)), two_divergence, (1.0, 1.5)),
    (lambda a, b: kl_divergence(D.Poisson(a), D.Poisson(b)), lambda a, b: a * mp.log(a / b) + b - a, (1.0, 1e-300)),
]  # fmt: skip


@pytest.mark.parametrize("row", range(len(GRADIENTS)))
def test_gradients_at_the_extremes(row):
    function, formula, values = GRADIENTS[row]
    tensors = [real(v, gradient=True) for v in values]
    function(*tensors).backward()
    for i, t in enumerate(tensors):
        close(t.grad.item(), slope(formula, values, i), 1e-10)


@pytest.mark.parametrize("make", [
    lambda a, b: D.Gamma(a, b), lambda a, b: D.Beta(a, b), lambda a, b: D.Normal(a, b), lambda a, b: D.Exponential(b),
    lambda a, b: D.Poisson(b), lambda a, b: D.Binomial(3, logits=-800 * b), lambda a, b: D.Uniform(a - 1, b),
])  # fmt: skip
def test_a_branch_that_is_not_taken_has_no_gradient(make):
    """Outcomes on and off the support in one batch: no NaN, and the finite entries have the gradient that they have alone."""
    points = [-1.0, 0.0, 0.5, 1.0, 2.0, INF, 1e-310]
    a, b, x = real(1.0, True), real(1.5, True), real(points, True)
    value = log_density(make(a, b), x)
    value[value.isfinite()].sum().backward()
    together = [0.0 if t.grad is None else t.grad.item() for t in (a, b)]
    assert x.grad is None or not x.grad.isnan().any()
    alone = [0.0, 0.0]
    for p in points:
        a, b = real(1.0, True), real(1.5, True)
        one = log_density(make(a, b), real(p))
        if one.isfinite():
            one.backward()
            alone = [
                s + (0.0 if t.grad is None else t.grad.item()) for s, t in zip(alone, (a, b), strict=True)
            ]
    assert together == pytest.approx(alone, rel=1e-12)
