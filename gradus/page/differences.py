"""Slopes by differences, for claims about derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

STEP = 2.0**-10


def five_point_slope(f: Callable[[Any], Any], x: Any, h: float = STEP) -> Any:
    r"""The derivative of f at x by values at x ± h/2 and x ± h, entry by entry where f is elementwise.

    f'(x) ≈ (8 (f(x+h/2) − f(x−h/2)) − (f(x+h) − f(x−h))) / 6h, with the error h⁴ f⁽⁵⁾/480.
    """
    return (8 * (f(x + h / 2) - f(x - h / 2)) - (f(x + h) - f(x - h))) / (6 * h)
