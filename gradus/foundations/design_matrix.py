"""What regressions and linear classifiers do with their rows: check them, put a one before each, and weigh the columns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from gradus.errors import GradusError

__all__ = [
    "augmented",
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
    X, y = np.asarray(X, float), np.asarray(y, float)
    if X.ndim != 2 or y.shape != X.shape[:1]:
        column = y.ndim == 2 and 1 in y.shape
        hint = f"; flatten y with y.ravel(): {y.shape} would broadcast" if column else ""
        raise GradusError(
            f"expected X of shape (n, d) and y of shape (n,), got {X.shape} and {y.shape}{hint}"
        )
    return X, y


def require_finite(**arrays: Array) -> None:
    """Refuses NaN and ∞ in arrays, which are given by name.

    Raises:
        GradusError: a value is not finite; it says where.
    """
    for name, array in arrays.items():
        if not np.isfinite(array.sum()) and not np.isfinite(array).all():
            place = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
            raise GradusError(
                f"expected finite numbers, got {array[place]} at {name}{list(place)}; drop or fill such rows"
            )


def require_level(level: float) -> None:
    """Refuses a confidence level outside (0, 1).

    Raises:
        GradusError: it is.
    """
    if not 0 < level < 1:
        raise GradusError(f"expected a confidence level between 0 and 1, got {level}; 0.95 is usual")


def augmented(X: Float[Array, "n d"], intercept: bool) -> Float[Array, "n p"]:
    """X with a column of ones before it when there is an intercept."""
    return np.column_stack([np.ones(len(X)), X]) if intercept else X


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
    X = np.asarray(X, float)
    slopes, b = split_intercept(theta, intercept)
    if X.ndim != 2 or X.shape[1] != slopes.size:
        raise GradusError(f"expected X of shape (m, {slopes.size}), got {X.shape}; give one column per slope")
    return X @ slopes + b
