"""Figures of merit for a batch."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gradus.arguments.tensors import same_device, tensor
from gradus.errors import GradusError
from gradus.text import Text

IGNORED = -100  # PyTorch's number of a class that does not count


def accuracy(outputs: Float[Tensor, "n classes"], targets: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """The share of samples whose largest output is the target's: (1/n) Σ [argmax_k o_ik = y_i].

    Of equal largest outputs the first counts; a row with NaN is wrong, whatever its target; targets of −100, which
    PyTorch's losses ignore, are left out.

    Args:
        outputs: scores of at least two classes, (…, classes).
        targets: class numbers from 0, of the outputs' shape without the last axis.

    Raises:
        GradusError: for other shapes, types or classes.
    """
    _check(outputs, targets)
    counts = targets != IGNORED
    right = (outputs.argmax(dim=-1) == targets) & ~outputs.isnan().any(dim=-1)
    return right.sum().to(torch.float32) / counts.sum()


def counted(targets: Tensor) -> Tensor | None:
    """How many targets of each sample the accuracy counts; None where it counts all."""
    counts = targets != IGNORED
    return None if bool(counts.all()) else counts.reshape(len(targets), -1).sum(1).double()


def _check(outputs: Any, targets: Any) -> None:
    tensor("outputs", outputs, dtype="real", meta=False)
    tensor("targets", targets, dtype="any", meta=False)
    same_device(outputs=outputs, targets=targets)
    if (
        outputs.dim() < 2
        or outputs.shape[-1] < 2
        or targets.shape != outputs.shape[:-1]
        or not targets.numel()
    ):
        got = f"{tuple(outputs.shape)}, {tuple(targets.shape)}"
        raise GradusError(
            Text(
                f"expected outputs of shape (n, classes), at least two, and targets of shape (n,), got {got}: a column of "
                "targets is made a row by targets.squeeze(1)",
                f"输出的形状应为 (n, 类别数)（至少两类），目标应为 (n,)，实际为 {got}；一列目标可用 targets.squeeze(1) 展平",
            )
        )
    if targets.is_floating_point() or targets.is_complex():
        raise GradusError(
            Text(
                f"expected whole numbers as targets, got {targets.dtype}",
                f"目标应为整数，实际为 {targets.dtype}",
            )
        )
    classes = outputs.shape[-1]
    if targets.dtype != torch.bool and bool(
        (((targets < 0) & (targets != IGNORED)) | (targets >= classes)).any()
    ):
        low, high = int(targets.min()), int(targets.max())
        raise GradusError(
            Text(
                f"expected targets from 0 to {classes - 1}, or {IGNORED} for those that do not count, got {low} to {high}",
                f"目标应在 0 到 {classes - 1} 之间（或以 {IGNORED} 表示不计入），实际为 {low} 到 {high}",
            )
        )
