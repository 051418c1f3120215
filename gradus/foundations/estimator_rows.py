"""The rows that an estimator learns from or predicts for: scikit-learn's own check, with the argument's name in what it refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from gradus.arguments import ArgumentError, require_plain
from gradus.errors import GradusError

__all__ = ["rows", "rows_and_targets"]

Array = np.ndarray


def rows(estimator: Any, X: Any, *, reset: bool = True) -> Array:
    """X (n, d) in float64, finite; with `reset` it says how many features the estimator has, else it has as many.

    Raises:
        GradusError: it is no such array.
    """
    return _named(lambda: validate_data(estimator, require_plain("X", X), dtype=np.float64, reset=reset))


def rows_and_targets(estimator: Any, X: Any, y: Any, *, numeric: bool = False) -> tuple[Array, Array]:
    """X (n, d) in float64, finite, and a target for each of its rows.

    Raises:
        GradusError: they are no such arrays.
    """
    X, y = require_plain("X", X), None if y is None else require_plain("y", y)
    return _named(lambda: validate_data(estimator, X, y, dtype=np.float64, y_numeric=numeric))


def _named(check: Any) -> Any:
    try:
        return check()
    except GradusError:
        raise
    except (ValueError, TypeError) as error:
        words = str(error)
        named = words if re.search(r"\b[Xy]\b", words) else f"X: {words}"
        raise (ArgumentError if isinstance(error, TypeError) else GradusError)(named) from None
