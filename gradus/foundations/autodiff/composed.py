"""NumPy's functions written with those that have rules, or known to be constant, for what is being differentiated.

`COMPOSED` writes a function with others; those that only change shapes and places are in `shapes`. `CONSTANT`
have the derivative zero almost everywhere, or give no real numbers.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.linalg import LINEAR_ALGEBRA
from gradus.foundations.autodiff.rules import RULES, einsum
from gradus.foundations.autodiff.shapes import SHAPES, moved

__all__ = ["COMPOSED", "CONSTANT", "METHODS", "REDUCTIONS", "composed", "matmul", "unsupported"]


# --- products


def matmul(a: Any, b: Any) -> Any:
    """The product with vectors made matrices, so that its rule knows only matrices."""
    row, column = np.ndim(a) == 1, np.ndim(b) == 1
    if not (row or column):
        return call(np.matmul, a, b)
    y = call(np.matmul, a[None, :] if row else a, b[:, None] if column else b)
    return np.reshape(y, np.shape(y)[: -1 - row] + (np.shape(y)[-1:] if not column else ()))


def _dot(a: Any, b: Any) -> Any:
    if 0 in (np.ndim(a), np.ndim(b)):
        return a * b
    if np.ndim(b) <= 2:
        return matmul(a, b)
    return np.tensordot(a, b, ((-1,), (-2,)))


def _tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    n = np.ndim(a)
    left, right = (range(n - axes, n), range(axes)) if isinstance(axes, int) else axes
    left, right = np.atleast_1d(left) % n, np.atleast_1d(right) % np.ndim(b)
    free_a = [i for i in range(n) if i not in left]
    free_b = [i for i in range(np.ndim(b)) if i not in right]
    k = int(np.prod([np.shape(a)[i] for i in left], dtype=int))
    rows = np.reshape(np.transpose(a, [*free_a, *left]), (-1, k))
    columns = np.reshape(np.transpose(b, [*right, *free_b]), (k, -1))
    return np.reshape(rows @ columns, [np.shape(a)[i] for i in free_a] + [np.shape(b)[i] for i in free_b])


def _einsum(subscripts: str, *operands: Any, optimize: Any = False) -> Any:
    """With a letter for each dimension behind the dots, and the diagonal taken where a factor repeats a letter."""
    left, arrow, out = subscripts.replace(" ", "").partition("->")
    factors = left.split(",")
    free = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
    behind = [np.ndim(a) - len(s) + 3 if "." in s else 0 for s, a in zip(factors, operands, strict=True)]
    dots = "".join(free[: max(behind)])
    if not arrow:
        out = "".join(sorted(c for c in set(left) - {",", "."} if left.count(c) == 1))
        out = "..." * bool(dots) + out
    factors = [s.replace("...", dots[len(dots) - n :]) for s, n in zip(factors, behind, strict=True)]
    out = out.replace("...", dots)
    plain = [_diagonals(s, a) for s, a in zip(factors, operands, strict=True)]
    words = f"{','.join(s for s, _ in plain)}->{out}"
    return call(einsum, *[a for _, a in plain], subscripts=words)


def _diagonals(letters: str, a: Any) -> tuple[str, Any]:
    once = "".join(dict.fromkeys(letters))
    if once == letters:
        return letters, a
    return once, moved(lambda n: np.einsum(f"{letters}->{once}", n), a)


def _kron(a: Any, b: Any) -> Any:
    n = max(np.ndim(a), np.ndim(b))
    p, q = ((1,) * (n - np.ndim(x)) + np.shape(x) for x in (a, b))
    wide = np.reshape(a, [m for k in p for m in (k, 1)]) * np.reshape(b, [m for k in q for m in (1, k)])
    return np.reshape(wide, [i * j for i, j in zip(p, q, strict=True)])


def _cross(a: Any, b: Any) -> Any:
    turn, back = [1, 2, 0], [2, 0, 1]
    return a[..., turn] * b[..., back] - a[..., back] * b[..., turn]


def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    if mode != "full":
        raise unsupported(f"convolve with mode={mode!r}")
    n, m = np.size(a), np.size(v)
    return np.sum(np.stack([np.pad(a * v[k], (k, m - 1 - k)) for k in range(m)]), axis=0) if n and m else a


# --- reductions


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
            raise unsupported(f"linalg.norm of a matrix with ord={ord!r}")
        reduced: Any = {2: np.max, -2: np.min, "nuc": np.sum}[ord]
        return reduced(values, axis=-1)
    size = np.absolute(x)
    if ord in (np.inf, -np.inf):
        reduced = np.max if ord > 0 else np.min
        return reduced(size, axis=axis, keepdims=keepdims)
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


# --- complex numbers and special values


def _absolute(a: Any) -> Any:
    return np.hypot(np.real(a), np.imag(a)) if np.iscomplexobj(a) else call(np.absolute, a)


def _hypot(a: Any, b: Any) -> Any:
    size = np.maximum(np.absolute(a), np.absolute(b))
    safe = np.where(np.equal(size, 0), 1.0, _constant(size))
    squares = (a / safe) ** 2 + (b / safe) ** 2
    return safe * np.where(np.equal(size, 0), 0.0, np.sqrt(np.where(np.equal(size, 0), 1.0, squares)))


def _constant(a: Any) -> Any:
    """The plain value."""
    while hasattr(type(a), "record"):
        a = a.value
    return a


def _real(val: Any) -> Any:
    return call(np.real, val) if np.iscomplexobj(val) else np.positive(val)


def _ones_like(a: Any, dtype: Any = None, shape: Any = None) -> Any:
    return a.constant(np.ones(np.shape(a) if shape is None else shape, dtype or np.result_type(_constant(a))))


def _imag(val: Any) -> Any:
    return call(np.imag, val) if np.iscomplexobj(val) else 0.0 * val


def _sinc(x: Any) -> Any:
    z = np.pi * x
    near = np.less(np.absolute(z), 1e-2)
    square = np.where(near, z * z, 0.0)
    series = 1 - square / 6 * (1 - square / 20 * (1 - square / 42))
    safe = np.where(near, 1.0, z)
    return np.where(near, series, np.sin(safe) / safe)


def _nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    plain = np.nan_to_num(_constant(x), nan=nan, posinf=posinf, neginf=neginf)
    return np.where(np.isfinite(x), x, plain)


COMPOSED: dict[Any, Callable[..., Any]] = {
    np.matmul: matmul,
    np.dot: _dot,
    np.vdot: lambda a, b: np.sum(np.conjugate(np.ravel(a)) * np.ravel(b)),
    np.inner: lambda a, b: a * b if 0 in (np.ndim(a), np.ndim(b)) else np.tensordot(a, b, ((-1,), (-1,))),
    np.outer: lambda a, b: np.reshape(a, (-1, 1)) * np.reshape(b, (1, -1)),
    np.kron: _kron,
    np.cross: _cross,
    np.convolve: _convolve,
    np.tensordot: _tensordot,
    np.einsum: _einsum,
    np.trace: lambda a, offset=0, axis1=0, axis2=1: np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1),
    np.linalg.norm: _norm,
    np.linalg.matrix_power: lambda a, n: reduce(matmul, [a] * n) if n > 0 else np.linalg.matrix_power(_constant(a), 0) if n == 0 else np.linalg.matrix_power(np.linalg.inv(a), -n),
    np.linalg.multi_dot: lambda arrays: reduce(matmul, arrays),
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
    np.diff: _diff,
    np.clip: lambda a, a_min=None, a_max=None: np.minimum(a if a_min is None else np.maximum(a, a_min), np.inf if a_max is None else a_max),
    np.float_power: np.power,
    np.fabs: np.absolute,
    np.fmax: np.maximum,
    np.fmin: np.minimum,
    np.degrees: lambda x: x * (180 / np.pi),
    np.radians: lambda x: x * (np.pi / 180),
    np.deg2rad: lambda x: x * (np.pi / 180),
    np.logaddexp2: lambda a, b: np.logaddexp(a * np.log(2), b * np.log(2)) / np.log(2),
    np.absolute: _absolute,
    np.hypot: _hypot,
    np.real: _real,
    np.imag: _imag,
    np.conjugate: lambda x: call(np.conjugate, x) if np.iscomplexobj(x) else np.positive(x),
    np.angle: lambda z: np.arctan2(np.imag(z), np.real(z)),
    np.real_if_close: lambda a: a,
    np.sinc: _sinc,
    np.nan_to_num: _nan_to_num,
    np.fft.fft: lambda a, axis=-1: call(np.fft.fft, a, axis=axis),
    np.fft.ifft: lambda a, axis=-1: call(np.fft.ifft, a, axis=axis),
    np.zeros_like: lambda a, dtype=None, shape=None: a.constant(np.zeros_like(_constant(a), dtype=dtype, shape=shape)),
    np.ones_like: _ones_like,
    np.empty_like: lambda a, dtype=None, shape=None: a.constant(np.zeros_like(_constant(a), dtype=dtype, shape=shape)),
    np.full_like: lambda a, fill_value, dtype=None, shape=None: np.zeros_like(a, dtype=dtype, shape=shape) + fill_value,
    **SHAPES,
    **LINEAR_ALGEBRA,
}  # fmt: skip
if hasattr(np, "trapezoid"):  # NumPy 2
    COMPOSED[np.trapezoid] = _trapezoid

CONSTANT = {
    np.sign, np.floor, np.ceil, np.rint, np.trunc, np.fix, np.isfinite, np.isnan, np.isinf, np.signbit, np.equal, np.not_equal,
    np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not, np.floor_divide,
    np.heaviside, np.spacing, np.nextafter, np.shape, np.ndim, np.size, np.result_type, np.isrealobj, np.iscomplexobj,
    np.argmax, np.argmin, np.argsort, np.argpartition, np.searchsorted, np.digitize, np.any, np.all, np.array_equal,
    np.allclose, np.isclose, np.count_nonzero, np.nonzero, np.flatnonzero, np.argwhere, np.round, np.broadcast_shapes,
    np.isin, np.lexsort, np.linalg.matrix_rank, np.linalg.cond,
}  # fmt: skip

METHODS = {
    "argmax", "argmin", "argsort", "clip", "conj", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "prod",
    "ravel", "repeat", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
}  # fmt: skip

REDUCTIONS = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
}  # of a ufunc's reduce


def composed(function: Any, args: Any, kwargs: Any) -> Any:
    """The NumPy function written with those that have rules.

    Raises:
        GradusError: it has no rule, or an argument is not among those that the tape takes.
    """
    written = COMPOSED.get(function)
    if written is None:
        raise unsupported(f"{function.__module__}.{function.__name__}".removeprefix("numpy."))
    try:
        return written(*args, **kwargs)
    except TypeError:
        signature = inspect.signature(written)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            raise GradusError(f"numpy.{function.__name__} on a tape: {error}; it takes {takes}") from None
        raise


def unsupported(name: str) -> GradusError:
    """The error that names the function, and those with a rule whose names are like it."""
    known = sorted({f.__name__ for f in {*RULES, *COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED})
    near = difflib.get_close_matches(name.rpartition(".")[2], known, 3, 0.5)
    like = f", {' and '.join(near)} do" if len(near) > 1 else f", {near[0]} does" if near else ""
    return GradusError(
        f"numpy.{name} has no derivative rule here{like}; write the function with those of the {len(known)} "
        "in gradus.foundations.autodiff.rules, or add a rule there"
    )
