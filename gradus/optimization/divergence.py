"""The step size from which an optimiser diverges, found by running it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.arguments import array, function, number, refusal, whole
from gradus.optimization.problems import quadratic
from gradus.page import generic
from gradus.text import Text

FAR = 1e30  # times the start: a run that comes there has diverged


def divergence_threshold(
    path: Callable[[Any, np.ndarray, int, float], Any],
    curvature: Any = 1.0,
    *,
    low: float = 1e-3,
    high: float = 1e3,
    steps: int = 400,
    tolerance: float = 1e-7,
) -> float:
    r"""The step size from which an optimiser diverges on a quadratic function, bisected by running it.

    It runs on :math:`\tfrac12\sum_i\lambda_i\theta_i^2` from (1, …, 1) and diverges if its longest steps near the end
    are longer than those in the middle.

    Args:
        path: the optimiser, from a gradient function, a start (n,), a number of steps T and a step size to its points
            (T + 1, n): the definition of an optimiser on its page, or `trajectory`.
        curvature: λ > 0, one or a vector (n,).
        low: a step size with which it converges.
        high: one with which it diverges.
        steps: T; what else there is beside the mode that diverges first must have died out after half of them.
        tolerance: relative width of the last bracket, at least 1e-12.

    Returns:
        The middle of the last bracket.

    Raises:
        GradusError: λ is not positive, the bracket is none, or the optimiser diverges at its lower end or not at its upper one.

    Cost: log₂(log(high/low)/tolerance) + 2 runs.

    Example:
        >>> def descent(gradient, theta, steps, alpha):
        ...     return np.stack([theta] + [theta := theta - alpha * gradient(theta) for _ in range(steps)])
        >>> round(divergence_threshold(descent, [0.5, 4.0]), 6)
        0.5
    """
    function("path", path, "lambda gradient, theta0, steps, alpha: points")
    lam = array("curvature", curvature, finite=True)
    lam = array("curvature", lam.reshape(1) if lam.ndim == 0 else lam, "n>=1")
    if not (lam > 0).all():
        raise refusal("curvature", ("positive numbers", "正数"), float(lam.min()))
    count = whole("steps", steps, least=10, most=100_000)
    low, high = number("low", low, above=0), number("high", high, above=0)
    width = number("tolerance", tolerance, least=1e-12)

    def diverges(alpha: float) -> bool:
        with np.errstate(all="ignore"):
            points = np.asarray(path(_slope(lam), np.ones(lam.shape), count, alpha))
        if points.shape != (count + 1, *lam.shape):
            expected = f"(T + 1, n) = {(count + 1, *lam.shape)}"
            raise refusal("path", (f"points of the shape {expected}", f"形状为 {expected} 的点列"), Text(f"{points.shape}", f"{points.shape}"))  # fmt: skip
        return _grows(points, count // 10)

    if not low < high or diverges(low):
        raise refusal(
            "low", ("a step size below `high` with which it converges", "小于 high 且使其收敛的步长"), low
        )
    if not diverges(high):
        raise refusal("high", ("a step size with which it diverges", "使其发散的步长"), high)
    while high > low * (1 + width):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if diverges(middle) else (middle, high)
    return math.sqrt(low * high)


def _slope(curvature: np.ndarray) -> Callable[[Any], Any]:
    """The gradient λ_iθ_i for arrays of any framework; for NumPy's, of which there are thousands, without detours."""
    anywhere = quadratic(curvature)
    return generic(lambda theta: curvature * theta if isinstance(theta, np.ndarray) else anywhere(theta))


def _grows(points: np.ndarray, window: int) -> bool:
    """Whether the points (T + 1, n) explode, or their last steps are longer than those before the middle."""
    if not np.abs(points).max() < FAR:
        return True
    moves, half = np.abs(np.diff(points, axis=0)), len(points) // 2
    return bool(moves[-window:].max() > moves[half - window : half].max())
