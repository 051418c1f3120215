"""Residuals, start and one predictor–corrector step of the interior-point method, for a batch of programs."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from gradus.optimization.interior_point_factor import REGULARISATION, Newton, regularised_cholesky
from gradus.optimization.interior_point_form import Form, times, times_transposed, with_base

#: How much of the way to the boundary a step may go.
FRACTION = 0.999
#: What share of the mean of s∘z a problem that is stuck aims at.
CENTRING = 0.5
#: What is left of a certificate's sum may be this part of its terms: else huge data alone would pass for one.
CANCELLED = 1e-6


@dataclass
class Point:
    """Iterates of a batch: x, multipliers y of the equalities, slacks s and multipliers z of the sides, e = E x."""

    x: Tensor
    y: Tensor
    s: Tensor
    z: Tensor
    e: Tensor

    def select(self, index: Tensor) -> Point:
        """The problems with these numbers."""
        return Point(*(getattr(self, f.name)[index] for f in fields(self)))

    def where(self, better: Tensor, other: Point) -> Point:
        """Those of `other` where it is better."""
        count = int(better.sum())
        if count in (0, len(better)):
            return other if count else self
        column = better.unsqueeze(-1)
        return Point(
            *(torch.where(column, getattr(other, f.name), getattr(self, f.name)) for f in fields(self))
        )

    def put(self, index: Tensor, other: Point) -> None:
        """Writes the problems of `other` at these numbers."""
        for f in fields(self):
            getattr(self, f.name)[index] = getattr(other, f.name)


@dataclass
class Scale:
    """Factors that lead residuals of the scaled program back to the user's units."""

    dual: Tensor
    equal: Tensor
    sides: Tensor
    cost: Tensor

    def select(self, index: Tensor) -> Scale:
        """The problems with these numbers."""
        return Scale(*(getattr(self, f.name)[index] for f in fields(self)))


@dataclass
class Residuals:
    """What is missing at a point, in the units of the iteration; its relative sizes in the user's units.

    Attributes:
        dual, equal, sides: P x + q + Aᵀy + Eᵀz, A x − b, E x + s − d.
        mu: the mean of s∘z.
        size: of the KKT residual, relative to its terms: the largest of the three.
        infeasible: ‖Aᵀy + Eᵀz‖∞ where −bᵀy − dᵀz = 1; ∞ where it is not positive.
        unbounded: the largest of ‖P x‖∞, ‖A x‖∞, (E x)₊ where −qᵀx = 1; ∞ where it is not positive.
            Both are at least what is left relative to the terms, where that is above `CANCELLED`.
    """

    dual: Tensor
    equal: Tensor
    sides: Tensor
    mu: Tensor
    size: Tensor
    infeasible: Tensor
    unbounded: Tensor

    def select(self, index: Tensor) -> Residuals:
        """The problems with these numbers."""
        return Residuals(*(getattr(self, f.name)[index] for f in fields(self)))


def largest(*vectors: Tensor) -> Tensor:
    """The largest entry in size of each problem, over several batches of vectors; 0 where all are empty."""
    sizes = [v.abs().amax(-1) for v in vectors if v.shape[-1]]
    return torch.stack(sizes).amax(0) if sizes else vectors[0].new_zeros(vectors[0].shape[0])


def residuals(form: Form, at: Point, scale: Scale) -> Residuals:
    """The KKT residuals, and how far the iterate is from a certificate."""
    Px, Ez, Ex = form.quadratic(at.x), form.side_forces(at.z), at.e
    Ay = times_transposed(form.A, at.y) if at.y.shape[1] else torch.zeros_like(Px)
    Ax = times(form.A, at.x) if at.y.shape[1] else at.y
    dual, equal, above = Px + form.q + Ay + Ez, Ax - form.b, Ex - form.d
    xPx, qx = (at.x * Px).sum(-1) * scale.cost, (form.q * at.x).sum(-1) * scale.cost
    dz = ((form.b * at.y).sum(-1) + (form.d * at.z).sum(-1)) * scale.cost
    d, e, c = scale.dual, scale.equal, scale.sides
    relative = (
        largest(d * dual) / (1 + largest(d * Px, d * form.q, d * Ay, d * Ez)),
        largest(e * equal, c * above.clamp(min=0)) / (1 + largest(e * form.b, e * Ax, c * Ex)),
        (xPx + qx + dz).abs() / (1 + (xPx / 2 + qx).abs()),
    )
    ray = largest(d * Px, e * Ax, c * Ex.clamp(min=0))
    # free of units: whether the forces cancel, and whether x runs along the constraints where f still falls
    force = _part(largest(Ay + Ez), largest(at.y, at.z))
    bent = _bent(form, at.x, Px, torch.cat((Ax, Ex.clamp(min=0)), 1))
    return Residuals(
        dual,
        equal,
        above + at.s if form.live is None else (above + at.s) * form.live,
        ((at.s * at.z).sum(-1, keepdim=True) / form.count).squeeze(-1),
        torch.stack(relative).amax(0),
        torch.where(dz < 0, torch.maximum(largest(d * (Ay + Ez)) / -dz, force), torch.inf),
        torch.where(qx < 0, torch.maximum(ray / -qx, bent), torch.inf),
    )


def _bent(form: Form, x: Tensor, Px: Tensor, against: Tensor) -> Tensor:
    """How far x, where f falls along it, is from a direction in which it never stops falling."""
    length = largest(x)
    bent = _part(largest(against), length) if against.shape[1] else torch.zeros_like(length)
    if form.P is None:
        return bent
    entry = largest(form.P.diagonal(dim1=-2, dim2=-1))  # the largest of P, which has no negative eigenvalue
    rounding = 10 * x.shape[1] * torch.finfo(x.dtype).eps * entry * length**2
    curved = _part((x * Px).sum(-1) - rounding, -(form.q * x).sum(-1))
    return torch.maximum(bent, torch.maximum(curved, _part(largest(Px), entry * length)))


def _part(left: Tensor, terms: Tensor) -> Tensor:
    """How large `left` is beside its terms; 0 where it is small."""
    return torch.where(left <= CANCELLED * terms, 0.0, left / terms.clamp(min=torch.finfo(left.dtype).tiny))


def start(form: Form, refinements: int) -> Point:
    """The minimiser of the objective plus ½‖s‖² on A x = b, its slacks and multipliers shifted to be positive."""
    live = torch.ones_like(form.d) if form.live is None else form.live
    x, y = Newton(form, live, refinements).solve(form.side_forces(form.d) - form.q, form.b)
    e = form.side_values(x)
    return Point(x, y, _positive(form.d - e, live), _positive(e - form.d, live) * live, e)


def _positive(s: Tensor, live: Tensor) -> Tensor:
    if not s.shape[1]:
        return s
    least = s.masked_fill(live == 0, torch.inf).amin(-1, keepdim=True)
    size = s.norm(dim=-1, keepdim=True).clamp(min=1)
    return torch.where(live == 0, 1.0, s + torch.where(least < 1e-8 * size, 1 - least, 0.0))


def step(form: Form, at: Point, r: Residuals, refinements: int, stuck: Tensor) -> tuple[Point, Tensor]:
    """One predictor–corrector step (Mehrotra 1992), and its length: two right-hand sides for one factor.

    Slacks are eliminated with E Δx + Δs − δ Δz = −r, as A Δx − δ Δy = −r: no weight exceeds 1/δ, and what δ leaves
    is a residual of the next step. Where the iteration is stuck, some products s z are far below their mean: there it
    aims at the centre, and keeps away from the boundary.
    """
    damped = at.s + REGULARISATION * at.z
    w, sz = at.z / damped, at.s * at.z
    newton = Newton(form, w, refinements)

    def direction(complementarity: Tensor) -> Point:
        """Where s∘Δz + z∘Δs = −complementarity."""
        pull = complementarity / damped
        dx, dy = newton.solve(-r.dual - form.side_forces(w * r.sides - pull), -r.equal)
        de = form.side_values(dx)
        dz = w * (r.sides + de) - pull
        return Point(dx, dy, REGULARISATION * dz - r.sides - de, dz, de)

    affine = direction(sz)
    primal, dual = _lengths(form, at, affine, 1.0)
    after = ((at.s + primal * affine.s) * (at.z + dual * affine.z)).sum(-1, keepdim=True) / form.count
    mu = r.mu.unsqueeze(-1)
    centring = torch.where(stuck.unsqueeze(-1), CENTRING, (after / mu).clamp(0, 1) ** 3)
    target = sz + affine.s * affine.z * ~stuck.unsqueeze(-1) - centring * mu
    both = direction(target if form.live is None else target * form.live)
    primal, dual = _lengths(form, at, both, FRACTION)
    lengths = dict(x=primal, y=dual, s=primal, z=dual, e=primal)
    moved = Point(*(getattr(at, k) + a * getattr(both, k) for k, a in lengths.items()))
    return moved, torch.minimum(primal, dual)[:, 0]


def _lengths(form: Form, at: Point, step: Point, fraction: float) -> tuple[Tensor, Tensor]:
    """How long the steps of s and z may be, (B, 1), at most 1; the same one where the program is quadratic."""
    primal, dual = _reach(at.s, step.s, fraction), _reach(at.z, step.z, fraction)
    if form.P is not None:
        primal = dual = torch.minimum(primal, dual)
    return primal, dual


def _reach(v: Tensor, dv: Tensor, fraction: float) -> Tensor:
    """The largest α ≤ 1 so that v + (α/fraction) dv stays positive."""
    if not v.shape[1]:
        return v.new_ones(v.shape[0], 1)
    # where a side is dead, v is 0 and so is dv
    return fraction / (-dv / v).nan_to_num_(0.0).amax(-1, keepdim=True).clamp(min=fraction)


def projected(form: Form, at: Point, least: float) -> Point:
    """The multipliers, of length 1, moved on Aᵀy + Eᵀz = 0: those of the sides by Δz ∝ z, none below `least`."""
    length = largest(at.y, at.z).clamp(min=1e-300).unsqueeze(-1)
    y, z = at.y / length, at.z / length
    z = torch.where(z < least, 0.0, z)
    weight = z
    bare = replace(form, P=None, base=with_base(replace(form, P=None)).base)
    L = regularised_cholesky(bare.normal(weight))
    for _ in range(4):
        force = times_transposed(form.A, y) + form.side_forces(z)
        u = torch.cholesky_solve(force.unsqueeze(-1), L).squeeze(-1)
        y, z = y - times(form.A, u), z - weight * form.side_values(u)
    return Point(at.x, y, at.s, z, at.e)
