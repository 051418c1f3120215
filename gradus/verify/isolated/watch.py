"""What stands around every call of the user's code: its input on the board, its settings in force, its way of ending."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from gradus.errors import TextError
from gradus.text import Text
from gradus.verify.isolated.board import Board

SHOWN = 8  # entries of an array; a larger one is named by its shape
LENGTH = 400


class EndedItself(TextError):
    """The user's code raised what is meant to end a process or a thread, not to report a mistake."""


class Watch:
    """A context for the calls of one implementation.

    Attributes:
        board: where each call is announced.
        failed_on: the input of the latest call that raised.
    """

    def __init__(self, board: Board) -> None:
        self.board = board
        self.failed_on = ""
        self._depth = 0
        self._errors = np.geterr()
        self._stack = sys.getrecursionlimit()
        self._path = list(sys.path)

    def take_settings(self, judges_own: dict[str, Any]) -> None:
        """NumPy's error state, as the user's file left it, is in force in calls alone; the judge computes with its own."""
        self._errors, self._path = np.geterr(), list(sys.path)
        np.seterr(**judges_own)

    @contextlib.contextmanager
    def __call__(self, arguments: Mapping[str, Any]) -> Iterator[None]:
        """The context of one call on these arguments."""
        if self._depth:  # a gradient calls the function itself
            yield
            return
        text = described(arguments)
        self._depth += 1
        self.board.enter(text)
        try:
            with np.errstate(**self._errors):
                yield
        except Exception:
            self.failed_on = text
            raise
        except BaseException as error:
            self.failed_on = text
            kind = type(error).__name__
            what = Text(f"raised {kind}, which ends a program", f"抛出 {kind}，它用来结束程序")
            if isinstance(error, SystemExit):
                what = Text(f"it exits: raised {kind}", f"它退出程序：抛出 {kind}")
            raise EndedItself(what).with_traceback(error.__traceback__) from None
        finally:
            self.board.leave()
            self._depth -= 1
            if sys.getrecursionlimit() != self._stack:
                sys.setrecursionlimit(self._stack)
            if sys.path != self._path:  # what the judge has still to import is found there
                sys.path[:] = self._path


def described(arguments: Mapping[str, Any]) -> str:
    """The arguments by name in one short line: small arrays entry by entry, larger ones by shape."""
    text = ", ".join(f"{name} = {_value(value)}" for name, value in arguments.items())
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"


def _value(value: Any) -> str:
    shape = getattr(value, "shape", None)
    if isinstance(shape, tuple):
        with contextlib.suppress(Exception):
            if np.prod(shape, dtype=int) <= SHOWN:
                return repr(value.tolist())[:120]
        return f"array of shape {tuple(shape)}"
    if isinstance(value, (tuple, list)) and value:
        more = ", …" if len(value) > SHOWN else ""
        return f"({', '.join(_value(part) for part in value[:SHOWN])}{more})"
    if callable(value):
        return "a function"
    return repr(value)[:80]
