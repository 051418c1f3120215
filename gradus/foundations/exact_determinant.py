"""Determinants without rounding: integers stay integers, and floating-point numbers are the fractions that they are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Shaped

from gradus.arguments import fit, real_array
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["exact_determinant"]


def exact_determinant(A: Shaped[np.ndarray, "... n n"]) -> Any:
    r"""The determinant of a real matrix, exact for integers and correctly rounded for floating-point entries.

    .. math::
        a^{(k+1)}_{ij} = \frac{a^{(k)}_{ij}a^{(k)}_{kk}-a^{(k)}_{ik}a^{(k)}_{kj}}{a^{(k-1)}_{k-1,k-1}},\qquad
        \det A = a^{(n)}_{nn}

    Every division leaves no remainder, so that no fraction ever appears (Bareiss's elimination). The sign is
    always right: three points lie on a line exactly when it is 0.

    Args:
        A: matrix or batch of them (..., n, n): integers of any size, or floating-point numbers.

    Returns:
        A Python integer for integers, a float for floating-point entries (infinite where it exceeds the range);
        for a batch, an array (...) of them.

    Raises:
        GradusError: the last two axes differ, or entries are not finite real numbers.

    Cost: about 2n³/3 multiplications, of integers that grow to n times the digits of the entries.

    Source: Bareiss 1968, Sylvester's identity and multistep integer-preserving Gaussian elimination.

    Example:
        >>> exact_determinant([[1, 2], [3, 10**20]])
        99999999999999999994
        >>> exact_determinant([[0.1, 0.3], [0.2, 0.6]])
        0.0
    """
    A = real_array("A", A)
    fit("A", A.shape, "... n n")
    whole = A.dtype.kind in "biuO"
    if A.ndim > 2:
        flat = A.reshape(-1, *A.shape[-2:]) if A.size else np.zeros((0, 1, 1))
        empty = np.empty(math.prod(A.shape[:-2]), object if whole else float)
        empty[:] = [exact_determinant(M) for M in flat] if A.size else 1
        return empty.reshape(A.shape[:-2])
    rows, shift = _integers(A)
    value = _bareiss(rows)
    if whole:
        return value
    try:
        return value / (1 << shift)  # Python divides integers with one rounding
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _integers(A: np.ndarray) -> tuple[list[list[int]], int]:
    """The entries as integers over a common power of two: the rows, and the exponent for the determinant."""
    entries = A.tolist()
    if A.dtype.kind in "biuO":
        wrong = [x for row in entries for x in row if not isinstance(x, int)]
        if wrong:
            raise GradusError(
                Text(
                    f"A: expected integers or floating-point numbers, got {wrong[0]!r}; convert with .astype(float)",
                    f"A：应为整数或浮点数，得到 {wrong[0]!r}；可用 .astype(float) 转换",
                )
            )
        return entries, 0
    if A.dtype.kind != "f" or not np.isfinite(A).all():
        raise GradusError(
            Text(
                f"A: expected finite real entries, got {A.dtype} with some that are not; remove or convert them",
                f"A：元素应为有限实数，得到的 {A.dtype} 中有的不是；请删除或转换",
            )
        )
    ratios = [[float(x).as_integer_ratio() for x in row] for row in entries]
    most = max((d.bit_length() - 1 for row in ratios for _, d in row), default=0)
    rows = [[p << (most - d.bit_length() + 1) for p, d in row] for row in ratios]
    return rows, most * len(rows)


def _bareiss(rows: list[list[int]]) -> int:
    n, sign, before = len(rows), 1, 1
    if n == 0:
        return 1
    for k in range(n - 1):
        pivot = next((i for i in range(k, n) if rows[i][k]), None)
        if pivot is None:
            return 0
        if pivot != k:
            rows[k], rows[pivot], sign = rows[pivot], rows[k], -sign
        for i in range(k + 1, n):
            for j in range(k + 1, n):
                rows[i][j] = (rows[i][j] * rows[k][k] - rows[i][k] * rows[k][j]) // before
        before = rows[k][k]
    return sign * rows[-1][-1]
