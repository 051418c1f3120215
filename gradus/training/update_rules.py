"""The updates of PyTorch's common optimisers as plain functions, for compiling a whole step.

They work on the state of PyTorch's own optimiser objects, in place and in its format, so that a run may change between
the compiled and the eager step at any time. `scalars` holds what changes from step to step; `keep` is a truth value,
without which nothing changes.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

Rule = Callable[[dict[str, Any], list[Tensor], list[Tensor], list[list[Tensor]], Tensor, Tensor], None]


def assign(old: Tensor, new: Tensor, keep: Tensor) -> None:
    """Set old ← new where `keep` is true."""
    old.copy_(torch.where(keep, new, old))


def sgd(
    group: dict[str, Any],
    parameters: list[Tensor],
    gradients: list[Tensor],
    state: list[list[Tensor]],
    scalars: Tensor,
    keep: Tensor,
) -> None:
    """Set b ← μ b + g; θ ← θ - η b, or θ - η (g + μ b) after Nesterov; b starts at 0, so the first b is g."""
    rate, damping = scalars[0], scalars[1]
    for number, (p, g) in enumerate(zip(parameters, gradients, strict=True)):
        g = g + group["weight_decay"] * p if group["weight_decay"] else g
        if group["momentum"]:
            b = group["momentum"] * state[0][number] + damping * g
            assign(state[0][number], b, keep)
            g = g + group["momentum"] * b if group["nesterov"] else b
        assign(p, p - rate * g, keep)


def adam(
    group: dict[str, Any],
    parameters: list[Tensor],
    gradients: list[Tensor],
    state: list[list[Tensor]],
    scalars: Tensor,
    keep: Tensor,
) -> None:
    """Set m ← β₁ m + (1-β₁) g; v ← β₂ v + (1-β₂) g²; θ ← θ - η/(1-β₁ᵗ) m / (√v/√(1-β₂ᵗ) + ε)."""
    (beta1, beta2), decay = group["betas"], group["weight_decay"]
    rate, first, second = scalars[0], scalars[1], scalars[2]
    for p, g, m, v in zip(parameters, gradients, *state, strict=True):
        start = p
        if decay and group["decoupled_weight_decay"]:
            start = p - rate * decay * p
        elif decay:
            g = g + decay * p
        m_new = m + (1 - beta1) * (g - m)
        v_new = beta2 * v + (1 - beta2) * g * g
        assign(p, start - rate / first * m_new / (v_new.sqrt() / second.sqrt() + group["eps"]), keep)
        assign(m, m_new, keep)
        assign(v, v_new, keep)


def rule_of(optimizer: Optimizer) -> tuple[Rule, tuple[str, ...]] | None:
    """The rule of an optimiser and the names of its state; None where there is none for its settings."""
    group = optimizer.param_groups[0]
    if len(optimizer.param_groups) != 1 or group.get("maximize") or group.get("amsgrad"):
        return None
    if type(optimizer) in (Adam, AdamW):
        return adam, ("exp_avg", "exp_avg_sq")
    if type(optimizer) is SGD:
        return sgd, ("momentum_buffer",) if group["momentum"] else ()
    return None


def scalars_of(optimizer: Optimizer, step: int) -> list[float]:
    """The scalars of the `step`-th update, counted from 1."""
    group = optimizer.param_groups[0]
    if isinstance(optimizer, SGD):
        # PyTorch's first buffer is the gradient itself, whatever the dampening.
        return [float(group["lr"]), 1.0 if step == 1 else 1.0 - group["dampening"]]
    beta1, beta2 = group["betas"]
    return [float(group["lr"]), 1.0 - beta1**step, 1.0 - beta2**step]
