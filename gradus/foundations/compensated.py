"""Sums of products in twice the working precision, from error-free transformations, on whole arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

Array = np.ndarray
Numbers = Any  # arrays, or numbers that broadcast against them
_SPLIT = 2.0**27 + 1  # Veltkamp's constant for 53 bits


def two_sum(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """The sum s = fl(a + b) and its error e, s + e = a + b exactly (Knuth).

    Example:
        >>> two_sum(1.0, 1e-20)
        (1.0, 1e-20)
    """
    s = a + b
    back = s - a
    return s, (a - (s - back)) + (b - back)


def two_product(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """The product p = fl(ab) and its error e, p + e = ab exactly (Dekker), for magnitudes between 1e-140 and 1e140.

    Example:
        >>> p, e = two_product(0.1, 0.1)
        >>> p, e
        (0.010000000000000002, -8.326672684688674e-19)
    """
    p = a * b
    ah, al = _halves(a)
    bh, bl = _halves(b)
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


def _halves(a: Numbers) -> tuple[Numbers, Numbers]:
    t = _SPLIT * a
    high = t - (t - a)
    return high, a - high


def residual(
    y: Float[Array, " n"], A: Float[Array, "n p"], x: Float[Array, " p"], low: Array | float = 0.0
) -> Float[Array, " n"]:
    """The residual y + low − Ax, rounded once: the products and sums are carried in twice the precision.

    Cost: about 20np operations.

    Source: Ogita, Rump and Oishi 2005, Accurate sum and dot product.
    """
    high, low = y, low + np.zeros_like(y)
    for column, xj in zip(A.T, x, strict=True):
        product, lost = two_product(column, -xj)
        high, carry = two_sum(high, product)
        low = low + (lost + carry)
    return high + low


def dot(A: Float[Array, "n p"], r: Float[Array, " n"]) -> Float[Array, " p"]:
    """The products Aᵀr, rounded once: the products and sums are carried in twice the precision.

    Cost: about 25np operations.

    Source: Ogita, Rump and Oishi 2005, Accurate sum and dot product.
    """
    return np.array([_sum(*two_product(column, r)) for column in A.T])


def _sum(high: Array, low: Array) -> float:
    """Σ(high + low), adding halves pairwise and keeping what each addition loses."""
    lost = float(low.sum())
    while high.size > 1:
        half = high.size // 2
        rest = high[2 * half :]
        total, carry = two_sum(high[:half], high[half : 2 * half])
        lost += float(carry.sum())
        high = np.concatenate([total, rest])
    return float(high.sum()) + lost
