"""The minimum of a quadratic in a ball, of many problems at once, in the coordinates of the eigenvectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["shifted_step", "step_in_ball"]

Numbers = NDArray[np.float64]
ROUNDS = 100
TINY = 1e-60  # the smallest shift that is looked at, as a share of the largest


def step_in_ball(values: Numbers, slopes: Numbers, radius: Numbers, upward: NDArray[np.bool_]) -> Numbers:
    r"""The q (b, n) that makes :math:`a^\top q+\tfrac12q^\top\Lambda q` least over :math:`\lVert q\rVert\le\Delta`.

    It is :math:`-a/(\lambda+s)` with the least shift :math:`s\ge\max(0,-\lambda_1)` for which it is no longer than Δ; and where
    even that is shorter, the first coordinate makes up for it (the hard case).

    Args:
        values: λ (b, n), ascending.
        slopes: a (b, n), the gradient's coordinates.
        radius: Δ (b,), positive.
        upward: (b,), the sign of the first coordinate in the hard case where its slope is 0.

    Source: Moré and Sorensen 1983.
    """
    above, least = values - values[:, :1], values[:, 0]
    with np.errstate(all="ignore"):
        free = -slopes / values
        inside = (least > 0) & (np.linalg.norm(free, axis=1) <= radius)
    if inside.all():
        return free
    rows = np.flatnonzero(~inside)
    low = np.maximum(least[rows], 0.0)
    q = shifted_step(above[rows], slopes[rows], radius[rows], low)
    _make_up(q, slopes[rows], radius[rows], least[rows], upward[rows])
    free[rows] = q
    return free


def shifted_step(above: Numbers, slopes: Numbers, radius: Numbers, low: Numbers) -> Numbers:
    """−a/(above + t) (b, n) with the t > low for which it is Δ long, by safeguarded Newton steps; or t = low, nearly."""
    norm = np.linalg.norm(slopes, axis=1)
    high = low + norm / radius
    lowest = np.maximum(low, TINY * high)
    t = np.where(low > 0, low, np.sqrt(lowest * np.maximum(high, 1e-300)))
    low, high = lowest.copy(), np.maximum(high, 1e-300)
    with np.errstate(all="ignore"):
        _, size, _ = _lengths(above, slopes, lowest)
        hard = ~(size > radius)  # not even the smallest shift is long enough
        t = np.where(hard, lowest, np.where(low > 0, np.maximum(t, low), t))
        for _ in range(ROUNDS):
            q, size, slope = _lengths(above, slopes, t)
            off = size - radius
            done = hard | (np.abs(off) <= 4e-16 * radius) | (high - low <= 4e-16 * high)
            if done.all():
                break
            low, high = np.where(off > 0, t, low), np.where(off > 0, high, t)
            newton = t + (size / radius - 1) * size**2 / slope
            safe = (newton > low) & (newton < high)
            middle = np.where(high > 4 * low, np.sqrt(low) * np.sqrt(high), (low + high) / 2)
            t = np.where(done, t, np.where(safe, newton, middle))
        return np.nan_to_num(q, nan=0.0)


def _lengths(above: Numbers, slopes: Numbers, t: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """q, its length, and −½ of the derivative of its squared length by t."""
    denominator = above + t[:, None]
    q = np.where(slopes == 0, 0.0, -slopes / denominator)
    return q, np.linalg.norm(q, axis=1), (q**2 / denominator).sum(axis=1)


def _make_up(q: Numbers, slopes: Numbers, radius: Numbers, least: Numbers, upward: NDArray[np.bool_]) -> None:
    """The hard case: the first coordinate takes up what is missing of the length, downhill."""
    missing = radius**2 - (q**2).sum(axis=1)
    hard = (least <= 0) & (missing > 1e-8 * radius**2)
    sign = np.where(slopes[:, 0] > 0, -1.0, np.where(slopes[:, 0] < 0, 1.0, np.where(upward, 1.0, -1.0)))
    q[:, 0] += np.where(hard, sign * np.sqrt(np.maximum(missing, 0.0)), 0.0)
