"""Products, contractions and convolutions, written with those that have rules."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call, plain_value
from gradus.foundations.autodiff.rules import einsum
from gradus.foundations.autodiff.shapes import moved
from gradus.text import Text

__all__ = ["PRODUCTS"]


def _array(a: Any) -> Any:
    return a if hasattr(a, "dtype") else np.asarray(a)


def _matmul(a: Any, b: Any) -> Any:
    """The product with vectors made matrices, so that its rule knows only matrices."""
    a, b = _array(a), _array(b)
    row, column = np.ndim(a) == 1, np.ndim(b) == 1
    if not (row or column):
        return call(np.matmul, a, b)
    y = call(np.matmul, a[None, :] if row else a, b[:, None] if column else b)
    return np.reshape(y, np.shape(y)[: -1 - row] + (np.shape(y)[-1:] if not column else ()))


def _dot(a: Any, b: Any) -> Any:
    a, b = _array(a), _array(b)
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


def _in_letters(parts: Any) -> tuple[str, list[Any]]:
    """The subscripts given as lists, `a, [0, 1], b, [1, 2], [0, 2]`, written with letters."""
    alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

    def word(numbers: Any) -> str:
        return "".join("..." if i is Ellipsis else alphabet[operator.index(i)] for i in numbers)

    n = len(parts) // 2
    words = ",".join(word(parts[2 * i + 1]) for i in range(n))
    return words + (f"->{word(parts[-1])}" if len(parts) % 2 else ""), [parts[2 * i] for i in range(n)]


def _einsum(*operands: Any, optimize: Any = False) -> Any:
    """With a letter for each dimension behind the dots, and the diagonal taken where a factor repeats a letter."""
    if isinstance(operands[0], str):
        subscripts, operands = operands[0], [_array(a) for a in operands[1:]]  # type: ignore[assignment]
    else:
        subscripts, operands = _in_letters(operands)  # type: ignore[assignment]
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


def _cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(_array(a), axisa, -1), np.moveaxis(_array(b), axisb, -1)
    if (np.shape(a)[-1], np.shape(b)[-1]) != (3, 3):
        raise GradusError(
            Text(
                f"numpy.cross on a tape: expected vectors of 3 entries, got shapes {np.shape(a)} and {np.shape(b)}",
                f"梯度带上的 numpy.cross：应为含 3 个分量的向量，得到形状 {np.shape(a)} 与 {np.shape(b)}",
            )
        )
    turn, back = [1, 2, 0], [2, 0, 1]
    c = a[..., turn] * b[..., back] - a[..., back] * b[..., turn]
    return c if axisc == -1 else np.moveaxis(c, -1, axisc)


def _convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """Each entry of the shorter one times the longer one, shifted and added up."""
    a, v = np.ravel(_array(a)), np.ravel(_array(v))
    if np.size(v) > np.size(a):
        a, v = v, a
    n, m = np.size(a), np.size(v)
    if not m:
        raise ValueError("expected at least one entry, got none")
    y = np.sum(np.stack([np.pad(a * v[k], (k, m - 1 - k)) for k in range(m)]), axis=0)
    if mode not in ("full", "same", "valid"):
        raise ValueError(f"mode: expected 'full', 'same' or 'valid', got {mode!r}")
    start = {"full": 0, "same": (m - 1) // 2, "valid": m - 1}[mode]
    return y[start : start + {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]]


def _correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    v = np.conjugate(_array(v))[::-1]
    if mode == "same" and np.size(v) > np.size(a):  # NumPy centres it on the other side then
        return np.convolve(a, v, "full")[np.size(a) // 2 :][: np.size(v)]
    return _convolve(a, v, mode)


def _vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    x1, x2 = (np.moveaxis(_array(x), axis, -1) for x in (x1, x2))
    return np.sum(np.conjugate(x1) * x2, axis=-1)


def _cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
) -> Any:
    if fweights is not None or aweights is not None:
        raise GradusError(
            Text("numpy.cov on a tape: expected no weights", "梯度带上的 numpy.cov：不支持权重")
        )
    rows = [np.atleast_2d(a) for a in (m, y) if a is not None]
    rows = [a if rowvar or np.ndim(given) < 2 else a.T for a, given in zip(rows, (m, y), strict=False)]
    x = np.concatenate(rows, axis=0)
    x = x - np.mean(x, axis=1, keepdims=True)
    n = np.shape(x)[1] - ((0 if bias else 1) if ddof is None else ddof)
    return np.squeeze(x @ np.conjugate(x.T) / max(n, 0) if n > 0 else x @ x.T * np.nan)


def _corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Any:
    c = _cov(x, y, rowvar)
    if np.ndim(c) == 0:
        return c / c
    deviations = np.sqrt(np.diagonal(c))
    return np.clip(c / deviations[:, None] / deviations[None, :], -1, 1)


def _polyval(p: Any, x: Any) -> Any:
    """Horner's rule, the highest power first."""
    y: Any = 0.0 * x if hasattr(x, "dtype") else 0.0 * np.asarray(x)
    for c in p:
        y = y * x + c
    return y


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
    np.correlate: _correlate,
    np.tensordot: _tensordot,
    np.einsum: _einsum,
    np.trace: lambda a, offset=0, axis1=0, axis2=1: np.sum(np.diagonal(a, offset, axis1, axis2), axis=-1),
    np.cov: _cov,
    np.corrcoef: _corrcoef,
    np.polyval: _polyval,
    np.linalg.matrix_power: _matrix_power,
    np.linalg.multi_dot: lambda arrays: reduce(_matmul, arrays),
}
NUMPY_2: dict[str, Callable[..., Any]] = {
    "vecdot": _vecdot,
    "matvec": lambda x1, x2: np.sum(x1 * x2[..., None, :], axis=-1),
    "vecmat": lambda x1, x2: np.sum(np.conjugate(x1)[..., :, None] * x2, axis=-2),
}
NUMPY_2_LINALG: dict[str, Callable[..., Any]] = {
    "vecdot": _vecdot,
    "matmul": lambda x1, x2: _matmul(x1, x2),
    "outer": lambda x1, x2: x1[:, None] * x2[None, :],
    "tensordot": lambda x1, x2, *, axes=2: _tensordot(x1, x2, axes),
    "cross": lambda x1, x2, *, axis=-1: _cross(x1, x2, axis=axis),
    "trace": lambda x, *, offset=0: np.sum(np.diagonal(x, offset, -2, -1), axis=-1),
}
for module, functions in ((np, NUMPY_2), (np.linalg, NUMPY_2_LINALG)):
    PRODUCTS |= {getattr(module, n): f for n, f in functions.items() if hasattr(module, n)}
