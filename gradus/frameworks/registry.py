"""The frameworks by name, and the framework of a value."""

from __future__ import annotations

import functools
from typing import Any

from gradus.errors import GradusError
from gradus.frameworks.base import Framework
from gradus.frameworks.object_paths import resolve
from gradus.text import Text

#: Name → class, as "module:name"; in this order a function's framework is looked for.
FRAMEWORKS = {
    "numpy": "gradus.frameworks.numpy:NumPy",
    "torch": "gradus.frameworks.torch:Torch",
    "jax": "gradus.frameworks.jax:Jax",
    "python": "gradus.frameworks.python:Python",
}


def framework_named(name: str) -> Framework:
    """The framework of that name.

    Raises:
        GradusError: there is none.
    """
    if name not in FRAMEWORKS:
        names = ", ".join(FRAMEWORKS)
        raise GradusError(
            Text(
                f"no framework is called {name!r}; expected one of {names}",
                f"没有名为 {name!r} 的框架；应为 {names} 之一",
            )
        )
    return _made(FRAMEWORKS[name])


@functools.cache
def _made(path: str) -> Framework:
    framework = resolve(path)()
    if not isinstance(framework, Framework):
        raise GradusError(
            Text(
                f"expected {path} to be a class derived from Framework, got {type(framework).__name__}",
                f"{path} 应为派生自 Framework 的类，得到 {type(framework).__name__}",
            )
        )
    return framework


def framework_of(value: Any) -> Framework:
    """The framework whose array the value is; NumPy for numbers, lists and everything else."""
    for name in FRAMEWORKS:
        framework = framework_named(name)
        if framework.is_array(value):
            return framework
    return framework_named("numpy")
