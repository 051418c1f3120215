"""NumPy: what every other framework is judged against, and what a function is taken for that names no other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.base import Framework
from gradus.frameworks.structure import taking_lists


class NumPy(Framework):
    """NumPy, and whatever takes its arrays: SciPy, scikit-learn."""

    name = "numpy"
    title = "NumPy"
    precisions = ("float64", "float32")
    widens = True
    holds_objects = True

    def is_array(self, value: Any) -> bool:
        """Whether the value is an array or one of NumPy's numbers."""
        return isinstance(value, (np.ndarray, np.generic))

    def from_numpy(self, array: np.ndarray, dtype: str) -> np.ndarray:
        """The array itself, cast where the precision is another."""
        return array.astype(dtype) if array.dtype.kind == "f" and dtype != "float64" else array

    def from_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, which takes lists of numbers, too, as NumPy's own do."""
        return taking_lists(function)
