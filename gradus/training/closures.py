"""Optimisers that evaluate the loss themselves, several times a step: what they need, and what does not go with them.

`torch.optim.LBFGS` is one. Any other says so by attributes: `needs_closure = True` for a closure that writes the gradients
and returns the loss; `needs_graph = True` besides for one that writes none, and returns (loss, outputs) in their graph.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from gradus.errors import GradusError
from gradus.text import Text
from gradus.training.distributed import Group
from gradus.training.nonfinite import NonFiniteStep
from gradus.training.schedules import Schedule
from gradus.training.settings import Settings


def needs_closure(optimizer: Any) -> bool:
    """Whether a step needs a closure."""
    return isinstance(optimizer, torch.optim.LBFGS) or bool(getattr(optimizer, "needs_closure", False))


def needs_graph(optimizer: Any) -> bool:
    """Whether the closure is to leave the graph as it is."""
    return needs_closure(optimizer) and bool(getattr(optimizer, "needs_graph", False))


def check_closure(
    optimizer: Optimizer, settings: Settings, schedule: str | Schedule | None, group: Group
) -> None:
    """That the settings of a run go with its optimiser.

    Raises:
        GradusError: one that searches for its steps gets a schedule or clipped gradients; one that needs the graph has
            several processes.
    """
    kind = type(optimizer).__name__
    if schedule is not None and any("lr" not in g for g in optimizer.param_groups):
        raise _refused("schedule", f"{kind} searches for the length of its steps", f"{kind} 自行搜索步长")
    if settings.clip_norm is not None and getattr(optimizer, "needs_closure", False):
        raise _refused(
            "clip_norm",
            f"{kind} searches by the gradient of the loss, which a clipped one is not",
            f"{kind} 依损失的梯度搜索，裁剪后的梯度并非损失的梯度",
        )
    if needs_graph(optimizer) and group.world > 1:
        raise GradusError(
            Text(
                f"{kind}: expected one process, got {group.world}: gradients of gradients are not exchanged",
                f"{kind}：应为单个进程，实为 {group.world} 个：二阶导数不在进程间交换",
            )
        )


def _refused(name: str, en: str, zh: str) -> GradusError:
    return GradusError(Text(f"{name}: expected None, since {en}", f"{name}：应为 None，因为 {zh}"))


def surviving(optimizer: Optimizer, evaluate: Callable[[], Any]) -> Callable[[], Any]:
    """The closure, for an optimiser that shortens a trial whose loss is not finite; at the first call that stays an error."""
    calls = 0

    def closure() -> Any:
        nonlocal calls
        calls += 1
        try:
            return evaluate()
        except NonFiniteStep:
            if calls == 1 or not getattr(optimizer, "needs_closure", False):
                raise
            return math.nan

    return closure
