"""What estimators take: rows, targets and hyper-parameters by scikit-learn's own checks, which then name the argument."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from gradus.arguments import ArgumentError, array, refusal, require_plain
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["check_parameters", "classes_of", "rows", "rows_and_targets"]

Array = np.ndarray


def rows(estimator: Any, X: Any, *, reset: bool = True) -> Array:
    """X (n, d) in float64, finite; with `reset` it says how many features the estimator has, else it has as many.

    Raises:
        GradusError: it is no such array.
    """
    plain = _plain("X", X)
    return _named(lambda: validate_data(estimator, plain, dtype=np.float64, reset=reset), "X")


def rows_and_targets(estimator: Any, X: Any, y: Any, *, numeric: bool = False) -> tuple[Array, Array]:
    """X (n, d) in float64, finite, and a target for each of its rows: a number, or with `numeric` unset any label.

    Raises:
        GradusError: they are no such arrays.
    """
    X, y = _plain("X", X), _targets(y, numeric)
    return _named(lambda: validate_data(estimator, X, y, dtype=np.float64, y_numeric=numeric), "X, y")


def classes_of(y: Array) -> tuple[Array, Array]:
    """The labels, sorted, and for each row the number of its own.

    Raises:
        GradusError: they are no labels of classes, or of one class only.
    """
    _named(lambda: check_classification_targets(y), "y")
    classes, index = np.unique(y, return_inverse=True)
    if classes.size < 2:
        raise GradusError(
            Text(
                f"y: expected at least two classes, got one class ({classes[0]!r}); add rows of another",
                f"y：至少应有两个类别，只得到一个（{classes[0]!r}）；请加入另一类的样本",
            )
        )
    return classes, index


def check_parameters(estimator: Any) -> None:
    """Refuses hyper-parameters out of range, or of another type; a bool is no number.

    Raises:
        ValueError: scikit-learn's, which names the parameter.
    """
    for name, kinds in estimator._parameter_constraints.items():
        value = getattr(estimator, name)
        if isinstance(value, (bool, np.bool_)) and "boolean" not in kinds:
            raise refusal(name, ("a number", "数"), value, kind=True)
    estimator._validate_params()


def _plain(name: str, value: Any) -> Any:
    value = require_plain(name, value)
    if isinstance(value, np.ndarray) and value.dtype.kind in "mM":
        raise refusal(name, ("real numbers", "实数"), Text(str(value.dtype), str(value.dtype)), kind=True)
    return value


def _targets(y: Any, numeric: bool) -> Any:
    y = require_plain("y", y)
    if y is None or hasattr(y, "iloc"):  # scikit-learn knows what to say, and pandas' columns
        return y
    try:
        labels = np.asarray(y)
    except ValueError:
        raise refusal("y", ("one label for each row", "每行一个标签"), y) from None
    if labels.dtype.kind == "c":  # in scikit-learn's words, which its checks look for
        mend = ("Complex data not supported", "不支持复数数据")
        raise refusal("y", ("no complex numbers", "非复数"), Text(*[str(labels.dtype)] * 2), mend, kind=True)
    return array("y", y) if numeric else y


def _named(check: Any, name: str) -> Any:
    """What a check of scikit-learn returns; its refusal with the argument's name, where it says none."""
    try:
        return check()
    except GradusError:
        raise
    except (ValueError, TypeError) as error:
        words = str(error)
        named = words if re.search(r"\b[Xy]\b", words) else f"{name}: {words}"
        raise (ArgumentError if isinstance(error, TypeError) else GradusError)(named) from None
