"""Reads the curve of a range test: which step size it speaks for."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.arguments import Sizes, array, number
from gradus.errors import GradusError
from gradus.text import Text

WARM_UP = 10  # losses whose average is the height at which the curve begins
TOO_HIGH = 4.0  # times the lowest smoothed loss so far: what comes after has diverged


def read_range_curve(step_sizes: Any, losses: Any, smoothing: float = 0.9) -> float:
    r"""The geometric mean of two step sizes: where the smoothed loss is half-way down, and where it is lowest.

    .. math:: \alpha^\star=\sqrt{\alpha_h\,\alpha_m},\qquad \tilde\ell_t=\frac{(1-\beta)\sum_{s\le t}\beta^{t-s}\ell_s}{1-\beta^{t+1}}

    Args:
        step_sizes: α (T,), growing: the step size after the loss of the same place was measured.
        losses: ℓ (T,); what follows the first that is not finite is left out.
        smoothing: β, below 1; 0 for none.

    Returns:
        α*, between α_h, the first step size from which on the smoothed loss stays below the middle between the
        beginning and its lowest value, and α_m, that of the lowest value.

    Raises:
        GradusError: fewer than 10 finite losses, step sizes that do not grow, or losses that never fall.

    Cost: O(T).

    Source: the range test is Smith's (2017); the way to read it is Gradus's own.

    Example:
        >>> import numpy as np
        >>> step_sizes = np.geomspace(1e-3, 1e1, 41)
        >>> losses = np.interp(np.log10(step_sizes), [-3, -2, 0, 1], [4.0, 4.0, 2.0, 9.0])
        >>> round(read_range_curve(step_sizes, losses, smoothing=0.0), 3)
        0.316
    """
    sizes = Sizes()
    alpha = array("step_sizes", step_sizes, "T", sizes, finite=True)
    values = array("losses", losses, "T", sizes)
    smoothing = number("smoothing", smoothing, least=0, below=1)
    if len(alpha) and (alpha[0] <= 0 or (np.diff(alpha) <= 0).any()):
        raise GradusError(
            Text(
                "step_sizes: expected positive numbers that grow; sort them with their losses",
                "step_sizes：应为递增的正数；请连同各损失一起排序",
            )
        )
    finite = np.isfinite(values)
    count = len(values) if finite.all() else int(np.argmin(finite))
    curve = _before_divergence(smoothed(values[:count], smoothing))
    if len(curve) < WARM_UP:
        raise GradusError(
            Text(
                f"losses: expected {WARM_UP} finite ones or more before the curve diverges, got {len(curve)}; begin with a smaller step size",
                f"losses：发散之前应至少有 {WARM_UP} 个有限的损失，得到 {len(curve)} 个；请从更小的步长开始",
            )
        )
    lowest = int(np.argmin(curve))
    begin = curve[WARM_UP - 1]
    if lowest < WARM_UP or not curve[lowest] < begin:
        raise GradusError(
            Text(
                "losses: the curve never falls below its beginning; begin with a smaller step size or end with a larger one",
                "losses：曲线从未低于其起始值；请从更小的步长开始，或到更大的步长结束",
            )
        )
    above = np.flatnonzero(curve[:lowest] > (begin + curve[lowest]) / 2)
    half = int(above[-1]) + 1
    return float(np.sqrt(alpha[half] * alpha[lowest]))


def smoothed(losses: np.ndarray, smoothing: float) -> np.ndarray:
    """Exponential averages with the bias of their beginning taken out."""
    average, curve = 0.0, np.empty(len(losses))
    for t, loss in enumerate(losses):
        average = smoothing * average + (1 - smoothing) * loss
        curve[t] = average / (1 - smoothing ** (t + 1))
    return curve


def _before_divergence(curve: np.ndarray) -> np.ndarray:
    for t in range(WARM_UP, len(curve)):
        if diverged(curve[t], curve[WARM_UP - 1 : t].min()):
            return curve[:t]
    return curve


def diverged(loss: float, lowest: float) -> bool:
    """Whether a smoothed loss stands too far above the lowest so far."""
    return bool(not np.isfinite(loss) or (lowest > 0 and loss > TOO_HIGH * lowest))
