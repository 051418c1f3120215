"""Plain Python: numbers, and lists of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.frameworks.base import Framework


class Python(Framework):
    """Functions of numbers and nested lists."""

    name = "python"
    title = "Python"

    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array as nested lists; one number as a number."""
        return array.tolist()
