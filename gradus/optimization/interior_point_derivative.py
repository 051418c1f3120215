"""The solution of a program as a differentiable function of its data, by the implicit function theorem."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.optimization.interior_point_factor import REGULARISATION, Newton
from gradus.optimization.interior_point_form import Form, with_base
from gradus.optimization.interior_point_loop import Outcome, solve_form


class Implicit(torch.autograd.Function):
    """From the data of a form to x, y, z; backwards one more factor of the same Newton matrix, at the solution."""

    @staticmethod
    def forward(
        ctx: Any, form: Form, settings: tuple[float, int], outcomes: list[Outcome], *data: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Solves; the data are there for the graph, the form holds them."""
        outcome = solve_form(form, *settings)
        outcomes.append(outcome)
        ctx.form, ctx.point = form, outcome.point
        return outcome.point.x.clone(), outcome.point.y.clone(), outcome.point.z.clone()

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gx: Tensor, gy: Tensor, gz: Tensor) -> Any:
        """Solves JᵀΛ = −(gx, gy, gz) with the Jacobian J of the KKT conditions; then −Λ acts on their data."""
        form, at = with_base(ctx.form), ctx.point
        # at the solution either s or z is 0: what is left of the smaller is the tolerance
        w = torch.where(at.z > at.s, 1 / REGULARISATION, 0.0)
        u, v = Newton(form, w, 2).solve(-gx - form.side_forces(w * gz), -gy)
        t = w * (form.side_values(u) + gz)
        x, rows = at.x, form.G.shape[1]
        P = None if form.P is None else _outer(u, x) / 2 + _outer(x, u) / 2
        G = None
        if rows:
            (z_rows, _), (t_rows, _) = form.by_place(at.z), form.by_place(t)
            if z_rows is not None and t_rows is not None:
                G = _outer(z_rows, u) + _outer(t_rows, x)
        return None, None, None, P, u, _outer(v, x) + _outer(at.y, u), -v, G, -t


def _outer(a: Tensor, b: Tensor) -> Tensor:
    return a.unsqueeze(-1) * b.unsqueeze(-2)


def solve(form: Form, tolerance: float, limit: int) -> tuple[Tensor, Tensor, Tensor, Outcome]:
    """x, y, z, attached to the graph of the form's data, and the outcome."""
    outcomes: list[Outcome] = []
    x, y, z = Implicit.apply(
        form.detached(), (tolerance, limit), outcomes, form.P, form.q, form.A, form.b, form.G, form.d
    )
    return x, y, z, outcomes[0]
