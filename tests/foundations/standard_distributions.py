"""A grid of standard distributions, and their densities as formulas for fifty digits.

The grid has tails of 40σ, counts and shapes of a million, probabilities of 0 and 1.
"""

import math

import numpy as np
import pytest
import torch
from torch import distributions as D

from gradus.foundations.distributions import as_scipy

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
