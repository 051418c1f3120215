"""The frameworks by name, and the framework of a value."""

from __future__ import annotations

import functools
from typing import Any

from gradus.errors import GradusError
from gradus.frameworks.base import Framework
from gradus.frameworks.object_paths import resolve

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
        raise GradusError(f"no framework is called {name!r}; expected one of {', '.join(FRAMEWORKS)}")
    return _made(FRAMEWORKS[name])


@functools.cache
def _made(path: str) -> Framework:
    made = resolve(path)()
    assert isinstance(made, Framework)
    return made


def framework_of(value: Any) -> Framework:
    """The framework whose array the value is; NumPy for numbers, lists and everything else."""
    for name in FRAMEWORKS:
        framework = framework_named(name)
        if framework.is_array(value):
            return framework
    return framework_named("numpy")
