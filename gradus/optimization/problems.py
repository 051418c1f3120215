"""Gradient functions to try optimisers on; they take the arrays of any framework."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.arguments import array
from gradus.errors import GradusError
from gradus.frameworks import framework_of, from_host, namespace
from gradus.page import generic
from gradus.text import Text


def as_like(value: Any, theta: Any) -> Any:
    """`value` as an array of the framework and dtype of `theta`; of integers, which would cut it off, in floating point."""
    dtype = getattr(theta, "dtype", None)
    if dtype is not None and any(kind in str(dtype) for kind in ("int", "bool")):
        # 1 ⋅ ½ has the floating dtype that the framework gives to its integers
        dtype = (theta * 0.5).dtype
    own = framework_of(theta).is_array(value)
    return namespace(theta).asarray(value if own else np.array(value), dtype=dtype)


def quadratic(hessian: Any, minimiser: Any = 0.0) -> Callable[[Any], Any]:
    r"""The gradient of a quadratic function, :math:`\theta\mapsto H(\theta-\theta^*)`.

    Args:
        hessian: H (dim, dim), or its diagonal (dim,).
        minimiser: θ* (dim,), or one number for all coordinates.

    Returns:
        From a point (dim,), or points (…, dim), to the gradient there, of the same shape.

    Raises:
        GradusError: H is neither a vector nor a square matrix.

    Example:
        >>> import numpy as np
        >>> quadratic([1.0, 4.0], minimiser=1.0)(np.array([2.0, 2.0])).tolist()
        [1.0, 4.0]
    """
    H, centre = array("hessian", hessian, finite=True), array("minimiser", minimiser, finite=True)
    if H.ndim not in (1, 2) or len(set(H.shape)) != 1:
        raise GradusError(
            Text(
                f"hessian: expected a square matrix or its diagonal, got the shape {H.shape}",
                f"hessian：应为方阵或其对角线，得到形状 {H.shape}",
            )
        )
    if centre.shape not in ((), H.shape[:1]):
        raise GradusError(
            Text(
                f"minimiser: expected one number or the shape {H.shape[:1]}, got {centre.shape}",
                f"minimiser：应为一个数或形状 {H.shape[:1]}，得到 {centre.shape}",
            )
        )

    @generic
    def gradient(theta: Any) -> Any:
        shape = tuple(np.shape(theta))
        if shape[-1:] != H.shape[:1]:
            raise GradusError(
                Text(
                    f"theta: expected the shape {H.shape[:1]} of the Hessian, got {shape}",
                    f"theta：形状应为 Hessian 矩阵的 {H.shape[:1]}，实为 {shape}",
                )
            )
        away = theta - as_like(centre, theta)
        if H.ndim == 1:
            return as_like(H, theta) * away
        return as_like(H, theta) @ away if len(shape) == 1 else away @ as_like(H.T, theta)  # rows are points

    # counterexamples show a function by its name
    gradient.__name__ = f"quadratic({H.tolist()}{f', {centre.tolist()}' if centre.any() else ''})"
    return gradient


def scripted(gradients: Any) -> Callable[[Any], Any]:
    """A gradient that does not look at θ: the given rows (steps, dim) in turn, and the last for ever.

    It counts its calls, so each trajectory needs a new one.

    Raises:
        GradusError: the rows are not a matrix, or there is none.

    Example:
        >>> import numpy as np
        >>> gradient = scripted([[1.0], [2.0]])
        >>> [gradient(np.zeros(1)).tolist() for _ in range(3)]
        [[1.0], [2.0], [2.0]]
    """
    rows = array("gradients", gradients, "steps>=1 dim>=1")
    calls = itertools.count()

    @generic
    def gradient(theta: Any) -> Any:
        return as_like(from_host(lambda: rows[min(next(calls), len(rows) - 1)], theta), theta)

    return gradient
