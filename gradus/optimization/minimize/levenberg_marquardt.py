"""Gauss–Newton and Levenberg–Marquardt, many problems in lockstep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import flag, number
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.residuals import Residuals
from gradus.optimization.minimize.rounding import FARTHEST, rounding_of
from gradus.optimization.minimize.state import Method, State, at_least_single, first_state, put, to_numbers
from gradus.optimization.minimize.trust_region import REFUSALS
from gradus.optimization.minimize.trust_region_problem import shifted_step

__all__ = ["GaussNewton", "LevenbergMarquardt"]

STILL = 3  # iterations without progress beyond rounding before the end


@dataclass
class LinearModelState(State):
    """A state with the linear model of the residuals in its own coordinates.

    Attributes:
        residual: r (b, m).
        scale: D (b, n), the largest norm of each column of the Jacobian so far.
        singular: singular values of J/D (b, k); components: Uᵀr (b, k); directions: V (b, n, k).
        radius: Δ (b,).
        refused, stalled: steps refused, and iterations without progress, in a row (b,).
    """

    residual: Tensor
    scale: Tensor
    singular: np.ndarray
    components: np.ndarray
    directions: Tensor
    radius: np.ndarray
    refused: np.ndarray
    stalled: np.ndarray


class LevenbergMarquardt(Method[LinearModelState]):
    r"""The step p that makes :math:`\lVert r+Jp\rVert` least over :math:`\lVert Dp\rVert\le\Delta`, by a QR factorisation of J.

    It is tried again within a smaller radius until 1e-4 of the promised decrease comes true, 10 ε of the value allowed.
    Radii are those of Moré.

    Args:
        tolerance: of the share of r that the model can still remove, and of the whole Gauss–Newton step beside x.
        factor: first Δ, in units of ‖Dx₀‖, or itself where x₀ = 0.
        scaled: whether D holds the largest norm of each column of J so far, else ones.

    Cost: a Jacobian, mn² and O(n³) operations an iteration.

    Source: Moré 1978.
    """

    name = "levenberg-marquardt"
    damped = True

    def __init__(self, *, tolerance: float, factor: float = 1.0, scaled: bool = True) -> None:
        self.tolerance = tolerance
        self.factor = number("factor", factor, above=0)
        self.scaled = flag("scaled", scaled)

    def start(self, objective: Any, x: Tensor) -> LinearModelState:
        """The state at the starting points."""
        base, count, r = first_state(objective, x), len(x), objective.residual(x)
        k = min(x.shape[1], r.shape[1])
        state = LinearModelState(
            **vars(base),
            residual=r,
            scale=torch.zeros_like(x),
            singular=np.ones((count, k)),
            components=np.zeros((count, k)),
            directions=x.new_zeros((count, x.shape[1], k)),
            radius=np.full(count, np.inf),
            refused=np.zeros(count, dtype=np.int64),
            stalled=np.zeros(count, dtype=np.int64),
        )
        rows = np.flatnonzero(state.reason == Reason.NONE)
        if len(rows):
            self._linearise(objective, state, rows)
            (length,) = to_numbers((state.scale * x).norm(dim=1))
            state.radius = self.factor * np.where(length > 0, length, 1.0)
            q = step_of(state, self.damped)
            state.radius = (
                np.minimum(state.radius, np.linalg.norm(q, axis=1)) if self.damped else state.radius
            )
        return state

    def step(self, objective: Any, state: LinearModelState) -> None:
        """One trial of each problem."""
        q = step_of(state, self.damped)
        length, change = np.linalg.norm(q, axis=1), state.singular * q
        p = (state.directions @ torch.from_numpy(q).to(state.x)[..., None])[..., 0] / state.scale
        x = state.x + p
        r = objective.residual(x)
        numbers = to_numbers(
            (r * r).sum(dim=1) / 2, torch.zeros_like(r[:, 0]), p.abs().amax(dim=1), state.x.abs().amax(dim=1)
        )
        state.evaluations = state.evaluations + 1
        slope, bend = (state.components * change).sum(axis=1), (change**2).sum(axis=1)
        with np.errstate(all="ignore"):
            noise = rounding_of(state.value, x.dtype)
            promised = -slope - bend / 2
            ratio = (state.value - numbers[0] + noise) / (promised + noise)
            taken = (ratio >= 1e-4) & (length > 0) & np.isfinite(numbers[0])
        if self.damped:
            state.radius = next_radius(ratio, length, state.radius, state.value, numbers[0], slope)
        else:
            taken = np.isfinite(numbers[0]) & (length > 0)
        state.refused = np.where(taken, 0, state.refused + 1)
        self._end(state, taken, numbers, length, promised <= noise)
        rows = np.flatnonzero(taken)
        if len(rows):
            self._take(objective, state, rows, (x, r), numbers)

    def _end(
        self,
        state: LinearModelState,
        taken: np.ndarray,
        numbers: np.ndarray,
        length: np.ndarray,
        hidden: np.ndarray,
    ) -> None:
        """Ends where no step can be taken."""
        small = numbers[2] <= torch.finfo(state.x.dtype).eps * numbers[3]
        most = REFUSALS if self.damped else 1
        over = ~taken & (small | ~(length > 0) | (state.refused >= most)) & (state.reason == Reason.NONE)
        failed = np.where(hidden | small, Reason.AT_ROUNDING, Reason.LINE_SEARCH_FAILED)
        failed = np.where(np.isfinite(numbers[0]) | hidden, failed, Reason.NOT_FINITE)
        state.reason[over] = failed[over]

    def _take(
        self,
        objective: Any,
        state: LinearModelState,
        rows: np.ndarray,
        point: tuple[Tensor, Tensor],
        numbers: np.ndarray,
    ) -> None:
        """Ends the iteration of some problems, and makes their next model."""
        value, before, norm = numbers[0, rows], state.value[rows], state.gradient_norm[rows]
        index = torch.as_tensor(rows, device=state.x.device)
        state.x, state.residual = (
            put(old, rows, new[index]) for old, new in zip((state.x, state.residual), point, strict=True)
        )
        state.value[rows], state.step_length[rows] = value, 1.0
        state.iterations[rows] += 1
        state.completed[rows] = True
        self._linearise(objective, state, rows)
        with np.errstate(all="ignore"):
            progress = (value < before - rounding_of(before, state.x.dtype)) | (
                state.gradient_norm[rows] < 0.9 * norm
            )
        state.stalled[rows] = np.where(progress | (not self.damped), 0, state.stalled[rows] + 1)
        free = state.reason[rows] == Reason.NONE
        state.reason[rows[free & (state.stalled[rows] >= STILL)]] = Reason.AT_ROUNDING
        state.reason[rows[free & (numbers[2, rows] > FARTHEST)]] = Reason.UNBOUNDED_BELOW

    def _linearise(self, objective: Residuals, state: LinearModelState, rows: np.ndarray) -> None:
        """The Jacobian at the points of some problems, in the coordinates of its singular vectors; ends what has converged."""
        index = torch.as_tensor(rows, device=state.x.device)
        some = objective if len(rows) == len(state.value) else objective.select(index)
        x, r = state.x[index], state.residual[index]
        J = some.jacobian_at(x, r.shape[1])
        state.hessian_evaluations[rows] += 1
        norms = J.norm(dim=1) if self.scaled else torch.ones_like(x)
        # whole steps may pass a point of huge columns: beside its norms every later step would count as none
        D = torch.maximum(state.scale[index], norms) if self.damped else norms
        D = torch.where(D > 0, D, torch.ones_like(D))
        finite = torch.isfinite(norms).all(dim=1)
        A = torch.where(finite[:, None, None], J / D[:, None, :], torch.zeros_like(J))
        # the last column of R, of (A r) = QR, is Qᵀr: Q itself is not needed
        R = torch.linalg.qr(at_least_single(torch.cat([A, r[..., None]], dim=2)), mode="r")[1]
        U, s, Vt = torch.linalg.svd(R[..., :-1], full_matrices=False)
        g = (J.mT @ r[..., None])[..., 0]
        state.scale, state.gradient = put(state.scale, rows, D), put(state.gradient, rows, g)
        state.directions = put(state.directions, rows, Vt.mT.to(x))
        state.singular[rows] = s.double().cpu().numpy()
        state.components[rows] = (U.mT @ R[..., -1:])[..., 0].double().cpu().numpy()
        norm, reach = to_numbers(g.abs().amax(dim=1), (D * x).norm(dim=1))
        state.gradient_norm[rows] = norm
        state.reason[rows[~np.isfinite(norm)]] = Reason.NOT_FINITE
        self._judge(state, rows, reach)

    def _judge(self, state: LinearModelState, rows: np.ndarray, reach: np.ndarray) -> None:
        """Ends what has converged: the model removes a share of r within the tolerance, or its whole step beside x is."""
        resolved = state.singular[rows] > cut(state)[rows]
        removed = np.linalg.norm(np.where(resolved, state.components[rows], 0.0), axis=1)
        with np.errstate(all="ignore"):
            step = np.where(resolved, state.components[rows] / state.singular[rows], 0.0)
        near = np.linalg.norm(step, axis=1) <= self.tolerance * reach
        # no sum of squares is below 0, to which those of tiny residuals are rounded
        near |= (removed <= self.tolerance * np.sqrt(2 * state.value[rows])) | (state.value[rows] == 0)
        state.reason[rows[near & (state.reason[rows] == Reason.NONE)]] = Reason.CONVERGED


class GaussNewton(LevenbergMarquardt):
    """The step p that makes ‖r + Jp‖ least, the shortest of them, taken whole."""

    name = "gauss-newton"
    damped = False

    def __init__(self, *, tolerance: float) -> None:
        super().__init__(tolerance=tolerance)


def cut(state: LinearModelState) -> np.ndarray:
    """Below what singular values count as 0 (b, 1)."""
    size = max(state.residual.shape[1], state.x.shape[1])
    below: np.ndarray = state.singular[:, :1] * torch.finfo(state.x.dtype).eps * size
    return below


def step_of(state: LinearModelState, damped: bool) -> np.ndarray:
    """The shortest q (b, k) that makes |c + sq| least, within the radius if damped."""
    s, c = state.singular, state.components
    with np.errstate(all="ignore"):
        q = np.where(s > cut(state), -c / s, 0.0)
    long = np.linalg.norm(q, axis=1) > state.radius
    if damped and long.any():
        rows = np.flatnonzero(long)
        q[rows] = shifted_step(s[rows] ** 2, s[rows] * c[rows], state.radius[rows], np.zeros(len(rows)))
    return q


def next_radius(
    ratio: np.ndarray,
    length: np.ndarray,
    radius: np.ndarray,
    value: np.ndarray,
    new: np.ndarray,
    slope: np.ndarray,
) -> np.ndarray:
    """Moré's: towards the minimum of the parabola through both values and the slope, or twice the step."""
    with np.errstate(all="ignore"):
        parabola = slope / (2 * (slope + value - new))
        shrink = np.where(new <= value, 0.5, np.where(new < 100 * value, np.fmax(parabola, 0.1), 0.1))
        smaller = shrink * np.minimum(radius, 10 * length)
        larger = np.where((ratio >= 0.75) | (length < 0.99 * radius), 2 * length, radius)
    return np.where(length > 0, np.where(ratio > 0.25, larger, smaller), radius)
