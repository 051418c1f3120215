"""Roots of covariances: Cholesky's, which names the point that it fails at, and one for draws that takes singular ones."""

from __future__ import annotations

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.arguments.tensors import concrete
from gradus.text import Text

__all__ = ["root_for_draws", "solved", "triangular_root"]


def triangular_root(C: Tensor) -> Tensor:
    """L with LLᵀ = C, (…, n, n), without any jitter.

    A pivot below n·ε of its diagonal entry has no right digit: LAPACK fails only where it comes out ≤ 0, which for a point that
    stands twice is a matter of luck.

    Raises:
        GradusError: C is not positive definite in this precision; a point that those before it determine is named, and the nearest of them.
    """
    L: Tensor
    L, info = torch.linalg.cholesky_ex(C)
    if not concrete(C) or not C.numel():
        return L
    pivots, own = (M.detach().diagonal(dim1=-2, dim2=-1) for M in (L, C))
    lost = ~(pivots.square() > C.shape[-1] * torch.finfo(C.dtype).eps * own)
    place = torch.arange(1, C.shape[-1] + 1, device=C.device)
    lost = lost & (
        (info == 0).unsqueeze(-1) | (place <= info.unsqueeze(-1))
    )  # behind a failure nothing was computed
    if bool(lost.any()):
        raise _dependent(C.detach(), torch.where(lost.any(-1), lost.int().argmax(-1) + 1, 0))
    return L


def _dependent(C: Tensor, info: Tensor) -> Exception:
    n = C.shape[-1]
    failed = info.reshape(-1)
    at = int((failed > 0).nonzero()[0])
    matrix, row = C.reshape(-1, n, n)[at], int(failed[at]) - 1
    scale = matrix.diagonal().abs()
    hidden = n * torch.finfo(C.dtype).eps * float(scale.max())
    expected = (
        "a kernel and a noise whose covariance is positive definite in this precision",
        "使协方差在此精度下正定的核与噪声",
    )
    if row == 0 or not float(matrix[row, row]) > 0:
        came = Text(
            f"a variance {float(matrix[row, row]):.4g} at point {row}",
            f"点 {row} 处方差为 {float(matrix[row, row]):.4g}",
        )
        return refusal("kernel", expected, came)
    like = matrix[row, :row] / (scale[row] * scale[:row]).clamp(min=torch.finfo(C.dtype).tiny).sqrt()
    near = int(like.abs().argmax())
    member = (
        Text(f" (member {at} of the batch)", f"（批中第 {at} 个）") if failed.numel() > 1 else Text("", "")
    )
    came = Text(
        f"point {row} that the points before determine up to rounding; nearest is point {near}, correlation {float(like[near]):.6g}{member.en}",
        f"点 {row} 在舍入误差之内由之前的点所决定；与之最近的是点 {near}，相关系数 {float(like[near]):.6g}{member.zh}",
    )
    mend = (
        f"leave one of them out, or state a noise well above the {hidden:.2g} that rounding hides",
        f"请去掉其中一个点，或给出远大于 {hidden:.2g}（舍入所掩盖的量）的噪声方差",
    )
    return refusal("kernel", expected, came, mend)


def solved(L: Tensor, y: Tensor) -> Tensor:
    """C⁻¹y for each of the vectors y (…, n), which may have more leading axes than C = LLᵀ."""
    if not y.shape[-1]:
        return y
    if L.dim() > 2:
        return torch.cholesky_solve(y.unsqueeze(-1), L).squeeze(-1)
    rows = y.reshape(-1, y.shape[-1])  # one factor for all
    return torch.cholesky_solve(rows.mT, L).mT.reshape(y.shape)


def root_for_draws(V: Tensor) -> Tensor:
    """A with AAᵀ = V; eigenvalues that rounding has brought below 0 count as 0."""
    values, vectors = torch.linalg.eigh(V)
    root: Tensor = vectors * values.clamp(min=0).sqrt().unsqueeze(-2)
    return root
