"""Runs a method until every problem has ended, and keeps the best points and the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import flag, function, number, refusal, whole
from gradus.optimization.minimize.gradient_check import EVALUATIONS, contradicts
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.result import COLUMNS, History, Iterate
from gradus.optimization.minimize.state import COUNTS, Method, State, put

COMPACT_BELOW = 0.75  # of the rows still run: the others are dropped


@dataclass(frozen=True)
class Settings:
    """When to end, and who is shown the iterates.

    Attributes:
        tolerance: of the largest entry of the gradient.
        max_iterations: of accepted steps.
        max_evaluations: of f.
        callback: called with an `Iterate` after every iteration.
        keep_points: whether the history holds the points.
    """

    tolerance: float
    max_iterations: int
    max_evaluations: int
    callback: Callable[[Iterate], Any] | None
    keep_points: bool


def checked_settings(
    tolerance: Any, max_iterations: Any, max_evaluations: Any, callback: Any, keep_points: Any
) -> Settings:
    """The settings that all minimisers have.

    Raises:
        GradusError: one of another type, or out of range.
    """
    return Settings(
        number("tolerance", tolerance, least=0),
        whole("max_iterations", max_iterations, least=0),
        whole("max_evaluations", max_evaluations, least=1),
        None if callback is None else function("callback", callback, "lambda iterate: iterate.value < 1e-3"),
        flag("keep_points", keep_points),
    )


@dataclass
class Ended:
    """Of all problems, in their order: the point that is returned, and the counts; the fields of `Result`."""

    x: Tensor
    gradient: Tensor
    value: np.ndarray
    gradient_norm: np.ndarray
    iterations: np.ndarray
    evaluations: np.ndarray
    hessian_evaluations: np.ndarray
    hessian_products: np.ndarray
    reason: np.ndarray

    @property
    def reasons(self) -> list[Reason]:
        """Why each ended."""
        return [Reason(code) for code in self.reason.tolist()]


_COUNTS = (*COUNTS, "reason")


class Log:
    """The history while it grows."""

    def __init__(self, keep_points: bool) -> None:
        self.keep_points = keep_points
        self.columns: list[tuple[np.ndarray, ...]] = []
        self.points: list[Tensor] = []

    def note(self, problems: np.ndarray, state: State, new: np.ndarray) -> None:
        """A row for each problem that completed an iteration."""
        s, rows = state, slice(None) if new.all() else new
        columns = (problems, s.iterations, s.evaluations, s.value, s.gradient_norm, s.step_length)
        self.columns.append(tuple(np.array(c[rows]) for c in columns))
        if self.keep_points:
            self.points.append(s.x[torch.as_tensor(new, device=s.x.device)])

    def history(self) -> History:
        """The rows, problem by problem."""
        columns = [np.concatenate(parts) for parts in zip(*self.columns, strict=True)]
        order = np.argsort(columns[0], kind="stable")
        points = torch.cat(self.points)[order.tolist()] if self.keep_points else None
        named: dict[str, Any] = {name: c[order] for name, c in zip(COLUMNS, columns, strict=True)}
        return History(**named, points=points)


Start = Callable[[Objective, Tensor], Any]


def run(
    method: Method[Any], objective: Objective, x: Tensor, settings: Settings, start: Start | None = None
) -> tuple[Ended, History]:
    """All problems from their starts to their ends; those that ended are dropped from the arrays.

    Args:
        method: how.
        objective: f.
        x: the starts (b, n).
        settings: when to end.
        start: makes the state that the method goes on from; its own `start` unless given.

    Cost: one evaluation of all problems that still run for each round, and the method's own algebra.
    """
    if torch.is_inference_mode_enabled():  # where nothing has a gradient
        with torch.inference_mode(False), torch.no_grad():
            return run(method, objective, x, settings, start)
    # tensors made in inference mode can take part in no graph, their copies can
    x, objective, problems = x.clone(), objective.copied(), np.arange(len(x))
    state = (start or method.start)(objective, x)
    log, running = Log(settings.keep_points), np.ones(len(x), dtype=bool)
    best_x, best_gradient = state.x, state.gradient
    best_value, best_norm = state.value.copy(), state.gradient_norm.copy()
    ended: Ended | None = None
    while True:
        new = state.completed & running
        if new.any():
            log.note(problems, state, new)
        better = new & (state.value < best_value)
        _judge(method, objective, state, settings, new)
        # a converged point may lie above the best by the rounding of f
        better |= running & (state.reason == Reason.CONVERGED)
        if better.any():
            rows: Any = slice(None) if better.all() else np.flatnonzero(better)
            best_x = put(best_x, rows, state.x[rows])
            best_gradient = put(best_gradient, rows, state.gradient[rows])
            best_value[rows], best_norm[rows] = state.value[rows], state.gradient_norm[rows]
        if settings.callback is not None and new.any():
            _call(settings.callback, objective, problems, state, new)
        over = running & (state.reason != Reason.NONE)
        if over.any():
            if ended is None:
                ended = _empty(state)
            _look_at_gradients(objective, state, over, best_x)
            _close(ended, problems, state, over, (best_x, best_gradient, best_value, best_norm))
            running &= ~over
            if not running.any():
                return ended, log.history()
            if running.mean() < COMPACT_BELOW:
                rows = np.flatnonzero(running)
                index = torch.as_tensor(rows, device=x.device)
                state, objective = state.select(rows), objective.select(index)
                best_x, best_gradient = best_x[index], best_gradient[index]
                best_value, best_norm, problems = best_value[rows], best_norm[rows], problems[rows]
                running = np.ones(len(rows), dtype=bool)
        state.completed = np.zeros(len(problems), dtype=bool)
        method.step(objective, state)


def _judge(
    method: Method[Any], objective: Objective, state: State, settings: Settings, new: np.ndarray
) -> None:
    """Ends what has converged or used up its iterations or evaluations."""
    free = state.reason == Reason.NONE
    for condition, reason in (
        (state.evaluations >= settings.max_evaluations, Reason.MAX_EVALUATIONS),
        (new & (state.iterations >= settings.max_iterations), Reason.MAX_ITERATIONS),
    ):
        if condition.any():
            state.reason[free & condition] = reason
    converged = new & (state.gradient_norm <= settings.tolerance) & (state.reason != Reason.NOT_FINITE)
    if converged.any():
        rows = np.flatnonzero(converged)
        state.reason[rows[method.settled(objective, state, rows)]] = Reason.CONVERGED


def _look_at_gradients(objective: Objective, state: State, over: np.ndarray, best_x: Tensor) -> None:
    """Where searches failed, whether that is the gradient's fault."""
    rows = np.flatnonzero(over & (state.reason == Reason.LINE_SEARCH_FAILED))
    if len(rows):
        index = torch.as_tensor(rows, device=best_x.device)
        some = objective if len(rows) == len(over) else objective.select(index)
        wrong = contradicts(some, best_x[index])
        state.evaluations[rows] += EVALUATIONS
        state.reason[rows[wrong]] = Reason.WRONG_GRADIENT


def _call(
    callback: Callable[[Iterate], Any],
    objective: Objective,
    problems: np.ndarray,
    state: State,
    new: np.ndarray,
) -> None:
    rows, layout = np.flatnonzero(new), objective.layout
    numbers = (state.value, state.gradient_norm, state.iterations, state.evaluations)
    shown = [c[rows] if layout.batched else c[0].item() for c in numbers]
    x = layout.points(state.x[torch.as_tensor(rows, device=state.x.device)])
    value, norm, iterations, evaluations = shown
    stop = callback(Iterate(x, value, norm, iterations, evaluations, problems[rows]))
    if stop is not None:
        stops = _stops(stop, len(rows))
        state.reason[rows[stops & (state.reason[rows] == Reason.NONE)]] = Reason.STOPPED


def _stops(stop: Any, count: int) -> np.ndarray:
    """Which of `count` problems a callback stops by what it returned."""
    answer = np.asarray(stop.detach().cpu() if isinstance(stop, Tensor) else stop)
    if answer.dtype.kind not in "biuf" or (answer.size != 1 and answer.shape != (count,)):
        words = (
            f"None, True or False, or {count} of them in an array, from it",
            f"返回 None、True、False 或 {count} 个布尔值的数组",
        )
        raise refusal("callback", words, stop)
    return np.broadcast_to(answer.reshape(-1).astype(bool), (count,))


def _empty(state: State) -> Ended:
    counts = {name: getattr(state, name).copy() for name in _COUNTS}
    return Ended(
        state.x.clone(), state.gradient.clone(), state.value.copy(), state.gradient_norm.copy(), **counts
    )


def _close(ended: Ended, problems: np.ndarray, state: State, over: np.ndarray, best: tuple[Any, ...]) -> None:
    """Writes what is over into its place."""
    rows = np.flatnonzero(over)
    to = torch.as_tensor(problems[rows], device=state.x.device)
    index = torch.as_tensor(rows, device=state.x.device)
    x, gradient, value, norm = best
    ended.x[to], ended.gradient[to] = x[index], gradient[index]
    ended.value[problems[rows]], ended.gradient_norm[problems[rows]] = value[rows], norm[rows]
    for name in _COUNTS:
        getattr(ended, name)[problems[rows]] = getattr(state, name)[rows]
