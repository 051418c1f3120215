"""Where in the user's program a step is made: the functions that are running."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any


def run(f: Callable[..., Any], inputs: Sequence[Any]) -> Any:
    """f(*inputs); `frames` looks no further out than here."""
    return f(*inputs)


def frames() -> Iterator[FrameType]:
    """The calls that are running within `run`, innermost first."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not run.__code__:
        yield frame
        frame = frame.f_back


def folders(*packages: ModuleType) -> tuple[str, ...]:
    """Where packages lie, and this one: what runs there is no function of the user's."""
    files = [package.__file__ or "" for package in packages]
    return tuple(str(Path(file).parent) + os.sep for file in (*files, __file__))


def line(frame: FrameType) -> str:
    """The function of a frame with the line that it has come to."""
    return f"{frame.f_code.co_name}:{frame.f_lineno}"
