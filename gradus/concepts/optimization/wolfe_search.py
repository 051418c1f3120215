"""A line search to the weak Wolfe conditions, for claims and figures of methods that need one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Both = Callable[[np.ndarray], tuple[float, np.ndarray]]


def wolfe_step(
    both: Both, theta: np.ndarray, f: float, g: np.ndarray, d: np.ndarray, first: float = 1.0
) -> tuple[float, float, np.ndarray] | None:
    """A step along d by doubling and bisection: its length, the value and the gradient there; None where there is none.

    Args:
        both: from a point to the value and the gradient.
        theta: the point.
        f: the value there.
        g: the gradient there.
        d: a direction of descent.
        first: the first length that is tried.
    """
    low, high, t = 0.0, np.inf, first
    slope = float(g @ d)
    for _ in range(60):
        value, new = both(theta + t * d)
        if not np.isfinite(value) or value > f + 1e-4 * t * slope:
            high = t
        elif new @ d < 0.9 * slope:
            low = t
        else:
            return t, value, new
        t = (low + high) / 2 if np.isfinite(high) else 2 * low
    return None
