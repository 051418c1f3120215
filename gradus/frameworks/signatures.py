"""What a function accepts by name, and whether a value is the default that it may leave out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np


def accepted_keywords(function: Callable[..., Any]) -> set[str] | None:
    """Names that the function accepts by keyword; None when it accepts any name, or does not tell.

    A module's own `__call__` accepts anything and hands it to `forward`, which is the one that is asked.
    """
    try:
        parameters = inspect.signature(getattr(function, "forward", function)).parameters.values()
    except (ValueError, TypeError):
        return None
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return None
    return {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}


def is_default(value: Any, default: Any) -> bool:
    """Whether the value is the default, or equal to it in every entry."""
    if value is default:
        return True
    try:
        return bool(np.array_equal(value, default))
    except Exception:
        return False
