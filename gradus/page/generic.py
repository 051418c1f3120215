"""Functions among the arguments that the arrays of every framework can be handed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def generic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function among the arguments as one that works on the arrays of every framework.

    Such a function finds the module for its argument by `gradus.frameworks.namespace`.
    """
    function.generic = True  # type: ignore[attr-defined]
    return function
