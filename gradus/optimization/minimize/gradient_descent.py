"""Gradient descent: along the steepest direction, with a line search or a constant step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import number
from gradus.optimization.minimize.descent import Descent, DescentState
from gradus.optimization.minimize.line_search import WolfeConditions
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.pairs import Pairs
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.rounding import FARTHEST
from gradus.optimization.minimize.state import Rows, to_numbers, to_tensor
from gradus.optimization.minimize.wolfe import conditions

__all__ = ["GradientDescent"]


class GradientDescent(Descent[DescentState]):
    r"""The step :math:`x-\alpha\nabla f(x)`.

    Args:
        step_size: α, the same at every step; None for a search to the strong Wolfe conditions, whose first trial is the
            last step in proportion to the slopes.
        decrease, curvature: c₁ and c₂ of the conditions.
    """

    name = "gradient-descent"

    def __init__(
        self, *, step_size: float | None = None, decrease: float = 1e-4, curvature: float = 0.5
    ) -> None:
        self.step_size = None if step_size is None else number("step_size", step_size, above=0)
        self.wolfe: WolfeConditions = conditions(decrease, curvature)

    def first(self, base: dict[str, Any]) -> DescentState:
        """Nothing besides."""
        return DescentState(**base)

    def learn(self, state: DescentState, rows: Rows, pairs: Pairs) -> None:
        """Nothing."""

    def forget(self, state: DescentState, rows: Rows) -> None:
        """Nothing."""

    def direction(self, state: DescentState, rows: Rows, gradient: Tensor) -> Tensor:
        """−∇f."""
        return -gradient

    def first_trial(
        self, state: DescentState, rows: Rows, slope: np.ndarray, longest: np.ndarray
    ) -> np.ndarray:
        """α whose predicted decrease is that of the step before; at the start, a step of length 1 at most."""
        before = state.step_length[rows] * state.search.slope0[rows]
        unit = np.minimum(1.0, longest / FARTHEST)
        with np.errstate(all="ignore"):
            guess = before / slope
        return np.where((state.iterations[rows] > 0) & np.isfinite(guess), guess, unit)

    def step(self, objective: Objective, state: DescentState) -> None:
        """One trial of the search, or one step of the constant length."""
        if self.step_size is None:
            super().step(objective, state)
            return
        alpha = to_tensor(np.full(len(state.value), self.step_size), state.x)
        x = torch.addcmul(state.x, alpha, state.gradient, value=-1)
        value, gradient = objective.value_and_gradient(x)
        numbers = to_numbers(value.reshape(-1), gradient.abs().amax(dim=1))
        bad = ~np.isfinite(numbers).all(axis=0)
        state.x, state.gradient, state.value, state.gradient_norm = x, gradient, numbers[0], numbers[1]
        state.evaluations, state.iterations = state.evaluations + 1, state.iterations + 1
        state.step_length = np.full(len(bad), self.step_size)
        state.completed = np.ones(len(bad), dtype=bool)
        state.reason[bad] = Reason.NOT_FINITE
