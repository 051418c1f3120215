"""NumPy's functions that change the shape of arrays, or take, join and place their parts, for what is being differentiated.

`MOVES` only move entries: they are let loose on the numbers of the entries, and what comes out says which entry to
take where.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.rules import join, put, reshape

__all__ = ["SHAPES", "moved"]


def moved(move: Callable[[Any], Any], a: Any) -> Any:
    """What `move` does to an array, by what it does to the numbers of its entries."""
    places = move(np.arange(np.size(a)).reshape(np.shape(a)))
    entries = np.reshape(a, (-1,))
    if isinstance(places, (list, tuple)):
        return [entries[p] for p in places]
    return entries[places]


def _moves(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda a, *args, **kwargs: moved(lambda n: function(n, *args, **kwargs), a)


def _transpose(a: Any, axes: Any = None) -> Any:
    return call(np.transpose, a, axes=axes if axes is None else tuple(axes))


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(np.ndim(a)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _transpose(a, axes)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    numbered = np.moveaxis(np.empty(range(1, np.ndim(a) + 1)), source, destination)
    return _transpose(a, [n - 1 for n in np.shape(numbered)])


def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order != "C":
        return moved(lambda n: np.reshape(n, shape, order=order), a)  # type: ignore[call-overload]
    return call(reshape, a, shape=shape)


def _shaped(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that only changes the shape, by the shape that it gives an empty array of no memory."""
    empty = np.zeros(())
    return lambda a, *args, **kwargs: _reshape(
        a, np.shape(function(np.broadcast_to(empty, np.shape(a)), *args, **kwargs))
    )


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    pieces = np.array_split(np.arange(np.shape(ary)[axis]), indices_or_sections)
    lead = (slice(None),) * (axis % np.ndim(ary))
    starts = np.cumsum([0, *map(len, pieces)]).tolist()
    return [ary[(*lead, slice(i, j))] for i, j in pairwise(starts)]


def _pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0) -> Any:
    if mode != "constant":
        return moved(lambda n: np.pad(n, pad_width, mode), array)  # type: ignore[call-overload]
    widths = np.broadcast_to(pad_width, (np.ndim(array), 2)).tolist()
    sizes = list(zip(np.shape(array), widths, strict=True))
    index = tuple(slice(before, before + n) for n, (before, _) in sizes)
    y = call(put, array, index=index, shape=tuple(before + n + after for n, (before, after) in sizes))
    if np.all(np.equal(constant_values, 0)):
        return y
    border = np.pad(np.zeros(np.shape(array)), pad_width, constant_values=constant_values)
    inside = np.pad(np.ones(np.shape(array), bool), pad_width)
    return np.where(inside, y, border)


def _diag(v: Any, k: int = 0) -> Any:
    if np.ndim(v) == 2:
        return moved(lambda n: np.diag(n, k), v)
    mask = np.diag(np.ones(np.size(v), bool), k)
    return call(put, v, index=mask, shape=np.shape(mask))


def _triangle(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, k=0: np.where(function(np.ones(np.shape(m)[-2:], bool), k), m, 0.0)


def _sort(a: Any, axis: Any = -1) -> Any:
    if axis is None:
        a, axis = np.ravel(a), -1
    return np.take_along_axis(a, np.argsort(a, axis=axis, kind="stable"), axis)


def _partition(a: Any, kth: Any, axis: int = -1) -> Any:
    return np.take_along_axis(a, np.argpartition(a, kth, axis=axis), axis)


def _select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    y = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        y = np.where(condition, choice, y)
    return y


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    return np.nonzero(condition) if x is None else call(np.where, condition, x, y)


def _joined(arrays: Any, axis: Any = 0) -> Any:
    if axis is None:
        arrays, axis = [np.ravel(a) for a in arrays], 0
    return call(join, *arrays, axis=axis)


def _block(arrays: Any) -> Any:
    def joined(nested: Any, axis: int) -> Any:
        if not isinstance(nested, list):
            return nested
        return _joined([joined(n, axis + 1) for n in nested], axis)

    depth, inner = 0, arrays
    while isinstance(inner, list):
        depth, inner = depth + 1, inner[0]
    return joined(arrays, -depth)


def _stack(arrays: Any, axis: int = 0) -> Any:
    return call(join, *[np.expand_dims(a, axis) for a in arrays], axis=axis)


def _vstack(tup: Any) -> Any:
    return _joined([np.atleast_2d(a) for a in tup])


def _hstack(tup: Any) -> Any:
    parts = [np.atleast_1d(a) for a in tup]
    return _joined(parts, 0 if np.ndim(parts[0]) == 1 else 1)


def _column_stack(tup: Any) -> Any:
    return _joined([a[:, None] if np.ndim(a) == 1 else a for a in tup], 1)


MOVES = (
    np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.tile, np.repeat, np.diagonal, np.take, np.take_along_axis,
    np.delete, np.lib.stride_tricks.sliding_window_view,
)  # fmt: skip

SHAPES: dict[Any, Callable[..., Any]] = {
    **{f: _moves(f) for f in MOVES},
    np.sort: _sort,
    np.partition: _partition,
    np.where: _where,
    np.select: _select,
    np.reshape: _reshape,
    np.ravel: lambda a, order="C": _reshape(a, (-1,), order),
    np.expand_dims: _shaped(np.expand_dims),
    np.squeeze: _shaped(np.squeeze),
    np.atleast_1d: _shaped(np.atleast_1d),
    np.atleast_2d: _shaped(np.atleast_2d),
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.moveaxis: _moveaxis,
    np.broadcast_to: lambda array, shape, subok=False: call(np.broadcast_to, array, shape=shape, subok=subok),
    np.broadcast_arrays: lambda *args: tuple(np.broadcast_to(a, np.broadcast_shapes(*map(np.shape, args))) for a in args),
    np.concatenate: _joined,
    np.append: lambda arr, values, axis=None: _joined([arr, values], axis),
    np.stack: _stack,
    np.vstack: _vstack,
    np.hstack: _hstack,
    np.column_stack: _column_stack,
    np.split: _split,
    np.array_split: _split,
    np.pad: _pad,
    np.diag: _diag,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.copy: np.positive,
    np.block: _block,
    np.compress: lambda condition, a, axis=None: moved(lambda n: np.compress(condition, n, axis), a),
}  # fmt: skip
if hasattr(np.linalg, "matrix_transpose"):  # NumPy 2
    SHAPES[np.linalg.matrix_transpose] = lambda x: _swapaxes(x, -1, -2)
