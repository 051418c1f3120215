"""Norms of vectors and matrices, and condition numbers, written with those that have rules.

At 0 every norm has the derivative 0, as in torch: of its subgradients the least.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.reductions import chosen_axes, root
from gradus.text import Text

__all__ = ["NORMS"]

OF_SINGULAR_VALUES: dict[Any, Any] = {2: np.max, -2: np.min, "nuc": np.sum}


def _squares(x: Any) -> Any:
    return np.real(x) ** 2 + np.imag(x) ** 2 if np.iscomplexobj(x) else x**2


def _euclidean(x: Any, axis: Any, keepdims: bool) -> Any:
    return root(np.sum(_squares(x), axis=axis, keepdims=keepdims))


def _vector(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    """(Σ|xᵢ|ᵖ)^(1/p), with its limits at p = ±∞, and at p = 0 how many entries are not 0."""
    if isinstance(ord, str):
        raise ValueError(f"Invalid norm order {ord!r} for vectors")
    if ord is None or ord == 2:
        return _euclidean(x, axis, keepdims)
    size = np.absolute(x)
    if ord in (np.inf, -np.inf):
        reduce = np.max if ord > 0 else np.min
        return reduce(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return np.sum(np.not_equal(size, 0), axis=axis, keepdims=keepdims).astype(float)
    if ord == 1:
        return np.sum(size, axis=axis, keepdims=keepdims)
    zero = np.equal(size, 0)
    powers = (
        size**ord if ord < 0 or not np.any(zero) else np.where(zero, 0.0, np.where(zero, 1.0, size) ** ord)
    )
    total = np.sum(powers, axis=axis, keepdims=keepdims)
    none = np.equal(total, 0)
    return (
        total ** (1 / ord)
        if not np.any(none)
        else np.where(none, 0.0, np.where(none, 1.0, total) ** (1 / ord))
    )


def _matrix(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """The norm of the matrices in two axes: Frobenius, the largest or least sum of |x| along one, of singular values."""
    rows, columns = axes
    if rows == columns:
        raise ValueError("Duplicate axes given.")
    if ord in (None, "fro", "f"):
        return _euclidean(x, axes, keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        along = rows if abs(ord) == 1 else columns
        sums = np.sum(np.absolute(x), axis=along, keepdims=True)
        reduce = np.max if ord > 0 else np.min
        return reduce(sums, axis=axes, keepdims=keepdims)
    if ord not in OF_SINGULAR_VALUES:
        raise ValueError("Invalid norm order for matrices.")
    values = np.linalg.svd(np.moveaxis(x, (rows, columns), (-2, -1)), compute_uv=False)
    y = OF_SINGULAR_VALUES[ord](values, axis=-1)
    return np.reshape(y, [1 if i in axes else n for i, n in enumerate(np.shape(x))]) if keepdims else y


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    n = np.ndim(x)
    if axis is None:
        if ord is None or (ord == 2 and n == 1) or (ord in ("f", "fro") and n == 2):
            return _euclidean(x, tuple(range(n)), keepdims)
        if n not in (1, 2):
            raise ValueError("Improper number of dimensions to norm.")
    axes = chosen_axes(axis, n)
    if len(axes) > 2:
        raise ValueError("Improper number of dimensions to norm.")
    return _matrix(x, ord, axes, keepdims) if len(axes) == 2 else _vector(x, ord, axes, keepdims)


def _matrix_norm(x: Any, ord: Any = "fro", keepdims: bool = False) -> Any:
    n = np.ndim(x)
    return _matrix(x, ord, (n - 2, n - 1), keepdims)


def _vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return _vector(x, ord, chosen_axes(axis, np.ndim(x)), keepdims)


def _cond(x: Any, p: Any = None) -> Any:
    """‖x‖ ‖x⁻¹‖; in the spectral norm the largest singular value over the least."""
    if np.ndim(x) < 2:
        raise GradusError(
            Text(
                f"numpy.linalg.cond: expected a matrix, or a stack of them, got shape {np.shape(x)}",
                f"numpy.linalg.cond：应为一个矩阵或一组矩阵，得到形状 {np.shape(x)}",
            )
        )
    if p is None or p in (2, -2):
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    return _matrix_norm(x, p) * _matrix_norm(np.linalg.inv(x), p)


NORMS: dict[Any, Callable[..., Any]] = {np.linalg.norm: _norm, np.linalg.cond: _cond}
if hasattr(np.linalg, "vector_norm"):  # NumPy 2
    NORMS[np.linalg.matrix_norm] = _matrix_norm
    NORMS[np.linalg.vector_norm] = _vector_norm
