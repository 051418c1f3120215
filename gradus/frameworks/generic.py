"""What functions that take the arrays of every framework are written with: the module for an array, and constants like it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.registry import framework_of


def namespace(x: Any) -> Any:
    """The module whose functions take `x`: torch for a tensor, jax.numpy for a JAX array, else NumPy.

    It lets a case hand over one function, such as `lambda x: namespace(x).sin(x)`, that every framework can
    evaluate and differentiate.
    """
    return framework_of(x).namespace()


def like(value: Any, x: Any) -> Any:
    """A constant of a generic function, in the framework and precision of x."""
    xp = namespace(x)
    return value if xp is np else xp.asarray(value, dtype=x.dtype)


def from_host(source: Callable[[], Any], x: Any) -> Any:
    """What the source tells at this call, for functions of x that tell something else at every call.

    JAX traces a function once and runs it often: inside of its loops the source is asked at every run.
    """
    return framework_of(x).from_host(source, x)
