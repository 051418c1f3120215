"""The object that a path "module:name" stands for."""

from __future__ import annotations

import importlib
from typing import Any

from gradus.errors import GradusError


def resolve(path: str) -> Any:
    """The object that "module:name" or "module:outer.name" stands for.

    Raises:
        GradusError: the module cannot be imported or has no such name.
    """
    module, _, name = path.partition(":")
    try:
        value: Any = importlib.import_module(module)
    except ImportError as error:
        raise GradusError(f"cannot import {module!r}: {error}") from None
    for part in name.split("."):
        if not hasattr(value, part):
            raise GradusError(f"module {module} has no {name!r}")
        value = getattr(value, part)
    return value
