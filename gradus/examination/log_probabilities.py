"""Losses that take the logarithms of probabilities, and are given something else, as outputs or as targets."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.examination.batches import copied
from gradus.examination.loss_kinds import class_axis, loss_at
from gradus.examination.outcomes import table_of, with_main
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section

SUM = 1e-2  # by how much probabilities may miss the sum 1, and logarithms of them the sum's logarithm 0
STRAIGHT = 1e-2  # by how much the fall of the loss may differ between a number added once and seven times


def logarithms(subject: Subject, section: Section, outputs: Any, main: Tensor, targets: Any) -> None:
    """Whether a loss that falls without end with the outputs' size gets logarithms of probabilities."""
    if not isinstance(targets, Tensor):
        return
    axis = _axis(main, targets)
    if axis is None or main.shape[axis] < 2:
        return
    fall = _fall(subject, outputs, main, targets)
    if fall is None:
        return
    wide = main.double()
    if float(wide.logsumexp(axis).abs().max()) >= SUM:
        summed = float((wide.sum(axis) - 1).abs().max()) < SUM and bool((wide >= 0).all())
        kind = (
            ("probabilities", "概率")
            if summed
            else ("scores that are no log-probabilities", "并非对数概率的得分")
        )
        section.find(
            "fault", "nll-of-scores",
            ("the loss takes log-probabilities, and gets something else", "损失需要对数概率，得到的却不是"),
            (f"a 1 added to all outputs lowers it by {fall:.4g}, without end; the outputs are {kind[0]}", f"所有输出加 1，损失就减 {fall:.4g}，没有止境；而输出是{kind[1]}"),
            ("end the model with log_softmax, or use cross_entropy on the logits", "请以 log_softmax 结束模型，或对 logits 用 cross_entropy"),
            ("nll", "kl", "softmax-cross-entropy"),
        )  # fmt: skip
    if targets.is_floating_point() and _distributions(targets, axis):
        _log_targets(subject, section, outputs, main, targets, axis)


def _axis(main: Tensor, targets: Tensor) -> int | None:
    """The axis of the classes, where targets are labels, sequences of labels, or distributions or their logarithms."""
    if not targets.is_floating_point():
        sequences = main.dim() == 3 and targets.dim() == 2  # as CTC has them
        return class_axis(main, targets) if sequences or table_of(main, targets) is not None else None
    if targets.shape != main.shape or main.dim() < 2:
        return None
    for axis in (-1, 1):
        if _distributions(targets, axis) or float(targets.double().logsumexp(axis).abs().max()) < SUM:
            return axis
    return None


def _distributions(targets: Tensor, axis: int) -> bool:
    y = targets.double()
    return bool((y >= 0).all()) and float((y.sum(axis) - 1).abs().max()) < SUM


def _fall(subject: Subject, outputs: Any, main: Tensor, targets: Tensor) -> float | None:
    """By how much the loss falls for each 1 that is added to all outputs; None where it does not, or not evenly."""
    try:
        at, once, often = (loss_at(subject, outputs, main + c, targets) for c in (0.0, 1.0, 8.0))
    except Exception:
        return None  # a loss that refuses such outputs takes no logarithms
    fall = at - once
    if not all(map(math.isfinite, (at, once, often))) or fall <= 1e-4 * max(abs(at), 1e-3):
        return None
    return fall if abs((once - often) / 7 - fall) < STRAIGHT * fall else None


def _log_targets(
    subject: Subject, section: Section, outputs: Any, main: Tensor, targets: Tensor, axis: int
) -> None:
    """Whether the loss weights the outputs by the targets, or by what they are the logarithms of."""
    leaf = main.detach().clone().requires_grad_()
    with torch.enable_grad():
        value = subject.loss(with_main(copied(outputs), leaf), copied(targets))
        (slope,) = torch.autograd.grad(value, leaf)
    weights, y = -slope.double(), targets.double()
    size = weights.sum(axis, keepdim=True)
    if not bool((size > 0).all()):
        return
    shares = weights / size
    by_target, by_power = (float((shares - p).abs().max()) for p in (y, y.softmax(axis)))
    if by_power < 1e-4 and by_target > SUM:
        section.find(
            "fault", "targets-no-logarithms",
            ("the loss takes logarithms of probabilities as targets, and gets probabilities", "损失需要对数概率作为目标，得到的却是概率"),
            (f"it weights the outputs by e to the power of the targets: shares from {float(shares.min()):.2g} to {float(shares.max()):.2g}, where the targets go from {float(y.min()):.2g} to {float(y.max()):.2g}", f"它以 e 的目标次方为各输出的权重：份额在 {float(shares.min()):.2g} 与 {float(shares.max()):.2g} 之间，而目标在 {float(y.min()):.2g} 与 {float(y.max()):.2g} 之间"),
            ("leave log_target=True out, or give the logarithms of the targets", "请去掉 log_target=True，或给出目标的对数"),
            ("kl", "cross-entropy"),
        )  # fmt: skip
