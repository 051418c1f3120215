"""Differences, slopes, integrals and interpolation of sampled values, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import plain_value
from gradus.foundations.autodiff.reductions import chosen_axes
from gradus.text import Text

__all__ = ["DIFFERENCES"]


def _diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n == 0:
        return np.positive(a)
    shape = list(np.shape(a))
    if prepend is not None or append is not None:
        shape[axis] = 1
        ends = [e if e is None or np.ndim(e) else np.broadcast_to(e, shape) for e in (prepend, append)]
        a = np.concatenate([p for p in (ends[0], a, ends[1]) if p is not None], axis=axis)
    for _ in range(n):
        a = np.moveaxis(a, axis, 0)
        a = np.moveaxis(a[1:] - a[:-1], 0, axis)
    return a


def _ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    flat = np.ravel(ary)
    parts = [np.ravel(p) for p in (to_begin, flat[1:] - flat[:-1], to_end) if p is not None]
    return np.concatenate(parts)


def _trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """With one spacing for all, or with points along the axis: of their own for each line, or the same."""
    y = np.moveaxis(y if hasattr(y, "dtype") else np.asarray(y), axis, -1)
    if x is None:
        step = np.moveaxis(dx, axis, -1) if np.ndim(dx) > 1 else dx
    else:
        x = x if hasattr(x, "dtype") else np.asarray(x)
        step = np.diff(x) if np.ndim(x) == 1 else np.moveaxis(np.diff(x, axis=axis), axis, -1)
    return np.sum(0.5 * step * (y[..., 1:] + y[..., :-1]), axis=-1)


def _gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Central differences with one spacing for each axis, one-sided ones at the edges."""
    f = f if hasattr(f, "dtype") else np.asarray(f)
    axes = chosen_axes(axis, np.ndim(f))
    spacings = varargs * len(axes) if len(varargs) == 1 else varargs or (1.0,) * len(axes)
    if edge_order not in (1, 2) or any(np.ndim(h) for h in spacings):
        raise GradusError(
            Text(
                "numpy.gradient on a tape: expected one number for each spacing, and edge_order 1 or 2",
                "梯度带上的 numpy.gradient：每个间距应为一个数，edge_order 应为 1 或 2",
            )
        )
    if len(spacings) != len(axes):
        raise TypeError("invalid number of arguments")
    slopes = [_slope(np.moveaxis(f, i, 0), h, edge_order, i) for i, h in zip(axes, spacings, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slope(f: Any, h: Any, edge_order: int, axis: int) -> Any:
    if len(f) <= edge_order:
        raise ValueError("Shape of array too small to calculate a numerical gradient")
    inner = (f[2:] - f[:-2]) / (2 * h)
    first, last = (f[1:2] - f[:1]) / h, (f[-1:] - f[-2:-1]) / h
    if edge_order == 2:
        first = (-1.5 * f[:1] + 2 * f[1:2] - 0.5 * f[2:3]) / h
        last = (1.5 * f[-1:] - 2 * f[-2:-1] + 0.5 * f[-3:-2]) / h
    return np.moveaxis(np.concatenate([first, inner, last]), 0, axis)


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """Along the straight line between the two points beside x; outside them constant."""
    if period is not None:
        raise GradusError(
            Text("numpy.interp on a tape: expected no period", "梯度带上的 numpy.interp：不支持 period")
        )
    x, xp, fp = (a if hasattr(a, "dtype") else np.asarray(a, float) for a in (x, xp, fp))
    at, points = plain_value(x), plain_value(xp)
    if np.size(points) == 1:
        inside = np.broadcast_to(fp[0], np.shape(x)) + 0.0 * x
    else:
        i = np.clip(np.searchsorted(points, at, side="right") - 1, 0, np.size(points) - 2)
        inside = fp[i] + (fp[i + 1] - fp[i]) * ((x - xp[i]) / (xp[i + 1] - xp[i]))
    y = np.where(np.less(at, points[0]), fp[0] if left is None else left, inside)
    return np.where(np.greater(at, points[-1]), fp[-1] if right is None else right, y)


DIFFERENCES: dict[Any, Callable[..., Any]] = {
    np.diff: _diff,
    np.ediff1d: _ediff1d,
    np.gradient: _gradient,
    np.interp: _interp,
}
if hasattr(np, "trapezoid"):  # NumPy 2
    DIFFERENCES[np.trapezoid] = _trapezoid
