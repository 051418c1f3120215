"""The object that a path "module:name" stands for."""

from __future__ import annotations

import importlib
from typing import Any

from gradus.errors import GradusError
from gradus.text import Text


def resolve(path: str) -> Any:
    """The object that "module:name" or "module:outer.name" stands for.

    Raises:
        GradusError: the module cannot be imported or has no such name.
    """
    module, _, name = path.partition(":")
    try:
        value: Any = importlib.import_module(module)
    except ImportError as error:
        raise GradusError(
            Text(f"cannot import {module!r}: {error}", f"无法导入 {module!r}：{error}")
        ) from None
    for part in name.split("."):
        if not hasattr(value, part):
            raise GradusError(Text(f"module {module} has no {name!r}", f"模块 {module} 中没有 {name!r}"))
        value = getattr(value, part)
    return value
