"""New arrays like another, and arrays that run from one number to another, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import plain_value

__all__ = ["CREATED"]


def _zeros_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    return a.constant(np.zeros_like(plain_value(a), dtype=dtype, shape=shape))


def _ones_like(a: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None) -> Any:
    return a.constant(np.ones_like(plain_value(a), dtype=dtype, shape=shape))


def _full_like(
    a: Any, fill_value: Any, dtype: Any = None, order: str = "K", subok: bool = True, shape: Any = None
) -> Any:
    if dtype is None or np.dtype(dtype).kind in "fc":
        return np.zeros_like(a, dtype=dtype, shape=shape) + fill_value
    return np.full_like(
        plain_value(a), plain_value(fill_value), dtype, shape=shape
    )  # whole numbers: it is rounded


def _linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, *, axis: int = 0
) -> Any:
    steps = num - 1 if endpoint else num
    t = np.arange(num) / max(steps, 1)
    t = t.reshape(-1, *(1,) * np.ndim(start - stop))
    y = start * (1 - t) + stop * t
    y = np.moveaxis(y, 0, axis) if axis else y
    return (y, (stop - start) / steps) if retstep else y


def _logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, *, axis: int = 0
) -> Any:
    return np.power(base, _linspace(start, stop, num, endpoint, axis=axis))


def _meshgrid(*xi: Any, indexing: str = "xy", copy: bool = True, sparse: bool = False) -> Any:
    n = len(xi)
    grids = [np.reshape(x, [-1 if i == j else 1 for j in range(n)]) for i, x in enumerate(xi)]
    if indexing == "xy" and n > 1:
        grids = [np.swapaxes(g, 0, 1) for g in grids]
    return tuple(grids if sparse else np.broadcast_arrays(*grids))


def _vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    n = np.size(x) if N is None else N
    powers = np.arange(n) if increasing else np.arange(n)[::-1]
    return x[:, None] ** powers


CREATED: dict[Any, Callable[..., Any]] = {
    np.zeros_like: _zeros_like,
    np.ones_like: _ones_like,
    np.empty_like: lambda prototype, dtype=None, order="K", subok=True, shape=None: _zeros_like(
        prototype, dtype, shape=shape
    ),
    np.full_like: _full_like,
    np.linspace: _linspace,
    np.logspace: _logspace,
    np.meshgrid: _meshgrid,
    np.vander: _vander,
}
