"""Whether a user's class is one that the page makes instances of itself, or an instance is to be given."""

from __future__ import annotations

from typing import Any

from gradus.errors import GradusError
from gradus.page import Concept
from gradus.text import Text


def require_instance(concept: Concept, function: Any, name: str) -> None:
    """Refuses a class whose instances are functions, where the page does not make the instance itself."""
    if not isinstance(function, type) or "__call__" not in _members(function):
        return
    if any(recorded.call is not None for recorded in concept.implementations if _is_class(recorded.path)):
        return
    instance = f"{name.rpartition(':')[2]}()"
    raise GradusError(
        Text(
            f"{name} is a class; give an instance, such as f = {instance} in the file, and name f",
            f"{name} 是一个类；请给出实例：在文件中写 f = {instance}，并指定 f",
        )
    )


def _members(cls: type) -> set[str]:
    return {name for base in cls.__mro__[:-1] for name in vars(base)}


def _is_class(path: str) -> bool:
    return path.rpartition(":")[2].rpartition(".")[2][:1].isupper()
