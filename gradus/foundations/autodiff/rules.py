"""The derivative of each NumPy function that the tape of `gradus.foundations.autodiff` knows.

`RULES[function][i](g, y, *inputs, **options)` is g·∂y/∂(input i), where g is the adjoint of the result y. It may have
the shape of y: what broadcasting spread out, `summed_back` adds up again. The rules are NumPy, so they run on
Variables as well as on arrays. Complex numbers are paired without conjugation, ⟨g, y⟩ = Re Σ g·y, so that one rule
serves both; the adjoint of a real input is the real part. Functions that are written with these are in
`composed`, the rules of linear algebra in `linalg`, those of Python's `math` in `special`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.linalg import LINEAR_ALGEBRA_RULES
from gradus.foundations.autodiff.special import SPECIAL_RULES

__all__ = ["RULES", "assign", "einsum", "join", "put", "reshape", "take", "taken_once"]


def take(a: Any, index: Any) -> Any:
    """The part a[index]."""
    return a[index]


def put(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """Zeros of that shape, to which g is added at the index: an entry taken twice receives both."""
    out = np.zeros_like(g, shape=shape)
    if taken_once(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def taken_once(index: Any) -> bool:
    """Whether no entry can be taken twice: slices, numbers and masks, but no lists of numbers."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        isinstance(i, (int, np.integer, slice, type(None), type(Ellipsis)))
        or (isinstance(i, np.ndarray) and i.dtype == bool)
        for i in parts
    )


def assign(a: Any, b: Any, index: Any) -> Any:
    """The array a after a[index] = b."""
    out = np.array(a, dtype=np.result_type(a, b), subok=True)
    out[index] = b
    return out


def _assigned(g: Any, y: Any, a: Any, b: Any, index: Any) -> Any:
    """The adjoint of what was written over is 0."""
    return call(assign, g, 0.0, index=index)


def _written(g: Any, y: Any, a: Any, b: Any, index: Any) -> Any:
    """The adjoint of what was written; where several were written to one entry, the last one stays."""
    if taken_once(index):
        return g[index]
    numbers = np.arange(np.size(b)).reshape(np.shape(b))
    last = np.full(np.shape(a), -1)
    last[index] = numbers
    return g[index] * np.equal(last[index], numbers)


def reshape(a: Any, shape: Any) -> Any:
    """The same entries in another shape."""
    return np.reshape(a, shape)


def join(*parts: Any, axis: int) -> Any:
    """The parts one after the other along an axis."""
    return np.concatenate(parts, axis=axis)


def einsum(*operands: Any, subscripts: str) -> Any:
    """Products summed over the letters that the result lacks."""
    return np.einsum(subscripts, *operands, optimize=len(operands) > 1)


def _larger(g: Any, a: Any, b: Any) -> Any:
    """G where a > b, g/2 where they are equal: a tie is shared. NaN is passed on to both, as in torch."""
    chosen, tie = np.logical_not(np.less(a, b)), np.equal(a, b)
    return g * (chosen - 0.5 * tie) if tie.any() else g * chosen


def _reduced_shape(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape after a reduction that keeps its axes as 1."""
    if axis is None:
        return (1,) * len(shape)
    gone = {i % max(len(shape), 1) for i in (axis if isinstance(axis, tuple) else (axis,))}
    return tuple(1 if i in gone else n for i, n in enumerate(shape))


def _spread(g: Any, a: Any, axis: Any) -> Any:
    """The adjoint of a sum: each entry that was summed receives all of it."""
    return np.broadcast_to(np.reshape(g, _reduced_shape(np.shape(a), axis)), np.shape(a), subok=True)


def _largest(g: Any, y: Any, a: Any, axis: Any, keepdims: bool) -> Any:
    """The adjoint of a maximum goes to the entries that attain it, in equal shares."""
    shape = _reduced_shape(np.shape(a), axis)
    attained = np.equal(a, np.reshape(y, shape)) * 1.0
    return np.reshape(g, shape) * (attained / attained.sum(axis=axis, keepdims=True))


def _product(g: Any, y: Any, a: Any, axis: int) -> Any:
    """Each entry receives g times the product of the others; y/a where nothing is 0."""
    g, y = np.expand_dims(g, axis), np.expand_dims(y, axis)
    if np.all(np.not_equal(a, 0)):
        return g * y / a
    last = np.swapaxes(a, axis, -1)
    n = np.shape(last)[-1]
    others = np.array([[j for j in range(n) if j != i] for i in range(n)], int).reshape(n, n - 1)
    return g * np.swapaxes(np.prod(last[..., others], axis=-1), axis, -1)


def _angle_share(g: Any, a: Any, b: Any, side: Any) -> Any:
    """g·side/r² of r = √(a² + b²), divided twice so that no square is lost; 0 at the origin, as in torch."""
    r = np.hypot(a, b)
    r = np.where(np.equal(r, 0), np.inf, r)
    return g * (side / r) / r


def _part_of_sum(g: Any, a: Any, b: Any) -> Any:
    """G eᵃ/(eᵃ + eᵇ), by the difference of a and b alone, so that nothing is lost in large ones; ½ where they are equal."""
    d = a - b
    if not np.isfinite(d).all():
        d = np.where(np.equal(a, b) & np.isinf(a), 0.0, d)
    less = np.less(d, 0)
    e = np.exp(np.where(less, d, -d))
    return g * (np.where(less, e, 1.0) / (1 + e))


def _quotient_of(a: Any, b: Any, y: Any) -> Any:
    """The whole number n in a = n b + y."""
    return np.rint((a - y) / b)


def _parted(i: int, g: Any, y: Any, *parts: Any, axis: int) -> Any:
    lengths = [np.shape(p)[axis] for p in parts]
    start = sum(lengths[:i])
    return g[(slice(None),) * (axis % np.ndim(y)) + (slice(start, start + lengths[i]),)]


def _contracted(i: int, g: Any, y: Any, *operands: Any, subscripts: str) -> Any:
    """The adjoint of a factor is contracted with the other factors; what was summed within it alone is spread out."""
    left, out = subscripts.split("->")
    factors = left.split(",")
    others = [s for j, s in enumerate(factors) if j != i]
    letters = "".join(c for c in factors[i] if c in out + "".join(others))
    words = f"{','.join([out, *others])}->{letters}"
    share = call(einsum, g, *operands[:i], *operands[i + 1 :], subscripts=words)
    lengths = dict(zip(letters, np.shape(share), strict=True))
    share = np.reshape(share, tuple(lengths.get(c, 1) for c in factors[i]))
    return np.broadcast_to(share, np.broadcast_shapes(np.shape(share), np.shape(operands[i])), subok=True)


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
    np.remainder: (lambda g, y, a, b: g, lambda g, y, a, b: -g * _quotient_of(a, b, y)),
    np.fmod: (lambda g, y, a, b: g, lambda g, y, a, b: -g * _quotient_of(a, b, y)),
    np.reciprocal: (lambda g, y, a: -g * y * y,),
    np.square: (lambda g, y, a: g * 2 * a,),
    np.sqrt: (lambda g, y, a: g * 0.5 / y,),
    np.cbrt: (lambda g, y, a: g / (3 * y * y),),
    np.exp: (lambda g, y, a: g * y,),
    np.exp2: (lambda g, y, a: g * y * math.log(2),),
    np.expm1: (lambda g, y, a: g * (y + 1),),
    np.log: (lambda g, y, a: g / a,),
    np.log1p: (lambda g, y, a: g / (1 + a),),
    np.log2: (lambda g, y, a: g / (a * math.log(2)),),
    np.log10: (lambda g, y, a: g / (a * math.log(10)),),
    np.logaddexp: (
        lambda g, y, a, b: _part_of_sum(g, a, b),
        lambda g, y, a, b: _part_of_sum(g, b, a),
    ),
    np.sin: (lambda g, y, a: g * np.cos(a),),
    np.cos: (lambda g, y, a: -g * np.sin(a),),
    np.tan: (lambda g, y, a: g * (1 + y * y),),
    np.arcsin: (lambda g, y, a: g / np.sqrt(1 - a * a),),
    np.arccos: (lambda g, y, a: -g / np.sqrt(1 - a * a),),
    np.arctan: (lambda g, y, a: g / (1 + a * a),),
    np.arctan2: (lambda g, y, a, b: _angle_share(g, a, b, b), lambda g, y, a, b: -_angle_share(g, a, b, a)),
    np.sinh: (lambda g, y, a: g * np.cosh(a),),
    np.cosh: (lambda g, y, a: g * np.sinh(a),),
    np.tanh: (lambda g, y, a: g * (1 - y * y),),
    np.arcsinh: (lambda g, y, a: g / np.sqrt(a * a + 1),),
    np.arccosh: (lambda g, y, a: g / np.sqrt(a * a - 1),),
    np.arctanh: (lambda g, y, a: g / (1 - a * a),),
    np.absolute: (lambda g, y, a: g * np.sign(a),),
    np.maximum: (lambda g, y, a, b: _larger(g, a, b), lambda g, y, a, b: _larger(g, b, a)),
    np.minimum: (lambda g, y, a, b: _larger(g, b, a), lambda g, y, a, b: _larger(g, a, b)),
    np.real: (lambda g, y, a: g,),
    np.imag: (lambda g, y, a: -1j * g,),
    np.conjugate: (lambda g, y, a: np.conjugate(g),),
    np.matmul: (lambda g, y, a, b: g @ _swapped(b), lambda g, y, a, b: _swapped(a) @ g),
    np.where: (
        lambda g, y, c, a, b: 0 * g,
        lambda g, y, c, a, b: np.where(c, g, 0.0),
        lambda g, y, c, a, b: np.where(c, 0.0, g),
    ),
    np.sum: (lambda g, y, a, axis, keepdims: _spread(g, a, axis),),
    np.cumsum: (lambda g, y, a, axis: np.flip(np.cumsum(np.flip(g, axis), axis), axis),),
    np.max: (lambda g, y, a, axis, keepdims: _largest(g, y, a, axis, keepdims),),
    np.prod: (lambda g, y, a, axis: _product(g, y, a, axis),),
    np.fft.fft: (lambda g, y, a, axis: np.fft.fft(g, axis=axis),),  # the matrix of the transform is symmetric
    np.fft.ifft: (lambda g, y, a, axis: np.fft.ifft(g, axis=axis),),
    np.broadcast_to: (lambda g, y, a, shape, subok: g,),
    np.transpose: (
        lambda g, y, a, axes: np.transpose(g, axes and np.argsort([i % len(axes) for i in axes])),
    ),
    reshape: (lambda g, y, a, shape: np.reshape(g, np.shape(a)),),
    take: (lambda g, y, a, index: call(put, g, index=index, shape=np.shape(a)),),
    put: (lambda g, y, a, index, shape: g[index],),
    assign: (_assigned, _written),
    join: _parted,
    einsum: _contracted,
    **LINEAR_ALGEBRA_RULES,
    **SPECIAL_RULES,
}
