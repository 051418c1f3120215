"""Products, convolutions and Fourier transforms, written with those that have rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call, plain_value
from gradus.foundations.autodiff.rules import einsum
from gradus.foundations.autodiff.shapes import moved

__all__ = ["PRODUCTS"]


def _matmul(a: Any, b: Any) -> Any:
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
        return _matmul(a, b)
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
        raise GradusError(f"numpy.convolve on a tape: expected mode='full', got {mode!r}")
    n, m = np.size(a), np.size(v)
    return np.sum(np.stack([np.pad(a * v[k], (k, m - 1 - k)) for k in range(m)]), axis=0) if n and m else a


def _matrix_power(a: Any, n: int) -> Any:
    if n > 0:
        return reduce(_matmul, [a] * n)
    return np.linalg.matrix_power(np.linalg.inv(a), -n) if n else np.linalg.matrix_power(plain_value(a), 0)


PRODUCTS: dict[Any, Callable[..., Any]] = {
    np.matmul: _matmul,
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
    np.linalg.matrix_power: _matrix_power,
    np.linalg.multi_dot: lambda arrays: reduce(_matmul, arrays),
    np.fft.fft: lambda a, axis=-1: call(np.fft.fft, a, axis=axis),
    np.fft.ifft: lambda a, axis=-1: call(np.fft.ifft, a, axis=axis),
}
