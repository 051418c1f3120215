"""What a layer in closed form is.

Buffers are made once for a batch size and written with `out=`. Images lie batch-last, (C, H, W, N): neighbours in memory
are then the same pixel of different samples, so that windows are whole rows to copy and every elementwise call runs over
long contiguous stretches, however few the channels; libraries' convolutions and poolings vectorise over channels, and
a first layer has one or three of them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class TooLarge(Exception):
    """Internal: a layer's buffers would take too much memory."""


def pair(value: Any) -> tuple[int, int]:
    """A module's setting by height and width, which it may state as one number."""
    return (value, value) if isinstance(value, int) else tuple(value)


class Layer:
    """One layer for one batch size; `backward` may overwrite its argument.

    Attributes:
        parameters: what it learns.
        dtype: of what it takes, forward and backward.
    """

    parameters: tuple[nn.Parameter, ...] = ()
    dtype: torch.dtype

    def forward(self, x: Tensor) -> Tensor:
        """The output for the input x."""
        raise NotImplementedError

    def backward(self, g: Tensor) -> Tensor | None:
        """The gradient by the input, from that by the output; the parameters' own are written to their `grad`."""
        raise NotImplementedError
