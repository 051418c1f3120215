"""The Krylov space of a symmetric operator: an orthonormal basis, grown by one vector a product."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.theory.symmetric_operator import SymmetricOperator, length, product


class Krylov:
    """An orthonormal basis Q of the Krylov space, with T = QᵀHQ, which is tridiagonal, on it.

    Attributes:
        basis: rows, orthonormal.
        diagonal: of T.
        beside: what stands beside the diagonal; the last, one more than T has, is the length of what HQ leaves over.
    """

    def __init__(self, operator: Tensor | SymmetricOperator, start: Tensor) -> None:
        self.operator = operator
        self.diagonal: list[float] = []
        self.beside: list[float] = []
        self._rows = torch.empty(4, len(start)).to(start)
        self._rows[0] = start / start.norm()
        self._size = 1

    @property
    def basis(self) -> Tensor:
        """The rows that T stands on, (k, n)."""
        return self._rows[: len(self.diagonal)]

    def grow(self) -> bool:
        """One product more; whether it led out of the space."""
        Q = self._rows[: self._size]
        w = product(self.operator, Q[-1])
        self.diagonal.append(float(w @ Q[-1]))
        for _ in range(2):  # once leaves what the rounding of large parts puts back
            w = w - Q.mT @ (Q @ w)
        size = length(w)
        scale = max(abs(x) for x in (*self.diagonal, *self.beside))
        left = self._size == len(w) or size <= torch.finfo(w.dtype).eps ** (2 / 3) * scale
        self.beside.append(0.0 if left else size)
        if not left:
            self._append(w / size)
        return not left

    def restart(self, start: Tensor) -> bool:
        """Goes on, where the space is exhausted, from another vector; whether there is room for one."""
        Q = self._rows[: self._size]
        if len(Q) == len(start):
            return False
        for _ in range(3):
            start = start - Q.mT @ (Q @ start)
            start = start / start.norm()
        self._append(start)
        return True

    def _append(self, row: Tensor) -> None:
        if self._size == len(self._rows):
            wider = torch.empty(min(2 * self._size, len(row)), len(row)).to(row)
            wider[: self._size] = self._rows
            self._rows = wider
        self._rows[self._size] = row
        self._size += 1

    def ritz(self) -> tuple[Tensor, Tensor, Tensor]:
        """Eigenvalues of T, ascending, its eigenvectors as columns, and the residuals, in float64."""
        beside = torch.tensor(self.beside, dtype=torch.float64)
        T = torch.diag(torch.tensor(self.diagonal, dtype=torch.float64))
        T = T + torch.diag(beside[:-1], 1) + torch.diag(beside[:-1], -1)
        values, vectors = torch.linalg.eigh(T)
        return values, vectors, beside[-1] * vectors[-1].abs()
