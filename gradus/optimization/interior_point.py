"""Convex quadratic and linear programs by a primal–dual interior-point method, many at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from gradus.arguments import number, whole
from gradus.optimization.interior_point_arguments import Data, checked, form_of
from gradus.optimization.interior_point_far import solve_near
from gradus.optimization.interior_point_form import Form
from gradus.optimization.interior_point_loop import INFEASIBLE, SOLVED, STALLED, UNBOUNDED
from gradus.optimization.interior_point_scaling import unscaled
from gradus.optimization.interior_point_step import Point, residuals

#: What the codes of the iteration mean.
REASONS = np.array(["running", "solved", "infeasible", "unbounded", "stalled", "iterations"])


@dataclass(frozen=True)
class Multipliers:
    """Of the equalities (…, p), the rows G x (…, m), and the variables' bounds (…, n).

    In rows and bounds a positive number belongs to the upper side, a negative one to the lower.

    Example:
        >>> import torch
        >>> from gradus.optimization import solve_qp
        >>> result = solve_qp(None, torch.tensor([2.0, -1.0]), lower=torch.zeros(2), upper=torch.ones(2))
        >>> [round(v, 4) for v in result.multipliers.w.tolist()]
        [-2.0, 1.0]
    """

    y: Tensor
    z: Tensor
    w: Tensor


@dataclass(frozen=True)
class Farkas:
    """A proof that no point meets the constraints: multipliers under the name of the data that they belong to.

    Aᵀb + Gᵀ(h − g) + upper − lower = 0, all but those of b at least 0, and the sum of their products with the data
    (those of g and lower with −g, −lower) is −1: for a point within the constraints it would be at least 0.

    Example:
        >>> import torch
        >>> from gradus.optimization import solve_qp
        >>> result = solve_qp(None, torch.ones(1), lower=torch.ones(1), upper=torch.zeros(1))
        >>> round(result.farkas.upper.item(), 4), round(result.farkas.lower.item(), 4)
        (1.0, 1.0)
    """

    b: Tensor
    h: Tensor
    g: Tensor
    upper: Tensor
    lower: Tensor


@dataclass(frozen=True)
class QPResult:
    r"""What `solve_qp` gives, for each problem of the batch.

    Attributes:
        x: the solution (…, n); NaN where there is none.
        multipliers: y, z, w with :math:`Px+q+A^\top y+G^\top z+w=0`; NaN where x is.
        objective: ½ xᵀ P x + qᵀ x.
        residual: of the KKT conditions, computed once more from the data: the largest of
            ‖P x + q + Aᵀy + Gᵀz + w‖ / (1 + the largest of its terms), the violation of the constraints
            / (1 + the largest of ‖b‖, ‖A x‖, ‖G x‖, ‖x‖ of bounded variables), and the duality gap / (1 + |objective|), all in the maximum norm.
        iterations: that it took.
        reason: "solved", "infeasible", "unbounded" (if there is a point within the constraints), "stalled" (rounding allows no better; x is the best point),
            or "iterations" (the limit was reached; x is the best point). An array of words.
        ray: where unbounded, a direction d (…, n) with P d = 0, A d = 0, G d and d within the bounds' directions, and
            qᵀd = −1; elsewhere 0.
        farkas: where infeasible, a certificate of that; elsewhere 0.

    Example:
        >>> import torch
        >>> from gradus.optimization import solve_qp
        >>> result = solve_qp(None, -torch.ones(1), lower=torch.zeros(1))
        >>> str(result.reason), result.ray.tolist()
        ('unbounded', [1.0])
    """

    x: Tensor
    multipliers: Multipliers
    objective: Tensor
    residual: Tensor
    iterations: Tensor
    reason: np.ndarray
    ray: Tensor
    farkas: Farkas

    @property
    def solved(self) -> bool:
        """Whether every problem is."""
        return bool((self.reason == "solved").all())


def solve_qp(
    P: Tensor | None,
    q: Tensor,
    *,
    A: Tensor | None = None,
    b: Tensor | None = None,
    G: Tensor | None = None,
    h: Tensor | None = None,
    g: Tensor | None = None,
    lower: Tensor | None = None,
    upper: Tensor | None = None,
    tolerance: float = 1e-8,
    max_iterations: int = 100,
) -> QPResult:
    r"""Minimises a convex quadratic, or linear, function under linear constraints; a batch in one call.

    .. math:: \min_x\ \tfrac12x^\top Px+q^\top x\quad\text{with}\quad Ax=b,\quad g\le Gx\le h,\quad
        \text{lower}\le x\le\text{upper}

    Mehrotra's predictor–corrector method on the condensed normal matrix, which is factored once an iteration; bounds
    stay a diagonal. Problems that are done leave the batch. Rows and bounds whose two sides agree become equalities.
    Bounds of 1e7 and more are left out at first; where the solution lies beyond one, or there is none, all are taken.
    The result is differentiable in all data by the implicit function theorem, with one more factorisation: correct
    where the solution is unique, each active constraint has a positive multiplier, and the active rows are independent.

    Args:
        P: (…, n, n), symmetric, no negative eigenvalue; None for a linear program.
        q: (…, n).
        A: (…, p, n).
        b: (…, p).
        G: (…, m, n).
        h: (…, m), ∞ (or 1e20 and more) where a row has no upper side; None where none has.
        g: (…, m), −∞ where a row has no lower side; None where none has.
        lower: (…, n), −∞ where a variable has no such bound.
        upper: (…, n), ∞ where a variable has no such bound.
        tolerance: of the KKT residual (see `QPResult`), and, where it is above 1e-8, of the certificates.
        max_iterations: at most so many.

    Leading axes broadcast. The iteration is in double precision; results have the precision of q.

    Raises:
        GradusError: P is not symmetric, or has a negative eigenvalue; an argument of another type or shape; NaN.

    Cost: an iteration takes 2n²m + n³/3 operations a problem, and p(n² + p n + p²/3) with equalities; memory of four
        matrices n × n a problem.

    Source: Mehrotra 1992; Nocedal and Wright 2006, §16.6; regularisation of Altman and Gondzio 1999; certificates and
        derivative as in Goulart and Chen 2024, and Amos and Kolter 2017.

    Example:
        >>> import torch
        >>> P, q = torch.eye(2, dtype=torch.float64), torch.tensor([-3.0, 1.0], dtype=torch.float64)
        >>> result = solve_qp(P, q, lower=torch.zeros(2), upper=torch.ones(2))
        >>> [round(v, 6) for v in result.x.tolist()], str(result.reason)
        ([1.0, 0.0], 'solved')
    """
    tolerance = number("tolerance", tolerance, above=0, most=1e-2)
    limit = whole("max_iterations", max_iterations, least=1)
    data = checked(P, q, A, b, G, g, h, lower, upper)
    form, rows, variables = form_of(data)
    # half, so that what is computed anew from the data in the end does not exceed it by rounding
    x, y, z, outcome = solve_near(form, tolerance / 2, limit)
    code = outcome.code
    bare = form.detached()
    point = replace(outcome.point, e=bare.side_values(outcome.point.x))
    size = residuals(bare, point, unscaled(bare)).size
    code = torch.where((code == SOLVED) & ~(size <= tolerance), STALLED, code)
    none = ((code == INFEASIBLE) | (code == UNBOUNDED)).unsqueeze(-1)
    signed = _signed(data, form, y, z, rows, variables)
    objective = (x * (form.quadratic(x) / 2 + form.q)).sum(-1)
    ray, farkas = _certificates(data, bare, outcome.point, code, rows, variables)

    def shaped(value: Tensor, missing: Tensor, fill: float = torch.nan) -> Tensor:
        value = value.masked_fill(missing, fill)
        return value.to(q.dtype).reshape((*data.batch, *value.shape[1:]))

    return QPResult(
        shaped(x, none),
        Multipliers(*(shaped(v, none) for v in signed)),
        shaped(objective, none[:, 0]),
        size.masked_fill(none[:, 0], torch.nan).reshape(data.batch),
        outcome.iterations.reshape(data.batch),
        REASONS[code.cpu().numpy()].reshape(tuple(data.batch)),
        shaped(ray, (code != UNBOUNDED).unsqueeze(-1), 0.0),
        Farkas(*(shaped(v, (code != INFEASIBLE).unsqueeze(-1), 0.0) for v in farkas)),
    )


def _signed(
    data: Data, form: Form, y: Tensor, z: Tensor, rows: Tensor | None, variables: Tensor | None
) -> tuple[Tensor, Tensor, Tensor]:
    """Multipliers of the equalities, rows and bounds from those of the form."""
    counts = [data.A.shape[1], 0 if rows is None else len(rows), 0 if variables is None else len(variables)]
    own, of_rows, of_variables = y.split(counts, 1)
    by_rows, by_variables = form.by_place(z)
    m, n = data.G.shape[1], data.q.shape[1]
    on_rows = y.new_zeros(len(y), m) if by_rows is None else by_rows
    on_variables = y.new_zeros(len(y), n) if by_variables is None else by_variables
    if rows is not None:
        on_rows = on_rows.index_add(1, rows, of_rows)
    if variables is not None:
        on_variables = on_variables.index_add(1, variables, of_variables)
    return own, on_rows, on_variables


def _certificates(
    data: Data, form: Form, at: Point, code: Tensor, rows: Tensor | None, variables: Tensor | None
) -> tuple[Tensor, list[Tensor]]:
    """The iterates, so long that qᵀx and the bound on the constraints are −1; they count where the code says so."""
    bound = (form.b * at.y).sum(-1, keepdim=True) + (form.d * at.z).sum(-1, keepdim=True)
    slope = (form.q * at.x).sum(-1, keepdim=True)
    ray = at.x / torch.where(code.unsqueeze(-1) == UNBOUNDED, -slope, 1.0)
    length = torch.where(code.unsqueeze(-1) == INFEASIBLE, -bound, 1.0)
    y, z = at.y / length, at.z / length
    # a row or variable whose sides agree has one multiplier of either sign: its positive and its negative part
    own, on_rows, on_variables = _signed(data, form, y, torch.zeros_like(z), rows, variables)
    sides = form.each_side(z)
    signs = (on_rows, -on_rows, on_variables, -on_variables)
    return ray, [own, *(side + v.clamp(min=0) for side, v in zip(sides, signs, strict=True))]
