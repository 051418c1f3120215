"""What every metric of samples asks of its features, and how it computes with them in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gradus.arguments import Sizes
from gradus.arguments.tensors import same_device, tensor

__all__ = ["pair", "pieces", "wide"]

ENTRIES = 2**24  # of a block of distances or kernel values: 128 MiB in double precision


def pair(name_a: str, a: Any, name_b: str, b: Any) -> tuple[Tensor, Tensor]:
    """Two sets of features of the same dimension and device, two rows each at least, finite, in the widest precision.

    Raises:
        GradusError: they are not.
    """
    sizes = Sizes()
    tensor(name_a, a, "n>=2 d>=1", sizes, finite=True, meta=False)
    tensor(name_b, b, "m>=2 d>=1", sizes, finite=True, meta=False)
    same_device(**{name_a: a, name_b: b})
    return wide(a), wide(b)


def wide(x: Tensor) -> Tensor:
    """In double precision, or single where the device has no double; without its gradient."""
    return x.detach().to(torch.float32 if x.device.type == "mps" else torch.float64)


def pieces(rows: int, columns: int) -> Iterator[slice]:
    """Slices of rows whose block with so many columns stays bounded."""
    step = max(1, ENTRIES // max(1, columns))
    for start in range(0, rows, step):
        yield slice(start, min(rows, start + step))
