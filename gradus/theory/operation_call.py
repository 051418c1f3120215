"""An operation of PyTorch as it was called: its arguments by name, which of them depend on the input, how they are stretched."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gradus.text import Text


class NoBoundError(Exception):
    """An operation has no constant; the reason in words."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


class Linear(NamedTuple):
    """The operation is affine in one argument; its norm is to be computed by calls of this function on one sample."""

    function: Callable[[Tensor], Tensor]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Call:
    """An operation with its arguments by name, and which of them depend on the input.

    Attributes:
        name: of the operation, without the underscore of those in place.
        function: that computes it.
        arguments: by the names of the schema.
        moving: names of the arguments that are, or hold, tensors that depend on the input.
        result: what came out first.
    """

    name: str
    function: Any
    arguments: dict[str, Any]
    moving: tuple[str, ...]
    result: Any

    def only(self, name: str) -> Tensor:
        """The argument, which alone may depend on the input.

        Raises:
            NoBoundError: another does.
        """
        if self.moving != (name,):
            raise NoBoundError(
                Text(
                    "a product of parts that all depend on the input, or weights that do",
                    "几个因子（或权重）都依赖于输入的乘积",
                )
            )
        return self.arguments[name]  # type: ignore[no-any-return]


Factor = float | Linear
Rule = Callable[[Call], dict[str, Factor]]  # for each moving argument, what it is stretched by


def constant(value: float, argument: str = "self") -> Rule:
    """The operation stretches by no more than this, whatever the values."""

    def rule(call: Call) -> dict[str, Factor]:
        call.only(argument)
        return {argument: value}

    return rule


def linear(argument: str = "self", batched: bool = True) -> Rule:
    """The operation is affine in this argument; `batched`: samples along its first axis may go in together."""

    def rule(call: Call) -> dict[str, Factor]:
        x = call.only(argument)
        rest = {k: wide(v) for k, v in call.arguments.items() if k != argument}

        def once(h: Tensor) -> Tensor:
            y = call.function(**{argument: h}, **rest)
            return y[0] if isinstance(y, tuple) else y  # type: ignore[no-any-return]

        def function(h: Tensor) -> Tensor:
            if batched and x.shape[0] == 1:
                return once(h.flatten(0, 1))
            return torch.stack([once(part) for part in h])

        return {argument: Linear(function, tuple(x.shape))}

    return rule


def wide(value: Any) -> Any:
    """Floating-point numbers in double precision, in tuples and lists too."""
    if isinstance(value, Tensor) and value.is_floating_point():
        return value.detach().to(torch.float32 if value.device.type == "mps" else torch.float64)
    if isinstance(value, (tuple, list)):
        return type(value)(wide(v) for v in value)
    return value


def largest(value: Any) -> float:
    """The largest size of an entry."""
    return float(value.detach().abs().max()) if isinstance(value, Tensor) else abs(float(value))


def spread(call: Call, argument: str) -> float:
    """√ of how often an entry is repeated by broadcasting."""
    x = call.arguments[argument]
    return math.sqrt(call.result.numel() / max(x.numel(), 1))
