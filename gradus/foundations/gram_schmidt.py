"""Gram–Schmidt orthogonalisation, classical and modified: the same in exact arithmetic, not in floating point."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import flag
from gradus.arguments.tensors import concrete, tensor
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["gram_schmidt"]


def gram_schmidt(
    A: Float[Tensor, "... m n"], modified: bool = True
) -> tuple[Float[Tensor, "... m n"], Float[Tensor, "... n n"]]:
    r"""An orthonormal basis of the columns' span, column by column: A = QR with :math:`r_{jj}>0`.

    .. math::
        q_j = v_j/\lVert v_j\rVert,\qquad v_j = a_j-\sum_{i<j}\langle q_i,\cdot\rangle q_i

    where the product is taken with a_j itself (classical) or with what is left of it so far (modified).

    Args:
        A: columns a_1 … a_n (..., m, n), linearly independent.
        modified: subtract each component from the remainder rather than from a_j.

    Returns:
        Q (..., m, n) with orthonormal columns and R (..., n, n), upper triangular.

    Raises:
        GradusError: A has fewer than 2 axes, more columns than rows, entries that are not finite, or a column that
            depends on those before it exactly.

    Cost: 2mn² operations. Of orthogonality at most about κε is lost (modified), or about κ²ε on ordinary matrices and
    without a bound on some (classical); `torch.linalg.qr` (Householder) loses none, and is what to use where the order of the columns' arrival does not matter.

    Source: Björck 1967, Solving linear least squares problems by Gram–Schmidt orthogonalization.

    Example:
        >>> import torch
        >>> Q, R = gram_schmidt(torch.tensor([[3.0, 1.0], [4.0, 7.0]], dtype=torch.float64))
        >>> R.numpy().round(6).tolist()
        [[5.0, 6.2], [0.0, 3.4]]
    """
    flag("modified", modified)
    _check(A)
    columns, rows = list(A.unbind(-1)), []
    q: list[Tensor] = []
    for j, a in enumerate(columns):
        r = []
        v = a
        for q_i in q:
            r.append(((v if modified else a) * q_i).sum(-1))  # (...)
            v = v - r[-1][..., None] * q_i
        length = torch.linalg.vector_norm(v, dim=-1)
        if concrete(length) and (length == 0).any():
            raise GradusError(
                Text(
                    f"A: column {j} depends on those before it; expected independent columns, as of {tuple(A.shape)}; leave it out",
                    f"A：第 {j} 列与其前面的列线性相关；形状为 {tuple(A.shape)} 的矩阵各列应线性无关；请去掉该列",
                )
            )
        q.append(v / length[..., None])
        below = [torch.zeros_like(length)] * (len(columns) - j - 1)
        rows.append(torch.stack([*r, length, *below], dim=-1))  # column j of R: (..., n)
    if not columns:
        return A, A.new_zeros(*A.shape[:-2], 0, 0)
    return torch.stack(q, dim=-1), torch.stack(rows, dim=-1)


def _check(A: Tensor) -> None:
    tensor("A", A, "... m n", finite=True)
    if A.shape[-1] > A.shape[-2]:
        raise GradusError(
            Text(
                f"A: expected a matrix (…, m, n) with no more columns than rows, got {tuple(A.shape)}; transpose it, or take some columns",
                f"A：应为列数不超过行数的矩阵 (…, m, n)，得到 {tuple(A.shape)}；请转置，或只取若干列",
            )
        )
