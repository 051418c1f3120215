"""Sums of products in twice the working precision, from error-free transformations, on whole arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, duck, real_array, shapes_together

Array = np.ndarray
Numbers = Any  # arrays, or numbers that broadcast against them
# Veltkamp's constants, for 11, 24, 53 and 64 bits, by the bytes of a number
_SPLIT = {2: 2.0**6 + 1, 4: 2.0**12 + 1, 8: 2.0**27 + 1, 16: 2.0**32 + 1}


def two_sum(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """The sum s = fl(a + b) and its error e, s + e = a + b exactly (Knuth); e is 0 where s is not finite.

    Example:
        >>> two_sum(1.0, 1e-20)
        (1.0, 1e-20)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _settled(*sum_with_error(*_pair(a, b)))


def sum_with_error(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """`two_sum` of arguments that are known to be right, for inner loops."""
    s = a + b
    back = s - a
    return s, (a - (s - back)) + (b - back)


def two_product(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """The product p = fl(ab) and its error e, p + e = ab exactly (Dekker); e is 0 where p is not finite.

    Exact for magnitudes between 1e-140 and 1e140; in float32 between 1e-15 and 1e15, in float16 where |ab| is from ¼ to
    6e4 and neither factor beyond 500: elsewhere e itself underflows, or splitting overflows. Numbers of two precisions
    are multiplied in the wider one.

    Example:
        >>> p, e = two_product(0.1, 0.1)
        >>> p, e
        (0.010000000000000002, -8.326672684688674e-19)
    """
    with np.errstate(over="ignore", invalid="ignore"):
        return _settled(*product_with_error(*_pair(a, b)))


def product_with_error(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """`two_product` of arguments that are known to be right, for inner loops."""
    p = a * b
    ah, al = _halves(a)
    bh, bl = _halves(b)
    return p, al * bl - (((p - ah * bh) - al * bh) - ah * bl)


def _settled(value: Numbers, error: Numbers) -> tuple[Numbers, Numbers]:
    if type(value) is float:
        return value, error if math.isfinite(value) else 0.0
    if not isinstance(value, (np.ndarray, np.generic)) or np.isfinite(value).all():
        return value, error
    return value, np.where(np.isfinite(value), error, np.zeros_like(error))[()]


def _pair(a: Numbers, b: Numbers) -> tuple[Numbers, Numbers]:
    """Both arguments, which are numbers, arrays, or what NumPy takes for an array, of shapes that broadcast."""
    if type(a) is float and type(b) is float:
        return a, b
    if type(a) is type(b) is np.ndarray and a.dtype == b.dtype == np.float64 and a.shape == b.shape:
        return a, b
    pair = tuple(
        x if duck(x) or isinstance(x, float) else _floating(name, x) for name, x in (("a", a), ("b", b))
    )
    shapes_together(a=np.shape(pair[0]), b=np.shape(pair[1]))
    if duck(pair[0]) or duck(pair[1]):
        return pair[0], pair[1]
    common = np.result_type(*pair)  # both are split in the precision of the result
    return np.asarray(pair[0], common)[()], np.asarray(pair[1], common)[()]


def _floating(name: str, x: Any) -> Any:
    numbers = real_array(name, x)
    return numbers if numbers.dtype.kind == "f" else array(name, numbers)[()]


def _halves(a: Numbers) -> tuple[Numbers, Numbers]:
    t = _SPLIT[a.dtype.itemsize if isinstance(a, (np.ndarray, np.generic)) else 8] * a
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
        product, lost = product_with_error(column, -xj)
        high, carry = sum_with_error(high, product)
        low = low + (lost + carry)
    return high + low


def dot(A: Float[Array, "n p"], r: Float[Array, " n"]) -> Float[Array, " p"]:
    """The products Aᵀr, rounded once: the products and sums are carried in twice the precision.

    Cost: about 25np operations.

    Source: Ogita, Rump and Oishi 2005, Accurate sum and dot product.
    """
    return np.array([_sum(*product_with_error(column, r)) for column in A.T])


def _sum(high: Array, low: Array) -> float:
    """Σ(high + low), adding halves pairwise and keeping what each addition loses."""
    lost = float(low.sum())
    while high.size > 1:
        half = high.size // 2
        rest = high[2 * half :]
        total, carry = sum_with_error(high[:half], high[half : 2 * half])
        lost += float(carry.sum())
        high = np.concatenate([total, rest])
    return float(high.sum()) + lost
