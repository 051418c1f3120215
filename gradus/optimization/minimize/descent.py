"""Methods that choose a direction and search along it: all but their directions."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor

from gradus.optimization.minimize.line_search import Outcome, Search, WolfeConditions, begin
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.pairs import Pairs, curved, end_curvature
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.rounding import FARTHEST, STALLED
from gradus.optimization.minimize.state import (
    Method,
    Rows,
    State,
    first_state,
    measured,
    put,
    to_tensor,
)

PROMISED = 1e3  # of the rounding of the value: a decrease that a line search may miss
RESOLVED = 16.0  # of the spacing of the numbers at x: a step of which a slope can be told


@dataclass
class DescentState(State):
    """A state with a direction and a search along it.

    Attributes:
        direction: d (b, n).
        trial: α of the next evaluation (b,).
        search: where the line searches stand.
        best_x, best_gradient: at the best step of the search, where that is not 0 (b, n).
        lowest_value, lowest_norm: of the iterates so far (b,).
        stalled: iterations without progress beyond rounding, in a row (b,).
        steepest: whether d is −∇f, up to its length (b,).
    """

    direction: Tensor
    trial: np.ndarray
    search: Search
    best_x: Tensor
    best_gradient: Tensor
    lowest_value: np.ndarray
    lowest_norm: np.ndarray
    stalled: np.ndarray
    steepest: np.ndarray


def _moved(x: Tensor, step: np.ndarray, direction: Tensor) -> Tensor:
    """X + αd."""
    if len(x) == 1:
        return torch.add(x, direction, alpha=float(step[0]))
    return torch.addcmul(x, to_tensor(step, x), direction)


D = TypeVar("D", bound=DescentState)


class Descent(Method[D], Generic[D]):
    """A method with a line search to the strong Wolfe conditions; a subclass gives `first`, `learn` and `direction`.

    Where a search fails, the direction is replaced by the steepest one and what was learnt is forgotten; where that fails,
    too, the problem ends.
    """

    wolfe: WolfeConditions
    carried: ClassVar[tuple[str, ...]] = ("steepest", "lowest_value", "lowest_norm", "stalled")

    @abstractmethod
    def first(self, base: dict[str, Any]) -> D:
        """The state with what the method needs besides, from the fields of `DescentState`."""

    @abstractmethod
    def learn(self, state: D, rows: Rows, pairs: Pairs) -> None:
        """Takes in the last steps; those that are not usable, too."""

    @abstractmethod
    def direction(self, state: D, rows: Rows, gradient: Tensor) -> Tensor:
        """The directions (rows, n)."""

    @abstractmethod
    def forget(self, state: D, rows: Rows) -> None:
        """Drops what was learnt."""

    def first_trial(self, state: D, rows: Rows, slope: np.ndarray, longest: np.ndarray) -> np.ndarray:
        """α of the first trial along new directions: 1, or a step of length 1 at most along the steepest one."""
        return np.where(state.steepest[rows], np.minimum(1.0, longest / FARTHEST), 1.0)

    def start(self, objective: Objective, x: Tensor) -> D:
        """The state at the starting points, with the steepest direction."""
        base = first_state(objective, x)
        self.wolfe = self.wolfe.in_precision(x.dtype)
        count = len(x)
        zeros = np.zeros(count)
        state = self.first(
            {
                **vars(base),
                "direction": -base.gradient,
                "trial": zeros,
                "search": begin(base.value, -np.ones(count), zeros, zeros),
                "best_x": x,
                "best_gradient": base.gradient,
                "lowest_value": base.value.copy(),
                "lowest_norm": base.gradient_norm.copy(),
                "stalled": np.zeros(count, dtype=np.int64),
                "steepest": np.ones(count, dtype=bool),
            }
        )
        self._look(state, slice(None), -base.gradient)
        curvature = objective.curvature(x, state.direction) if base.reason[0] == Reason.NONE else None
        if curvature is not None and np.isfinite(curvature) and curvature > 0:
            minimum = -state.search.slope0 / curvature
            state.trial = np.minimum(minimum, state.search.longest)
            state.search = begin(base.value, state.search.slope0, state.trial, state.search.longest)
        return state

    def resume(self, objective: Objective, x: Tensor, fields: Mapping[str, Tensor | np.ndarray]) -> D:
        """As `Method.resume`; where f has another value than it ended with, it is another function: progress counts anew."""
        state = super().resume(objective, x, fields)
        same = state.value == fields["value"]
        state.lowest_value = np.where(same, state.lowest_value, state.value)
        state.lowest_norm = np.where(same, state.lowest_norm, state.gradient_norm)
        state.stalled = np.where(same, state.stalled, 0)
        if (state.reason != Reason.NOT_FINITE).all():
            self._look(state, slice(None), self.direction(state, slice(None), state.gradient))
        return state

    def step(self, objective: Objective, state: D) -> None:
        """One trial along each direction; an iteration ends where it is accepted."""
        x = _moved(state.x, state.trial, state.direction)
        value, gradient = objective.value_and_gradient(x)
        numbers = measured([value.reshape(-1)], [(gradient, state.direction)], [gradient])
        state.evaluations = state.evaluations + 1
        step = state.trial
        outcome, state.trial, best = state.search.advance(step, numbers[0], numbers[1], self.wolfe)
        if outcome[0] == Outcome.ACCEPTED and (outcome == Outcome.ACCEPTED).all():
            self._accept(state, slice(None), x, gradient, numbers[0], numbers[2], step)
            return
        kept = np.flatnonzero(best & (outcome != Outcome.ACCEPTED))
        if len(kept):
            rows = slice(None) if len(kept) == len(best) else kept
            state.best_x = put(state.best_x, rows, x[rows])
            state.best_gradient = put(state.best_gradient, rows, gradient[rows])
        accepted = np.flatnonzero(outcome == Outcome.ACCEPTED)
        if len(accepted):
            rows = accepted
            self._accept(state, rows, x[rows], gradient[rows], numbers[0][rows], numbers[2][rows], step[rows])
        ended = np.flatnonzero(outcome > Outcome.ACCEPTED)
        if len(ended):
            self._settle(state, ended, outcome[ended])

    def _settle(self, state: D, ended: np.ndarray, outcome: np.ndarray) -> None:
        """What follows from searches without an acceptable step: the best one, another direction, or the end."""
        at = state.search.bracket.x[ended]
        improved = (at > 0) & (state.search.bracket.value[ended] < state.value[ended])
        some = ended[improved]
        if len(some):
            gradient = state.best_gradient[some]
            norm = gradient.abs().amax(dim=1).double().cpu().numpy()
            values = state.search.bracket.value[some]
            self._accept(state, some, state.best_x[some], gradient, values, norm, at[improved])
        unbounded = ended[outcome == Outcome.UNBOUNDED]
        state.reason[unbounded] = Reason.UNBOUNDED_BELOW
        failed = (outcome != Outcome.UNBOUNDED) & ~improved
        again, over = ended[failed & ~state.steepest[ended]], failed & state.steepest[ended]
        if len(again):
            self.forget(state, again)
            state.steepest[again] = True
            self._look(state, again, -state.gradient[again])
        reason = np.where(self._at_rounding(state, ended), Reason.AT_ROUNDING, Reason.LINE_SEARCH_FAILED)
        reason = np.where(outcome == Outcome.NOT_FINITE, Reason.NOT_FINITE, reason)
        state.reason[ended[over]] = reason[over]

    def _at_rounding(self, state: D, rows: np.ndarray) -> np.ndarray:
        """Whether the lowest point that the slopes promise along d lies below, or away, by rounding only."""
        search = state.search.select(rows)
        with np.errstate(all="ignore"):
            promised = search.slope0**2 / (2 * search.curvature)
            here = -search.slope0 / search.curvature <= search.finest
        small = promised <= PROMISED * self.wolfe.rounding * np.abs(state.value[rows])
        return np.asarray(np.isinf(search.resolved) | ((search.curvature > 0) & (small | here)))

    def _accept(
        self,
        state: D,
        rows: Rows,
        x: Tensor,
        gradient: Tensor,
        value: np.ndarray,
        norm: np.ndarray,
        step: np.ndarray,
    ) -> None:
        """Ends an iteration: the new point, what it teaches, the next direction."""
        s, y = x - state.x[rows], gradient - state.gradient[rows]
        sy, yy, ss, size = measured(products=[(s, y), (y, y), (s, s)], largest=[s])
        end = end_curvature(
            state.value[rows], value, step * state.search.slope0[rows], sy, self.wolfe.rounding
        )
        lowest, least = state.lowest_value[rows], state.lowest_norm[rows]
        progress = (value < lowest - self.wolfe.rounding * np.abs(lowest)) | (norm < 0.9 * least)
        state.stalled[rows] = np.where(progress, 0, state.stalled[rows] + 1)
        state.lowest_value[rows], state.lowest_norm[rows] = np.minimum(value, lowest), np.minimum(norm, least)
        state.x, state.gradient = put(state.x, rows, x), put(state.gradient, rows, gradient)
        state.value[rows], state.gradient_norm[rows], state.step_length[rows] = value, norm, step
        state.iterations[rows] += 1
        state.completed[rows] = True
        self.learn(state, rows, Pairs(s, y, sy, yy, end, curved(sy, ss, yy)))
        state.steepest[rows] = False
        still = (size == 0) | (state.stalled[rows] >= STALLED)
        if still.any():
            numbers = np.arange(len(state.value))[rows]
            state.reason[numbers[still]] = Reason.AT_ROUNDING
        self._look(state, rows, self.direction(state, rows, gradient))

    def _look(self, state: D, rows: Rows, direction: Tensor) -> None:
        """Begins searches along new directions; one that does not descend is replaced by the steepest."""
        gradient = state.gradient[rows]
        slope, length, reach = measured(products=[(gradient, direction)], largest=[direction, state.x[rows]])
        bad = ~((slope < 0) & np.isfinite(length))
        if bad.any():
            self._replace(state, rows, direction, bad)
            direction = torch.where(
                torch.as_tensor(bad, device=direction.device)[:, None], -gradient, direction
            )
            slope, length = measured(products=[(gradient, direction)], largest=[direction])
        with np.errstate(all="ignore"):
            longest = FARTHEST / length
            finest = RESOLVED * torch.finfo(direction.dtype).eps * reach / length
        trial = self.first_trial(state, rows, slope, longest)
        search = begin(state.value[rows], slope, trial, longest, finest)
        state.direction = put(state.direction, rows, direction)
        state.trial[rows] = trial
        if isinstance(rows, slice):
            state.search = search
        else:
            state.search.put(rows, search)

    def _replace(self, state: D, rows: Rows, direction: Tensor, bad: np.ndarray) -> None:
        which = np.arange(len(state.value))[rows][bad]
        was_steepest = state.steepest[which]
        free = state.reason[which] == Reason.NONE
        # −∇f does not descend only where it underflows, or is not finite
        over = was_steepest & free & (state.gradient_norm[which] > 0)
        state.reason[which[over]] = Reason.NOT_DESCENT
        self.forget(state, which)
        state.steepest[which] = True
