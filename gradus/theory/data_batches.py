"""Data as the instruments take them, and what they ask of a model and a loss before a batch may stand for its samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from gradus.arguments import refusal
from gradus.text import Text


def batches(data: Any, name: str = "data", *, again: bool = False) -> Iterable[Any]:
    """The pairs (inputs, targets): the one pair of tensors, or what yields batches of such pairs.

    Args:
        data: as the user gave them.
        name: of the argument.
        again: whether they are gone through more than once, so that an iterator is refused.

    Raises:
        GradusError: they are neither, or can be gone through once only.
    """
    if isinstance(data, (tuple, list)) and len(data) == 2 and isinstance(data[0], Tensor):
        return [data]
    if isinstance(data, (str, bytes, dict, Tensor)) or not isinstance(data, Iterable):
        raise refusal(name, ("a pair (inputs, targets) or batches of such pairs", "一对 (inputs, targets) 或由其构成的批次"), data, kind=True)  # fmt: skip
    if again and isinstance(data, Iterator):
        raise refusal(name, ("batches that can be gone through again", "可重复遍历的批次"), data, ("give list(data)", "请用 list(data)"), kind=True)  # fmt: skip
    return data


def require_determined(model: nn.Module) -> None:
    """Refuses layers that draw at random or mix the samples of a batch.

    Raises:
        GradusError: there is one.
    """
    for name, part in model.named_modules():
        mixes = isinstance(part, _BatchNorm) and (part.training or part.running_mean is None)
        rate = getattr(part, "p", 0.0) if isinstance(part, _DropoutNd) else getattr(part, "dropout", 0.0)
        if mixes or (part.training and isinstance(rate, (int, float)) and rate > 0):
            kind = type(part).__name__
            raise refusal(
                "model",
                ("layers whose outputs are determined, sample by sample", "输出确定且逐样本的层"),
                Text(f"{kind} {name} in training mode", f"处于训练模式的 {kind} {name}"),
                ("call model.eval()", "请调用 model.eval()"),
            )


def require_mean(value: Callable[[slice], float], n: int, dtype: torch.dtype, mean: bool = True) -> None:
    """Refuses a loss that is no mean, or no sum, of those of a batch's parts; with weights, or ignored samples, it is not.

    Args:
        value: the loss of a part of the batch.
        n: samples of the batch; one or two cannot tell.
        dtype: that it is computed in.
        mean: whether it is to be the mean, else the sum.

    Raises:
        GradusError: it is neither.
    """
    cut = n // 3
    if not cut:
        return
    whole, first, second = (value(part) for part in (slice(None), slice(cut), slice(cut, None)))
    shares = (cut / n, 1 - cut / n) if mean else (1.0, 1.0)
    size = shares[0] * abs(first) + shares[1] * abs(second)
    if abs(shares[0] * first + shares[1] * second - whole) > 64 * torch.finfo(dtype).eps ** 0.75 * size:
        raise refusal(
            "loss",
            ("a mean over the samples", "对样本的平均") if mean else ("a sum over the samples", "对样本求和"),
            Text("one that weights samples or mixes them", "对样本加权或混合样本的损失"),
            ("give a loss that sums, with mean=False, or all data as one batch", "请用求和的损失并设 mean=False，或把全部数据作为一个批次"),
        )  # fmt: skip
