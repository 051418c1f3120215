"""Integrals as weighted sums: the classical rules on an interval, and Gauss's over the image of a cube."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, choice, duck, returned, shapes_together, whole
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.foundations.autodiff import jvp
from gradus.text import Text

__all__ = ["Rule", "integral_over_image", "quadrature", "rule_on_unit_interval"]

Array = np.ndarray
Rule = Literal["left", "midpoint", "trapezoid", "simpson", "gauss"]
MOST_POINTS = 10_000_000


def rule_on_unit_interval(n: int, rule: Rule) -> tuple[Float[Array, " m"], Float[Array, " m"]]:
    """Points and weights of a rule on [0, 1].

    Args:
        n: the number of equal pieces; for "gauss" the number of points.
        rule: "left", "midpoint", "trapezoid", "simpson" (two pieces share a parabola) or "gauss" (Gauss–Legendre).

    Raises:
        GradusError: an unknown rule, n below 1, or an odd n for "simpson".

    Source: Davis and Rabinowitz 1984, Methods of Numerical Integration, ch. 2; for Gauss's, `scipy.special.roots_legendre`.

    Example:
        >>> x, w = rule_on_unit_interval(2, "simpson")
        >>> x.tolist(), (6 * w).tolist()
        ([0.0, 0.5, 1.0], [1.0, 4.0, 1.0])
    """
    choice("rule", rule, get_args(Rule))
    n = whole("n", n, least=1, most=MOST_POINTS)
    if rule == "simpson" and n % 2:
        raise GradusError(
            Text(
                f"n: Simpson's rule needs an even number of pieces, got {n}; take {n + 1}",
                f"n：辛普森法则需要偶数个小区间，得到 {n}；请取 {n + 1}",
            )
        )
    if rule == "gauss":
        from scipy.special import roots_legendre

        x, w = roots_legendre(n)
        return (x + 1) / 2, w / 2
    if rule in ("left", "midpoint"):
        return (np.arange(n) + (0.5 if rule == "midpoint" else 0.0)) / n, np.full(n, 1 / n)
    w = np.ones(n + 1)
    if rule == "simpson":
        w[1::2], w[2:-1:2] = 4 / 3, 2 / 3
        w[[0, -1]] = 1 / 3
    else:
        w[[0, -1]] = 0.5
    return np.linspace(0, 1, n + 1), w / n


def quadrature(f: Callable[..., Any], a: Any, b: Any, n: int, rule: Rule = "gauss") -> Any:
    r"""The integral :math:`\int_a^bf(x)\,dx\approx\sum_iw_if(x_i)` by a classical rule.

    Args:
        f: a function of an array, entry by entry.
        a: the lower end, a number or an array.
        b: the upper end, which broadcasts against a; where b < a the integral changes its sign.
        n: the number of equal pieces; for "gauss" the number of points.
        rule: as `rule_on_unit_interval`.

    Raises:
        GradusError: as `rule_on_unit_interval`; ends that are not finite; values of another shape than the points, or not finite.

    Cost: n evaluations of `f`, at all points in one call.

    Source: Davis and Rabinowitz 1984, Methods of Numerical Integration, ch. 2.

    Example:
        >>> round(float(quadrature(lambda x: x**2, 0.0, 3.0, 2)), 12)
        9.0
        >>> float(quadrature(lambda x: x**2, 0.0, 3.0, 3, "left"))
        5.0
    """
    require_function("f", f, "numpy.exp")
    t, w = rule_on_unit_interval(n, rule)
    low, high = array("a", a, finite=True), array("b", b, finite=True)
    shapes_together(a=low.shape, b=high.shape)
    width = high - low
    values = _checked(f(low[..., None] + width[..., None] * t), (*width.shape, t.size))
    return width * (values @ w)


def integral_over_image(f: Callable[..., Any], phi: Callable[..., Any], d: int, n: int = 20) -> float:
    r"""The integral over the image of the unit cube, :math:`\int_{[0,1]^d}f(\varphi(u))\,|\det J_\varphi(u)|\,du`, by Gauss's product rule.

    Args:
        f: takes points as columns (d, m), and gives m values.
        phi: takes columns u (d, m) and gives their images (d, m); one to one but for the boundary.
        d: the dimension.
        n: points along each side; the rule has n^d.

    Raises:
        GradusError: d or n below 1, more than ten million points, results of other shapes, or values that are not finite.

    Cost: n^d evaluations of `f`, d·n^d of `phi` with its derivative by dual numbers.

    Source: Davis and Rabinowitz 1984, Methods of Numerical Integration, ch. 5.

    Example:
        >>> import numpy as np
        >>> disc = lambda u: np.stack([u[0] * np.cos(2 * np.pi * u[1]), u[0] * np.sin(2 * np.pi * u[1])])
        >>> round(integral_over_image(lambda x: np.ones(x.shape[1]), disc, 2), 6)
        3.141593
    """
    require_function("f", f, "numpy.exp")
    require_function("phi", phi, "lambda u: 2 * u")
    d, n = whole("d", d, least=1, most=64), whole("n", n, least=1, most=MOST_POINTS)
    if n**d > MOST_POINTS:
        raise GradusError(
            Text(
                f"n, d: expected at most {MOST_POINTS} points, got n^d = {n}^{d}",
                f"n、d：最多 {MOST_POINTS} 个点，得到 n^d = {n}^{d}",
            )
        )
    t, w = rule_on_unit_interval(n, "gauss")
    u = np.stack([g.ravel() for g in np.meshgrid(*[t] * d, indexing="ij")])  # (d, n^d)
    weights = w
    for _ in range(d - 1):
        weights = np.multiply.outer(weights, w).ravel()
    columns, points = [], u
    for e in np.eye(d):
        points, moved = jvp(lambda x: _traced(phi(x)), u, np.broadcast_to(e[:, None], u.shape))
        columns.append(moved)
    if np.shape(points) != u.shape:
        raise GradusError(
            Text(
                f"phi: expected images of shape {u.shape}, got {np.shape(points)}",
                f"phi：像的形状应为 {u.shape}，得到 {np.shape(points)}",
            )
        )
    J = np.stack(columns, axis=-1)  # (d, n^d, d)
    volumes = np.abs(np.linalg.det(np.moveaxis(J, 1, 0)))
    return float(weights @ (_checked(f(points), (u.shape[1],)) * volumes))


def _traced(image: Any) -> Any:
    return image if duck(image) else returned("phi", image)


def _checked(values: Any, shape: tuple[int, ...]) -> Any:
    got = returned("f", values)
    if got.shape != shape:
        raise GradusError(
            Text(
                f"f: expected values of shape {shape}, got {got.shape}; write it entry by entry",
                f"f：值的形状应为 {shape}，得到 {got.shape}；请逐元素地写出",
            )
        )
    if not np.isfinite(got).all():
        raise GradusError(
            Text(
                f"f is not finite at {int((~np.isfinite(got)).sum())} of the points; move the ends",
                f"f 在 {int((~np.isfinite(got)).sum())} 个点上不是有限值；请移动端点",
            )
        )
    return got
