"""What the functions of distributions take: a `torch.distributions` object, and outcomes that fit it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch import distributions as D

from gradus.arguments import refusal
from gradus.arguments.tensors import same_device, tensor
from gradus.text import Text

__all__ = ["require_distribution", "require_outcomes"]


def require_distribution(name: str, value: Any) -> None:
    """Refuses what is no `torch.distributions` object.

    Raises:
        GradusError: it is none.
    """
    if not isinstance(value, D.Distribution):
        en, zh = (
            "a torch.distributions object, such as Normal(0., 1.)",
            " torch.distributions 的对象，例如 Normal(0., 1.)",
        )
        raise refusal(name, (en, zh), value, kind=True)


def require_outcomes(distribution: Any, x: Any) -> None:
    """Refuses what is no distribution, and what are no outcomes of it: real or boolean tensors that broadcast with it.

    Raises:
        GradusError: an argument is none, lies on another device, or has another shape.
    """
    require_distribution("distribution", distribution)
    tensor("x", x, dtype="any" if isinstance(x, Tensor) and x.dtype == torch.bool else "real")
    one = next((v for v in vars(distribution).values() if isinstance(v, Tensor)), None)
    same_device(distribution=one, x=x)
    event = len(distribution.event_shape)
    try:
        if x.ndim < event or x.shape[x.ndim - event :] != distribution.event_shape:
            raise RuntimeError
        torch.broadcast_shapes(x.shape[: x.ndim - event], distribution.batch_shape)
    except RuntimeError:
        kind, want = type(distribution).__name__, (*distribution.batch_shape, *distribution.event_shape)
        expected = (
            f"a shape that broadcasts with {kind} of shape {want}",
            f"可与形状为 {want} 的 {kind} 广播的形状",
        )
        raise refusal("x", expected, Text(str(tuple(x.shape)), str(tuple(x.shape)))) from None
