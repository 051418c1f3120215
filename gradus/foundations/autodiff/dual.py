"""Forward-mode automatic differentiation: dual numbers a + bε with ε² = 0, for functions written in NumPy."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.arguments import function as require_function
from gradus.arguments import real_or_duck
from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike, result_of
from gradus.foundations.autodiff.call import call, summed_back
from gradus.foundations.autodiff.rules import RULES, einsum, join, put, reshape, take
from gradus.foundations.autodiff.tape import vjp
from gradus.text import Text

__all__ = ["Dual", "jvp"]

# An inner jvp has the higher level, and takes what belongs to an outer one for constant.
_levels = itertools.count(1)
MOST_REPAIRED = 64  # entries where reverse mode takes the place of a NaN
LINEAR = {
    np.positive, np.negative, np.sum, np.cumsum, np.real, np.imag, np.conjugate, np.fft.fft, np.fft.ifft,
    np.broadcast_to, np.transpose, reshape, take, put,
}  # fmt: skip
MULTILINEAR = {np.matmul, einsum}


def jvp(f: Callable[..., Any], x: Any, u: Any) -> tuple[Any, Any]:
    r"""The value f(x) and its derivative along u: f(x + uε) = f(x) + (J u) ε.

    Args:
        f: a function written in NumPy, of one array, whose result is one array.
        x: its argument, of any shape.
        u: the direction, of the same shape.

    Raises:
        GradusError: x and u differ in shape, the result is no array, or `f` calls what has no rule.

    Cost: about three evaluations of `f`, and no more memory than `f`; one direction each time.

    Source: Clifford 1873; Griewank and Walther 2008, Evaluating Derivatives, ch. 3.

    Example:
        >>> import numpy as np
        >>> value, slope = jvp(lambda x: x[0] * x[1], np.array([2.0, 5.0]), np.array([1.0, 0.0]))
        >>> float(value), float(slope)
        (10.0, 5.0)
    """
    require_function("f", f, "numpy.exp")
    x, u = real_or_duck("x", x), real_or_duck("u", u)
    if np.shape(x) != np.shape(u):
        raise GradusError(
            Text(
                f"u: the direction has shape {np.shape(u)}, expected that of the argument, {np.shape(x)}",
                f"u：方向的形状为 {np.shape(u)}，应与参数相同，即 {np.shape(x)}",
            )
        )
    if any(np.iscomplexobj(part) for part in (x, u)):
        raise GradusError(
            Text(
                "jvp takes dual numbers with real parts, got complex ones",
                "jvp 使用实部与虚部皆为实数的对偶数，得到复数",
            )
        )
    level = next(_levels)
    y = result_of(f(Dual(x, u, level)), "jvp")
    if not (isinstance(y, Dual) and y.level == level):
        return y, np.zeros(np.shape(y))
    if not any(isinstance(a, ArrayLike) for a in (x, y.value, y.tangent)) and np.any(np.isnan(y.tangent)):
        return y.value, _by_reverse_mode(f, x, u, y)
    return y.value, y.tangent


def _by_reverse_mode(f: Callable[..., Any], x: Any, u: Any, y: Dual) -> Any:
    """The tangent, of which reverse mode gives the entries that are NaN: it alone can tell what 0·∞ is."""
    tangent = np.array(y.tangent)
    places = np.argwhere(np.isnan(tangent))
    if len(places) > MOST_REPAIRED:
        return y.tangent
    _, pull = vjp(f, x)
    for place in map(tuple, places):
        w = np.zeros(tangent.shape)
        w[place] = 1.0
        row = pull(w)[0]
        tangent[place] = np.sum(np.where(np.equal(u, 0), 0.0, row * u))
    return tangent[()]


def _pushed(function: Any, y: Any, values: list[Any], tangents: list[Any], options: dict[str, Any]) -> Any:
    """The derivative of one call along the tangents of its inputs; None stands for a constant's."""
    if function in LINEAR:
        return function(tangents[0], **options)
    if function is join:
        return join(
            *[np.zeros(np.shape(v)) if t is None else t for v, t in zip(values, tangents, strict=True)],
            **options,
        )
    if function is np.max:
        weights = RULES[np.max][0](np.ones(np.shape(y)), y, values[0], **options)
        return np.sum(weights * tangents[0], **options)
    if function in MULTILINEAR:  # the product rule
        swapped = [(*values[:i], t, *values[i + 1 :]) for i, t in enumerate(tangents) if t is not None]
        return sum(call(function, *v, **options) for v in swapped)
    if (
        isinstance(function, np.ufunc) or function is np.where
    ):  # the derivative of an entry is a number, its own transpose
        shares = [RULES[function][i](t, y, *values) for i, t in enumerate(tangents) if t is not None]
        return np.broadcast_to(sum(shares), np.shape(y))
    return sum(
        _transposed(RULES[function][i], i, t, y, values, options)
        for i, t in enumerate(tangents)
        if t is not None
    )


def _transposed(rule: Any, i: int, t: Any, y: Any, values: list[Any], options: dict[str, Any]) -> Any:
    """J t from the rule w ↦ wᵀJ, which is linear in w: ⟨wᵀJ, t⟩ has J t for its gradient by w."""

    def along(w: Any) -> Any:
        return np.sum(summed_back(rule(w, y, *values, **options), np.shape(values[i])) * t)

    return vjp(along, np.zeros(np.shape(y)))[1](1.0)[0]


def _floating(part: Any) -> Any:
    if isinstance(part, ArrayLike) or np.asanyarray(part).dtype.kind == "c":
        return part
    return np.asanyarray(part, dtype=float)


class Dual(ArrayLike):
    """An array of dual numbers: each holds a value and the derivative of that value along the chosen direction.

    Attributes:
        value: the a of a + bε; an array, or a Variable where the tape differentiates through.
        tangent: the b, of the same shape.
        level: number of the jvp that it belongs to.
    """

    __slots__ = ("level", "tangent", "value")

    def __init__(self, value: Any, tangent: Any, level: int = 1) -> None:
        for part in (value, tangent):
            if not isinstance(part, ArrayLike) and np.asanyarray(part).dtype.kind not in "fiubc":
                raise GradusError(
                    Text(
                        f"dual numbers have numbers for parts, got {np.asanyarray(part).dtype}",
                        f"对偶数的各部分应为数，得到 {np.asanyarray(part).dtype}",
                    )
                )
        self.level, self.value, self.tangent = level, _floating(value), _floating(tangent)

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Dual:
        """The call on the values, and its derivative along the tangents."""
        own = [isinstance(a, Dual) and a.level == self.level for a in inputs]
        values = [a.value if mine else a for a, mine in zip(inputs, own, strict=True)]
        tangents = [a.tangent if mine else None for a, mine in zip(inputs, own, strict=True)]
        y = call(function, *values, **options)
        return Dual(y, _pushed(function, y, values, tangents, options), self.level)

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"
