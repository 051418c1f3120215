"""The second derivative of a loss by a network's outputs, a matrix for each sample, and roots of it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from gradus.arguments import refusal
from gradus.optimization.batch_loss import Loss
from gradus.text import Text


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
    _require_sum(loss, z.detach().reshape(shape), targets, value.detach(), mean)
    wide = torch.promote_types(z.dtype, torch.float32)
    if not slope.requires_grad:
        return z.new_zeros(n, C, C, dtype=wide)
    rows = [
        torch.autograd.grad(slope[:, c].sum(), z, retain_graph=True, materialize_grads=True)[0]
        for c in range(C)
    ]
    return torch.stack(rows, 1).to(wide) * (n if mean else 1)


def _require_sum(loss: Loss, outputs: Tensor, targets: Any, value: Tensor, mean: bool) -> None:
    """That a batch's loss is the mean, or the sum, of those of its parts; with weights, or ignored samples, it is not."""
    n, cut = len(outputs), len(outputs) // 3
    if not cut:
        return
    first, second = (loss(outputs[p], targets[p]).detach() for p in (slice(cut), slice(cut, None)))
    share = cut / n if mean else 1.0
    rest = 1 - share if mean else 1.0
    size = share * abs(float(first)) + rest * abs(float(second))
    gap = abs(share * float(first) + rest * float(second) - float(value))
    if gap > 64 * torch.finfo(outputs.dtype).eps ** 0.75 * size:
        raise refusal(
            "loss",
            ("a mean over the samples, or a sum with mean=False", "对样本的平均，或求和并设 mean=False"),
            Text("one that weights samples or mixes them", "对样本加权或混合样本的损失"),
            ("give a loss that sums, with mean=False", "请用求和的损失并设 mean=False"),
        )


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
