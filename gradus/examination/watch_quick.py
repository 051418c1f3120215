"""What is kept of an optimiser between its steps, so that a step in which nothing is out of the ordinary costs little."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

Mark = tuple[int, int]


def marked(gradients: list[Tensor | None]) -> list[Mark | None]:
    """By which gradients are known again unless they are written to: a tensor's identity and its version."""
    return [None if g is None else (id(g), g._version) for g in gradients]


class Quick:
    """An optimiser's parameters, and the marks of their gradients.

    Attributes:
        parameters: in the order of the groups.
        held: the same, each with its group.
        names: their dotted names; of those that are not the model's, their place in the optimiser.
        keys: their identities.
        came: the marks when the last backward pass had ended.
        taken: the marks when the last step had ended.
        missing: how many had no gradient at the last step that was looked at in full.
        versions: of the parameters when the last step had ended.
        sentinel: the norm of the first gradient at the last step.
    """

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.parameters: list[Tensor] = []
        self.held: list[tuple[Tensor, dict[str, Any]]] = []
        self.names: list[str] = []
        self.keys: list[int] = []
        self.came: list[Mark | None] = []
        self.taken: list[Mark | None] = []
        self.missing = -1
        self.versions: list[int] = []
        self.sentinel = 0.0
        self._shape: list[tuple[int, int]] = []

    def refresh(self, names: Mapping[int, str], renamed: bool = False) -> None:
        """Looks whether the groups are the same still."""
        shape = [(id(g["params"]), len(g["params"])) for g in self.optimizer.param_groups]
        if shape == self._shape and not renamed:
            return
        self._shape = shape
        self.held = [(p, g) for g in self.optimizer.param_groups for p in g["params"]]
        self.parameters = [p for p, _ in self.held]
        keys = [id(p) for p in self.parameters]
        if keys != self.keys:
            self.came, self.taken, self.versions, self.missing = [], [], [], -1
        self.keys = keys
        self.names = [names.get(key) or f"optimizer[{i}]" for i, key in enumerate(self.keys)]

    def ended(self, marks: list[Mark | None]) -> None:
        """A step has used these gradients."""
        self.taken = marks
        self.versions = [p._version for p in self.parameters]

    @property
    def gradients(self) -> list[Tensor | None]:
        """As they are now."""
        return [p.grad for p in self.parameters]


def in_float16() -> bool:
    """Whether autocast computes in float16 here."""
    return any(
        torch.is_autocast_enabled(kind) and torch.get_autocast_dtype(kind) is torch.float16
        for kind in ("cpu", "cuda")
    )


def first_tensor(values: Any) -> Tensor | None:
    """The first tensor with values in nested tuples, lists and dictionaries."""
    for value in values:
        if isinstance(value, Tensor):
            return value if value.layout is torch.strided and not value.is_meta and value.numel() else None
        if isinstance(value, dict):
            value = tuple(value.values())
        if isinstance(value, (tuple, list)) and (found := first_tensor(value)) is not None:
            return found
    return None
