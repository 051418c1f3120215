"""What PyTorch's fused optimisers keep, what they can do, and what they leave undone."""

from __future__ import annotations

import functools
from importlib import import_module
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from gradus.optimization import flat_memory
from gradus.text import Text

_torch_optimizers = import_module("torch.optim.optimizer")  # torch.optim hides it behind a name of its own
_KINDS = (Adam, AdamW, SGD)
_VARIANTS = ("amsgrad", "maximize", "capturable", "differentiable")


def hooked(optimizer: Optimizer) -> bool:
    """Whether somebody wants to see the optimiser's steps: hooks on it or on all, or a step of another's in its place."""
    return "step" in vars(optimizer) or _has_hooks(optimizer)


def _has_hooks(optimizer: Optimizer) -> bool:
    hooks = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
    everywhere = ("_global_optimizer_pre_hooks", "_global_optimizer_post_hooks")
    return any(getattr(optimizer, name, None) for name in hooks) or any(
        getattr(_torch_optimizers, name, None) for name in everywhere
    )


def is_watched(optimizer: Optimizer) -> bool:
    """`hooked`, where a step that one of PyTorch's schedulers put in place does not count."""
    # A scheduler of PyTorch's replaces the step by one that also counts, which is done here.
    counted = getattr(optimizer.step, "_wrapped_by_lr_sched", False)
    return _has_hooks(optimizer) or ("step" in vars(optimizer) and not counted)


def state_names(group: dict[str, Any]) -> tuple[str, ...]:
    """What the update of a group keeps for each parameter, beside Adam's count of steps."""
    if "betas" in group:
        return "exp_avg", "exp_avg_sq"
    return ("momentum_buffer",) if group["momentum"] else ()


def is_plain(group: dict[str, Any]) -> bool:
    """Whether a group is updated by the fused call without any of its variants."""
    return bool(group["fused"]) and not any(group.get(name) for name in _VARIANTS)


@functools.cache
def fused_sgd_works(dtype: torch.dtype, device: str) -> bool:
    """Whether PyTorch's fused SGD updates parameters of a dtype: on processors, 2.13 leaves half precision as it was."""
    value = torch.ones(64, dtype=dtype, device=device)
    torch._fused_sgd_(
        [value], [value.clone()], [], weight_decay=0.0, momentum=0.0, lr=1.0, dampening=0.0, nesterov=False,
        maximize=False, is_first_step=False,
    )  # fmt: skip
    return not bool(value.any())


def obstacle(optimizer: Optimizer) -> Text | None:
    """Why an optimiser's parameters cannot be updated in one call; None if they can."""
    if type(optimizer) not in _KINDS:
        name = type(optimizer).__name__
        return Text(f"it is {name}, not Adam, AdamW or SGD of torch.optim", f"它是 {name}，不是 torch.optim 的 Adam、AdamW 或 SGD")  # fmt: skip
    if not all(map(is_plain, optimizer.param_groups)):
        return Text(
            f"expected fused=True and none of {', '.join(_VARIANTS)}",
            f"应有 fused=True，且不设 {'、'.join(_VARIANTS)}",
        )
    parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
    if not parameters:
        return Text("it has no parameter that requires a gradient", "它没有需要梯度的参数")
    for dtype, device in {(p.dtype, p.device.type) for p in parameters} if type(optimizer) is SGD else ():
        if not fused_sgd_works(dtype, device):
            return Text(
                f"PyTorch's fused SGD does not update parameters of {dtype} on {device}",
                f"PyTorch 的 fused SGD 在 {device} 上不更新 {dtype} 的参数",
            )
    return flat_memory.obstacle(parameters)


def begin_momentum(group: dict[str, Any], state: dict[Tensor, dict[str, Any]]) -> None:
    """Give parameters that get their first gradient late the momentum μ b + (1 − d) g = g, which PyTorch's fused SGD lacks.

    It raises TypeError where some parameters have a momentum and others have none.
    """
    momentum = group["momentum"]
    present = [p for p in group["params"] if p.grad is not None]
    begun = [p for p in present if momentum and state.get(p, {}).get("momentum_buffer") is not None]
    if not 0 < len(begun) < len(present) or group["maximize"]:
        return
    for p in present:
        if p.grad is not None and all(p is not q for q in begun):
            gradient = p.grad.add(p, alpha=group["weight_decay"])
            state[p]["momentum_buffer"] = gradient.mul_(group["dampening"] / momentum)
