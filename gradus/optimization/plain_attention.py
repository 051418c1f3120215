"""Encoder layers run as they are written, not by PyTorch's fused path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["plain_attention"]


@contextmanager
def plain_attention() -> Iterator[None]:
    """Within it, encoder layers in evaluation take no fused path.

    On that path hooks hear none of their layers, nested tensors have no shape, and dropout of their parts is left out.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)
