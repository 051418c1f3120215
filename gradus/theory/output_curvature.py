"""The second derivative of a loss by a network's outputs, a matrix for each sample, and roots of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.optimization.batch_loss import Loss
from gradus.theory.data_batches import require_mean


def output_curvature(loss: Loss, outputs: Tensor, shape: Any, targets: Any, mean: bool) -> Tensor:
    """(n, C, C), for each sample the Hessian of its part of the loss by its outputs; times n if the loss is a mean.

    Args:
        loss: `loss(outputs, targets)`, one number.
        outputs: (n, C).
        shape: that in which the loss takes them.
        targets: of the same samples.
        mean: whether the loss is a mean over the samples.

    Raises:
        GradusError: the loss is no number, does not depend on the outputs, is not finite, or mixes samples.
    """
    n, C = outputs.shape
    z = outputs.detach().requires_grad_()
    with torch.enable_grad():
        value = loss(z.reshape(shape), targets)
        if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
            raise refusal("loss", ("a function to a tensor of one number that depends on the model", "返回依赖于模型的单个数的张量的函数"), value, kind=True)  # fmt: skip
        if not bool(value.isfinite().all()):
            raise refusal("loss", ("a finite loss", "有限的损失"), value.item())
        (slope,) = torch.autograd.grad(value.reshape(()), z, create_graph=True)
    shown = z.detach().reshape(shape)
    require_mean(lambda part: float(loss(shown[part], targets[part])), n, z.dtype, mean)
    wide = torch.promote_types(z.dtype, torch.float32)
    if not slope.requires_grad:
        return z.new_zeros(n, C, C, dtype=wide)
    rows = [
        torch.autograd.grad(slope[:, c].sum(), z, retain_graph=True, materialize_grads=True)[0]
        for c in range(C)
    ]
    return torch.stack(rows, 1).to(wide) * (n if mean else 1)


def curvature_roots(bend: Tensor) -> tuple[Tensor, Tensor | None]:
    """S (n, C, C) and signs (n, C), each matrix being Σ ± s sᵀ over the columns s; no signs where none is negative.

    By Cholesky's steps on all matrices at once, leaving out pivots that are 0 up to rounding; by eigenvectors if some matrix is
    not positive semidefinite: a pivot is negative, or 0 beside entries that are not.
    """
    rest, C = (bend + bend.mT) / 2, bend.shape[-1]
    S, before = torch.zeros_like(rest), rest.diagonal(0, 1, 2).clone()
    noise, scale = 8 * C * torch.finfo(bend.dtype).eps, before.abs().amax(1)
    indefinite = torch.zeros_like(scale, dtype=torch.bool)
    for k in range(C):
        column = rest[:, k:, k]
        pivot = column[:, 0]
        live = pivot > noise * before[:, k]
        indefinite |= ~live & (column.abs().amax(1) > noise * scale)
        S[:, k:, k] = column * torch.where(live, torch.where(live, pivot, 1).rsqrt(), 0)[:, None]
        below = S[:, k + 1 :, k]
        rest[:, k + 1 :, k + 1 :] -= below[:, :, None] * below[:, None, :]
    if not bool(indefinite.any()):
        return S, None
    values, vectors = torch.linalg.eigh((bend + bend.mT) / 2)
    return vectors * values.abs().sqrt()[:, None], values.sign()
