"""Minimum, maximum or neither: critical points by the first derivative that does not vanish, or by a matrix's inertia."""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from gradus.arguments import array, number, whole
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.foundations.taylor import taylor_coefficients
from gradus.text import Text

__all__ = ["MAXIMUM", "MINIMUM", "NEITHER", "NOT_CRITICAL", "UNDECIDED", "classify", "classify_hessian"]

Array = np.ndarray
MAXIMUM, NEITHER, MINIMUM, NOT_CRITICAL, UNDECIDED = -1, 0, 1, 2, 3


def classify(
    f: Callable[..., Any], x: Float[Array, " ..."], order: int = 12, tolerance: float = 1e-10
) -> Int[Array, " ..."]:
    r"""What a function of one variable does at each point: let m be the order of the first derivative that does not vanish.

    m = 1: not critical (2). m even: a minimum (1) where :math:`f^{(m)}>0`, a maximum (−1) where it is negative.
    m odd: no extremum (0). All vanish: undecided (3).

    Args:
        f: written in NumPy, works entry by entry.
        x: the points, of any shape.
        order: the highest derivative that is looked at; 2 is the plain second-derivative test.
        tolerance: how exactly the points are known, relative to max(1, |x|). A derivative counts as zero where it may
            vanish within that distance.

    Raises:
        GradusError: an order below 1, a tolerance below 0, a kink or pole at a point, or a call that has no rule.

    Cost: order³ elementary operations for each call in `f`.

    Source: Courant and John 1989, Introduction to Calculus and Analysis I (the first derivative that does not vanish).

    Example:
        >>> [int(classify(lambda x: x**k, 0.0)) for k in (1, 2, 3, 4)]
        [2, 1, 0, 1]
    """
    require_function("f", f, "numpy.cos")
    order, tolerance = whole("order", order, least=1), number("tolerance", tolerance, least=0)
    points = array("x", x, finite=True)
    c = taylor_coefficients(f, points, order)
    if c.shape[1:] != points.shape:
        raise GradusError(
            Text(
                f"f: expected values of the shape of x, {points.shape}, got {c.shape[1:]}",
                f"f：值的形状应与 x 相同，即 {points.shape}，得到 {c.shape[1:]}",
            )
        )
    reach = tolerance * np.maximum(1.0, np.abs(points))
    kind = np.full(points.shape, UNDECIDED)
    for m in range(order, 0, -1):  # the lowest order has the last word
        slack = sum((comb(j, m) * np.abs(c[j]) * reach ** (j - m) for j in range(m + 1, order + 1)), 0.0)
        says = np.sign(c[m]).astype(int) if m % 2 == 0 else (NOT_CRITICAL if m == 1 else NEITHER)
        kind = np.where(np.abs(c[m]) > slack, says, kind)
    return kind


def classify_hessian(H: Float[Array, "*batch n n"], tolerance: float = 1e-12) -> Int[Array, "*batch"]:
    r"""What a function of n variables does at a critical point with Hessian H, by the signs of its eigenvalues.

    All positive: a minimum (1). All negative: a maximum (−1). Both signs: a saddle point (0). Else, some vanish and
    the rest have one sign: undecided (3). The signs are counted without eigenvalues: :math:`H=LDL^{\mathsf T}` has as
    many of each as D (Sylvester's law of inertia).

    Args:
        H: symmetric matrices (..., n, n).
        tolerance: an entry of D counts as zero below this times the largest entry of H in size.

    Raises:
        GradusError: the matrices are not square, not symmetric, or not finite.

    Cost: n³/3 operations for each matrix.

    Source: Golub and Van Loan 2013, Matrix Computations, §4.4 and §8.1.5.

    Example:
        >>> import numpy as np
        >>> classify_hessian(np.array([[[2.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, -1.0]]])).tolist()
        [1, 0]
    """
    tolerance = number("tolerance", tolerance, least=0)
    H = array("H", H, "... n>=1 n", finite=True)
    size = np.abs(H).max(axis=(-1, -2), initial=0.0)
    gap = np.abs(H - np.swapaxes(H, -1, -2)).max(axis=(-1, -2), initial=0.0)
    if (gap > 1e-8 * size).any():
        raise GradusError(
            Text(
                f"H: expected symmetric matrices, got entries that differ by {gap.max():.3g}",
                f"H：应为对称矩阵，得到相差 {gap.max():.3g} 的元素",
            )
        )
    flat = H.reshape(-1, *H.shape[-2:])
    kinds = [_kind(A, tolerance * s) for A, s in zip(flat, size.ravel(), strict=True)]
    return np.array(kinds, dtype=int).reshape(H.shape[:-2])


def _kind(A: Array, zero: float) -> int:
    from scipy.linalg import ldl

    D = ldl(A)[1]  # blocks of 1 and 2 rows
    signs = set()
    i = 0
    while i < len(D):
        width = 2 if i + 1 < len(D) and D[i + 1, i] != 0 else 1
        block = np.linalg.eigvalsh(D[i : i + width, i : i + width])
        signs |= {0 if abs(v) <= zero else int(np.sign(v)) for v in block}
        i += width
    if {-1, 1} <= signs:
        return NEITHER
    return UNDECIDED if 0 in signs else signs.pop()
