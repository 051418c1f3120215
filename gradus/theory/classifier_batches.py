"""The data of a classifier, batch by batch, and its margins on them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.arguments.tensors import module, same_device, tensor
from gradus.optimization.unchanged_model import outside_of_inference
from gradus.text import Text
from gradus.theory.data_batches import batches


def batches_of(model: nn.Module, data: Iterable[Any]) -> Iterator[tuple[str, Tensor, Tensor]]:
    """The name of the labels in messages, inputs and labels, outside of inference mode; samples of one shape throughout.

    Raises:
        GradusError: no module, no batch, or batches that are no pairs of inputs and as many labels.
    """
    module("model", model)
    return _batches(batches(data))


def _batches(data: Iterable[Any]) -> Iterator[tuple[str, Tensor, Tensor]]:
    shape = None
    for index, batch in enumerate(data):
        inputs, labels = _pair(index, batch)
        if shape is not None and inputs.shape[1:] != shape:
            shapes = f"{tuple(inputs.shape[1:])}, {tuple(shape)}"
            raise refusal(
                f"data[{index}][0]", ("samples of one shape", "形状相同的样本"), Text(shapes, shapes)
            )
        shape = inputs.shape[1:]
        yield f"data[{index}][1]", inputs, labels
    if shape is None:
        raise refusal("data", ("at least one batch", "至少一个批次"), Text("none", "没有批次"))


def _pair(index: int, batch: Any) -> tuple[Tensor, Tensor]:
    if not isinstance(batch, (tuple, list)) or len(batch) != 2:
        raise refusal(f"data[{index}]", ("a pair (inputs, labels)", "一对 (inputs, labels)"), batch, kind=True)  # fmt: skip
    inputs = tensor(f"data[{index}][0]", batch[0], finite=True, meta=False)
    labels = tensor(f"data[{index}][1]", batch[1], dtype="integer", meta=False)
    if inputs.dim() < 2 or not len(inputs) or labels.shape != inputs.shape[:1]:
        shapes = f"{tuple(inputs.shape)}, {tuple(labels.shape)}"
        raise refusal(f"data[{index}]", ("inputs (n, …) and n labels", "输入 (n, …) 与 n 个标签"), Text(shapes, shapes))  # fmt: skip
    same_device(inputs=inputs, labels=labels)
    return outside_of_inference(inputs), outside_of_inference(labels).long()


def margins_of(f: Tensor, labels: Tensor, name: str) -> Tensor:
    """(n,), the label's output less the largest other one; of a single output f, −f for label 0 and f for label 1.

    Raises:
        GradusError: labels that are no classes of these outputs.
    """
    require_classes(f, labels, name)
    if f.shape[1] == 1:
        return f[:, 0] * (2 * labels - 1)
    own = f.gather(1, labels[:, None])
    others = f.scatter(1, labels[:, None], -math.inf)
    return own[:, 0] - others.amax(1)


def require_classes(f: Tensor, labels: Tensor, name: str) -> None:
    """Refuses labels that are no classes of these outputs.

    Raises:
        GradusError: one is.
    """
    classes = max(f.shape[1], 2)
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= classes:
        raise refusal(name, (f"classes from 0 to {classes - 1}", f"0 到 {classes - 1} 的类别"), Text(f"{low} to {high}", f"{low} 到 {high}"))  # fmt: skip
