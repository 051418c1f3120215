"""`np.pad`, written with functions that have rules: axis by axis, in NumPy's order, so that corners come out the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.rules import join, put
from gradus.foundations.autodiff.shapes import moved
from gradus.text import Text

__all__ = ["PADDING"]

MOVED = ("edge", "reflect", "symmetric", "wrap")  # these only move entries
STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


def _pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = 0,
    end_values: Any = 0,
    stat_length: Any = None,
    reflect_type: str = "even",
) -> Any:
    widths = _widths(pad_width, np.ndim(array))
    if mode == "constant":
        return _constant(array, widths, constant_values)
    if isinstance(mode, str) and mode in MOVED and reflect_type == "even":
        return moved(lambda n: np.pad(n, widths, mode), array)  # type: ignore[call-overload]
    if isinstance(mode, str) and mode in STATISTICS:
        lengths = (
            [(None, None)] * np.ndim(array) if stat_length is None else _pairs(stat_length, np.ndim(array))
        )
        return _by_axis(
            array, widths, lambda a, axis, side, n: _statistic(STATISTICS[mode], a, axis, side, n, lengths)
        )
    if mode == "linear_ramp":
        ends = _pairs(end_values, np.ndim(array))
        return _by_axis(array, widths, lambda a, axis, side, n: _ramp(a, axis, side, n, ends[axis][side]))
    raise GradusError(
        Text(
            f"numpy.pad on a tape: expected mode constant, linear_ramp, {', '.join([*MOVED, *STATISTICS])}, "
            f"and reflect_type='even', got mode={mode!r}, reflect_type={reflect_type!r}",
            f"梯度带上的 numpy.pad：mode 应为 constant、linear_ramp、{'、'.join([*MOVED, *STATISTICS])}，reflect_type 应为 'even'，得到 mode={mode!r}，reflect_type={reflect_type!r}",
        )
    )


def _widths(pad_width: Any, ndim: int) -> list[Any]:
    if isinstance(pad_width, dict):  # by axis
        pairs: list[Any] = [(0, 0)] * ndim
        for axis, width in pad_width.items():
            pairs[axis] = tuple(np.broadcast_to(width, (2,)).tolist())
        return pairs
    return np.broadcast_to(pad_width, (ndim, 2)).tolist()


def _pairs(values: Any, ndim: int) -> Any:
    """A value for each axis and side, from one, a pair, or all of them."""
    return np.broadcast_to(values, (ndim, 2))


def _constant(array: Any, widths: list[Any], values: Any) -> Any:
    if hasattr(type(values), "record") or np.any(np.not_equal(values, 0)):
        ends = _pairs(values, np.ndim(array))
        return _by_axis(array, widths, lambda a, axis, side, n: _spread(ends[axis][side], a, axis, n))
    sizes = list(zip(np.shape(array), widths, strict=True))
    index = tuple(slice(before, before + n) for n, (before, _) in sizes)
    return call(put, array, index=index, shape=tuple(before + n + after for n, (before, after) in sizes))


def _by_axis(a: Any, widths: list[Any], side_of: Callable[..., Any]) -> Any:
    """What `side_of` gives for both sides of each axis, beside what has been padded so far."""
    for axis, (before, after) in enumerate(widths):
        left = [side_of(a, axis, 0, before)] if before else []
        right = [side_of(a, axis, 1, after)] if after else []
        a = call(join, *left, a, *right, axis=axis) if left or right else a
    return a


def _spread(value: Any, a: Any, axis: int, n: int) -> Any:
    shape = list(np.shape(a))
    shape[axis] = n
    return np.broadcast_to(value, tuple(shape))


def _end(a: Any, axis: int, side: int, n: int) -> Any:
    """The n entries at one side of an axis."""
    length = np.shape(a)[axis]
    n = min(n, length)
    return a[(slice(None),) * axis + (slice(0, n) if side == 0 else slice(length - n, length),)]


def _statistic(statistic: Any, a: Any, axis: int, side: int, n: int, lengths: Any) -> Any:
    length = lengths[axis][side]
    part = a if length is None else _end(a, axis, side, int(length))
    return _spread(statistic(part, axis=axis, keepdims=True), a, axis, n)


def _ramp(a: Any, axis: int, side: int, n: int, end: Any) -> Any:
    """From the end value, which is reached, to the edge, which is not."""
    t = np.arange(n) / n
    t = np.reshape(
        t if side == 0 else 1 - (np.arange(n) + 1) / n, [-1 if i == axis else 1 for i in range(np.ndim(a))]
    )
    return end * (1 - t) + _end(a, axis, side, 1) * t


PADDING: dict[Any, Callable[..., Any]] = {np.pad: _pad}
