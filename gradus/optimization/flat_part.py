"""What an optimiser keeps for the parameters of a flat buffer, in buffers of its own; and their update in one call."""

from __future__ import annotations

from operator import is_, itemgetter
from typing import Any

import torch
from torch import Tensor
from torch.optim import SGD, Optimizer

from gradus.optimization.flat_memory import FlatMemory
from gradus.optimization.fused import state_names


def _copy_alike(sources: list[Tensor], targets: list[Tensor]) -> bool:
    """Copy tensors one by one; False, where one is of another shape, dtype or device."""
    for source, target in zip(sources, targets, strict=True):
        if (source.shape, source.dtype, source.device) != (target.shape, target.dtype, target.device):
            return False
        target.copy_(source)
    return True


class FlatPart:
    """The parameters of one group with one dtype, and what the update keeps for them."""

    def __init__(self, number: int, memory: FlatMemory) -> None:
        self.number, self.memory = number, memory
        self.names: tuple[str, ...] = ()
        self.buffers: list[Tensor] = []
        self.states: list[dict[str, Any]] = []
        self.tensors: dict[str, list[Tensor]] = {}
        self.count = torch.zeros(len(memory.parameters), device=memory.values.device)
        self.changes, self.first, self.whole = -1, False, False

    def is_linked(self) -> bool:
        """Whether the optimiser's state still consists of the parts of the buffers."""
        if self.count._version != self.changes:
            return False
        try:
            return all(
                all(map(is_, map(itemgetter(name), self.states), tensors))
                for name, tensors in self.tensors.items()
            )
        except KeyError:
            return False

    def take_in(self, group: dict[str, Any], state: dict[Tensor, dict[str, Any]]) -> bool:
        """Copy the optimiser's state into buffers; False where the parameters' states are not alike."""
        self.names = state_names(group)
        keys = (*self.names, "step") if "betas" in group else self.names
        states = [state.get(p, {}) for p in self.memory.parameters]
        self.first = not any(s.get(key) is not None for s in states for key in keys)
        if not self.first and not all(isinstance(s.get(key), Tensor) for s in states for key in keys):
            return False
        self.count = torch.zeros_like(self.count)
        if "step" in keys and not self.first:
            self.count = torch.stack([s["step"].to(self.count) for s in states])
        if not bool((self.count == self.count[0]).all()):
            return False
        self.buffers = [torch.zeros_like(self.memory.values) for _ in self.names]
        parts = map(self.memory.split, self.buffers)
        self.tensors = dict(zip(self.names, parts, strict=True))
        if not self.first and not all(
            _copy_alike([s[name] for s in states], tensors) for name, tensors in self.tensors.items()
        ):
            return False
        if "step" in keys:
            self.tensors["step"] = list(self.count.unbind())
        return True

    def write(self, state: dict[Tensor, dict[str, Any]]) -> None:
        """Let the optimiser's state be the parts of the buffers."""
        self.changes = self.count._version
        self.states = (
            [state[p] for p in self.memory.parameters] if self.tensors else []
        )  # made where there is none
        for key, tensors in self.tensors.items():
            for entry, tensor in zip(self.states, tensors, strict=True):
                entry[key] = tensor

    def update(self, kind: type[Optimizer], group: dict[str, Any]) -> None:
        """The update itself, in one call."""
        values, gradient = [self.memory.values], [self.memory.gradient]
        settings = {"lr": float(group["lr"]), "weight_decay": group["weight_decay"], "maximize": False}
        if kind is SGD:
            torch._fused_sgd_(
                values, gradient, self.buffers, momentum=group["momentum"], dampening=group["dampening"],
                nesterov=group["nesterov"], is_first_step=self.first, **settings,
            )  # fmt: skip
            self.first = False
            return
        kernel = torch._fused_adamw_ if group["decoupled_weight_decay"] else torch._fused_adam_
        self.count.add_(1)
        self.changes = self.count._version
        means, squares = self.buffers
        beta1, beta2 = group["betas"]
        kernel(
            values, gradient, [means], [squares], [], self.tensors["step"][:1], beta1=beta1, beta2=beta2,
            eps=group["eps"], amsgrad=False, **settings,
        )  # fmt: skip
