"""What a model itself raises at its inputs, said of the argument that they came as."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from gradus.arguments import refusal
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["taking"]


@contextlib.contextmanager
def taking(name: str) -> Iterator[None]:
    """While a model takes the inputs of that name.

    Raises:
        GradusError: it does not; the model's own error is its cause.
    """
    try:
        yield
    except (RuntimeError, TypeError, ValueError, IndexError) as error:
        if isinstance(error, (GradusError, torch.OutOfMemoryError)):
            raise
        line = str(error).partition("\n")[0]
        came = f"{type(error).__name__}: {line}"
        raise refusal(name, ("inputs that the model takes", "模型可接受的输入"), Text(came, came)) from error
