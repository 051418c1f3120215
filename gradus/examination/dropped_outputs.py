"""Outputs that are dropped at random on their way into the loss."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gradus.examination.batches import copied, length, mapped, rows
from gradus.examination.outcomes import main_of, table_of
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Section, Unchecked

MOST, DEEPEST = 64, 64  # samples; operations that are followed back from the outputs
# By the names of autograd's nodes: what leaves an output that was dropped where it was, one number for each
PASSING = {
    "AliasBackward", "CloneBackward", "ContiguousBackward", "DivBackward", "EluBackward", "ExpBackward", "ExpandBackward",
    "FlipBackward", "GeluBackward", "HardtanhBackward", "IndexBackward", "LeakyReluBackward", "LogBackward", "LogSigmoidBackward",
    "LogSoftmaxBackward", "NegBackward", "PermuteBackward", "ReluBackward", "ReshapeAliasBackward", "SelectBackward",
    "SigmoidBackward", "SiluBackward", "SliceBackward", "SoftmaxBackward", "SoftplusBackward", "SqueezeBackward", "TBackward",
    "TanhBackward", "ToCopyBackward", "TransposeBackward", "UnsafeViewBackward", "UnsqueezeBackward", "ViewBackward",
}  # fmt: skip


def dropped(subject: Subject, section: Section) -> None:
    """Whether in training mode a random mask of zeros lies on the outputs, with nothing learnt after it."""
    inputs, targets = subject.train.batches[0]
    n = min(length(inputs), MOST)
    inputs = rows(inputs, slice(n))
    with _training(subject.model):
        one, two = _mask(subject, inputs), _mask(subject, inputs)
    if one is None or two is None or one[0].shape != two[0].shape:
        return
    (mask, main), (other, _) = one, two
    share = float((mask == 0).double().mean())
    if bool((mask == other).all()) or not share:
        return  # a mask that is the same each time is part of the model
    judged = table_of(main, rows(targets, slice(n))) is not None or (
        isinstance(targets, Tensor) and main.numel() == rows(targets, slice(n)).numel()
    )
    section.find(
        "warning" if judged else "note", "outputs-dropped",
        ("outputs are dropped at random in training", "训练时输出被随机丢弃"),
        (f"{share:.0%} of what enters the loss is set to 0 in one call, others in the next, with no layer after it", f"一次调用中，进入损失的数有 {share:.0%} 被置零，下一次则是另一些，其后再无任何层"),
        ("take the dropout away from the output layer: it belongs before a layer that is learnt, which makes up for what is dropped", "请去掉输出层的 dropout：它应放在某个可学习的层之前，由该层来弥补被丢弃的部分"),
        ("dropout", "softmax-cross-entropy"),
    )  # fmt: skip


@contextlib.contextmanager
def _training(model: nn.Module) -> Iterator[None]:
    """A model that evaluates, in training mode; another as it stands."""
    modes = [(m, m.training) for m in model.modules()]
    try:
        if not model.training:
            model.train()
        yield
    finally:
        for module, mode in modes:
            module.training = mode


def _mask(subject: Subject, inputs: Any) -> tuple[Tensor, Tensor] | None:
    """The mask that is multiplied to the outputs at last, and the outputs; None where no such stands at their end."""
    with torch.enable_grad():
        given = mapped(copied(inputs), lambda t: t.requires_grad_().clone() if t.is_floating_point() else t)
        main = main_of(subject.model(given))
    if not isinstance(main, Tensor) or main.grad_fn is None:
        raise Unchecked("the outputs have no graph", "输出没有计算图")
    node: Any = main.grad_fn
    for _ in range(DEEPEST):
        if node is None:
            return None
        name = type(node).__name__.rstrip("0123456789")
        mask = _masked_by(node, name)
        if mask is not None and mask.numel() > 1 and bool((mask == 0).any()):
            return mask, main.detach()
        below = [f for f, _ in node.next_functions if f is not None]
        if name == "AddBackward":  # a bias after the mask
            below = [f for f in below if type(f).__name__ != "AccumulateGrad"]
        elif name not in PASSING and name not in ("MulBackward", "MaskedFillBackward", "WhereBackward"):
            return None
        if len(below) != 1:
            return None
        node = below[0]
    return None


def _masked_by(node: Any, name: str) -> Tensor | None:
    """What an operation multiplies or fills by, where that is no result of the model's parameters."""
    if name == "NativeDropoutBackward":
        return _tensor(node, "_saved_result1")
    if name == "MulBackward":
        first, second = ([*node.next_functions, (None, 0)])[:2]
        if first[0] is None:
            return _tensor(node, "_saved_self")
        return _tensor(node, "_saved_other") if second[0] is None else None
    if name == "MaskedFillBackward":
        mask = _tensor(node, "_saved_mask")
        return None if mask is None else ~mask
    return _tensor(node, "_saved_condition") if name == "WhereBackward" else None


def _tensor(node: Any, name: str) -> Tensor | None:
    value = getattr(node, name, None)
    return value.detach() if isinstance(value, Tensor) else None
