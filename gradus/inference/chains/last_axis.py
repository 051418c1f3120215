"""Small matrices of many series at once, the series along the last axis: every operation runs over contiguous numbers.

A matrix of each series is (rows, columns, series); one for all series has 1 there.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["applied", "cholesky_free_factor", "outer", "product", "solved", "symmetric", "times"]

Array = np.ndarray[Any, np.dtype[Any]]
WIDE = 12  # from this width on, BLAS is worth two copies


def product(a: Array, b: Array) -> Array:
    """A B of each series."""
    if a.shape[-1] == 1 == b.shape[-1]:
        both: Array = (a[..., 0] @ b[..., 0])[..., None]
        return both
    if a.shape[1] >= WIDE:
        return np.moveaxis(np.moveaxis(a, -1, 0) @ np.moveaxis(b, -1, 0), 0, -1)
    both = np.einsum("ijn,jkn->ikn", a, b)
    return both


def times(a: Array, b: Array) -> Array:
    """A Bᵀ of each series."""
    return product(a, b.swapaxes(0, 1))


def applied(a: Array, x: Array) -> Array:
    """A x of each series, x being (columns, series)."""
    if a.shape[-1] == 1:
        seen: Array = a[..., 0] @ x
        return seen
    seen = np.einsum("ijn,jn->in", a, x)
    return seen


def outer(x: Array, y: Array) -> Array:
    """X yᵀ of each series."""
    return x[:, None] * y[None]


def symmetric(a: Array) -> Array:
    """(A + Aᵀ)/2, which rounding would else lose."""
    return (a + a.swapaxes(0, 1)) / 2


def cholesky_free_factor(a: Array) -> tuple[Array, Array]:
    """L with ones on its diagonal and the pivots D ≥ 0 of A = L D Lᵀ, for a covariance, which may be singular.

    A pivot that rounding alone may have made is 0, and so is its column.
    """
    n = a.shape[0]
    if n == 1:
        return np.ones_like(a), np.maximum(a[0], 0)
    rest, lower, pivots = a.copy(), np.zeros_like(a), np.zeros_like(a[0])
    least = n * np.finfo(a.dtype).eps
    for j in range(n):
        pivot = rest[j, j]
        lower[j, j] = 1
        good = pivot > least * a[j, j]
        if good.all():
            pivots[j] = pivot
            if j + 1 < n:
                lower[j + 1 :, j] = rest[j + 1 :, j] / pivot
        else:
            pivots[j] = np.where(good, pivot, 0)
            lower[j + 1 :, j] = np.where(good, rest[j + 1 :, j] / np.where(good, pivot, 1), 0)
        if j + 1 < n:
            rest[j + 1 :, j + 1 :] -= outer(lower[j + 1 :, j], rest[j + 1 :, j])
    return lower, pivots


def solved(lower: Array, pivots: Array, b: Array, halfway: bool = False) -> Array:
    """X of L D Lᵀ X = B (with 0 where a pivot is 0), or only of L X = B."""
    n = lower.shape[0]
    if n == 1 and halfway:
        return b
    x = b.copy() if lower.shape[-1] in (1, b.shape[-1]) else np.repeat(b, lower.shape[-1], -1)
    for j in range(n - 1):
        x[j + 1 :] -= outer(lower[j + 1 :, j], x[j])
    if halfway:
        return x
    if pivots.all():
        x /= pivots[:, None]
    else:
        x *= np.where(pivots > 0, 1 / np.where(pivots > 0, pivots, 1), 0)[:, None]
    for j in range(n - 1, 0, -1):
        x[:j] -= outer(lower[j, :j], x[j])
    return x
