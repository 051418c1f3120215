"""Sorting, medians and quantiles, written with those that have rules.

Of equal entries the first one is taken for the smaller (a stable order), so a tie gives its derivative to the entries
that this order puts in the middle, as torch.sort does. Where there is NaN the result is NaN, as in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import plain_value
from gradus.foundations.autodiff.reductions import chosen_axes
from gradus.text import Text

__all__ = ["ORDER"]


def _sort(a: Any, axis: Any = -1, kind: Any = None, *, stable: Any = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    return np.take_along_axis(a, np.argsort(a, axis=axis, kind="stable"), axis)


def _partition(a: Any, kth: Any, axis: Any = -1, kind: str = "introselect") -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    return np.take_along_axis(a, np.argpartition(a, kth, axis=axis), axis)


def _lines(a: Any, axis: Any) -> tuple[Any, tuple[int, ...]]:
    """The axes that are reduced made one, the last; and the shape with 1 in their places."""
    shape = np.shape(a)
    axes = chosen_axes(axis, len(shape))
    rest = [i for i in range(len(shape)) if i not in axes]
    moved = np.transpose(a, [*rest, *axes]) if shape else a
    return (
        np.reshape(moved, (*[shape[i] for i in rest], -1)),
        tuple(1 if i in axes else n for i, n in enumerate(shape)),
    )


def _at(ordered: Any, places: Any) -> Any:
    """The entries at whole-numbered places, one for each line."""
    return np.take_along_axis(ordered, places[..., None], -1)[..., 0]


def _between(ordered: Any, numbers: Any, q: float, method: str) -> Any:
    """The quantile of each ordered line, of which so many first entries are numbers."""
    if method not in ("linear", "lower", "higher", "midpoint", "nearest"):
        raise GradusError(
            Text(
                f"quantiles on a tape: expected method linear, lower, higher, midpoint or nearest, got {method!r}",
                f"梯度带上的分位数：method 应为 linear、lower、higher、midpoint 或 nearest，得到 {method!r}",
            )
        )
    position = q * np.maximum(numbers - 1, 0)
    low, high = np.floor(position).astype(int), np.ceil(position).astype(int)
    part: Any = position - low
    if method == "nearest":
        low, part = np.rint(position).astype(int), 0.0
    part = {"lower": 0.0, "higher": 1.0, "midpoint": 0.5 * (high > low)}.get(method, part)
    below = _at(ordered, low)
    y = below if np.all(np.equal(part, 0)) else below * (1 - part) + _at(ordered, high) * part
    return y


def _quantile_of(a: Any, q: float, axis: Any, keepdims: bool, method: str, skip: bool) -> Any:
    lines, kept = _lines(a, axis)
    ordered = _sort(lines)
    n = np.shape(ordered)[-1]
    if not n:
        raise ValueError("expected at least one entry, got none")
    numbers = n - np.sum(np.isnan(plain_value(ordered)), axis=-1)
    if skip:
        y = _between(ordered, numbers, q, method)
        y = np.where(np.equal(numbers, 0), np.nan, y)
    else:
        y = _between(ordered, np.full(np.shape(numbers), n), q, method)
        y = y if np.all(np.equal(numbers, n)) else np.where(np.equal(numbers, n), y, ordered[..., -1])
    return np.reshape(y, kept) if keepdims else y


def _quantile(scale: float, skip: bool) -> Callable[..., Any]:
    def quantile(a: Any, q: Any, axis: Any = None, method: str = "linear", keepdims: bool = False) -> Any:
        if hasattr(type(q), "record"):
            raise GradusError(
                Text(
                    "quantiles on a tape: q is taken for constant, and it is being differentiated by",
                    "梯度带上的分位数：q 视为常数，而此处正对它求导",
                )
            )
        fractions = np.asarray(q, float) / scale
        if not np.all((fractions >= 0) & (fractions <= 1)):
            raise ValueError(f"q: expected numbers from 0 to {scale:g}, got {q}")
        parts = [_quantile_of(a, float(f), axis, keepdims, method, skip) for f in fractions.ravel()]
        y = np.stack(parts)
        return np.reshape(y, fractions.shape + np.shape(y)[1:])

    return quantile


def _median(skip: bool) -> Callable[..., Any]:
    return lambda a, axis=None, keepdims=False: _quantile_of(a, 0.5, axis, keepdims, "midpoint", skip)


ORDER: dict[Any, Callable[..., Any]] = {
    np.sort: _sort,
    np.partition: _partition,
    np.median: _median(False),
    np.nanmedian: _median(True),
    np.quantile: _quantile(1.0, False),
    np.percentile: _quantile(100.0, False),
    np.nanquantile: _quantile(1.0, True),
    np.nanpercentile: _quantile(100.0, True),
}
