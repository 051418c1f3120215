"""Arguments that are lists, tuples or dicts of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["mapped"]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree of lists, tuples and dicts with the function of each leaf in its place."""
    if isinstance(tree, dict):
        return {k: mapped(function, v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)([mapped(function, v) for v in tree])
    return function(tree)
