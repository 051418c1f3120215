"""Whether the judge is still itself: a user's code that replaces parts of it, or of what it stands on, is found out and undone."""

from __future__ import annotations

import builtins
import copy
import hashlib
import itertools
import json
import math
import sys
import time
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from gradus.page import Concept

#: What a verdict stands on beside our own modules.
FOREIGN = (
    builtins, copy, hashlib, itertools, json, json.encoder, math, time, np, np.linalg, np.random,
)  # fmt: skip


class Integrity:
    """The names of our modules and classes, NumPy's, and the page's parts, bound to what they are when it is made.

    It is made before the user's file is imported, which may replace them, too.
    """

    def __init__(self, concept: Concept) -> None:
        own = [
            m for n, m in sys.modules.items() if n.partition(".")[0] == "gradus" and isinstance(m, ModuleType)
        ]
        self._bindings: list[tuple[Any, str, dict[str, Any]]] = []
        self._code: list[tuple[str, FunctionType, Any, Any]] = []
        self._remember(concept, f"the page {concept.key}", dict(vars(concept)))
        seen: set[int] = set()
        for module in [*own, *FOREIGN]:
            self._remember(module, module.__name__, dict(vars(module)))
            if module in FOREIGN:
                continue
            for value in list(vars(module).values()):
                if (
                    isinstance(value, type)
                    and value.__module__.startswith("gradus")
                    and id(value) not in seen
                ):
                    seen.add(id(value))
                    self._remember(value, f"{value.__module__}.{value.__qualname__}", dict(vars(value)))

    def _remember(self, place: Any, name: str, bindings: dict[str, Any]) -> None:
        stable = {
            k: v
            for k, v in bindings.items()
            if not k.startswith("__") or k in ("__call__", "__init__", "__eq__")
        }
        self._bindings.append((place, name, stable))
        for key, value in stable.items():
            if isinstance(value, FunctionType):
                self._code.append((f"{name}.{key}", value, value.__code__, value.__defaults__))

    def put_back(self) -> list[str]:
        """Undoes what was replaced; its names."""
        replaced = []
        for place, name, bindings in self._bindings:
            now = vars(place)
            for key, value in bindings.items():
                if now.get(key, self) is not value:
                    replaced.append(f"{name}.{key}")
                    setattr(place, key, value)
        for name, function, code, defaults in self._code:
            if function.__code__ is not code or function.__defaults__ is not defaults:
                replaced.append(name)
                function.__code__, function.__defaults__ = code, defaults
        return replaced
