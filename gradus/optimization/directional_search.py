"""`line_search`: one search along one direction, to the strong Wolfe conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import number
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.line_search import Outcome, WolfeConditions, begin
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.rounding import FARTHEST
from gradus.optimization.minimize.state import to_numbers
from gradus.optimization.minimize.wolfe import conditions

__all__ = ["LineSearch", "line_search"]


@dataclass(frozen=True)
class LineSearch:
    """What a line search ended with; φ(α) = f(x + αd).

    Attributes:
        step: α; of a search that was not accepted the best step tried, 0 where none was better than x.
        x: x + αd, as x was.
        value: φ(α).
        slope: φ′(α).
        gradient: ∇f(x + αd), as x.
        decrease: whether φ(α) ≤ φ(0) + c₁αφ′(0), or, where rounding hides it, φ′(α) ≤ (2c₁ − 1)φ′(0).
        curvature: whether |φ′(α)| ≤ c₂|φ′(0)|.
        evaluations: of f with its gradient, that at x among them.
        reason: "accepted", where both hold; "unbounded": φ falls along the whole ray; "edge": beyond the step f is not finite,
            and up to there it falls; "not finite"; "not descent": φ′(0) ≥ 0; "failed": no step of 41 met the conditions, or
            none does that the precision can tell from others.

    Example:
        >>> import torch
        >>> search = line_search(lambda x: -x.sum(), torch.zeros(2), torch.ones(2))
        >>> search.reason, search.decrease, search.curvature
        ('unbounded', True, False)
    """

    step: float
    x: Any
    value: float
    slope: float
    gradient: Any
    decrease: bool
    curvature: bool
    evaluations: int
    reason: str


class _Ray:
    """The function along the direction: its trials counted, the lowest remembered."""

    def __init__(self, objective: Objective, start: Tensor, direction: Tensor) -> None:
        self.objective, self.start, self.direction = objective, start, direction
        self.evaluations, self.out_of_domain, self.value = 0, np.inf, np.inf
        self.value0, self.slope0 = self.trial(0.0)
        self.accept()

    def trial(self, step: float) -> tuple[float, float]:
        """φ and φ′ at a step."""
        x = torch.add(self.start, self.direction, alpha=step) if step else self.start
        value, gradient = self.objective.value_and_gradient(x)
        v, s = to_numbers(value.reshape(-1), (gradient * self.direction).sum(dim=1))[:, 0].tolist()
        self.evaluations += 1
        if not (np.isfinite(v) and np.isfinite(s)):
            self.out_of_domain = min(self.out_of_domain, step)
        elif v < self.value:
            self._remember(step, x, v, s, gradient)
        self._last = (step, x, v, s, gradient)
        return v, s

    def accept(self) -> None:
        """Takes the last trial, the lowest or not."""
        self._remember(*self._last)

    def _remember(self, step: float, x: Tensor, value: float, slope: float, gradient: Tensor) -> None:
        self.step, self.x, self.value, self.slope, self.gradient = step, x, value, slope, gradient


def line_search(
    f: Callable[..., Any],
    x: Any,
    direction: Any,
    *,
    args: tuple[Any, ...] = (),
    gradient: Callable[..., Any] | bool | None = None,
    decrease: float = 1e-4,
    curvature: float = 0.9,
    first: float = 1.0,
) -> LineSearch:
    r"""A step along a direction of descent that satisfies the strong Wolfe conditions, by the method of Moré and Thuente.

    .. math:: \varphi(\alpha)\le\varphi(0)+c_1\alpha\varphi'(0),\qquad |\varphi'(\alpha)|\le c_2|\varphi'(0)|,\qquad \varphi(\alpha)=f(x+\alpha d)

    Such a step exists where φ is smooth, bounded below and φ′(0) < 0. What the mathematics does is no error: it ends with a reason.

    Args:
        f: from a point and the arguments to a scalar tensor.
        x: the point: a tensor, or a tree of tensors of one dtype and device.
        direction: d, a tree like x.
        args: further arguments of f.
        gradient: None for autograd; True where f returns (value, gradient); or a function (x, *args) to it.
        decrease: c₁, below c₂; below ½ for the minimiser of a quadratic to be accepted.
        curvature: c₂, below 1.
        first: the first step that is tried, and accepted where it satisfies both.

    Raises:
        GradusError: a wrong argument; f returns no scalar, or one without a gradient.

    Cost: one call of f and one backward pass for each of at most 41 evaluations, 80 more beside the border of f's domain; mostly 2 to 4.

    Source: Moré and Thuente 1994; Wolfe 1969 (conditions).

    Example:
        >>> import torch
        >>> x = torch.tensor([4.0, 1.0])
        >>> f = lambda x: (x[0] ** 2 + 4 * x[1] ** 2) / 2
        >>> search = line_search(f, x, -torch.tensor([4.0, 4.0]), curvature=0.1)
        >>> round(search.step, 4), search.decrease, search.curvature, search.reason
        (0.4, True, True, 'accepted')
    """
    layout = Flattening("x", x, batched=False)
    Flattening("direction", direction, batched=False)  # its leaves are checked
    start = layout.flat()
    d = layout.flatten_like("direction", direction, 1).detach().to(start)
    wolfe = conditions(decrease, curvature).in_precision(start.dtype)
    trial = number("first", first, above=0)
    ray = _Ray(Objective(f, layout, args, gradient).detached(), start, d)
    if not (np.isfinite(ray.value0) and np.isfinite(ray.slope0)):
        return _result(layout, ray, "not finite", wolfe)
    if ray.slope0 >= 0:
        return _result(layout, ray, "not descent", wolfe)
    reason = _search(ray, trial, max(FARTHEST / float(d.abs().amax()), trial), wolfe)
    return _result(layout, ray, _to_the_edge(ray, wolfe) if reason == "edge" else reason, wolfe)


def _search(ray: _Ray, trial: float, longest: float, wolfe: WolfeConditions) -> str:
    """Trials until one is accepted or the search ends."""
    step = np.array([trial])
    search = begin(np.array([ray.value0]), np.array([ray.slope0]), step, np.array([longest]))
    while True:
        value, slope = ray.trial(float(step[0]))
        outcome, step, _ = search.advance(step, np.array([value]), np.array([slope]), wolfe)
        if outcome[0] == Outcome.CONTINUE:
            continue
        if outcome[0] == Outcome.ACCEPTED:
            ray.accept()
            return "accepted" if wolfe.flat(slope, ray.slope0) else "edge"
        ends = {Outcome.UNBOUNDED: "unbounded", Outcome.NOT_FINITE: "not finite"}
        return ends.get(Outcome(int(outcome[0])), "failed")


def _to_the_edge(ray: _Ray, wolfe: WolfeConditions) -> str:
    """From a step at which f still falls, by halves towards the shortest at which it is not finite, until it has risen between."""
    low = ray.step
    while ray.out_of_domain - low > wolfe.shortest * ray.out_of_domain:
        middle = (low + ray.out_of_domain) / 2
        value, slope = ray.trial(middle)
        falls = value <= ray.value0 + wolfe.decrease * middle * ray.slope0 and slope < 0
        if np.isfinite(value) and not (falls and slope < wolfe.curvature * ray.slope0):
            return _search(ray, middle, middle, wolfe)
        low = middle if np.isfinite(value) else low
    return "edge"


def _result(layout: Flattening, ray: _Ray, reason: str, wolfe: WolfeConditions) -> LineSearch:
    moved = ray.step > 0
    enough = wolfe.enough(ray.step, ray.value, ray.slope, ray.value0, ray.slope0)
    return LineSearch(
        step=ray.step,
        x=layout.points(ray.x),
        value=ray.value,
        slope=ray.slope,
        gradient=layout.points(ray.gradient),
        decrease=bool(moved and enough),
        curvature=bool(moved and wolfe.flat(ray.slope, ray.slope0)),
        evaluations=ray.evaluations,
        reason=reason,
    )
