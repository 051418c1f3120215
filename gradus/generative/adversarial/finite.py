"""A run of training stops where a number is none, and says where."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["require_finite", "require_finite_gradients"]


def require_finite(step: int, what: tuple[str, str], *values: Tensor) -> None:
    """Refuses values that are not finite.

    Raises:
        GradusError: with the step and what they are.
    """
    for value in values:
        if not math.isfinite(value.detach().sum().item()) and not bool(value.detach().isfinite().all()):
            raise _stopped(step, what)


def require_finite_gradients(step: int, owner: tuple[str, str], part: nn.Module) -> float:
    """The length of all gradients of a module, in double precision.

    Raises:
        GradusError: one is not finite: with the step and the name of its parameter.
    """
    found = [(name, p.grad) for name, p in part.named_parameters() if p.grad is not None]
    if not found:
        return 0.0
    norms = torch.stack([g.detach().double().norm() for _, g in found])
    total = float(norms.norm())
    if not math.isfinite(total):
        name = next(
            name for (name, _), norm in zip(found, norms.tolist(), strict=True) if not math.isfinite(norm)
        )
        raise _stopped(step, (f"the gradient of {name} of {owner[0]}", f"{owner[1]}的参数 {name} 的梯度"))
    return total


def _stopped(step: int, what: tuple[str, str]) -> GradusError:
    return GradusError(
        Text(
            f"step {step}: expected finite numbers, got NaN or ±∞ in {what[0]}; take a smaller learning_rate, or a gradient penalty",
            f"第 {step} 步：应为有限数，而{what[1]}含有 NaN 或 ±∞；请减小 learning_rate，或加上梯度惩罚",
        )
    )
