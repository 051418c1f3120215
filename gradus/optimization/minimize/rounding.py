"""What of a value may be rounding, and when iterations make no progress beyond it."""

from __future__ import annotations

import numpy as np
import torch

from gradus.optimization.minimize.state import State

__all__ = ["FARTHEST", "STALLED", "progressed", "rounding_of"]

FARTHEST = 1e20  # a step or a ray of this length means that the function is unbounded below
STALLED = 10  # iterations without progress beyond rounding before the end


def rounding_of(value: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    """How much of a value (b,) may be rounding: 10 ε of it, ε the spacing of the dtype at 1."""
    rounding: np.ndarray = 10 * torch.finfo(dtype).eps * np.abs(value)
    return rounding


def progressed(state: State, rows: np.ndarray, value: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """Whether new values (rows,) lie below the state's beyond rounding, or new gradients are smaller by a tenth."""
    with np.errstate(all="ignore"):
        lower = value < state.value[rows] - rounding_of(state.value[rows], state.x.dtype)
        smaller: np.ndarray = lower | (norm < 0.9 * state.gradient_norm[rows])
    return smaller
