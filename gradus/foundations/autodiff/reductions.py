"""Sums, means, extremes and products along axes, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import call, plain_value

__all__ = ["REDUCTIONS", "chosen_axes", "root"]


def root(a: Any) -> Any:
    """√a, with the derivative 0 at 0: of a length or a standard deviation it is the least of the subgradients."""
    zero = np.equal(a, 0)
    if not zero.any():
        return np.sqrt(a)
    return np.where(zero, 0.0, np.sqrt(np.where(zero, 1.0, a)))


def chosen_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """The axes that a reduction runs over, none of them negative."""
    axes = range(ndim) if axis is None else np.atleast_1d(np.asarray(axis, int)).tolist()
    return tuple(i % max(ndim, 1) for i in axes)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _masked(a: Any, where: Any, otherwise: float) -> Any:
    return a if where is True else np.where(where, a, otherwise)


def _count(a: Any, axis: Any, where: Any, total: Any) -> Any:
    """How many entries each sum has."""
    if where is True:
        return np.size(a) / max(np.size(total), 1)
    return np.sum(np.broadcast_to(where, np.shape(a)), axis=axis, keepdims=np.ndim(total) == np.ndim(a))


def _sum(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    y = call(np.sum, _masked(a, where, 0.0), axis=_axes(axis), keepdims=keepdims)
    return y if initial is None else y + initial


def _mean(a: Any, axis: Any = None, keepdims: bool = False, where: Any = True) -> Any:
    total = _sum(a, axis, keepdims, where=where)
    n = _count(a, _axes(axis), where, total)
    return total * (1 / n) if where is True and n else total / np.asarray(n, float)


def _average(
    a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False
) -> Any:
    if weights is None:
        y = _mean(a, axis, keepdims)
        return (y, np.full(np.shape(y), np.size(a) / np.size(y))) if returned else y
    weights = weights if hasattr(weights, "dtype") else np.asarray(weights)
    if np.shape(weights) != np.shape(a) and axis is not None:
        axes = chosen_axes(axis, np.ndim(a))
        ordered = np.transpose(weights, np.argsort(axes).tolist())
        weights = np.reshape(ordered, [n if i in axes else 1 for i, n in enumerate(np.shape(a))])
    axis = _axes(axis)
    size = np.sum(weights + 0.0 * a, axis=axis, keepdims=keepdims)
    y = np.sum(a * weights, axis=axis, keepdims=keepdims) / size
    return (y, size) if returned else y


def _var(
    a: Any,
    axis: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    centred = a - (_mean(a, axis, True, where) if mean is None else mean)
    squares = np.real(centred) ** 2 + np.imag(centred) ** 2 if np.iscomplexobj(centred) else centred**2
    total = _sum(squares, axis, keepdims, where=where)
    n = _count(a, _axes(axis), where, total)
    return total / np.maximum(n - (ddof if correction is None else correction), 0.0)


def _std(
    a: Any,
    axis: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: Any = None,
) -> Any:
    return root(_var(a, axis, ddof, keepdims, where, mean, correction))


def _max(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    if where is not True:
        a = _masked(a, where, -np.inf)
    if np.size(a) == 0 and initial is not None:
        empty = np.max(np.zeros(np.shape(a)), axis=_axes(axis), keepdims=keepdims, initial=0.0)
        return initial + 0.0 * empty
    y = call(np.max, a, axis=_axes(axis), keepdims=keepdims)
    return y if initial is None else np.maximum(y, initial)


def _min(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    return -_max(-a, axis, keepdims, None if initial is None else -initial, where)


def _ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return _max(a, axis, keepdims) - _min(a, axis, keepdims)


def _prod(a: Any, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
    a = _masked(a, where, 1.0)
    shape, axes = np.shape(a), chosen_axes(axis, np.ndim(a))
    if len(axes) == 1 and shape:
        y = call(np.prod, a, axis=axes[0])
    else:
        rest = [i for i in range(len(shape)) if i not in axes]
        last = np.reshape(np.transpose(a, [*rest, *axes]) if shape else a, (*[shape[i] for i in rest], -1))
        y = call(np.prod, last, axis=len(rest))
    if keepdims:
        y = np.reshape(y, tuple(1 if i in axes else n for i, n in enumerate(shape)))
    return y if initial is None else y * initial


def _cumsum(a: Any, axis: Any = None) -> Any:
    whole = axis is None or np.ndim(a) == 0
    return call(np.cumsum, np.ravel(a) if whole else a, axis=0 if whole else axis)


def _cumprod(a: Any, axis: Any = None) -> Any:
    a, axis = (np.ravel(a), 0) if axis is None or np.ndim(a) == 0 else (a, axis)
    parts: list[Any] = []
    for entry in np.moveaxis(a, axis, 0):
        parts.append(parts[-1] * entry if parts else entry)
    return np.stack(parts, axis=axis) if parts else np.positive(a)


def _cumulative(of: Callable[..., Any], first: float) -> Callable[..., Any]:
    def cumulative(x: Any, axis: Any = None, include_initial: bool = False) -> Any:
        if axis is None and np.ndim(x) > 1:
            raise ValueError("axis: expected one for an array of several")
        y = of(x, 0 if axis is None else axis)
        if not include_initial:
            return y
        shape = list(np.shape(y))
        shape[axis or 0] = 1
        return np.concatenate([np.full(shape, first), y], axis=axis or 0)

    return cumulative


def _ignoring_nan(reduce: Callable[..., Any], neutral: float | None) -> Callable[..., Any]:
    """The reduction of the entries that are numbers: NaN is left out, or is the neutral number."""

    def reduced(a: Any, axis: Any = None, keepdims: bool = False, **options: Any) -> Any:
        number = ~np.isnan(plain_value(a))
        options["axis"], options["keepdims"] = axis, keepdims
        if neutral is None:
            return reduce(
                np.where(number, a, 0.0), where=number & np.asarray(options.pop("where", True)), **options
            )
        y = reduce(np.where(number, a, neutral), **options)
        if np.isfinite(neutral):
            return y
        return np.where(np.any(number, axis=axis, keepdims=keepdims), y, np.nan)

    return reduced


REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.sum: _sum,
    np.mean: _mean,
    np.average: _average,
    np.var: _var,
    np.std: _std,
    np.max: _max,
    np.amax: _max,
    np.min: _min,
    np.amin: _min,
    np.ptp: _ptp,
    np.prod: _prod,
    np.cumsum: _cumsum,
    np.cumprod: _cumprod,
    np.nansum: _ignoring_nan(_sum, 0.0),
    np.nanprod: _ignoring_nan(_prod, 1.0),
    np.nanmax: _ignoring_nan(_max, -np.inf),
    np.nanmin: _ignoring_nan(_min, np.inf),
    np.nanmean: _ignoring_nan(_mean, None),
    np.nanvar: _ignoring_nan(_var, None),
    np.nanstd: _ignoring_nan(_std, None),
    np.nancumsum: lambda a, axis=None: _cumsum(np.where(np.isnan(a), 0.0, a), axis),
    np.nancumprod: lambda a, axis=None: _cumprod(np.where(np.isnan(a), 1.0, a), axis),
}
for name, function in {
    "cumulative_sum": _cumulative(_cumsum, 0.0),
    "cumulative_prod": _cumulative(_cumprod, 1.0),
}.items():
    if hasattr(np, name):  # NumPy 2
        REDUCTIONS[getattr(np, name)] = function
