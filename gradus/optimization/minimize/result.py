"""What a minimisation returns: the point, why it ended, what every iteration did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from gradus.optimization.minimize.reason import Reason
from gradus.text import Text

__all__ = ["COLUMNS", "History", "Iterate", "Result"]


@dataclass(frozen=True)
class History:
    """What every iteration did, as columns of one length; the starts are iteration 0.

    Attributes:
        problem: which one; 0 where there is one only. The rows of a problem follow each other.
        iteration: its number.
        evaluations: of f and its gradient up to there.
        value: f after it.
        gradient_norm: the largest entry of the gradient in size.
        step_length: α of the step x + αd; 0 at the start.
        points: the iterates (rows, n) where they were asked for, else None.
    """

    problem: np.ndarray
    iteration: np.ndarray
    evaluations: np.ndarray
    value: np.ndarray
    gradient_norm: np.ndarray
    step_length: np.ndarray
    points: Tensor | None = None

    def of(self, problem: int) -> History:
        """The rows of one problem."""
        rows = np.flatnonzero(self.problem == problem)
        columns: dict[str, Any] = {name: getattr(self, name)[rows] for name in COLUMNS}
        return History(**columns, points=None if self.points is None else self.points[rows.tolist()])

    def __len__(self) -> int:
        return len(self.value)


COLUMNS = ("problem", "iteration", "evaluations", "value", "gradient_norm", "step_length")


@dataclass(frozen=True)
class Iterate:
    """What a callback is shown after an iteration.

    Attributes:
        x: the points, a tree like x0.
        value, gradient_norm, iterations, evaluations: a number each, or an array with one for each problem that still runs.
        problem: the numbers of these problems.
    """

    x: Any
    value: Any
    gradient_norm: Any
    iterations: Any
    evaluations: Any
    problem: np.ndarray


@dataclass(frozen=True)
class Result:
    """The best point that a minimisation saw, and why it ended there.

    All but `x` and `history` are one number, or an array with one for each problem (B,) where they were batched.

    Attributes:
        x: the point, a tree like x0; differentiable with respect to `args`.
        value: f(x).
        gradient_norm: the largest entry of ∇f(x) in size.
        iterations: how many steps were accepted.
        evaluations: how often f was evaluated with its gradient.
        hessian_evaluations: how often ∇²f was formed.
        hessian_products: how often ∇²f was multiplied by a vector.
        reason: why it ended; a list where batched.
        history: what every iteration did.
    """

    x: Any
    value: Any
    gradient_norm: Any
    iterations: Any
    evaluations: Any
    hessian_evaluations: Any
    hessian_products: Any
    reason: Any
    history: History

    @property
    def converged(self) -> Any:
        """Whether the tolerance was reached: of the gradient, or of what `least_squares` and `minimize_composite` measure."""
        if isinstance(self.reason, Reason):
            return self.reason is Reason.CONVERGED
        return np.array([reason is Reason.CONVERGED for reason in self.reason])

    @property
    def message(self) -> Any:
        """The reason in a sentence; a list where batched."""
        return self.reason.text if isinstance(self.reason, Reason) else [r.text for r in self.reason]

    def __str__(self) -> str:
        if not isinstance(self.reason, Reason):
            return f"{int(self.converged.sum())} of {len(self.reason)} problems converged"
        words: Text = self.message
        return (
            f"{words.en}: f = {self.value:.6g}, |∇f|∞ = {self.gradient_norm:.2g} after {self.iterations} iterations, "
            f"{self.evaluations} evaluations"
        )
