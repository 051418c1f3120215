"""Proximal gradient: a gradient step on f, then the proximal operator of g; with FISTA's acceleration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from gradus.arguments import refusal
from gradus.optimization.minimize.flattening import Flattening
from gradus.optimization.minimize.objective import Objective
from gradus.optimization.minimize.reason import Reason
from gradus.optimization.minimize.rounding import FARTHEST, rounding_of
from gradus.optimization.minimize.state import Method, State, first_state, to_numbers, to_tensor
from gradus.optimization.proximal_operators import Penalty

__all__ = ["Nonsmooth", "ProximalGradient"]

GROWTH = 2.0  # of the curvature, where the quadratic model lies below f
MOST_TRIALS = 100  # of one step


class Nonsmooth:
    """The penalty of b problems at points (b, n): applied to each tensor of the tree, and summed."""

    def __init__(self, penalty: Penalty, layout: Flattening) -> None:
        self.penalty, self.layout = penalty, layout

    def value(self, x: Tensor) -> Tensor:
        """G at each point (b,)."""

        def one(point: Tensor) -> Tensor:
            leaves = pytree.tree_leaves(self.layout.point(point))
            return torch.stack([torch.as_tensor(self.penalty.value(leaf)).to(x) for leaf in leaves]).sum()

        return torch.func.vmap(one)(x) if self.layout.batched else one(x.view(-1)).reshape(1)

    def prox(self, v: Tensor, steps: Tensor) -> Tensor:
        """The operator at each point, for each its own step (b, 1)."""

        def one(point: Tensor, step: Tensor) -> Tensor:
            leaves = pytree.tree_leaves(self.layout.point(point))
            moved = [self.penalty.prox(leaf, step) for leaf in leaves]
            for old, new in zip(leaves, moved, strict=True):
                if not isinstance(new, Tensor) or new.shape != old.shape:
                    raise refusal("prox", (f"a tensor of shape {tuple(old.shape)}", f"形状 {tuple(old.shape)} 的张量"), new, kind=True)  # fmt: skip
            return torch.cat([new.reshape(-1) for new in moved])

        if self.layout.batched:
            return torch.func.vmap(one)(v, steps[:, 0])
        return one(v.view(-1), steps.view(())).view(1, -1)


@dataclass
class ProximalState(State):
    """A state with the point that the next step starts from; `gradient` is (y − x)/t of the last step.

    Attributes:
        y: the point (b, n), with `y_gradient` (b, n) and `y_value` (b,) of f there.
        curvature: L = 1/t (b,).
        inertia: t_k of FISTA's sequence (b,).
        trials: of the step at hand (b,).
    """

    y: Tensor
    y_gradient: Tensor
    y_value: np.ndarray
    curvature: np.ndarray
    inertia: np.ndarray
    trials: np.ndarray


class ProximalGradient(Method[ProximalState]):
    r"""The step :math:`x_{k+1}=\operatorname{prox}_{g/L}(y_k-\nabla f(y_k)/L)`, from :math:`y_k=x_k`, or ahead of it.

    .. math:: y_{k+1}=x_{k+1}+\frac{t_k-1}{t_{k+1}}(x_{k+1}-x_k),\qquad t_{k+1}=\frac{1+\sqrt{1+4t_k^2}}{2}

    L grows until f lies below its quadratic model at the new point. Where the step turns against the last one, t begins
    again at 1.

    Source: beck2009fast; odonoghue2015adaptive for the restart.
    """

    name = "proximal-gradient"

    def __init__(
        self, nonsmooth: Nonsmooth, *, accelerated: bool, restart: bool, step_size: float | None
    ) -> None:
        self.nonsmooth, self.accelerated, self.restart = nonsmooth, accelerated, restart
        self.step_size = step_size

    def start(self, objective: Objective, x: Tensor) -> ProximalState:
        """The state at the start; where g is infinite there, at its proximal point."""
        inside = torch.isfinite(self.nonsmooth.value(x))
        if not bool(inside.all()):
            near = self.nonsmooth.prox(x, torch.ones_like(x[:, :1]))
            x = torch.where(inside[:, None], x, near)
        base = first_state(objective, x)
        curvature, more = self._curvature(objective, base)
        moved = self.nonsmooth.prox(x - base.gradient / to_tensor(curvature, x), to_tensor(1 / curvature, x))
        mapping = to_tensor(curvature, x) * (x - moved)
        penalty, norm = to_numbers(self.nonsmooth.value(x), mapping.abs().amax(dim=1))
        fields: dict[str, Any] = vars(base) | {
            "gradient": mapping, "gradient_norm": norm, "value": base.value + penalty,
            "evaluations": base.evaluations + more,
        }  # fmt: skip
        ones = np.ones(len(x))
        return ProximalState(
            **fields, y=x, y_gradient=base.gradient, y_value=base.value, curvature=curvature, inertia=ones,
            trials=np.zeros(len(x), dtype=np.int64),
        )  # fmt: skip

    def _curvature(self, objective: Objective, base: State) -> tuple[np.ndarray, int]:
        """L to begin with: that of the constant step, or of f along its gradient, which is no larger than L."""
        x, g = base.x, base.gradient
        if self.step_size is not None:
            return np.full(len(x), 1 / self.step_size), 0
        length = torch.linalg.vector_norm(g, dim=1, keepdim=True)
        reach = torch.finfo(x.dtype).eps ** 0.5 * (1 + torch.linalg.vector_norm(x, dim=1, keepdim=True))
        _, there = objective.value_and_gradient(x - reach * g / length.clamp(min=torch.finfo(x.dtype).tiny))
        (curvature,) = to_numbers(torch.linalg.vector_norm(there - g, dim=1) / reach[:, 0])
        return np.where(np.isfinite(curvature) & (curvature > 1e-20), curvature, 1.0), 1

    def step(self, objective: Objective, state: ProximalState) -> None:
        """One trial; with acceleration, f and its gradient ahead of the new point, too."""
        L = to_tensor(state.curvature, state.x)
        x = self.nonsmooth.prox(state.y - state.y_gradient / L, 1 / L)
        d = x - state.y
        if self.accelerated:
            with torch.no_grad():
                value, gradient = objective.value(x), d
        else:
            value, gradient = objective.value_and_gradient(x)
        numbers = to_numbers(
            value.reshape(-1), self.nonsmooth.value(x), (state.y_gradient * d).sum(dim=1), (d * d).sum(dim=1),
            d.abs().amax(dim=1), x.abs().amax(dim=1),
        )  # fmt: skip
        state.evaluations = state.evaluations + 1
        fits = self._fits(state, numbers, x.dtype)
        if fits.any():
            self._accept(objective, state, fits, x, d, numbers, gradient)

    def _fits(self, state: ProximalState, numbers: np.ndarray, dtype: torch.dtype) -> np.ndarray:
        """Where f lies below its model at the new point; elsewhere L grows, or the problem ends."""
        value, _, slope, square = numbers[:4]
        finite = np.isfinite(numbers).all(axis=0)
        with np.errstate(all="ignore"):
            model = state.y_value + slope + state.curvature / 2 * square
            below = value <= model + rounding_of(value, dtype) + rounding_of(state.y_value, dtype)
        fits = finite & (below | (self.step_size is not None))
        over = ~fits & ((state.trials >= MOST_TRIALS) | (self.step_size is not None))
        state.reason[over] = np.where(finite, Reason.LINE_SEARCH_FAILED, Reason.NOT_FINITE)[over]
        state.curvature = np.where(fits, state.curvature, state.curvature * GROWTH)
        state.trials = np.where(fits, 0, state.trials + 1)
        return np.asarray(fits)

    def _accept(
        self, objective: Objective, state: ProximalState, fits: np.ndarray, x: Tensor, d: Tensor, numbers: np.ndarray,
        gradient: Tensor,
    ) -> None:  # fmt: skip
        """Ends an iteration of some problems; the next one starts from the new point, or ahead of it."""
        mask = torch.as_tensor(fits, device=x.device)[:, None]
        value, penalty, _, _, moved, size = numbers
        before, total = state.x, value + penalty
        new_value = np.where(fits, total, state.value)
        if self.accelerated:
            ahead, state.inertia = self._ahead(state, fits, x, d)
            y = torch.where(mask, x + to_tensor(ahead, x) * (x - before), state.y)
            y_value, y_gradient = objective.value_and_gradient(y)
            (at_y,) = to_numbers(y_value.reshape(-1))
            state.evaluations = state.evaluations + fits
        else:
            y, y_gradient, at_y = torch.where(mask, x, state.y), gradient, value
        state.y_gradient = torch.where(mask, y_gradient, state.y_gradient)
        state.y, state.y_value = y, np.where(fits, at_y, state.y_value)
        mapping = to_tensor(state.curvature, x) * d
        state.gradient = torch.where(mask, -mapping, state.gradient)
        state.gradient_norm = np.where(fits, state.curvature * moved, state.gradient_norm)
        state.x, state.value = torch.where(mask, x, before), new_value
        state.step_length = np.where(fits, 1 / state.curvature, state.step_length)
        state.iterations, state.completed = state.iterations + fits, fits.copy()
        still = fits & (moved <= 4 * torch.finfo(x.dtype).eps * size)
        state.reason[still] = Reason.AT_ROUNDING
        state.reason[fits & (size > FARTHEST)] = Reason.UNBOUNDED_BELOW
        state.reason[fits & ~np.isfinite(at_y)] = Reason.NOT_FINITE

    def _ahead(
        self, state: ProximalState, fits: np.ndarray, x: Tensor, d: Tensor
    ) -> tuple[np.ndarray, np.ndarray]:
        """(t_k − 1)/t_{k+1} and t_{k+1}; 0 and 1 where the momentum begins again."""
        t = state.inertia
        following = (1 + np.sqrt(1 + 4 * t**2)) / 2
        ahead = (t - 1) / following
        if self.restart:
            (turn,) = to_numbers((d * (x - state.x)).sum(dim=1))
            ahead, following = np.where(turn < 0, 0.0, ahead), np.where(turn < 0, 1.0, following)
        return ahead, np.where(fits, following, t)
