"""The program that the interior-point method iterates on: every inequality is one side of one vector, E x + s = d, s ≥ 0."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

#: An index of the rows, or of the variables, that have a side: all, or those in a tensor.
Places = Any


@dataclass(frozen=True)
class Sides:
    """Which rows G x and which variables are bounded above and below; None where none is."""

    rows_above: Places = None
    rows_below: Places = None
    above: Places = None
    below: Places = None

    def widths(self, rows: int, variables: int) -> list[int]:
        """How many sides there are of each of the four kinds."""
        every = [rows, rows, variables, variables]
        places = (self.rows_above, self.rows_below, self.above, self.below)
        return [_width(at, n) for at, n in zip(places, every, strict=True)]


def _width(places: Places, every: int) -> int:
    return 0 if places is None else every if isinstance(places, slice) else len(places)


def times(M: Tensor, x: Tensor) -> Tensor:
    """M x for a batch of matrices (B, m, n) and vectors (B, n)."""
    if _plain(M, x):
        return torch.from_numpy(np.matmul(M.numpy(), x.numpy()[..., None])[..., 0])
    return torch.bmm(M, x.unsqueeze(-1)).squeeze(-1)


def times_transposed(M: Tensor, y: Tensor) -> Tensor:
    """Mᵀ y for a batch of matrices (B, m, n) and vectors (B, m)."""
    if _plain(M, y):
        return torch.from_numpy(np.matmul(y.numpy()[:, None], M.numpy())[:, 0])
    return torch.bmm(y.unsqueeze(-2), M).squeeze(-2)


def gram(M: Tensor) -> Tensor:
    """Mᵀ M for a batch."""
    if _plain(M, M):
        array = M.contiguous().numpy()
        return torch.from_numpy(array.swapaxes(-1, -2) @ array)
    return torch.bmm(M.mT, M)


def _plain(M: Tensor, x: Tensor) -> bool:
    """Whether NumPy may multiply: on the processor it is twice as fast, and of Mᵀ M computes one triangle only."""
    return M.device.type == "cpu" and not (torch.is_grad_enabled() and (M.requires_grad or x.requires_grad))


@dataclass(frozen=True)
class Form:
    """Minimise ½ xᵀ P x + qᵀ x subject to A x = b and E x ≤ d, for a batch.

    Attributes:
        P: (B, n, n), or None for zero.
        q: (B, n).
        A, b: (B, p, n) and (B, p); p may be 0.
        G: (B, m, n), the rows that E takes; m may be 0.
        d: (B, K), one number for each side; where a problem lacks the side, 0.
        sides: which rows and variables E takes, in their order: [G; −G; I; −I].
        live: (B, K), 1 where the problem has the side, else 0; None where all have all.
        base: P + AᵀA, which has the same minimisers on A x = b.
    """

    P: Tensor | None
    q: Tensor
    A: Tensor
    b: Tensor
    G: Tensor
    d: Tensor
    sides: Sides
    live: Tensor | None
    base: Tensor | None

    @property
    def count(self) -> Tensor | float:
        """How many sides a problem has, (B, 1); at least 1."""
        return (
            float(max(self.d.shape[1], 1))
            if self.live is None
            else self.live.sum(-1, keepdim=True).clamp(min=1)
        )

    def quadratic(self, x: Tensor) -> Tensor:
        """P x."""
        return torch.zeros_like(x) if self.P is None else times_transposed(self.P, x)

    def side_values(self, x: Tensor) -> Tensor:
        """E x, (B, K)."""
        s = self.sides
        Gx = times(self.G, x) if self.G.shape[1] else None
        parts = []
        if s.rows_above is not None and Gx is not None:
            parts.append(Gx[:, s.rows_above])
        if s.rows_below is not None and Gx is not None:
            parts.append(-Gx[:, s.rows_below])
        if s.above is not None:
            parts.append(x[:, s.above])
        if s.below is not None:
            parts.append(-x[:, s.below])
        values = parts[0] if len(parts) == 1 else torch.cat(parts, 1) if parts else x[:, :0]
        return values if self.live is None else values * self.live

    def by_place(self, z: Tensor, signed: bool = True) -> tuple[Tensor | None, Tensor | None]:
        """What the sides give to each row (B, m) and each variable (B, n): differences above − below, or sums."""
        s, m, n = self.sides, self.G.shape[1], self.q.shape[1]
        z = z if self.live is None else z * self.live
        first, second, third, fourth = z.split(s.widths(m, n), 1)
        sign = -1 if signed else 1
        return (
            _gathered(m, s.rows_above, first, s.rows_below, second, sign),
            _gathered(n, s.above, third, s.below, fourth, sign),
        )

    def each_side(self, z: Tensor) -> list[Tensor]:
        """The four kinds of sides apart, each at the places of all rows (B, m) or variables (B, n), 0 elsewhere."""
        s, m, n = self.sides, self.G.shape[1], self.q.shape[1]
        places = (s.rows_above, s.rows_below, s.above, s.below)
        parts = (z if self.live is None else z * self.live).split(s.widths(m, n), 1)
        out = []
        for at, part, size in zip(places, parts, (m, m, n, n), strict=True):
            total = z.new_zeros(len(z), size)
            if at is not None:
                total[:, at] = part
            out.append(total)
        return out

    def side_forces(self, z: Tensor) -> Tensor:
        """Eᵀ z, (B, n)."""
        rows, variables = self.by_place(z)
        force = torch.zeros_like(self.q) if rows is None else times_transposed(self.G, rows)
        return force if variables is None else force + variables

    def normal(self, w: Tensor) -> Tensor:
        """P + AᵀA + Eᵀ diag(w) E, (B, n, n)."""
        rows, variables = self.by_place(w, signed=False)
        if rows is None:
            B, n = self.q.shape
            H = self.q.new_zeros(B, n, n) if self.base is None else self.base.clone()
        else:
            H = gram(self.G * rows.sqrt().unsqueeze(-1))
            if self.base is not None:
                H += self.base
        if variables is not None:
            H.diagonal(dim1=-2, dim2=-1).add_(variables)
        return H

    def select(self, index: Tensor) -> Form:
        """The problems with these numbers."""
        P, live, base = (None if v is None else v[index] for v in (self.P, self.live, self.base))
        q, A, b, G, d = (v[index] for v in (self.q, self.A, self.b, self.G, self.d))
        return Form(P, q, A, b, G, d, self.sides, live, base)

    def detached(self) -> Form:
        """The same numbers outside of the graph."""
        P = None if self.P is None else self.P.detach()
        q, A, b, G, d = (v.detach() for v in (self.q, self.A, self.b, self.G, self.d))
        return Form(P, q, A, b, G, d, self.sides, self.live, None)


def _gathered(
    size: int, above: Places, upper: Tensor, below: Places, lower: Tensor, sign: int
) -> Tensor | None:
    """The sides above, plus or minus those below, each at its place."""
    if above is None and below is None:
        return None
    if isinstance(above, slice) and below is None:
        return upper
    total = upper.new_zeros(upper.shape[0], size)
    if above is not None:
        total[:, above] = upper
    if below is not None:
        total[:, below] += sign * lower
    return total


def with_base(form: Form) -> Form:
    """The form with P + AᵀA computed."""
    if not form.A.shape[1]:
        return replace(form, base=form.P)
    AtA = gram(form.A)
    return replace(form, base=AtA if form.P is None else form.P + AtA)
