"""Newton's method, its steps shortened until the function falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import flag, number
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.rounding import FARTHEST, STALLED, progressed, rounding_of
from gradus.optimization.minimize.state import (
    Method,
    State,
    at_least_single,
    first_state,
    put,
    to_numbers,
    to_tensor,
)

__all__ = ["Newton"]

HALVINGS = 40
LONGEST = 2.0**20  # times x, or 1: where ∇²f almost vanishes, p is longer, and says nothing of how far
SMALLEST = (
    1e-8  # of the largest eigenvalue in size: below, an eigenvalue of an indefinite Hessian is replaced by it
)


@dataclass
class NewtonState(State):
    """A state with the direction p (b, n), the slope along it, the shortest α, that to be tried, and whether p is still to be found (b,)."""

    direction: Tensor
    slope: np.ndarray
    shortest: np.ndarray
    trial: np.ndarray
    fresh: np.ndarray
    stalled: np.ndarray


class Newton(Method[NewtonState]):
    r"""The step :math:`2^{-k}p` with :math:`p=-H^{-1}\nabla f`, k the least with :math:`f(x+2^{-k}p)\le f(x)+c\,2^{-k}p^\top\nabla f`.

    H is ∇²f by its Cholesky factor where it is positive definite; else each eigenvalue is replaced by its size, and those below
    1e-8 of the largest by that. The condition allows for 10 ε of the value. k is at most 39; of a p longer than x and than 1, as
    where ∇²f almost vanishes, 2⁻ᵏp is at most 2²⁰, at least 2⁻³⁹ times the longer of them.

    Args:
        damped: whether steps are shortened; undamped, every step is :math:`-(\nabla^2f)^{-1}\nabla f`.
        decrease: c.

    Cost: n backward passes and n³/3 operations an iteration, O(n³) where ∇²f is indefinite; n² numbers of memory.

    Source: Nocedal and Wright 2006, sections 3.3 and 3.4.
    """

    name = "newton"

    def __init__(self, *, damped: bool = True, decrease: float = 1e-4) -> None:
        self.damped = flag("damped", damped)
        self.decrease = number("decrease", decrease, above=0, below=0.5)

    def start(self, objective: Objective, x: Tensor) -> NewtonState:
        """The state at the starting points."""
        base, count = first_state(objective, x), len(x)
        return NewtonState(
            **vars(base),
            direction=torch.zeros_like(x),
            slope=np.zeros(count),
            shortest=np.ones(count),
            trial=np.ones(count),
            fresh=np.ones(count, dtype=bool),
            stalled=np.zeros(count, dtype=np.int64),
        )

    def step(self, objective: Objective, state: NewtonState) -> None:
        """Directions where they are due, and one trial along each."""
        if state.fresh.any():
            self._look(objective, state)
        alpha = state.trial
        x = torch.addcmul(state.x, to_tensor(alpha, state.x), state.direction)
        value, gradient = objective.value_and_gradient(x)
        numbers = to_numbers(value.reshape(-1), gradient.abs().amax(dim=1), (x - state.x).abs().amax(dim=1))
        state.evaluations = state.evaluations + 1
        with np.errstate(all="ignore"):
            allowed = self.decrease * alpha * state.slope + rounding_of(state.value, x.dtype)
            accepted = (numbers[0] <= state.value + allowed) & np.isfinite(numbers[1])
        if not self.damped:
            accepted = np.ones(len(alpha), dtype=bool)
            state.reason[~np.isfinite(numbers).all(axis=0)] = Reason.NOT_FINITE
        self._accept(state, np.flatnonzero(accepted), x, gradient, numbers)
        state.trial = np.where(accepted, 1.0, alpha / 2)
        over = ~accepted & (state.trial < state.shortest)
        hidden = np.abs(state.slope) <= rounding_of(state.value, x.dtype)
        state.reason[over] = np.where(hidden, Reason.AT_ROUNDING, Reason.LINE_SEARCH_FAILED)[over]

    def _accept(
        self, state: NewtonState, rows: np.ndarray, x: Tensor, gradient: Tensor, numbers: np.ndarray
    ) -> None:
        """Ends the iteration of some problems."""
        if not len(rows):
            return
        value, norm, moved = numbers[:, rows]
        progress = progressed(state, rows, value, norm)
        state.stalled[rows] = np.where(progress | (not self.damped), 0, state.stalled[rows] + 1)
        still = ((moved == 0) | (state.stalled[rows] >= STALLED)) & (state.reason[rows] == Reason.NONE)
        state.reason[rows[still]] = Reason.AT_ROUNDING
        state.reason[rows[moved > FARTHEST]] = Reason.UNBOUNDED_BELOW
        state.x, state.gradient = put(state.x, rows, x[rows]), put(state.gradient, rows, gradient[rows])
        state.value[rows], state.gradient_norm[rows] = value, norm
        state.step_length[rows] = state.trial[rows]
        state.iterations[rows] += 1
        state.completed[rows] = state.fresh[rows] = True

    def _look(self, objective: Objective, state: NewtonState) -> None:
        """New directions where an iteration has ended."""
        rows = np.flatnonzero(state.fresh & (state.reason == Reason.NONE))
        state.fresh[:] = False
        if not len(rows):
            return
        index = torch.as_tensor(rows, device=state.x.device)
        some = objective if len(rows) == len(state.value) else objective.select(index)
        x, g = state.x[index], state.gradient[index]
        H = at_least_single(some.hessian(x))
        p = newton_direction(H, g.to(H), modified=self.damped).to(x)
        state.hessian_evaluations[rows] += 1
        slope, length, reach = to_numbers((p * g).sum(dim=1), p.abs().amax(dim=1), x.abs().amax(dim=1))
        bad = ~np.isfinite(slope)
        # where ∇²f almost vanishes p is longer than any scale of x, and 2⁻³⁹p may be, too
        with np.errstate(all="ignore"):
            share = np.minimum(1.0, np.maximum(1.0, reach) / length)
            first = np.exp2(np.floor(np.log2(LONGEST * share)))
        state.shortest[rows] = 0.5 ** (HALVINGS - 1) * share
        state.reason[rows[bad]] = Reason.NOT_FINITE
        state.direction = put(state.direction, rows, p)
        state.slope[rows], state.trial[rows] = slope, np.minimum(1.0, first) if self.damped else 1.0


def newton_direction(H: Tensor, gradient: Tensor, *, modified: bool) -> Tensor:
    """−H⁻¹g (b, n), with the sizes of the eigenvalues where H (b, n, n) is not positive definite, if it may be modified."""
    if not modified:
        solution: Tensor = torch.linalg.solve_ex(H, -gradient[..., None])[0]
        return solution[..., 0]
    factor, info = torch.linalg.cholesky_ex(H)
    p = torch.cholesky_solve(-gradient[..., None], factor)[..., 0]
    indefinite = torch.nonzero(info)[:, 0]
    if len(indefinite):
        p[indefinite] = _by_sizes(H[indefinite], gradient[indefinite])
    return p


def _by_sizes(H: Tensor, gradient: Tensor) -> Tensor:
    finite = torch.isfinite(H).all(dim=2).all(dim=1)
    lam, Q = torch.linalg.eigh(torch.where(finite[:, None, None], H, torch.eye(H.shape[1]).to(H)))
    size = lam.abs()
    largest = size.amax(dim=1, keepdim=True)
    size = torch.maximum(size, torch.where(largest > 0, SMALLEST * largest, torch.ones_like(largest)))
    p = -(Q @ ((Q.mT @ gradient[..., None]) / size[..., None]))[..., 0]
    return torch.where(finite[:, None], p, torch.full_like(p, torch.nan))
