"""Whether differences of a function contradict the gradient that it is said to have."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.state import to_numbers, to_tensor

__all__ = ["EVALUATIONS", "contradicts"]

LENGTHS = 10.0 ** np.arange(-1, 3)  # of the displacements, in units of ∛ε of the point's size
EVALUATIONS = 1 + 2 * len(LENGTHS)  # of one check
ALIKE = 0.1  # two slopes that differ by less than this share of the larger are alike
NOISE = 10.0  # ε of the value that each may be off


def contradicts(objective: Objective, x: Tensor) -> np.ndarray:
    r"""Whether :math:`\frac{f(x+hd)-f(x-hd)}{2h}` is another number than :math:`\nabla f^\top d`, along :math:`d=-\nabla f` (b,).

    A difference counts where it is above the rounding of f and both of its halves agree, so that there is no kink within h;
    the gradient is contradicted where two of them in a row agree with each other, and none with the slope.

    Args:
        objective: f.
        x: points (b, n) where f and its gradient are finite.

    Cost: `EVALUATIONS` of f with its gradient.
    """
    value, gradient = objective.value_and_gradient(x)
    size, length, at, slope = to_numbers(
        x.abs().amax(dim=1), gradient.abs().amax(dim=1), value.reshape(-1), -gradient.square().sum(dim=1)
    )
    eps = torch.finfo(x.dtype).eps
    with np.errstate(all="ignore"):
        unit = eps ** (1 / 3) * np.maximum(size, 1.0) / length
    columns = [_differences(objective, x, gradient, at, slope, unit * t, eps) for t in LENGTHS]
    slopes, tells = (np.array(part) for part in zip(*columns, strict=True))
    agrees = (tells & _alike(slopes, slope, slope)).any(axis=0)
    in_a_row: np.ndarray = tells[1:] & tells[:-1] & _alike(slopes[1:], slopes[:-1], slope)
    return np.asarray(in_a_row.any(axis=0) & ~agrees)


def _differences(
    objective: Objective, x: Tensor, g: Tensor, at: np.ndarray, slope: np.ndarray, h: np.ndarray, eps: float
) -> tuple[np.ndarray, np.ndarray]:
    """The central differences along −g (b,), and whether they tell anything (b,)."""
    step = to_tensor(h, x) * g
    ahead, behind = (objective.value_and_gradient(point)[0].reshape(-1) for point in (x - step, x + step))
    after, before = to_numbers(ahead, behind)
    with np.errstate(all="ignore"):
        forward, backward = (after - at) / h, (at - before) / h
        noise = NOISE * eps * (np.abs(after) + np.abs(before) + np.abs(at)) / h
        largest = np.maximum(np.maximum(np.abs(forward), np.abs(backward)), np.abs(slope))
        tells = np.isfinite(largest) & (noise <= ALIKE / 2 * largest) & _alike(forward, backward, slope)
    return (forward + backward) / 2, tells


def _alike(one: np.ndarray, other: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Whether two slopes agree, measured by the largest of them and of the gradient's own."""
    with np.errstate(all="ignore"):
        largest = np.maximum(np.maximum(np.abs(one), np.abs(other)), np.abs(slope))
        return np.asarray(np.abs(one - other) <= ALIKE * largest)
