"""The user's function as it runs: the calls that are running, and what becomes of what it raises."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text


class OutOfTime(BaseException):
    """Raised wherever the function has come to when its time is up; `except Exception` does not catch it."""


_OWN = str(Path(__file__).parent) + os.sep
_ELSEWHERE = (
    f"{os.sep}site-packages{os.sep}",
    f"{os.sep}dist-packages{os.sep}",
    str(Path(os.__file__).parent),
)


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


def place_of(error: BaseException) -> str:
    """Where in the user's files it was raised: file and line; "" where none of them was running."""
    calls = traceback.extract_tb(error.__traceback__)
    ours = max(
        (i for i, c in enumerate(calls) if c.name == run.__name__ and c.filename == __file__), default=-1
    )
    own = [c for c in calls[ours + 1 :] if not c.filename.startswith(_OWN)]
    users = [c for c in own if not any(part in c.filename for part in _ELSEWHERE)]
    if not (own := users or own):
        return ""
    return f"{Path(own[-1].filename).name}, line {own[-1].lineno}"


def run_reported(f: Callable[..., Any], inputs: Sequence[Any], name: str) -> Any:
    """f(*inputs), what it raises in one line.

    Raises:
        GradusError: f raises, or ends the process.
    """
    try:
        return run(f, inputs)
    except (GradusError, KeyboardInterrupt, OutOfTime):
        raise
    except BaseException as error:
        raise _raised(error, name) from error


def _raised(error: BaseException, name: str) -> GradusError:
    """What the user's function has raised, in one line, with its place."""
    try:
        words = " ".join(str(error).split())
    except Exception:
        words = ""
    what = type(error).__name__ + (f": {words[:500]}" if words else "")
    place = place_of(error)
    en, zh = (f" ({place})", f"（{place.replace(', line ', ' 第 ')} 行）") if place else ("", "")
    return GradusError(Text(f"{name} raised {what}{en}", f"{name} 抛出 {what}{zh}"))
