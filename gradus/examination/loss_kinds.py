"""What kind of loss a function is, found out by calling it: whether it takes the softmax itself, sums, or mixes pairs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from gradus.examination.batches import copied, rows
from gradus.examination.outcomes import main_of, with_main
from gradus.examination.subject import Subject
from gradus.examination.verdicts import Unchecked

LARGE = 10.0  # root mean square of real targets beside which outputs of size 1 would not be seen


def sample(subject: Subject) -> tuple[Any, Tensor, Any]:
    """What the model returned for the first batch, the main tensor of it, and the targets.

    Raises:
        Unchecked: it returns no tensor of real numbers.
    """
    outputs = subject.outputs()[0]
    main = main_of(outputs)
    if not isinstance(main, Tensor) or not main.is_floating_point():
        raise Unchecked("the model returns no tensor of real numbers", "模型未返回实数张量")
    return outputs, main, subject.train.batches[0][1]


def loss_at(subject: Subject, outputs: Any, main: Tensor, targets: Any) -> float:
    """The loss of outputs whose main tensor is this one.

    Raises:
        Unchecked: it is no number.
    """
    with torch.no_grad():
        value = subject.loss(with_main(copied(outputs), main.clone()), copied(targets))
    if not isinstance(value, Tensor) or value.numel() != 1:
        raise Unchecked("the loss is no tensor of one number", "损失不是单个数的张量")
    return float(value)


def near(a: float, b: float, tolerance: float = 1e-4) -> bool:
    """Whether two losses are one but for rounding."""
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= tolerance * max(abs(a), abs(b), 1e-3)


def is_cross_entropy(subject: Subject) -> bool:
    """Whether adding a number to all scores of a row changes nothing, though changing one of them does: a softmax is inside."""
    outputs, main, targets = sample(subject)
    if main.dim() < 2:
        return False
    axis = _class_axis(main, targets)
    if main.shape[axis] < 2:
        return False
    generator = torch.Generator().manual_seed(subject.seed)
    shape = [1 if k == axis % main.dim() else s for k, s in enumerate(main.shape)]
    size, middle = scale_of(targets)
    shift = size * torch.randn(shape, generator=generator).to(main)
    scores = middle + size * torch.randn(main.shape, generator=generator).to(main)
    at, shifted = (loss_at(subject, outputs, m, targets) for m in (scores, scores + shift))
    stirred = loss_at(subject, outputs, scores.roll(1, axis), targets)
    return near(at, shifted) and not near(at, stirred, 1e-6)


def _class_axis(main: Tensor, targets: Any) -> int:
    if (
        isinstance(targets, Tensor)
        and not targets.is_floating_point()
        and main.shape[:1] + main.shape[2:] == targets.shape
    ):
        return 1
    return -1


def class_axis(main: Tensor, targets: Any) -> int:
    """The axis of the classes: the second, or the last."""
    return _class_axis(main, targets)


def scale_of(targets: Any) -> tuple[float, float]:
    """Deviation and mean that drawn outputs need for the loss to see them beside the targets: 1 and 0 but for large real ones."""
    if not isinstance(targets, Tensor) or not targets.is_floating_point() or targets.numel() < 2:
        return 1.0, 0.0
    y = targets.double()
    size = float(y.square().mean().sqrt())
    if not math.isfinite(size) or size <= LARGE:
        return 1.0, 0.0
    return max(float(y.std()), 1e-3 * size), float(y.mean())


def is_sum(subject: Subject) -> bool:
    """Whether the loss of a batch is the sum, not the mean, of those of its samples: that of the batch twice is doubled."""
    outputs, main, targets = sample(subject)
    if not isinstance(targets, Tensor) or len(main) != len(targets):
        raise Unchecked(
            "the targets are no tensor with a row for each output", "目标不是与输出逐行对应的张量"
        )
    once = loss_at(subject, outputs, main, targets)
    try:
        twice = loss_at(subject, outputs, torch.cat([main, main]), torch.cat([targets, targets]))
    except Exception:
        if isinstance(outputs, Tensor):
            raise
        return False  # the loss reads more of the outputs than this tensor, which stays as long as it was
    return near(twice, 2 * once) and not near(twice, once)


def mixes_pairs(subject: Subject) -> tuple[float, float] | None:
    """The loss with targets in their order and in another, where the two are one though the targets differ; else None."""
    outputs, main, targets = sample(subject)
    if not isinstance(targets, Tensor) or len(main) != len(targets) or len(targets) < 3:
        raise Unchecked("too few targets", "目标太少")
    order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(subject.seed))
    moved = rows(targets, order)
    if torch.equal(moved, targets):
        raise Unchecked("all targets are equal", "所有目标都相同")
    size, middle = scale_of(targets)
    drawn = torch.randn(main.shape, generator=torch.Generator().manual_seed(subject.seed)).to(main)
    if size != 1.0:
        drawn = middle + size * drawn
    elif main.min() >= 0:
        drawn = drawn.sigmoid()  # a loss that takes probabilities alone
    values = [loss_at(subject, outputs, drawn, t) for t in (targets, moved)]
    return (values[0], values[1]) if near(values[0], values[1], 1e-6) else None
