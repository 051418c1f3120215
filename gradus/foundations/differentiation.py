"""Derivatives from values alone: forward, central and complex-step difference quotients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, get_args

import numpy as np

from gradus.arguments import array, choice, duck, number, returned
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["Method", "derivative", "step_size"]

Method = Literal["forward", "central", "complex"]
EPSILON = 2.0**-52


def step_size(method: Method, x: Any = 1.0) -> Any:
    r"""The step that balances truncation against rounding: √ε forward, ∛ε central, times max(1, |x|).

    The complex step subtracts nothing, so it takes a step whose square vanishes.

    Raises:
        GradusError: an unknown method.

    Source: Higham 2002, Accuracy and Stability of Numerical Algorithms; Squire and Trapp 1998.

    Example:
        >>> [f"{float(step_size(m)):.1e}" for m in ("forward", "central")]
        ['1.5e-08', '6.1e-06']
    """
    choice("method", method, get_args(Method))
    size = np.maximum(1.0, np.abs(x if duck(x) else array("x", x, finite=True)))
    return {"forward": EPSILON ** (1 / 2) * size, "central": EPSILON ** (1 / 3) * size, "complex": 1e-100}[
        method
    ]


def derivative(f: Callable[..., Any], x: Any, h: float | None = None, method: Method = "central") -> Any:
    r"""The derivative of a function of one variable, entry by entry.

    forward (f(x+h) − f(x))/h, error O(h); central (f(x+h) − f(x−h))/2h, error O(h²);
    complex Im f(x+ih)/h, error O(h²) without cancellation, for f analytic and real on the line.

    Args:
        f: takes an array and works entry by entry; for "complex" on complex arrays, too.
        x: where, an array of any shape.
        h: the step, the best one unless given; negative for the quotient from the left.
        method: "forward", "central" or "complex".

    Raises:
        GradusError: an unknown method, a step that is zero, not finite or lost in x, points that are not real,
            values of another shape than x, values that are not finite or no numbers, or a function that is not analytic
            with the complex step.

    Cost: two evaluations of `f`; one with the complex step.

    Source: Squire and Trapp 1998, Using complex variables to estimate derivatives of real functions.

    Example:
        >>> import numpy as np
        >>> float(derivative(np.exp, 0.0, method="complex"))
        1.0
        >>> round(float(derivative(np.exp, 0.0, h=0.1, method="forward")), 4)
        1.0517
    """
    require_function("f", f, "numpy.exp")
    choice("method", method, get_args(Method))
    points = array("x", x, finite=True)
    step = step_size(method, points) if h is None else number("h", h)
    if np.any(step == 0):
        raise GradusError(
            Text(f"h: expected a step that is not 0, got {step}", f"h：步长不应为 0，得到 {step}")
        )
    if method != "complex" and np.any(points + step == points):
        raise GradusError(
            Text(
                f"h: the step {np.min(np.abs(step)):g} is lost in x of size {np.abs(points).max():g}; take a larger one",
                f"h：步长 {np.min(np.abs(step)):g} 与大小为 {np.abs(points).max():g} 的 x 相加时被舍去；请取更大的步长",
            )
        )
    rule = {"forward": _forward, "central": _central, "complex": _complex}[method]
    quotient = rule(f, points, step)
    quotient = array("f", quotient)
    if np.shape(quotient) != points.shape:
        raise GradusError(
            Text(
                f"f: expected values of the shape of x, {points.shape}, got {np.shape(quotient)}; see gradient or jacobian",
                f"f：值的形状应与 x 相同，即 {points.shape}，得到 {np.shape(quotient)}；参见 gradient 或 jacobian",
            )
        )
    if not np.isfinite(quotient).all():
        raise GradusError(
            Text(
                f"f is not finite within {np.max(np.abs(step)):g} of x = {points[~np.isfinite(quotient)].ravel()[:3]}",
                f"在 x = {points[~np.isfinite(quotient)].ravel()[:3]} 附近 {np.max(np.abs(step)):g} 的范围内，f 不是有限值",
            )
        )
    return quotient


def _value(f: Callable[..., Any], x: Any) -> Any:
    y = f(x)
    if isinstance(y, (np.ndarray, np.generic)) and y.dtype.kind == "c":
        return y
    return returned("f", y)[()]


def _forward(f: Callable[..., Any], x: Any, h: Any) -> Any:
    return (_value(f, x + h) - _value(f, x)) / h


def _central(f: Callable[..., Any], x: Any, h: Any) -> Any:
    return (_value(f, x + h) - _value(f, x - h)) / (2 * h)


def _complex(f: Callable[..., Any], x: Any, h: Any) -> Any:
    y = _value(f, x + 1j * h)
    if not np.iscomplexobj(y):  # as |z| and Re z give: no derivative, though the imaginary part is 0
        d = step_size("central", x)
        if np.any(np.not_equal(_value(f, x + d), _value(f, x - d))):
            raise GradusError(
                Text(
                    "f: with the complex step expected a function that is analytic, got real values at complex points; "
                    "write it without absolute values, real parts and comparisons, or take method='central'",
                    "f：复步长法要求函数解析，但它在复数点取实值；请勿使用绝对值、实部与比较，或改用 method='central'",
                )
            )
    return np.imag(y) / h
