"""Batch norms in evaluation mode: whether their statistics are those of the data."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from gradus.examination.batches import length
from gradus.examination.subject import NORMS, Subject
from gradus.examination.verdicts import Section
from gradus.text import Text

FACTOR, SHIFT = (
    4.0,
    1.5,
)  # of variances, and of means in standard deviations, between which statistics are the data's


def statistics(subject: Subject, section: Section) -> None:
    """What enters each batch norm that evaluates, beside its running mean and variance."""
    norms = {
        n: m
        for n, m in subject.model.named_modules()
        if isinstance(m, NORMS) and not m.training and m.running_mean is not None
    }
    if not norms:
        return
    sums: dict[str, list[Tensor]] = {}

    def hook(name: str) -> Callable[..., None]:
        def hear(_: nn.Module, args: tuple[Tensor, ...]) -> None:
            x = args[0].detach().double().transpose(0, 1).flatten(1)
            part = torch.stack(
                [torch.full((len(x),), float(x.shape[1]), dtype=x.dtype), x.sum(1), x.square().sum(1)]
            )
            sums.setdefault(name, []).append(part)

        return hear

    handles = [m.register_forward_pre_hook(hook(n)) for n, m in norms.items()]
    seen = 0
    try:
        with torch.no_grad():
            for inputs, _ in subject.train.batches:
                subject.run(inputs)
                seen += length(inputs)
                if seen >= 1024:
                    break
    finally:
        for handle in handles:
            handle.remove()
    worst = []
    for name, parts in sums.items():
        count, total, squares = torch.stack(parts).sum(0)
        mean = total / count
        variance = (squares / count - mean**2).clamp_min(0)
        running: Tensor = norms[name].running_var.double() + norms[name].eps  # type: ignore[union-attr]
        ratio = float(((variance + norms[name].eps) / running).log().abs().median().exp())
        shift = float(((mean - norms[name].running_mean.double()).abs() / running.sqrt()).median())  # type: ignore[union-attr]
        worst.append((max(ratio / FACTOR, shift / SHIFT), name, ratio, shift))
    excess, name, ratio, shift = max(worst)
    section.values["norm_variance_ratio"] = ratio
    if excess > 1 and math.isfinite(excess):
        never = int(getattr(norms[name], "num_batches_tracked", None) or 0) == 0
        tail = (
            ("; it never saw a batch in training mode", "；它从未在训练模式下见过任何批次")
            if never
            else ("", "")
        )
        section.find(
            "warning", "norm-stale",
            (f"the statistics of batch norm {name} are not those of the data", f"批归一化 {name} 的统计量与数据不符"),
            (f"in evaluation mode variances differ by a factor of {ratio:.3g}, means by {shift:.2g} standard deviations (medians over the channels, {seen:,} samples){tail[0]}", f"评估模式下，方差相差 {ratio:.3g} 倍，均值相差 {shift:.2g} 个标准差（各通道的中位数，{seen:,} 个样本）{tail[1]}"),
            ("pass training data through it in training mode, or look for a difference in how inputs are prepared", "请在训练模式下让训练数据通过它，或检查输入的预处理是否不同"),
            ("batch-norm",),
        )  # fmt: skip


def norm_checks() -> tuple[tuple[Text, Callable[[Subject, Section], None]], ...]:
    """The check of batch norms."""
    return ((Text("statistics of batch norms", "批归一化的统计量"), statistics),)
