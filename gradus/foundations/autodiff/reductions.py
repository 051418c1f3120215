"""Sums, means, extremes and norms along axes, and differences, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call

__all__ = ["REDUCTIONS"]


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return call(np.sum, a, axis=_axes(axis), keepdims=keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = _sum(a, axis, keepdims)
    return total * (np.size(total) / np.size(a))


def _average(a: Any, axis: Any = None, weights: Any = None) -> Any:
    if weights is None:
        return _mean(a, axis)
    if np.shape(weights) != np.shape(a) and axis is not None:
        weights = np.reshape(weights, [-1 if i == axis % np.ndim(a) else 1 for i in range(np.ndim(a))])
    return np.sum(a * weights, axis=axis) / np.sum(weights + 0.0 * a, axis=axis)


def _var(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    squares = _sum((a - _mean(a, axis, True)) ** 2, axis, keepdims)
    return squares / (np.size(a) / np.size(squares) - ddof)


def _max(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    if np.size(a) == 0 and initial is not None:
        return initial
    y = call(np.max, a, axis=_axes(axis), keepdims=keepdims)
    return y if initial is None else np.maximum(y, initial)


def _min(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None) -> Any:
    return -_max(-a, axis, keepdims, None if initial is None else -initial)


def _prod(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    y = call(np.prod, np.ravel(a) if axis is None else a, axis=0 if axis is None else axis)
    if not keepdims:
        return y
    return np.reshape(y, (1,) * np.ndim(a)) if axis is None else np.expand_dims(y, axis)


def _cumsum(a: Any, axis: Any = None) -> Any:
    return call(np.cumsum, np.ravel(a) if axis is None else a, axis=0 if axis is None else axis)


def _cumprod(a: Any, axis: Any = None) -> Any:
    a, axis = (np.ravel(a), 0) if axis is None else (a, axis)
    parts: list[Any] = []
    for entry in np.moveaxis(a, axis, 0):
        parts.append(parts[-1] * entry if parts else entry)
    return np.stack(parts, axis=axis)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    matrix = len(axis) == 2 if isinstance(axis, tuple) else axis is None and np.ndim(x) == 2
    if ord in (None, "fro") or (ord == 2 and not matrix):
        return np.sqrt(np.sum(np.absolute(x) ** 2, axis=axis, keepdims=keepdims))
    if matrix or isinstance(ord, str):
        values = np.linalg.svd(x, compute_uv=False) if axis is None and not keepdims else None
        if values is None or ord not in (2, -2, "nuc"):
            raise GradusError(
                "numpy.linalg.norm of a matrix on a tape: expected ord None or 'fro', or 2, -2 or 'nuc' without axis and "
                f"keepdims, got ord={ord!r}"
            )
        reduce: Any = {2: np.max, -2: np.min, "nuc": np.sum}[ord]
        return reduce(values, axis=-1)
    size = np.absolute(x)
    if ord in (np.inf, -np.inf):
        reduce = np.max if ord > 0 else np.min
        return reduce(size, axis=axis, keepdims=keepdims)
    return np.sum(size**ord, axis=axis, keepdims=keepdims) ** (1 / ord)


def _median(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    ordered = np.sort(np.ravel(a) if axis is None else np.moveaxis(a, axis, -1), axis=-1)
    n = np.shape(ordered)[-1]
    middle = 0.5 * (ordered[..., (n - 1) // 2] + ordered[..., n // 2])
    if not keepdims:
        return middle
    return np.reshape(middle, (1,) * np.ndim(a)) if axis is None else np.expand_dims(middle, axis)


def _diff(a: Any, n: int = 1, axis: int = -1) -> Any:
    for _ in range(n):
        a = np.moveaxis(a, axis, 0)
        a = np.moveaxis(a[1:] - a[:-1], 0, axis)
    return a


def _trapezoid(y: Any, x: Any = None, dx: float = 1.0, axis: int = -1) -> Any:
    y = np.moveaxis(y, axis, -1)
    step = dx if x is None else np.diff(x)
    return np.sum(0.5 * step * (y[..., 1:] + y[..., :-1]), axis=-1)


REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _sum,
    np.mean: _mean,
    np.average: _average,
    np.var: _var,
    np.std: lambda a, axis=None, ddof=0, keepdims=False: np.sqrt(_var(a, axis, ddof, keepdims)),
    np.max: _max,
    np.amax: _max,
    np.min: _min,
    np.amin: _min,
    np.ptp: lambda a, axis=None: _max(a, axis) - _min(a, axis),
    np.prod: _prod,
    np.cumsum: _cumsum,
    np.cumprod: _cumprod,
    np.median: _median,
    np.linalg.norm: _norm,
    np.diff: _diff,
}
if hasattr(np, "trapezoid"):  # NumPy 2
    REDUCTIONS[np.trapezoid] = _trapezoid
