"""The derivative of each NumPy function that the tape of `gradus.foundations.autodiff` knows.

`RULES[function][i](g, y, *inputs, **options)` is g·∂y/∂(input i), where g is the adjoint of the result y. It may have
the shape of y: what broadcasting spread out, `summed_back` adds up again. The rules are NumPy, so they run on
Variables as well as on arrays. A function that is written with others is in `COMPOSED`, one whose derivative is zero
almost everywhere in `CONSTANT`.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError

__all__ = [
    "COMPOSED",
    "CONSTANT",
    "METHODS",
    "RULES",
    "applied",
    "call",
    "composed",
    "put",
    "summed_back",
    "take",
    "unsupported",
]


def call(function: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """The function of arrays; recorded where one of them is being differentiated."""
    recorders = [a for a in inputs if hasattr(type(a), "record")]
    if recorders:
        return max(recorders, key=lambda a: a.level).record(function, inputs, options)
    return applied(function, inputs, options)


def applied(function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> Any:
    """The function of plain arrays.

    Raises:
        GradusError: their shapes do not fit; it names the function and the shapes.
    """
    try:
        return function(*inputs, **options)
    except (ValueError, IndexError) as error:
        shapes = " and ".join(str(np.shape(a)) for a in inputs)
        raise GradusError(f"{function.__name__} of shapes {shapes}: {error}") from None


def summed_back(g: Any, shape: tuple[int, ...]) -> Any:
    """Undoes broadcasting: the entries of g that came from one entry are added up."""
    if np.shape(g) == shape:
        return g
    new = np.ndim(g) - len(shape)
    stretched = tuple(i + new for i, n in enumerate(shape) if n == 1)
    return np.reshape(np.sum(g, axis=(*range(new), *stretched)), shape)


def take(a: Any, index: Any) -> Any:
    """The part a[index]."""
    return a[index]


def put(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of the given shape, to which g is added at the index: an entry taken twice receives both."""
    out = np.zeros_like(g, shape=shape)
    parts = index if isinstance(index, tuple) else (index,)
    if all(isinstance(i, (int, np.integer, slice, type(None), type(Ellipsis))) for i in parts):
        out[index] = g  # nothing is taken twice
    else:
        np.add.at(out, index, g)
    return out


def reshape(a: Any, shape: Any) -> Any:
    """The same entries in another shape."""
    return np.reshape(a, shape)


def join(*parts: Any, axis: int) -> Any:
    """The parts one after the other along an axis."""
    return np.concatenate(parts, axis=axis)


def einsum(*operands: Any, subscripts: str) -> Any:
    """Products summed over the letters that the result lacks."""
    return np.einsum(subscripts, *operands)


def _larger(a: Any, b: Any) -> Any:
    """1 where a > b, ½ where they are equal: a tie is shared."""
    return 0.5 * np.greater(a, b) + 0.5 * np.greater_equal(a, b)


def _kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape after a reduction that keeps its axes as 1."""
    if axis is None:
        return (1,) * len(shape)
    gone = {i % len(shape) for i in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def _spread(g: Any, a: Any, axis: Any) -> Any:
    """The adjoint of a sum: each entry that was summed receives all of it."""
    return np.broadcast_to(np.reshape(g, _kept(np.shape(a), axis)), np.shape(a), subok=True)


def _largest(g: Any, y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """The adjoint of a maximum goes to the entries that attain it, in equal shares."""
    kept = _kept(np.shape(a), axis)
    attained = np.equal(a, np.reshape(y, kept)) * 1.0
    return np.reshape(g, kept) * (attained / attained.sum(axis=axis, keepdims=True))


def _parted(i: int, g: Any, y: Any, *parts: Any, axis: int) -> Any:
    lengths = [np.shape(p)[axis] for p in parts]
    start = sum(lengths[:i])
    return g[(slice(None),) * (axis % np.ndim(y)) + (slice(start, start + lengths[i]),)]


def _contracted(i: int, g: Any, y: Any, *operands: Any, subscripts: str) -> Any:
    """The adjoint of a factor is contracted with the other factors; what was summed within it alone is spread out."""
    left, out = subscripts.split("->")
    factors = left.split(",")
    others = [s for j, s in enumerate(factors) if j != i]
    letters = [c for c in factors[i] if c in out + "".join(others)]
    share = call(
        einsum,
        g,
        *operands[:i],
        *operands[i + 1 :],
        subscripts=f"{','.join([out, *others])}->{''.join(letters)}",
    )
    shape = np.shape(operands[i])
    kept = tuple(n if c in letters else 1 for c, n in zip(factors[i], shape, strict=True))
    return np.broadcast_to(np.reshape(share, kept), shape, subok=True)


def _swapped(a: Any) -> Any:
    return np.swapaxes(a, -1, -2)


RULES: dict[Any, Any] = {
    np.positive: (lambda g, y, a: g,),
    np.negative: (lambda g, y, a: -g,),
    np.add: (lambda g, y, a, b: g, lambda g, y, a, b: g),
    np.subtract: (lambda g, y, a, b: g, lambda g, y, a, b: -g),
    np.multiply: (lambda g, y, a, b: g * b, lambda g, y, a, b: g * a),
    np.divide: (lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b),
    np.power: (
        lambda g, y, a, b: g * b * a ** np.where(np.equal(b, 0), 1.0, b - 1),  # a⁰ is constant, also at a = 0
        lambda g, y, a, b: g * y * np.log(np.where(np.equal(a, 0), 1.0, a)),  # 0ᵇ is constant for b > 0
    ),
    np.square: (lambda g, y, a: g * 2 * a,),
    np.sqrt: (lambda g, y, a: g * 0.5 / y,),
    np.exp: (lambda g, y, a: g * y,),
    np.expm1: (lambda g, y, a: g * (y + 1),),
    np.log: (lambda g, y, a: g / a,),
    np.log1p: (lambda g, y, a: g / (1 + a),),
    np.logaddexp: (lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y)),
    np.log2: (lambda g, y, a: g / (a * math.log(2)),),
    np.sin: (lambda g, y, a: g * np.cos(a),),
    np.cos: (lambda g, y, a: -g * np.sin(a),),
    np.sinh: (lambda g, y, a: g * np.cosh(a),),
    np.cosh: (lambda g, y, a: g * np.sinh(a),),
    np.tanh: (lambda g, y, a: g * (1 - y * y),),
    np.arctan: (lambda g, y, a: g / (1 + a * a),),
    np.absolute: (lambda g, y, a: g * np.sign(a),),
    np.maximum: (lambda g, y, a, b: g * _larger(a, b), lambda g, y, a, b: g * _larger(b, a)),
    np.minimum: (lambda g, y, a, b: g * _larger(b, a), lambda g, y, a, b: g * _larger(a, b)),
    np.matmul: (lambda g, y, a, b: g @ _swapped(b), lambda g, y, a, b: _swapped(a) @ g),
    np.where: (
        lambda g, y, c, a, b: 0 * g,
        lambda g, y, c, a, b: np.where(c, g, 0.0),
        lambda g, y, c, a, b: np.where(c, 0.0, g),
    ),
    np.sum: (lambda g, y, a, axis, keepdims: _spread(g, a, axis),),
    np.max: (lambda g, y, a, axis, keepdims: _largest(g, y, a, axis, keepdims),),
    np.broadcast_to: (lambda g, y, a, shape, subok: g,),
    np.transpose: (
        lambda g, y, a, axes: np.transpose(g, axes and np.argsort([i % len(axes) for i in axes])),
    ),
    reshape: (lambda g, y, a, shape: np.reshape(g, np.shape(a)),),
    take: (lambda g, y, a, index: call(put, g, index=index, shape=np.shape(a)),),
    put: (lambda g, y, a, index, shape: g[index],),
    join: _parted,
    einsum: _contracted,
}


def _matmul(a: Any, b: Any) -> Any:
    """The product with vectors made matrices, so that its rule knows only matrices."""
    row, column = np.ndim(a) == 1, np.ndim(b) == 1
    y = call(np.matmul, a[None, :] if row else a, b[:, None] if column else b)
    return (
        y[(..., *((0,) if row else ()), *((0,) if column else (slice(None),) * row))] if row or column else y
    )


def _einsum(subscripts: str, *operands: Any) -> Any:
    text = subscripts.replace(" ", "")
    left, arrow, out = text.partition("->")
    if "." in text or any(len(set(s)) < len(s) for s in left.split(",")):
        raise unsupported(f"einsum with dots or a letter twice in one factor ({subscripts!r})")
    if not arrow:
        out = "".join(sorted(c for c in set(left) - {","} if left.count(c) == 1))
    return call(einsum, *operands, subscripts=f"{left}->{out}")


def _pad(array: Any, pad_width: Any, mode: str = "constant") -> Any:
    if mode != "constant":
        raise unsupported(f"pad with mode {mode!r}")
    widths = np.broadcast_to(pad_width, (np.ndim(array), 2)).tolist()
    sizes = list(zip(np.shape(array), widths, strict=True))
    index = tuple(slice(before, before + n) for n, (before, _) in sizes)
    return call(put, array, index=index, shape=tuple(before + n + after for n, (before, after) in sizes))


def _norm(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims))


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    total = np.sum(a, axis=axis, keepdims=keepdims)
    return total * (np.size(total) / np.size(a))


def _var(a: Any, axis: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    squares = np.sum((a - _mean(a, axis, True)) ** 2, axis=axis, keepdims=keepdims)
    return squares / (np.size(a) / np.size(squares) - ddof)


def _transpose(a: Any, axes: Any = None) -> Any:
    return call(np.transpose, a, axes=axes if axes is None else tuple(axes))


def _swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    axes = list(range(np.ndim(a)))
    axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
    return _transpose(a, axes)


def _expand_dims(a: Any, axis: int) -> Any:
    at = axis % (np.ndim(a) + 1)
    return np.reshape(a, (*np.shape(a)[:at], 1, *np.shape(a)[at:]))


def _squeeze(a: Any, axis: Any = None) -> Any:
    return np.reshape(a, np.shape(np.squeeze(np.empty(np.shape(a)), axis)))


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _max(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return call(np.max, a, axis=_axes(axis), keepdims=keepdims)


COMPOSED: dict[Any, Callable[..., Any]] = {
    np.matmul: _matmul,
    np.dot: lambda a, b: a * b if 0 in (np.ndim(a), np.ndim(b)) else _matmul(a, b),
    np.outer: lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)),
    np.einsum: _einsum,
    np.linalg.norm: _norm,
    np.pad: _pad,
    np.sum: lambda a, axis=None, keepdims=False: call(np.sum, a, axis=_axes(axis), keepdims=keepdims),
    np.mean: _mean,
    np.var: _var,
    np.std: lambda a, axis=None, ddof=0, keepdims=False: np.sqrt(_var(a, axis, ddof, keepdims)),
    np.max: _max,
    np.amax: _max,
    np.min: lambda a, axis=None, keepdims=False: -_max(-a, axis, keepdims),
    np.amin: lambda a, axis=None, keepdims=False: -_max(-a, axis, keepdims),
    np.clip: lambda a, a_min, a_max: np.minimum(np.maximum(a, a_min), a_max),
    np.where: lambda condition, x, y: call(np.where, condition, x, y),
    np.reshape: lambda a, shape: call(reshape, a, shape=shape),
    np.ravel: lambda a: np.reshape(a, (-1,)),
    np.expand_dims: _expand_dims,
    np.squeeze: _squeeze,
    np.transpose: _transpose,
    np.swapaxes: _swapaxes,
    np.broadcast_to: lambda array, shape, subok=False: call(np.broadcast_to, array, shape=shape, subok=subok),
    np.concatenate: lambda arrays, axis=0: call(join, *arrays, axis=axis),
    np.column_stack: lambda tup: np.concatenate([a[:, None] if np.ndim(a) == 1 else a for a in tup], axis=1),
    np.stack: lambda arrays, axis=0: call(join, *[np.expand_dims(a, axis) for a in arrays], axis=axis),
}

CONSTANT = {
    np.sign, np.floor, np.ceil, np.rint, np.trunc, np.isfinite, np.isnan, np.isinf, np.signbit, np.equal, np.not_equal,
    np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not,
    np.shape, np.ndim, np.size, np.result_type, np.isrealobj, np.iscomplexobj, np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.argmax, np.argmin,
    np.argsort, np.any, np.all, np.array_equal, np.allclose, np.isclose, np.count_nonzero, np.nonzero, np.round,
}  # fmt: skip

METHODS = {
    "argmax", "argmin", "clip", "dot", "max", "mean", "min", "ravel", "squeeze", "std", "sum", "swapaxes", "var",
}  # fmt: skip


def composed(function: Any, args: Any, kwargs: Any) -> Any:
    """The NumPy function written with those that have rules.

    Raises:
        GradusError: it has no rule, or an argument is not among those that the tape takes.
    """
    if function not in COMPOSED:
        raise unsupported(f"{function.__module__}.{function.__name__}".removeprefix("numpy."))
    signature = inspect.signature(COMPOSED[function])
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        raise GradusError(f"numpy.{function.__name__} on a tape: {error}; it takes {signature}") from None
    return COMPOSED[function](*args, **kwargs)


def unsupported(name: str) -> GradusError:
    """The error that names the function, and lists those that have a rule."""
    known = sorted(f.__name__ for f in {*RULES, *COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED)
    return GradusError(
        f"numpy.{name} has no derivative rule here; these have: {', '.join(known)}. "
        "Write the function with them, or add a rule to gradus.foundations.autodiff_rules"
    )
