"""Arguments and results that hold several arrays."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable
from typing import Any

import numpy as np


def flatten(value: Any) -> list[Any]:
    """The leaves of nested tuples, lists and dictionaries, in order; of anything else, itself."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, (tuple, list)):
        return [leaf for part in value for leaf in flatten(part)]
    return [value]


def map_arrays(function: Callable[[np.ndarray], Any], value: Any) -> Any:
    """The function of a NumPy array, or of each in a tuple or list that holds one; other values as they are."""
    if isinstance(value, (tuple, list)) and any(isinstance(part, np.ndarray) for part in value):
        return type(value)(map_arrays(function, part) for part in value)
    return function(value) if isinstance(value, np.ndarray) else value


def taking_lists(
    function: Callable[..., Any], answer: Callable[[Any], Any] = lambda result: result
) -> Callable[..., Any]:
    """The function of arrays, which takes lists of numbers in their place; `answer` is made of what it returns."""

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        given = [np.asarray(a) if _holds_numbers(a) else a for a in args]
        return answer(
            function(*given, **{k: np.asarray(a) if _holds_numbers(a) else a for k, a in kwargs.items()})
        )

    return called


def _holds_numbers(value: Any) -> bool:
    """Whether the value is a list or tuple of numbers, or of such lists."""
    return isinstance(value, (list, tuple)) and all(
        isinstance(part, numbers.Number) or _holds_numbers(part) for part in value
    )
