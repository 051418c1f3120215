"""The Newton system of the interior-point method, by Cholesky of its normal matrix, regularised and refined."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.optimization.interior_point_form import Form, gram, times, times_transposed

#: ρ and δ of the regularised system, for a program whose entries are about 1.
REGULARISATION = 1e-9
#: What is added to each entry of a diagonal, relative to itself, against the rounding of the factorisation.
ROUNDING = 1e-15


def regularised_cholesky(H: Tensor) -> Tensor:
    """Lower Cholesky factors of H + ρ I, which overwrites H; ρ grows by 100 where the factorisation fails."""
    diagonal = H.diagonal(dim1=-2, dim2=-1)
    more = REGULARISATION + ROUNDING * diagonal
    diagonal.add_(more)
    L: Tensor
    L, info = torch.linalg.cholesky_ex(H)
    for _ in range(10):
        at = info.nonzero()[:, 0]
        if not len(at):
            break
        more = more * 100
        diagonal[at] += more[at]
        L[at], info[at] = torch.linalg.cholesky_ex(H[at])
    return L


class Newton:
    r"""Solves :math:`\begin{pmatrix}P+\rho I+E^\top WE&A^\top\\A&-\delta I\end{pmatrix}\binom uv=\binom fg` for a batch."""

    def __init__(self, form: Form, w: Tensor, refinements: int) -> None:
        self.form, self.w, self.refinements = form, w, refinements
        self.L = regularised_cholesky(form.normal(w))
        self.V = self.S = None
        if form.A.shape[1]:
            # A (P + AᵀA + EᵀWE)⁻¹ Aᵀ = VᵀV with V = L⁻¹Aᵀ
            self.V = torch.linalg.solve_triangular(self.L, form.A.mT, upper=False)
            self.S = regularised_cholesky(gram(self.V))

    def solve(self, f: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        """U (B, n) and v (B, p), refined by what the system leaves."""
        u, v = self._once(f, g)
        for _ in range(self.refinements):
            form = self.form
            above = (
                f - form.quadratic(u) - form.side_forces(self.w * form.side_values(u)) - REGULARISATION * u
            )
            below = g
            if self.V is not None:
                above = above - times_transposed(form.A, v)
                below = g - times(form.A, u) + REGULARISATION * v
            du, dv = self._once(above, below)
            u, v = u + du, v + dv
        return u, v

    def _once(self, f: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        if self.V is None or self.S is None:
            return torch.cholesky_solve(f.unsqueeze(-1), self.L).squeeze(-1), g
        # with A u = g, the terms AᵀA u and Aᵀg may be added to both sides
        f = f + times_transposed(self.form.A, g)
        t = torch.linalg.solve_triangular(self.L, f.unsqueeze(-1), upper=False).squeeze(-1)
        v = torch.cholesky_solve((times_transposed(self.V, t) - g).unsqueeze(-1), self.S).squeeze(-1)
        t = t - times(self.V, v)
        return torch.linalg.solve_triangular(self.L.mT, t.unsqueeze(-1), upper=True).squeeze(-1), v
