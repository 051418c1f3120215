"""How a call reaches NumPy: recorded where an argument is being differentiated, and with errors that name the shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["applied", "call", "plain_value", "summed_back"]


def call(function: Callable[..., Any], *inputs: Any, **options: Any) -> Any:
    """The function of arrays; recorded where one of them is being differentiated."""
    recorders = [a for a in inputs if hasattr(type(a), "record")]
    if recorders:
        highest = recorders[0] if len(recorders) == 1 else max(recorders, key=lambda a: a.level)
        return highest.record(function, inputs, options)
    return applied(function, inputs, options)


def applied(function: Callable[..., Any], inputs: Any, options: dict[str, Any]) -> Any:
    """The function of plain arrays.

    Raises:
        GradusError: their shapes do not fit, or a matrix is singular; it names the function and the shapes.
    """
    try:
        return function(*inputs, **options)
    except (ValueError, IndexError) as error:  # np.linalg.LinAlgError is a ValueError
        shapes = " and ".join(str(np.shape(a)) for a in inputs)
        raise GradusError(
            Text(
                f"{function.__name__} of shapes {shapes}: {error}",
                f"{function.__name__} 作用于形状 {shapes}：{error}",
            )
        ) from None


def plain_value(a: Any) -> Any:
    """The plain array behind what is being differentiated, however many times over."""
    while hasattr(type(a), "record"):
        a = a.value
    return a


def summed_back(g: Any, shape: tuple[int, ...]) -> Any:
    """Undoes broadcasting: the entries of g that came from one entry are added up."""
    if np.shape(g) == shape:
        return g
    new = np.ndim(g) - len(shape)
    stretched = tuple(i + new for i, n in enumerate(shape) if n == 1)
    return np.reshape(np.sum(g, axis=(*range(new), *stretched)), shape)
