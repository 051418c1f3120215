"""Gradient checking: is a gradient that was derived by hand, or coded, the gradient of the function?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, number, returned
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["GradientCheck", "check_gradient"]

EPSILON = 2.0**-52


@dataclass(frozen=True)
class GradientCheck:
    """The verdict, and where the gradient misses most.

    Attributes:
        holds: whether every entry agrees with the differences of the function.
        place: index of the entry that misses most, in units of what it may miss.
        claimed, measured: that entry of the gradient, and of the differences.
        allowed: by how much it may miss.
        wrong: how many entries miss by more than they may.
        kinks: how many entries lie at a kink, where anything between the slopes from both sides is accepted.

    Example:
        >>> import numpy as np
        >>> verdict = check_gradient(lambda x: np.sum(x**2), lambda x: x, np.array([1.0, 3.0]))
        >>> verdict.wrong, verdict.place, verdict.claimed, round(verdict.measured, 6)
        (2, (1,), 3.0, 6.0)
    """

    holds: bool
    place: tuple[int, ...]
    claimed: float
    measured: float
    allowed: float
    wrong: int
    kinks: int

    def __str__(self) -> str:
        verdict = "right" if self.holds else f"wrong in {self.wrong} entries"
        where = f"entry {list(self.place)}: {self.claimed:.9g}, differences give {self.measured:.9g} ± {self.allowed:.2g}"
        return f"{verdict}; {where}" + (f"; {self.kinks} at a kink" if self.kinks else "")


def check_gradient(
    f: Callable[..., Any],
    gradient: Callable[..., Any],
    x: Float[np.ndarray, ...],
    tolerance: float = 1e-5,
    h: float = 2.0**-13,
) -> GradientCheck:
    r"""Compares a gradient with differences of the function, entry by entry.

    Each derivative is extrapolated from central differences with steps h and h/2 (error O(h⁴)); the entry may miss by
    tolerance·max(|claimed|, |measured|) plus what the differences themselves may be wrong by.

    Args:
        f: a function of an array, whose result is one number; evaluated 4n + 1 times.
        gradient: what is claimed to be its gradient.
        x: where, of any shape. Random numbers find more than round ones.
        tolerance: relative error that is let pass.
        h: the step, times max(1, |xᵢ|).

    Raises:
        GradusError: x or the gradient is no array of real numbers, the gradient's shape is not that of x, or the
            result of `f` is no single finite number.

    Source: Griewank and Walther 2008, Evaluating Derivatives; CS231n, Learning, Gradient checks.

    Example:
        >>> import numpy as np
        >>> x = np.array([1.0, 2.0])
        >>> check_gradient(lambda x: np.sum(x**2), lambda x: 2 * x, x).holds
        True
        >>> check_gradient(lambda x: np.sum(x**2), lambda x: x, x).holds
        False
    """
    require_function("f", f, "numpy.sum")
    require_function("gradient", gradient, "numpy.cos")
    tolerance, h = number("tolerance", tolerance, least=0), number("h", h, least=2.0**-40)
    x = array("x", x, finite=True)
    claimed = returned("gradient", gradient(x.copy()))
    if claimed.shape != x.shape:
        raise GradusError(
            Text(
                f"gradient: expected the shape of x, {x.shape}, got {claimed.shape}",
                f"gradient：形状应与 x 相同，即 {x.shape}，得到 {claimed.shape}",
            )
        )
    middle = _number(f, x)
    slopes = np.array([_slopes(f, x, i, h * max(1.0, abs(float(x[i]))), middle) for i in np.ndindex(x.shape)])
    low, high, error, kink = slopes.reshape(*x.shape, 4).transpose(-1, *range(x.ndim))
    nearest = np.clip(claimed, low, high)  # low = high away from kinks
    allowed = tolerance * np.maximum(np.abs(claimed), np.abs(nearest)) + error
    off = np.where(np.isfinite(claimed), np.abs(claimed - nearest), np.inf)
    misses = np.where(off == 0, 0.0, off / np.maximum(allowed, 1e-300))
    place = np.unravel_index(int(np.argmax(misses)), x.shape) if x.size else ()
    index = tuple(int(i) for i in place)
    if not x.size:
        return GradientCheck(True, (), 0.0, 0.0, 0.0, 0, 0)
    return GradientCheck(
        bool((misses <= 1).all()), index, float(claimed[index]), float(nearest[index]), float(allowed[index]),
        int((misses > 1).sum()), int(kink.sum()),
    )  # fmt: skip


def _number(f: Callable[..., Any], x: np.ndarray) -> float:
    y = returned("f", f(x.copy()))
    if y.shape != () or not np.isfinite(y):
        raise GradusError(
            Text(
                f"f: expected one finite real number, got shape {y.shape}, {y.ravel()[:3]}",
                f"f：应为一个有限实数，得到形状 {y.shape}，{y.ravel()[:3]}",
            )
        )
    return float(y)


def _slopes(
    f: Callable[..., Any], x: np.ndarray, i: tuple[int, ...], h: float, middle: float
) -> tuple[float, ...]:
    """Least and largest slope of entry i, by how much they may be wrong, and whether it is a kink."""

    def at(t: float) -> float:
        moved = x.copy()
        moved[i] += t
        return _number(f, moved)

    right, left = at(h), at(-h)
    right_half, left_half = at(h / 2), at(-h / 2)
    wide, narrow = (right - left) / (2 * h), (right_half - left_half) / h
    bend = (
        abs(right - 2 * middle + left) / h
    )  # the slopes from both sides differ by so much; halves with h if f is smooth
    bend_half = abs(right_half - 2 * middle + left_half) / (h / 2)
    size = max(abs(middle), abs(right), abs(left))
    rounding = 32 * EPSILON * size / h
    if bend_half > 0.75 * bend and bend_half > 64 * rounding:
        slopes = sorted(((right_half - middle) / (h / 2), (middle - left_half) / (h / 2)))
        return slopes[0], slopes[1], rounding + abs(bend - bend_half), 1.0
    slope = (4 * narrow - wide) / 3
    return slope, slope, rounding + abs(wide - narrow) / 16, 0.0
