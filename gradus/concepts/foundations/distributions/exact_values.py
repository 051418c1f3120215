"""Logarithms that the densities are made of, and their values to fifty digits."""

import math
from decimal import Decimal, localcontext

import numpy as np

from gradus.page.evidence import EPSILON, roundoff


def log_gamma(x):
    """Log Γ, entry by entry."""
    return np.vectorize(math.lgamma, otypes=[float])(x)


def digamma(x):
    """The derivative of log Γ, by SciPy."""
    from scipy.special import digamma

    return digamma(x)


def trigamma(x):
    """The second derivative of log Γ, by SciPy."""
    from scipy.special import polygamma

    return polygamma(1, x)


def x_log_y(x, y):
    """The product x log y, where 0 log 0 = 0; NaN where y is NaN."""
    none = (x == 0) & ~np.isnan(y)
    with np.errstate(divide="ignore"):
        return np.where(none, 0.0, x * np.log(np.where(none, 1.0, y)))


def like(x, *values):
    """The values as tensors of x's precision."""
    import torch

    dtype = x.dtype if x.is_floating_point() else torch.float64
    return [v if isinstance(v, torch.Tensor) else torch.as_tensor(v, dtype=dtype) for v in values]


BERNOULLI = (
    (1, 6),
    (-1, 30),
    (1, 42),
    (-1, 30),
    (5, 66),
    (-691, 2730),
    (7, 6),
    (-3617, 510),
    (43867, 798),
    (-174611, 330),
)


def decimal_log_gamma(z):
    """Log Γ(z), z > 0, in the current decimal context: Stirling's series at z + m ≥ 100, good to 1e-35."""
    z, product = Decimal(z), Decimal(1)
    while z < 100:
        product, z = product * z, z + 1
    two_pi = Decimal("6.283185307179586476925286766559005768394338798750211641949889")
    value = (z - Decimal("0.5")) * z.ln() - z + two_pi.ln() / 2 - product.ln()
    for k, (a, b) in enumerate(BERNOULLI, 1):
        value += Decimal(a) / Decimal(b) / (2 * k * (2 * k - 1) * z ** (2 * k - 1))
    return value


def fifty_digits(formula, *arguments):
    """The formula on exact decimals with fifty digits, rounded to a float at the end; it may call
    `decimal_log_gamma`."""
    with localcontext() as context:
        context.prec = 50
        return float(formula(*[Decimal(float(a)) for a in arguments]))


def relative(got, want, terms=4):
    """Every entry to `terms` units in the last place of its own size, whatever the others are."""
    got, want = np.asarray(got), np.asarray(want)
    return roundoff(got / want, np.ones_like(want), terms=terms, epsilon=EPSILON)
