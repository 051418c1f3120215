"""Plain Python: numbers, and lists of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.base import Framework
from gradus.frameworks.structure import map_arrays, taking_lists
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text


class Python(Framework):
    """Functions of numbers and nested lists."""

    name = "python"
    title = "Python"

    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array as nested lists; one number as a number.

        Raises:
            NotApplicable: nested lists cannot hold it: of an array without entries they lose the shape.
        """
        if array.ndim > 1 and array.size == 0:
            raise NotApplicable(
                Text(
                    f"lists cannot hold an array of shape {array.shape}",
                    f"列表无法表示形状为 {array.shape} 的数组",
                )
            )
        return array.tolist()

    def from_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which takes lists of numbers and answers in lists and numbers."""
        return taking_lists(function, lambda result: map_arrays(np.ndarray.tolist, result))
