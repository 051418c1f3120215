"""Equilibration of a quadratic program: rows, columns and objective are brought to entries of about 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gradus.optimization.interior_point_form import Form, with_base
from gradus.optimization.interior_point_step import Point, Scale, largest

ROUNDS = 10
#: A program whose rows and columns have largest entries between 1 over this and this is left as it is.
ENOUGH = 1e3


def largest_entries(M: Tensor, axis: int) -> Tensor:
    """Of each row (axis −1) or column (axis −2) of a batch; 0 where it has none."""
    if 0 in M.shape[1:]:
        return M.new_zeros(M.shape[0], M.shape[-2] if axis == -1 else M.shape[-1])
    return M.abs().amax(axis)


def _column_sizes(form: Form) -> Tensor:
    sizes = torch.maximum(largest_entries(form.A, -2), largest_entries(form.G, -2))
    return sizes if form.P is None else torch.maximum(sizes, largest_entries(form.P, -2))


def _factor(sizes: Tensor) -> Tensor:
    """1/√size; 1 where the row or column is empty."""
    return torch.where(sizes > 0, sizes, 1.0).clamp(1e-8, 1e8).rsqrt()


def equilibrated(form: Form) -> tuple[Form, Scaling, bool]:
    """The scaled program, the scaling, and whether anything changed (Ruiz 2001; Stellato et al. 2020, Algorithm 2)."""
    rows, columns = largest_entries(form.G, -1), _column_sizes(form)
    sizes = torch.cat([rows, largest_entries(form.A, -1), columns, largest(form.q).unsqueeze(-1)], 1)
    sizes = torch.where(sizes > 0, sizes, 1.0)
    scaling = Scaling(
        torch.ones_like(form.q), torch.ones_like(form.b), torch.ones_like(rows), form.q.new_ones(len(form.q))
    )
    if bool((sizes < ENOUGH).all()) and bool((sizes > 1 / ENOUGH).all()):
        return with_base(form), scaling, False
    for _ in range(ROUNDS):
        D, F, R = (
            _factor(v)
            for v in (_column_sizes(form), largest_entries(form.A, -1), largest_entries(form.G, -1))
        )
        form = _scaled(form, D, F, R)
        scaling = Scaling(scaling.D * D, scaling.F * F, scaling.R * R, scaling.c)
    average = form.q.new_zeros(len(form.q)) if form.P is None else largest_entries(form.P, -2).mean(-1)
    c = 1 / torch.maximum(average, largest(form.q)).clamp(1e-8, 1e8)
    c = torch.where((average == 0) & (largest(form.q) == 0), 1.0, c)
    P = None if form.P is None else form.P * c[:, None, None]
    return with_base(replace(form, P=P, q=form.q * c[:, None])), replace(scaling, c=c), True


def _scaled(form: Form, D: Tensor, F: Tensor, R: Tensor) -> Form:
    scaled = replace(
        form,
        P=None if form.P is None else form.P * D[:, :, None] * D[:, None],
        q=form.q * D,
        A=form.A * F[:, :, None] * D[:, None],
        b=form.b * F,
        G=form.G * R[:, :, None] * D[:, None],
    )
    return replace(scaled, d=form.d * side_factors(form, R, 1 / D))


def side_factors(form: Form, rows: Tensor, variables: Tensor) -> Tensor:
    """For each side the number of its row or variable, (B, K)."""
    s = form.sides
    pairs = ((rows, s.rows_above), (rows, s.rows_below), (variables, s.above), (variables, s.below))
    return torch.cat([v[:, :0] if at is None else v[:, at] for v, at in pairs], 1)


@dataclass(frozen=True)
class Scaling:
    """x = D x̂; the rows of A are multiplied by F, those of G by R, the objective by c."""

    D: Tensor
    F: Tensor
    R: Tensor
    c: Tensor

    def scale(self, form: Form) -> Scale:
        """What leads the residuals back."""
        c = 1 / self.c[:, None]
        return Scale(c / self.D, 1 / self.F, 1 / side_factors(form, self.R, 1 / self.D), 1 / self.c)

    def undone(self, form: Form, at: Point) -> Point:
        """The point in the user's units."""
        E, c = side_factors(form, self.R, 1 / self.D), self.c[:, None]
        return Point(self.D * at.x, self.F * at.y / c, at.s / E, E * at.z / c, at.e / E)


def unscaled(form: Form) -> Scale:
    """The factors of a program that is not scaled."""
    return Scale(*(torch.ones_like(v) for v in (form.q, form.b, form.d, form.q[:, 0])))
