"""Taylor coefficients of functions written in NumPy, exact to rounding: arithmetic with truncated power series."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, shapes_together, whole
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike, result_of
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.rules import RULES, einsum, join, put, reshape, take
from gradus.text import Text

__all__ = ["Series", "taylor_coefficients", "taylor_polynomial"]

Array = np.ndarray
_levels = itertools.count(1)
LINEAR = {
    np.positive,
    np.negative,
    np.add,
    np.subtract,
    np.sum,
    np.broadcast_to,
    np.transpose,
    reshape,
    take,
    put,
    join,
}
# y' = a'·φ'(a), and the rule for φ' holds nothing but y, a and the four operations
ALGEBRAIC = {np.exp, np.expm1, np.log, np.log1p, np.log2, np.tanh, np.arctan, np.sqrt}


def taylor_coefficients(
    f: Callable[..., Any], a: Any, order: int, direction: Any = 1.0
) -> Float[Array, " order1 *shape"]:
    r"""The coefficients :math:`c_k=\frac1{k!}\frac{d^k}{dt^k}f(a+tu)\big|_{t=0}` for k = 0 … order.

    Args:
        f: a function written in NumPy, of one array, whose result is one array.
        a: the centre, of any shape; where `f` works entry by entry, each entry is a centre of its own.
        order: the highest power.
        direction: u, which broadcasts against a.

    Returns:
        The coefficients along a new first axis; f^(k)(a) = k!·c_k.

    Raises:
        GradusError: an order below 0, a centre that is not real, a kink or pole at the centre, or a call that has no rule.

    Cost: order² multiplications for each product in `f`, order³ for each elementary function.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 13.

    Example:
        >>> import numpy as np
        >>> taylor_coefficients(np.exp, 0.0, 3).round(6).tolist()
        [1.0, 1.0, 0.5, 0.166667]
    """
    require_function("f", f, "numpy.cos")
    order, centre = whole("order", order, least=0), array("a", a, finite=True)
    step = array("direction", direction, finite=True)
    if shapes_together(a=centre.shape, direction=step.shape) != centre.shape:
        raise GradusError(
            Text(
                f"direction: expected the shape of a, {centre.shape}, got {step.shape}",
                f"direction：形状应与 a 相同，即 {centre.shape}，得到 {step.shape}",
            )
        )
    step = np.broadcast_to(step, centre.shape)
    zeros = [np.zeros(centre.shape)] * max(0, order - 1)
    line = [centre, step, *zeros][: order + 1]
    with np.errstate(all="ignore"):
        y = result_of(f(Series(line, next(_levels))), "taylor_coefficients")
    terms = y.coefficients if isinstance(y, Series) else [y, *[np.zeros(np.shape(y))] * order]
    if any(np.iscomplexobj(c) for c in terms):
        raise GradusError(
            Text(
                "f: expected a function with real values, got complex ones; expand np.real(f) and np.imag(f)",
                "f：应为实值函数，得到复数值；请分别展开 np.real(f) 与 np.imag(f)",
            )
        )
    result = np.stack([np.asarray(c, float) for c in terms])
    if not np.isfinite(result).all():
        k = int(np.argwhere(~np.isfinite(result))[0][0])
        raise GradusError(
            Text(
                f"f has no finite coefficient of order {k} at {centre}: move the centre",
                f"f 在 {centre} 处没有有限的 {k} 阶系数：请移动展开中心",
            )
        )
    return result


def taylor_polynomial(f: Callable[..., Any], a: Any, x: Any, n: int) -> Float[Array, ...]:
    r"""The Taylor polynomial :math:`T_n(x)=\sum_{k=0}^n\frac{f^{(k)}(a)}{k!}(x-a)^k` of a function taken entry by entry.

    Args:
        f: a function written in NumPy that works entry by entry.
        a: the centre; broadcasts against x.
        x: where the polynomial is evaluated, of any shape.
        n: its degree.

    Raises:
        GradusError: as `taylor_coefficients`; values of another shape than the centre, shapes that do not fit.

    Cost: the coefficients, and n multiplications for each entry of x.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 13.

    Example:
        >>> import numpy as np
        >>> round(float(taylor_polynomial(np.cos, 0.0, 1.0, 4)), 6)  # 1 − 1/2 + 1/24
        0.541667
    """
    n, centre, points = whole("n", n, least=0), array("a", a, finite=True), array("x", x, finite=True)
    coefficients = taylor_coefficients(f, centre, n)
    if coefficients.shape[1:] != np.shape(a):
        raise GradusError(
            Text(
                f"f: expected values of the shape of a, {np.shape(a)}, got {coefficients.shape[1:]}",
                f"f：值的形状应与 a 相同，即 {np.shape(a)}，得到 {coefficients.shape[1:]}",
            )
        )
    shapes_together(a=centre.shape, x=points.shape)
    h = points - centre
    y = np.zeros(h.shape)
    for c in coefficients[::-1]:  # Horner
        y = y * h + c
    return y


def _coefficients(x: Any, level: int, n: int) -> list[Any]:
    """The n coefficients of an operand; a constant has one."""
    if isinstance(x, Series) and x.level == level:
        return x.coefficients
    return [x, *[np.zeros(np.shape(x))] * (n - 1)]


def _product(times: Callable[[Any, Any], Any], a: list[Any], b: list[Any]) -> list[Any]:
    """Cauchy's product of two series under a bilinear operation."""
    return [sum(times(a[j], b[k - j]) for j in range(k + 1)) for k in range(len(a))]


def _quotient(a: list[Any], b: list[Any]) -> list[Any]:
    y: list[Any] = []
    for k in range(len(a)):
        y.append((a[k] - sum(b[j] * y[k - j] for j in range(1, k + 1))) / b[0])
    return y


def _power(a: list[Any], b: Any) -> list[Any]:
    """A constant power: by repeated squaring where it is a whole number, also at a = 0, else from a·y' = b·a'·y."""
    if np.ndim(b) == 0 and float(b) == int(b) and 0 <= b <= 64:
        return _whole_power(a, int(b))
    y = [a[0] ** b]
    for k in range(1, len(a)):
        y.append(sum((b * j - (k - j)) * a[j] * y[k - j] for j in range(1, k + 1)) / (k * a[0]))
    return y


def _whole_power(a: list[Any], b: int) -> list[Any]:
    y = [np.ones(np.shape(a[0])), *[np.zeros(np.shape(a[0]))] * (len(a) - 1)]
    while b:
        if b & 1:
            y = _product(np.multiply, y, a)
        a, b = _product(np.multiply, a, a) if b > 1 else a, b >> 1
    return y


def _exponential(a: list[Any]) -> list[Any]:
    y = [np.exp(a[0])]
    for k in range(1, len(a)):
        y.append(sum(j * a[j] * y[k - j] for j in range(1, k + 1)) / k)
    return y


def _circular(function: Any, a: list[Any]) -> list[Any]:
    """Sine and cosine from exp(ia), their hyperbolic sisters from exp(±a)."""
    if function in (np.sin, np.cos):
        turned = _exponential([1j * c for c in a])
        return [c.imag if function is np.sin else c.real for c in turned]
    up, down = _exponential(a), _exponential([-c for c in a])
    sign = -1 if function is np.sinh else 1
    first = [function(a[0])]  # without the cancellation
    return first + [(p + sign * q) / 2 for p, q in zip(up[1:], down[1:], strict=True)]


def _integrated(function: Any, a: list[Any]) -> list[Any]:
    """φ(a) order by order: the coefficients below k give that of order k − 1 of y' = a'·φ'(a), hence y_k."""
    y = [function(a[0])]
    level = next(_levels)
    for k in range(1, len(a)):
        slope = Series([j * a[j] for j in range(1, k + 1)], level)
        right = RULES[function][0](slope, Series(y, level), Series(a[:k], level))
        y = [*y, _coefficients(right, level, k)[k - 1] / k]
    return y


def _chosen(mask: Any, a: list[Any], b: list[Any]) -> list[Any]:
    return [np.where(mask, p, q) for p, q in zip(a, b, strict=True)]


def _larger(a: list[Any], b: list[Any]) -> list[Any]:
    """The greater of two series; where their values tie and the series do not, there is a kink."""
    tie = np.equal(a[0], b[0])
    differ = np.any([np.not_equal(p, q) for p, q in zip(a, b, strict=True)], axis=0)
    if np.any(tie & differ):
        raise GradusError(
            Text(
                "f has a kink at the centre, and no Taylor expansion there: move the centre",
                "f 在展开中心不可导，因而没有泰勒展开：请移动展开中心",
            )
        )
    return _chosen(np.greater(a[0], b[0]), a, b)


def _contraction(parts: list[list[Any]], options: dict[str, Any]) -> list[Any]:
    if len(parts) == 1:
        return [call(einsum, c, **options) for c in parts[0]]
    return _product(lambda p, q: call(einsum, p, q, **options), *parts)


class Series(ArrayLike):
    """An array of truncated power series Σ c_k tᵏ: NumPy's functions and operators apply to it.

    Attributes:
        coefficients: c_0, c_1, … each an array of the same shape.
        level: number of the expansion that it belongs to.
    """

    __slots__ = ("coefficients", "level")

    def __init__(self, coefficients: list[Any], level: int) -> None:
        self.coefficients, self.level = coefficients, level

    @property
    def value(self) -> Any:
        """The coefficient of order 0."""
        return self.coefficients[0]

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Series:
        """The call on all coefficients."""
        n = len(self.coefficients)
        parts = [_coefficients(x, self.level, n) for x in inputs]
        return Series(self._applied(function, inputs, parts, options), self.level)

    def _applied(self, function: Any, inputs: Any, parts: list[list[Any]], options: dict[str, Any]) -> Any:
        if function in LINEAR:
            return [function(*c, **options) for c in zip(*parts, strict=True)]
        if function is np.where:
            return _chosen(inputs[0], *parts[1:])
        if function in (np.multiply, np.matmul):
            return _product(function, *parts)
        if function is einsum and len(parts) <= 2:
            return _contraction(parts, options)
        if function is np.square:
            return _product(np.multiply, parts[0], parts[0])
        if function is np.divide:
            return _quotient(*parts)
        if function is np.power:
            return self._raised(inputs, parts)
        if function is np.exp:
            return _exponential(parts[0])
        if function in (np.sin, np.cos, np.sinh, np.cosh):
            return _circular(function, parts[0])
        if function in ALGEBRAIC:
            return _integrated(function, parts[0])
        if function in (np.maximum, np.absolute):
            other = parts[1] if function is np.maximum else [-c for c in parts[0]]
            return _larger(parts[0], other)
        if function is np.minimum:
            return [-c for c in _larger(*[[-c for c in p] for p in parts])]
        raise GradusError(
            Text(
                f"numpy.{function.__name__} has no rule for power series: write f without it",
                f"numpy.{function.__name__} 没有幂级数规则：请不用它来写 f",
            )
        )

    def _raised(self, inputs: Any, parts: list[list[Any]]) -> list[Any]:
        if isinstance(inputs[1], Series):  # aᵇ = exp(b log a)
            return _exponential(_product(np.multiply, parts[1], _integrated(np.log, parts[0])))
        return _power(parts[0], inputs[1])
