"""Newton's method within a trust region, its subproblem solved exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import flag, number
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.rounding import FARTHEST, STALLED, progressed, rounding_of
from gradus.optimization.minimize.state import Method, State, at_least_single, first_state, put, to_numbers
from gradus.optimization.minimize.trust_region_problem import step_in_ball

__all__ = ["TrustRegion", "TrustRegionState", "judge_trial", "next_radius"]

REFUSALS = 20  # steps refused in a row before the end: the radius is then 1e-12 of the first


@dataclass
class RadiusState(State):
    """A state with the radius Δ (b,), whether the model is due (b,), steps refused and iterations without progress in a row (b,)."""

    radius: np.ndarray
    fresh: np.ndarray
    refused: np.ndarray
    stalled: np.ndarray


@dataclass
class TrustRegionState(RadiusState):
    """Besides, the Hessian's eigenvalues (b, n), its eigenvectors (b, n, n), and the gradient's coordinates there (b, n)."""

    values: np.ndarray
    vectors: Tensor
    slopes: np.ndarray
    upward: np.ndarray


class TrustRegion(Method[TrustRegionState]):
    r"""The step p that makes the model :math:`g^\top p+\tfrac12p^\top\nabla^2f\,p` least over :math:`\lVert p\rVert\le\Delta`.

    It is tried again within a smaller radius until more than 1e-4 of the promised decrease comes true. The radius becomes a
    quarter of ‖p‖ below ¼ of it, and doubles above ¾ at the border; both decreases are allowed 10 ε of the value.

    Args:
        radius: Δ of the first step.
        second_order: whether a point counts as a minimum only where ∇²f has no negative eigenvalue, to half the digits; a
            saddle is left along an eigenvector.

    Cost: n backward passes and 9n³ operations an iteration; one more Hessian at the end with `second_order`; n² numbers.

    Source: Moré and Sorensen 1983; Nocedal and Wright 2006, Algorithm 4.1; Conn, Gould and Toint 2000, section 17.4.2.
    """

    name = "trust-region"

    def __init__(self, *, radius: float = 1.0, second_order: bool = True) -> None:
        self.radius = number("radius", radius, above=0)
        self.second_order = flag("second_order", second_order)

    def start(self, objective: Objective, x: Tensor) -> TrustRegionState:
        """The state at the starting points."""
        base, (count, n) = first_state(objective, x), x.shape
        return TrustRegionState(
            **vars(base),
            radius=np.full(count, self.radius),
            fresh=np.ones(count, dtype=bool),
            refused=np.zeros(count, dtype=np.int64),
            stalled=np.zeros(count, dtype=np.int64),
            values=np.zeros((count, n)),
            vectors=x.new_zeros((count, n, n)),
            slopes=np.zeros((count, n)),
            upward=np.ones(count, dtype=bool),
        )

    def step(self, objective: Objective, state: TrustRegionState) -> None:
        """Models where they are due, and one trial of each problem."""
        self._look(objective, state)
        q = step_in_ball(state.values, state.slopes, state.radius, state.upward)
        promised = -((state.slopes + state.values * q / 2) * q).sum(axis=1)
        p = (state.vectors @ torch.from_numpy(q).to(state.x)[..., None])[..., 0]
        judge_trial(objective, state, p, np.linalg.norm(q, axis=1), promised)

    def settled(self, objective: Objective, state: TrustRegionState, rows: np.ndarray) -> np.ndarray:
        """Whether the points of these problems, where the gradient vanishes, are no saddles (rows,)."""
        if not self.second_order:
            return np.ones(len(rows), dtype=bool)
        self._look(objective, state, rows)
        values = state.values[rows]
        half_the_digits = torch.finfo(state.x.dtype).eps ** 0.5
        flat: np.ndarray = values[:, 0] >= -half_the_digits * np.abs(values).max(axis=1)
        return flat

    def _look(self, objective: Objective, state: TrustRegionState, only: np.ndarray | None = None) -> None:
        """The eigenvalues of the Hessian where they are due."""
        due = state.fresh & (state.reason == Reason.NONE)
        rows = np.flatnonzero(due) if only is None else only[state.fresh[only]]
        if not len(rows):
            return
        state.fresh[rows] = False
        index = torch.as_tensor(rows, device=state.x.device)
        some = objective if len(rows) == len(state.value) else objective.select(index)
        H = at_least_single(some.hessian(state.x[index]))
        state.hessian_evaluations[rows] += 1
        finite = torch.isfinite(H).all(dim=2).all(dim=1)
        lam, Q = torch.linalg.eigh(torch.where(finite[:, None, None], H, torch.zeros_like(H)))
        a = (Q.mT @ state.gradient[index][..., None].to(Q))[..., 0]
        flattest = Q[:, :, 0]
        largest = flattest.gather(1, flattest.abs().argmax(dim=1, keepdim=True))[:, 0]
        state.values[rows], state.slopes[rows] = lam.double().cpu().numpy(), a.double().cpu().numpy()
        state.upward[rows] = (largest >= 0).cpu().numpy()
        state.vectors = put(state.vectors, rows, Q.to(state.x))
        bad = ~finite.cpu().numpy()
        state.reason[rows[bad]] = Reason.NOT_FINITE


def judge_trial(
    objective: Objective, state: RadiusState, p: Tensor, length: np.ndarray, promised: np.ndarray
) -> None:
    """Evaluates f at x + p, takes the good steps, and sets the radii.

    Args:
        objective: f.
        state: of the problems; an iteration ends where a step is taken, and the next model is due.
        p: steps (b, n).
        length: their lengths (b,).
        promised: the decrease of the model (b,).
    """
    x = state.x + p
    value, gradient = objective.value_and_gradient(x)
    numbers = to_numbers(
        value.reshape(-1), gradient.abs().amax(dim=1), p.abs().amax(dim=1), state.x.abs().amax(dim=1)
    )
    state.evaluations = state.evaluations + 1
    with np.errstate(all="ignore"):
        noise = rounding_of(state.value, x.dtype)
        ratio = (state.value - numbers[0] + noise) / (promised + noise)
        ratio = np.where(np.isfinite(numbers[1]) & (length > 0), ratio, np.nan)
        taken = ratio > 1e-4
    state.radius = next_radius(ratio, length, state.radius)
    small = numbers[2] <= torch.finfo(x.dtype).eps * numbers[3]
    hidden = promised <= noise
    state.refused = np.where(taken, 0, state.refused + 1)
    ended = (small | (length == 0) | (state.refused >= REFUSALS)) & ~taken & (state.reason == Reason.NONE)
    failed = np.where(hidden, Reason.AT_ROUNDING, Reason.LINE_SEARCH_FAILED)
    failed = np.where(np.isfinite(numbers[0]) | hidden, failed, Reason.NOT_FINITE)
    state.reason[ended] = failed[ended]
    rows = np.flatnonzero(taken)
    if len(rows):
        _take(state, rows, x, gradient, numbers)


def _take(state: RadiusState, rows: np.ndarray, x: Tensor, gradient: Tensor, numbers: np.ndarray) -> None:
    """Ends the iteration of some problems."""
    value, norm, moved = numbers[:3, rows]
    progress = progressed(state, rows, value, norm)
    state.stalled[rows] = np.where(progress, 0, state.stalled[rows] + 1)
    free = state.reason[rows] == Reason.NONE
    state.reason[rows[free & (state.stalled[rows] >= STALLED)]] = Reason.AT_ROUNDING
    state.reason[rows[free & (moved > FARTHEST)]] = Reason.UNBOUNDED_BELOW
    state.x, state.gradient = put(state.x, rows, x[rows]), put(state.gradient, rows, gradient[rows])
    state.value[rows], state.gradient_norm[rows], state.step_length[rows] = value, norm, 1.0
    state.iterations[rows] += 1
    state.completed[rows] = state.fresh[rows] = True


def next_radius(ratio: np.ndarray, length: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """A quarter of ‖p‖ unless a quarter of the promise came true, twice Δ where three quarters did at the border."""
    grown = np.where((ratio > 0.75) & (length > 0.99 * radius), 2 * radius, radius)
    return np.where(ratio >= 0.25, grown, np.where(length > 0, length / 4, radius))
