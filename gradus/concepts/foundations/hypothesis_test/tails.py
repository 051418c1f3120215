"""Areas under the tails of the distributions that tests refer to, by a continued fraction and finite sums."""

import math

import numpy as np


def beta_cdf(x, rest, a, b):
    r"""The share $I_x(a,b)$ of a beta distribution below x, with `rest` = 1 − x: $\frac{x^a(1-x)^b}{a\,B(a,b)}$ over
    the continued fraction of DLMF 8.17.22."""
    x, rest, a, b = np.broadcast_arrays(np.asarray(x, float), rest, a, b)
    far = x > (a + 1) / (a + b + 2)  # there the fraction of the other side converges, in O(√(a+b)) steps
    u, c, d = np.where(far, rest, x), np.where(far, b, a), np.where(far, a, b)
    log_beta = _log_gamma(c) + _log_gamma(d) - _log_gamma(c + d)
    front = np.exp(c * np.log(np.where(u > 0, u, 1)) + d * np.log1p(-u) - log_beta) / c * (u > 0)
    above, below, m = np.ones_like(u), 1 / (1 - (c + d) * u / (c + 1)), 0
    value = below
    while m < 2000:  # Lentz: value = 1/(1 + e₁/(1 + e₂/(1 + …)))
        m += 1
        even = m * (d - m) * u / ((c + 2 * m - 1) * (c + 2 * m))
        odd = -(c + m) * (c + d + m) * u / ((c + 2 * m) * (c + 2 * m + 1))
        before = value
        for e in (even, odd):
            below, above = 1 / (1 + e * below), 1 + e / above
            value = value * below * above
        if not (np.abs(value - before) > 3e-15 * np.abs(value)).any():
            break
    return np.where(far, 1 - front * value, front * value)


_log_gamma = np.vectorize(math.lgamma, otypes=[float])


def t_tail(t, nu):
    """P(T > t) of Student's distribution with ν degrees of freedom, by the beta distribution of ν/(ν+T²)."""
    half = beta_cdf(nu / (nu + t**2), t**2 / (nu + t**2), nu / 2, 0.5) / 2
    return np.where(t > 0, half, 1 - half)


def f_tail(f, d1, d2):
    """P(F > f) of Fisher's distribution with d₁ and d₂ degrees of freedom."""
    return beta_cdf(d2 / (d2 + d1 * f), d1 * f / (d2 + d1 * f), d2 / 2, d1 / 2)


def chi2_tail(x, k):
    """P(X > x) of the χ² distribution with k degrees of freedom: a finite sum."""
    h = np.asarray(x, float) / 2
    if k % 2 == 0:
        return np.exp(-h) * sum(h**j / math.factorial(j) for j in range(k // 2))
    sums = sum(h ** (j - 0.5) / math.gamma(j + 0.5) for j in range(1, (k + 1) // 2))
    return erfc(np.sqrt(h)) + np.exp(-h) * sums


erfc = np.vectorize(math.erfc, otypes=[float])


def t_quantile(q, nu):
    """The t above ½ ≤ q < 1 of Student's distribution, by Newton's method from 0, where the CDF is concave."""
    scale = math.exp(math.lgamma((nu + 1) / 2) - math.lgamma(nu / 2)) / math.sqrt(nu * math.pi)
    t = 0.0
    for _ in range(200):
        step = float(t_tail(t, nu) - (1 - q)) / (scale * (1 + t**2 / nu) ** (-(nu + 1) / 2))
        t += step
        if abs(step) <= 1e-15 * t:
            break
    return t


def normal_quantile(q):
    """The z above ½ ≤ q < 1 of the normal distribution, by Newton's method from 0, where the CDF is concave."""
    z = 0.0
    for _ in range(200):
        step = (math.erfc(z / math.sqrt(2)) / 2 - (1 - q)) * math.sqrt(2 * math.pi) * math.exp(z**2 / 2)
        z += step
        if abs(step) <= 1e-15 * z:
            break
    return z
