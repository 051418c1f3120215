"""The framework that a function is written in, read off its code."""

from __future__ import annotations

import dis
import inspect
from types import CodeType
from typing import Any

from gradus.frameworks.registry import FRAMEWORKS, framework_named

DEPTH = 3  # calls that are followed from a function to others of its own code


def detect(*objects: Any) -> str:
    """The framework that functions and classes are written in, from the modules that their code names; NumPy when none is named."""
    named = set().union(*[packages_named(o, DEPTH) for o in objects])
    return next((name for name in FRAMEWORKS if named & set(framework_named(name).packages)), "numpy")


def speaks_numpy_alone(function: Any) -> bool:
    """Whether the function's file and code name NumPy, and no other framework."""
    imports = [v.__name__ for v in getattr(function, "__globals__", {}).values() if inspect.ismodule(v)]
    named = {name.partition(".")[0] for name in imports} | packages_named(function, DEPTH)
    return "numpy" in named and not named & _packages()


def packages_named(function: Any, depth: int) -> set[str]:
    """Top-level modules that a function's code, and the functions that it calls, refer to."""
    own = {(getattr(function, "__module__", None) or "").partition(".")[0]}
    if isinstance(function, type) or not hasattr(function, "__code__"):
        bases = type.mro(function) if isinstance(function, type) else type(function).__mro__
        return own | {base.__module__.partition(".")[0] for base in bases}
    for name in _globals(function.__code__):
        value = function.__globals__.get(name)
        if inspect.ismodule(value):
            own.add(value.__name__.partition(".")[0])
        elif value is None and name.partition(".")[0] in _packages():
            own.add(name.partition(".")[0])  # imported inside the function
        elif callable(value) and depth:
            own |= packages_named(value, depth - 1)
    return own


def _globals(code: CodeType) -> set[str]:
    """Names that the code reads from its file or imports; attributes are none: `jax.nn` is not the file's own `nn`."""
    names = {
        instruction.argval
        for instruction in dis.get_instructions(code)
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "IMPORT_NAME")
    }
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    return names.union(*map(_globals, inner))


def _packages() -> set[str]:
    return {package for name in FRAMEWORKS for package in framework_named(name).packages}
