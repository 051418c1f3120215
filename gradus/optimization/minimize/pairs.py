"""Steps and the changes of the gradient along them: what quasi-Newton methods learn from."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from torch import Tensor

__all__ = ["Pairs", "curved", "end_curvature"]

LEAST_COSINE = 1e-14  # of a step and the change of its gradient: below, their product is rounding


class Pairs(NamedTuple):
    """The last steps of some problems, with what they say of the curvature.

    Attributes:
        s, y: steps and changes of the gradient (rows, n).
        sy: sᵀy, the mean of the curvature sᵀ∇²f s along s (rows,).
        yy: yᵀy (rows,).
        end: the curvature at the end of s, of the cubic with the values and slopes of both ends (rows,).
        usable: whether sᵀy is positive beyond rounding (rows,).
    """

    s: Tensor
    y: Tensor
    sy: np.ndarray
    yy: np.ndarray
    end: np.ndarray
    usable: np.ndarray


def end_curvature(
    before: np.ndarray, after: np.ndarray, slope: np.ndarray, sy: np.ndarray, rounding: float
) -> np.ndarray:
    """The second derivative at 1 of the cubic with values at 0 and 1, a slope at 0, and at 1 one that is sᵀy more (rows,)."""
    with np.errstate(all="ignore"):
        bend = 6 * (before - after) + 3 * (2 * slope + sy)
        significant = np.abs(bend) > 12 * rounding * np.abs(before)
    return np.where(significant, sy + bend, sy)


def curved(sy: np.ndarray, ss: np.ndarray, yy: np.ndarray) -> np.ndarray:
    """Whether sᵀy of steps and changes of gradients is positive beyond rounding, in whatever units x and f are (rows,)."""
    with np.errstate(all="ignore"):
        beyond: np.ndarray = (sy > LEAST_COSINE * np.sqrt(ss) * np.sqrt(yy)) & (sy > 0)
    return beyond
