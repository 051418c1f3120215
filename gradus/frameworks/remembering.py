"""Which functions may answer otherwise when they are called once more."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import FunctionType, MethodType
from typing import Any

import numpy as np

DEPTH = 4  # functions in functions that are looked into
#: What changes when it is read, or may be changed between two calls; arrays are taken for constants.
CHANGING = (list, dict, set, bytearray, Iterator, np.random.Generator, np.random.RandomState)


def may_remember(value: Any, depth: int = DEPTH) -> bool:
    """Whether the value is a function that holds what may change: a counter, a list, a generator of random numbers."""
    if not callable(value) or isinstance(value, type) or depth == 0:
        return False
    return any(isinstance(v, CHANGING) or may_remember(v, depth - 1) for v in _held(value))


def _held(function: Any) -> Iterator[Any]:
    if isinstance(function, functools.partial):
        yield from (function.func, *function.args, *function.keywords.values())
    elif isinstance(function, MethodType):
        yield from vars(function.__self__).values() if hasattr(function.__self__, "__dict__") else ()
        yield function.__func__
    elif isinstance(function, FunctionType):
        yield from function.__defaults__ or ()
        yield from (cell.cell_contents for cell in function.__closure__ or () if _filled(cell))
    elif hasattr(function, "__dict__"):
        yield from vars(function).values()


def _filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # of a name that is not assigned yet
        return False
