"""What a model returns: the tensor among it that is judged, and a classifier's rows of scores."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import Tensor

IGNORED = -100  # PyTorch's own mark of a target that does not count


def main_of(outputs: Any) -> Any:
    """The tensor that is judged: the outputs, what they call logits, or their first tensor of real numbers.

    Returns None where there is none.
    """
    if isinstance(outputs, Tensor):
        return outputs
    if isinstance(outputs, Mapping):
        if isinstance(outputs.get("logits"), Tensor):
            return outputs["logits"]
        return next((v for v in outputs.values() if _real(v)), None)
    logits = getattr(outputs, "logits", None)
    if isinstance(logits, Tensor):
        return logits
    if isinstance(outputs, (tuple, list)):
        return next((v for v in outputs if _real(v)), None)
    return None


def with_main(outputs: Any, main: Any) -> Any:
    """What the model returned, with another tensor in that one's place."""
    old = main_of(outputs)
    if outputs is old or isinstance(outputs, Tensor) or old is None:
        return main
    if isinstance(outputs, Mapping):
        new = copy.copy(outputs)
        for key, value in outputs.items():
            if value is old:
                new[key] = main  # type: ignore[index]
                return new
    if isinstance(outputs, (tuple, list)):
        parts = [main if v is old else v for v in outputs]
        return type(outputs)(*parts) if hasattr(outputs, "_fields") else type(outputs)(parts)
    new = copy.copy(outputs)
    new.logits = main  # type: ignore[attr-defined]
    return new


def _real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def table_of(main: Any, targets: Any) -> tuple[Tensor, Tensor] | None:
    """Rows of scores (N, C) and labels (N) that are not ignored; None where this is no classifier with C ≥ 2 classes."""
    if not isinstance(main, Tensor) or not isinstance(targets, Tensor) or not main.is_floating_point():
        return None
    if targets.is_floating_point() or targets.is_complex() or targets.dtype.itemsize < 1:
        return None
    if main.dim() != targets.dim() + 1:
        if main.dim() == 2 and targets.dim() == 2 and targets.shape[1] == 1 and main.shape[1] > 1:
            targets = targets[:, 0]
        else:
            return None
    if main.shape[:1] + main.shape[2:] == targets.shape:
        z = main.movedim(1, -1)
    elif main.shape[:-1] == targets.shape:
        z = main
    else:
        return None
    if z.shape[-1] < 2:
        return None
    labels = targets.reshape(-1).long()
    keep = labels != IGNORED
    return z.reshape(-1, z.shape[-1])[keep], labels[keep]
