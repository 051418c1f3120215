"""Packages whose names are imported at their first use: importing the package itself costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import ModuleType
from typing import Any


class LazyPackage(ModuleType):
    """A package that looks a public name up in its modules when it is first used.

    Where a module bears the name of what it holds, the name stands for what it holds:
    `gradus.foundations.perceptron` is the function, whichever was imported first.
    """

    _homes: dict[str, str]

    def __getattr__(self, name: str) -> Any:
        if name not in self._homes:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{self.__name__}.{self._homes[name]}"), name)
        super().__setattr__(name, value)
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # the import system binds a module to its package; that must not hide the public name
        if not (isinstance(value, ModuleType) and name in self._homes):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._homes})


def export(package: str, homes: Mapping[str, Iterable[str]]) -> None:
    """Lets a package give out names that its modules hold.

    Args:
        package: its `__name__`.
        homes: the names by module, such as `{"adaline": ["Adaline", "lms"]}`.
    """
    module = sys.modules[package]
    module.__dict__["_homes"] = {name: home for home, names in homes.items() for name in names}
    module.__class__ = LazyPackage
