"""What the generator and the discriminator share: sizes, kernels that double and halve, first weights, classes."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import refusal, whole
from gradus.arguments.tensors import concrete, same_device, tensor
from gradus.text import Text

DEVIATION = 0.02  # of the first weights
SLOPE = 0.2  # of the discriminator's activation below 0


def halvings(size: Any) -> tuple[int, int]:
    """The size that the first feature maps have, from 4 to 7, and how often it is doubled.

    Raises:
        GradusError: it is not such a number times a power of two from 2.
    """
    base, times = whole("size", size, least=1), 0
    while base >= 8 and base % 2 == 0:
        base, times = base // 2, times + 1
    if not 4 <= base <= 7 or not times:
        noun = (
            "4, 5, 6 or 7 times a power of two, such as 8, 28, 32 or 64",
            "4、5、6 或 7 乘以 2 的幂，例如 8、28、32 或 64",
        )
        raise refusal("size", noun, size, ("pad or resize the images", "请填充或缩放图像"))
    return base, times


def kernel_size(kernel: Any) -> tuple[int, int, int]:
    """The kernel that halves with stride 2, its padding, and the output padding with which its transpose doubles."""
    k = whole("kernel", kernel, least=2, most=64)
    padding = (k - 1) // 2
    return k, padding, 2 * padding + 2 - k


def start(part: nn.Module) -> None:
    """Draws the first weights, of PyTorch's own generator: N(0, 0.02²), gains N(1, 0.02²), shifts 0."""
    for layer in part.modules():
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)):
            nn.init.normal_(layer.weight, 0.0, DEVIATION)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, (nn.BatchNorm2d, nn.GroupNorm)):
            nn.init.normal_(layer.weight, 1.0, DEVIATION)
            nn.init.zeros_(layer.bias)


def one_hot(condition: Any, classes: int | None, given: Tensor) -> Tensor | None:
    """The classes as rows with a single 1, of the precision of what was given; None where there are none.

    Raises:
        GradusError: classes where the network knows none, none where it needs them, other numbers than there are.
    """
    if classes is None:
        if condition is not None:
            mend = ("make it with classes=…", "请以 classes=… 建立它")
            noun = ("None, for it knows no classes", "None，因为它不区分类别")
            raise refusal("condition", noun, condition, mend, kind=True)
        return None
    if condition is None:
        noun = (f"classes from 0 to {classes - 1}, one a sample", f"0 到 {classes - 1} 的类别，每个样本一个")
        raise refusal("condition", noun, condition, kind=True)
    found = tensor("condition", condition, dtype="integer")
    same_device(parameters=given, condition=found)
    if tuple(found.shape) != (len(given),):
        came = str(tuple(found.shape))
        noun = (f"one class a sample, ({len(given)},)", f"每个样本一个类别，({len(given)},)")
        raise refusal("condition", noun, Text(came, came))
    if concrete(found) and len(found) and not 0 <= int(found.min()) <= int(found.max()) < classes:
        came = f"{int(found.min())} … {int(found.max())}"
        raise refusal(
            "condition",
            (f"classes from 0 to {classes - 1}", f"0 到 {classes - 1} 的类别"),
            Text(came, came),
        )
    every = torch.arange(classes, device=given.device)
    return (found[:, None] == every).to(given.dtype)


def described(part: nn.Module, size: tuple[int, ...], classes: int | None, more: str = "") -> str:
    """The line that stands for a network."""
    count = sum(p.numel() for p in part.parameters())
    told = "" if classes is None else f", {classes} classes"
    return f"{type(part).__name__}({'×'.join(map(str, size))}{more}{told}, {count} parameters)"
