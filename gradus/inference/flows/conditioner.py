"""What the layers of a flow share: their arguments, and networks that put out log-scales and shifts."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from gradus.arguments import number, refusal, whole
from gradus.arguments.shapes import Sizes
from gradus.arguments.tensors import same_kind, tensor

__all__ = ["LIMIT", "dense", "floating", "limited", "log_scales", "points", "widths", "zero_last"]

LIMIT = 3.0  # e³ = 20: by how much one layer stretches an axis at most, unless told otherwise


def floating(dtype: Any) -> Any:
    """A floating-point dtype of PyTorch, or None.

    Raises:
        GradusError: it is neither.
    """
    if dtype is None or (isinstance(dtype, torch.dtype) and dtype.is_floating_point):
        return dtype
    noun = ("a floating-point dtype of torch, such as torch.float64", "torch 的浮点类型，例如 torch.float64")
    raise refusal("dtype", noun, dtype, kind=True)


def widths(hidden: Any) -> tuple[int, ...]:
    """The widths of hidden layers: a tuple or list of whole numbers, perhaps empty.

    Raises:
        GradusError: it is none.
    """
    if not isinstance(hidden, (tuple, list)):
        noun = ("the widths of the hidden layers, such as (64, 64)", "各隐藏层的宽度，例如 (64, 64)")
        raise refusal("hidden", noun, hidden, kind=True)
    return tuple(whole("hidden", h, least=1) for h in hidden)


def limited(limit: Any) -> float | None:
    """The largest log-scale: a number above 0, or None.

    Raises:
        GradusError: it is neither.
    """
    return None if limit is None else float(number("limit", limit, above=0))


def points(name: str, value: Any, features: int, like: Tensor, finite: bool = False) -> Tensor:
    """A tensor (…, features), of the precision and on the device of a layer's parameters.

    Raises:
        GradusError: it is none.
    """
    sizes = Sizes()
    sizes["features"] = (features, "the flow")
    x = tensor(name, value, "*batch features", sizes, finite=finite)
    same_kind(parameters=like, **{name: x})
    return x


def log_scales(raw: Tensor, limit: float | None) -> Tensor:
    """Between −limit and limit, and nearly `raw` where that is small."""
    return raw if limit is None else limit * torch.tanh(raw / limit)


def dense(inputs: int, outputs: int, hidden: Sequence[int], **kind: Any) -> nn.Sequential:
    """Linear layers with SiLU between them; the last puts out 0 at first, so that a flow begins as the identity."""
    sizes = [inputs, *hidden, outputs]
    layers: list[nn.Module] = []
    for a, b in pairwise(sizes):
        layers += [nn.Linear(a, b, **kind), nn.SiLU()]
    return zero_last(nn.Sequential(*layers[:-1]))


def zero_last(network: nn.Sequential) -> nn.Sequential:
    """The network with the parameters of its last layer 0."""
    for p in network[-1].parameters():
        nn.init.zeros_(p)
    return network
