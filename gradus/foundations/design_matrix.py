"""What regressions and linear classifiers do with their rows: check them, put a one before each, and weigh the columns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from gradus.arguments import Sizes, array, number
from gradus.errors import GradusError
from gradus.text import Text

__all__ = [
    "augmented",
    "dependent_columns",
    "linear_predictor",
    "observations",
    "require_finite",
    "require_level",
    "split_intercept",
]

Array = np.ndarray


def observations(X: Array, y: Array) -> tuple[Float[Array, "n d"], Float[Array, " n"]]:
    """One observation a row of X (n, d), and y (n,), in float64.

    Raises:
        GradusError: the shapes do not fit.
    """
    sizes = Sizes()
    return array("X", X, "n d", sizes), array("y", y, "n", sizes)


def require_finite(**arrays: Array) -> None:
    """Refuses NaN and ∞ in arrays, which are given by name.

    Raises:
        GradusError: a value is not finite; it says where.
    """
    for name, values in arrays.items():
        array(name, values, finite=True)


def require_level(level: float) -> None:
    """Refuses a confidence level outside (0, 1).

    Raises:
        GradusError: it is.
    """
    number("level", level, above=0, below=1)


def augmented(X: Float[Array, "n d"], intercept: bool) -> Float[Array, "n p"]:
    """X with a column of ones before it when there is an intercept."""
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


def dependent_columns(A: Float[Array, "n p"]) -> list[int]:
    """Columns that take part in a linear dependence; none where the columns are independent.

    Cost: one singular value decomposition, O(np²).
    """
    if not A.size:
        return []
    _, size, right = np.linalg.svd(A / np.maximum(np.abs(A).max(axis=0), 1e-300), full_matrices=True)
    rank = int((size > size[0] * max(A.shape) * np.finfo(float).eps).sum())
    if rank == A.shape[1]:
        return []
    share = np.abs(right[-1])
    return [int(j) for j in np.flatnonzero(share > 1e-6 * share.max())]


def split_intercept(theta: Float[Array, "*K p"], intercept: bool) -> tuple[Array, Array]:
    """The coefficients (…, d) and the intercepts (…) of θ (…, p), which holds the intercept first."""
    return (theta[..., 1:], theta[..., 0]) if intercept else (theta, np.zeros(theta.shape[:-1]))


def linear_predictor(
    X: Float[Array, "m d"], theta: Float[Array, " p"], intercept: bool
) -> Float[Array, " m"]:
    """Xβ + b for rows without a column of ones; θ holds b first when there is an intercept.

    Raises:
        GradusError: the rows do not have as many columns as there are slopes.
    """
    slopes, b = split_intercept(theta, intercept)
    X = array("X", X, "m d", finite=True)
    if X.shape[1] != slopes.size:
        raise GradusError(
            Text(
                f"X: expected shape (m, {slopes.size}), got {X.shape}; give one column per slope",
                f"X：形状应为 (m, {slopes.size})，得到 {X.shape}；请为每个斜率给出一列",
            )
        )
    return X @ slopes + b
