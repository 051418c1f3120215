"""NumPy's functions that change the shape of arrays, or take, join and place their parts, for what is being differentiated.

`MOVES` only move entries: they are let loose on the numbers of the entries, and what comes out says which entry to
take where.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call, plain_value
from gradus.foundations.autodiff.rules import join, put, reshape
from gradus.text import Text

__all__ = ["SHAPES", "moved"]


def moved(move: Callable[[Any], Any], a: Any) -> Any:
    """What `move` does to an array, by what it does to the numbers of its entries."""
    places = move(np.arange(np.size(a)).reshape(np.shape(a)))
    entries = np.reshape(a, (-1,))
    if isinstance(places, (list, tuple)):
        return [entries[p] for p in places]
    return entries[places]


def _moves(function: Callable[..., Any]) -> Callable[..., Any]:
    def move(a: Any, *args: Any, **kwargs: Any) -> Any:
        plain, named = list(map(plain_value, args)), {k: plain_value(v) for k, v in kwargs.items()}
        return moved(lambda n: function(n, *plain, **named), a)

    return move


def _transpose(a: Any, axes: Any = None) -> Any:
    return call(np.transpose, a, axes=axes if axes is None else tuple(np.atleast_1d(axes).tolist()))


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(np.ndim(a)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _transpose(a, axes)


def _moveaxis(a: Any, source: Any, destination: Any) -> Any:
    numbered = np.moveaxis(np.empty(range(1, np.ndim(a) + 1)), source, destination)
    return _transpose(a, [n - 1 for n in np.shape(numbered)])


def _reshape(a: Any, shape: Any, order: str = "C") -> Any:
    if order == "K":  # as it lies in memory, of which the tape knows nothing
        raise GradusError(
            Text(
                "numpy.ravel on a tape: expected order 'C' or 'F', got 'K'",
                "梯度带上的 numpy.ravel：order 应为 'C' 或 'F'，得到 'K'",
            )
        )
    if order not in ("C", "A"):
        return moved(lambda n: np.reshape(n, shape, order=order), a)  # type: ignore[call-overload]
    return call(reshape, a, shape=shape)


def _shaped(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that only changes the shape, by the shape that it gives an empty array of no memory."""
    empty = np.zeros(())
    return lambda a, *args, **kwargs: _reshape(
        a, np.shape(function(np.broadcast_to(empty, np.shape(a)), *args, **kwargs))
    )


def _atleast(n: int, function: Callable[..., Any]) -> Callable[..., Any]:
    """Each of the arrays with n axes or more: of one array alone, or of several in a tuple."""
    shaped = _shaped(function)

    def atleast(*arys: Any) -> Any:
        results = tuple(a if np.ndim(a) >= n and hasattr(a, "dtype") else shaped(a) for a in arys)
        return results[0] if len(results) == 1 else results

    return atleast


def _array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    pieces = np.array_split(np.arange(np.shape(ary)[axis]), indices_or_sections)
    lead = (slice(None),) * (axis % np.ndim(ary))
    return [ary[(*lead, slice(p[0], p[-1] + 1) if len(p) else slice(0, 0))] for p in pieces]


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    if np.ndim(indices_or_sections) == 0 and np.shape(ary)[axis] % indices_or_sections:
        raise ValueError("array split does not result in an equal division")
    return _array_split(ary, indices_or_sections, axis)


def _along(axis: int) -> Callable[..., Any]:
    return lambda ary, indices_or_sections: _split(
        ary, indices_or_sections, 0 if axis == 1 and np.ndim(ary) == 1 else axis
    )


def _unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    return tuple(np.moveaxis(x, axis, 0)[i] for i in range(np.shape(x)[axis]))


def _diag(v: Any, k: int = 0) -> Any:
    if np.ndim(v) == 2:
        return moved(lambda n: np.diag(n, k), v)
    mask = np.diag(np.ones(np.size(v), bool), k)
    return call(put, v, index=mask, shape=np.shape(mask))


def _triangle(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda m, k=0: np.where(function(np.ones(np.shape(m)[-2:], bool), k), m, 0.0)


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


def _dstack(tup: Any) -> Any:
    return _joined([np.atleast_3d(a) for a in tup], 2)


def _insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """NumPy inserts the numbers of the new entries among those of the old ones; these say what to take where."""
    if axis is None:
        arr, axis = np.ravel(arr), 0
    n, m = np.size(arr), np.size(values)
    numbers = np.arange(n).reshape(np.shape(arr))
    places = np.insert(numbers, plain_value(obj), n + np.arange(m).reshape(np.shape(values)), axis)
    return np.concatenate([np.ravel(arr), np.ravel(values)])[places]


def _resize(a: Any, new_shape: Any) -> Any:
    return moved(lambda n: np.resize(n, new_shape), a)


def _column_stack(tup: Any) -> Any:
    return _joined([a[:, None] if np.ndim(a) == 1 else a for a in tup], 1)


MOVES = (
    np.flip, np.fliplr, np.flipud, np.roll, np.rot90, np.tile, np.repeat, np.diagonal, np.take, np.take_along_axis,
    np.delete, np.lib.stride_tricks.sliding_window_view,
)  # fmt: skip

SHAPES: dict[Any, Callable[..., Any]] = {
    **{f: _moves(f) for f in MOVES},
    np.where: _where,
    np.select: _select,
    np.reshape: _reshape,
    np.ravel: lambda a, order="C": _reshape(a, (-1,), order),
    np.expand_dims: _shaped(np.expand_dims),
    np.squeeze: _shaped(np.squeeze),
    np.atleast_1d: _atleast(1, np.atleast_1d),
    np.atleast_2d: _atleast(2, np.atleast_2d),
    np.atleast_3d: _atleast(3, np.atleast_3d),
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
    np.dstack: _dstack,
    np.split: _split,
    np.array_split: _array_split,
    np.vsplit: _along(0),
    np.hsplit: _along(1),
    np.dsplit: _along(2),
    np.insert: _insert,
    np.resize: _resize,
    np.rollaxis: _moves(np.rollaxis),
    np.extract: lambda condition, arr: np.ravel(arr)[np.flatnonzero(plain_value(condition))],
    np.diagflat: lambda v, k=0: _diag(np.ravel(v), k),
    np.diag: _diag,
    np.tril: _triangle(np.tril),
    np.triu: _triangle(np.triu),
    np.copy: lambda a, order="K", subok=False: np.positive(a),
    np.block: _block,
    np.compress: lambda condition, a, axis=None: moved(lambda n: np.compress(plain_value(condition), n, axis), a),
}  # fmt: skip
if hasattr(np.linalg, "matrix_transpose"):  # NumPy 2
    SHAPES[np.linalg.matrix_transpose] = SHAPES[np.matrix_transpose] = lambda x: _swapaxes(x, -1, -2)
    SHAPES[np.linalg.diagonal] = lambda x, offset=0: np.diagonal(x, offset, -2, -1)
if hasattr(np, "unstack"):  # NumPy 2.1
    SHAPES[np.unstack] = _unstack
