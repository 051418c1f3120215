"""Classes of growing norm: for each a share of δ, so that a bound holds for the norms that training led to."""

from __future__ import annotations

import math

FINENESS = 8  # norms that are paid for in a doubling
FARTHEST = 400  # steps of this size from 1 to either side


def step_of(norm: float) -> int:
    """The first j with 2^{j/8} ≥ this norm."""
    if norm <= 2.0 ** (-FARTHEST / FINENESS):
        return -FARTHEST
    return max(-FARTHEST, math.ceil(FINENESS * math.log2(norm) - 1e-9)) if norm < math.inf else 10 * FARTHEST


def norm_of(step: int) -> float:
    """2^{j/8}."""
    return math.exp2(step / FINENESS)


def share_of(step: int) -> float:
    """Of δ for this class; over all j in ℤ they add up to 1."""
    return 2 / 3 / ((abs(step) + 1) * (abs(step) + 2))
