"""A right call, and the ways to write its arguments: made anew for each example, the same for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn


class Example(NamedTuple):
    """A call that is right.

    Attributes:
        call: what is called, by names.
        arguments: makes them anew.
        spread: the name of an argument of several (`*x`), if any.
    """

    call: Callable[..., Any]
    arguments: Callable[[], dict[str, Any]]
    spread: str = ""


def rows(seed: int, *shape: int) -> np.ndarray:
    """Random numbers, the same for the same seed."""
    return np.random.default_rng(seed).normal(size=shape)


def tensors(seed: int, *shape: int) -> torch.Tensor:
    """The same as a tensor in double precision."""
    return torch.as_tensor(rows(seed, *shape))


def shares(seed: int, *shape: int) -> torch.Tensor:
    """Probabilities along the last axis."""
    return torch.softmax(tensors(seed, *shape), -1)


LABELS = np.array([0.0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1])
SIGNS = np.where(LABELS > 0, 1.0, -1.0)


def of(called: Callable[..., Any], /, spread: str = "", **makers: Any) -> Example:
    """A function and its arguments: those that are `Fresh` are made anew for each example."""
    return Example(
        called, lambda: {k: v.make() if isinstance(v, Fresh) else v for k, v in makers.items()}, spread
    )


class Fresh(NamedTuple):
    """An argument that is made anew for each example."""

    make: Callable[[], Any]


def new(maker: Callable[..., Any], *arguments: Any) -> Fresh:
    """What a maker makes of these arguments."""
    return Fresh(lambda: maker(*arguments))


def gradient_at(make: Callable[..., Any], point: Any) -> Callable[..., Any]:
    """A function that makes a function: with it, a call of what it made."""
    return lambda **given: make(**given)(point)


def array(*values: Any) -> Fresh:
    """An array of NumPy with these values."""
    return Fresh(lambda: np.array(values))


def vector(*values: Any) -> Fresh:
    """A tensor in double precision with these values."""
    return Fresh(lambda: torch.tensor(values, dtype=torch.float64))


def model_of(maker: Callable[..., nn.Module]) -> Callable[..., Any]:
    """A maker of models that leaves PyTorch's generator as it was."""

    def called(**given: Any) -> Any:
        state = torch.random.get_rng_state()
        model = maker(**given)
        torch.random.set_rng_state(state)  # weights are drawn as PyTorch draws them
        return model

    return called
