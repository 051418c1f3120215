"""Modules that are told a condition, and what they refuse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from gradus.arguments import refusal
from gradus.errors import GradusError


@contextmanager
def within(names: str) -> Iterator[None]:
    """What a module or a density refuses within is said of the arguments that led there."""
    try:
        yield
    except GradusError as error:
        noun = ("values that prior, decoder and bound take", "先验、解码器与下界可以接受的值")
        raise refusal(names, noun, error.text) from None


class Told(nn.Module):
    """A module of two arguments whose second is given."""

    def __init__(self, part: nn.Module, condition: Tensor) -> None:
        super().__init__()
        self.part, self.condition = part, condition

    def forward(self, a: Tensor) -> Any:
        """What the module says of it."""
        return self.part(a, self.condition)
