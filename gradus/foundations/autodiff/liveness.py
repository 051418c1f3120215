r"""Which zeros of an adjoint are there because the result does not depend on the entry at all.

Where a derivative is infinite the product 0·∞ decides. An entry that `np.where` did not choose, that was not taken, or
that lost in a maximum has no part in the result: there 0·∞ is 0. A zero that was *computed*, as 3y² of y³ at y = 0, or
that is an underflow, says nothing of the kind: there 0·∞ is NaN, and is never passed off as 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import plain_value, summed_back
from gradus.foundations.autodiff.rules import RULES, assign, einsum, join, put, reshape, take
from gradus.foundations.autodiff.special import SPECIAL_RULES
from gradus.foundations.autodiff.variable import Step

__all__ = ["in_shape", "live_shares", "lives"]

# an entry of the share is 0, for any adjoint, where the rule makes it 0
CHOOSING = {
    np.positive, np.negative, np.sum, np.cumsum, np.real, np.imag, np.conjugate, np.broadcast_to, np.transpose, np.where,
    np.max, np.maximum, np.minimum, reshape, take, put, join, assign,
}  # fmt: skip
PRODUCTS = {np.multiply, np.matmul, einsum}


def lives(w: Any) -> np.ndarray:
    """Where the adjoint of the result is not 0; one that is itself differentiated by lives everywhere."""
    return np.ones(np.shape(w), bool) if hasattr(type(w), "record") else np.not_equal(w, 0)


def live_shares(v: Step, i: int, alive: np.ndarray) -> np.ndarray:
    """Which entries of the share of input i the result depends on; in the shape of the result or of the input."""
    values = [plain_value(a.value) if isinstance(a, Step) else plain_value(a) for a in v.inputs]
    y = plain_value(v.value)
    if v.function in CHOOSING:
        return _by_rule(v, i, alive, y, values)
    if v.function in PRODUCTS:  # a constant factor of 0 cuts off, a computed one does not
        factors = [
            np.ones(np.shape(a)) if isinstance(s, Step) and s.live else np.not_equal(a, 0) * 1.0
            for s, a in zip(v.inputs, values, strict=True)
        ]
        return _by_rule(v, i, alive, y, factors)
    if v.function is np.power and i == 0 and not (isinstance(v.inputs[1], Step) and v.inputs[1].live):
        return alive & np.not_equal(values[1], 0)
    if isinstance(v.function, np.ufunc) or v.function in SPECIAL_RULES:
        return alive
    return np.full(np.shape(values[i]), np.any(alive))


def _by_rule(v: Step, i: int, alive: np.ndarray, y: Any, values: list[Any]) -> np.ndarray:
    rule = RULES[v.function]
    adjoint = alive * 1.0
    if isinstance(rule, tuple):
        share = rule[i](adjoint, y, *values, **(v.options or {}))
    else:
        share = rule(i, adjoint, y, *values, **(v.options or {}))
    return np.not_equal(share, 0)


def in_shape(alive: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The mask in the shape of an input that was spread out: it lives where one of its copies does."""
    return alive if alive.shape == shape else np.not_equal(summed_back(alive * 1.0, shape), 0)
