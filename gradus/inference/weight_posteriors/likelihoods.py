"""The three likelihoods of a network's outputs: log-probability, and its curvature in the outputs."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gradus.arguments import refusal
from gradus.arguments.tensors import tensor
from gradus.text import Text

__all__ = ["LIKELIHOODS", "curvature", "log_likelihood"]

LIKELIHOODS = ("categorical", "bernoulli", "gaussian")


def log_likelihood(outputs: Tensor, targets: Any, likelihood: str, noise: float) -> float:
    """Ln p of a batch's targets, in nats, constants included, for outputs (n, C) in double precision.

    Raises:
        GradusError: targets of another kind or shape, or of classes that there are not.
    """
    if likelihood == "categorical":
        return -float(F.cross_entropy(outputs, _classes(targets, outputs), reduction="sum"))
    y = tensor("targets", targets, dtype="any", finite=True, meta=False).to(outputs)
    if y.shape != outputs.shape:
        shapes = f"{tuple(y.shape)}, {tuple(outputs.shape)}"
        raise refusal("targets", ("the shape of the model's outputs", "与模型输出相同的形状"), Text(shapes, shapes))  # fmt: skip
    if likelihood == "bernoulli":
        if not bool(((y >= 0) & (y <= 1)).all()):
            raise refusal("targets", ("numbers from 0 to 1", "0 到 1 的数"), targets)
        return -float(F.binary_cross_entropy_with_logits(outputs, y, reduction="sum"))
    misfit = float((y - outputs).square().sum())
    return -misfit / (2 * noise) - y.numel() * math.log(2 * math.pi * noise) / 2


def curvature(outputs: Tensor, likelihood: str, noise: float) -> Tensor:
    """Λ (n, C, C), the second derivative of −ln p by the outputs (n, C), which no target enters."""
    if likelihood == "categorical":
        p = outputs.softmax(-1)
        return torch.diag_embed(p) - p[:, :, None] * p[:, None, :]
    if likelihood == "bernoulli":
        p = outputs.sigmoid()
        return torch.diag_embed(p * (1 - p))
    return torch.eye(outputs.shape[1]).to(outputs).expand(len(outputs), -1, -1) / noise


def _classes(targets: Any, outputs: Tensor) -> Tensor:
    y = tensor("targets", targets, dtype="integer", meta=False).to(outputs.device).long()
    C = outputs.shape[1]
    if y.shape != outputs.shape[:1]:
        shapes = str(tuple(y.shape))
        raise refusal("targets", (f"{len(outputs)} labels", f"{len(outputs)} 个标签"), Text(shapes, shapes))
    low, high = int(y.min()), int(y.max())
    if C < 2 or low < 0 or high >= C:
        came = Text(f"{low} to {high}, and {C} outputs", f"{low} 到 {high}，而输出有 {C} 个")
        raise refusal("targets", (f"classes from 0 to {max(C, 2) - 1}", f"0 到 {max(C, 2) - 1} 的类别"), came)
    return y
