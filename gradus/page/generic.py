"""Functions that the arrays of every framework can be handed to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def namespace(x: Any) -> Any:
    """The module whose functions take `x`: torch for a tensor, jax.numpy for a JAX array, else NumPy.

    It lets a case hand over one function, such as `lambda x: namespace(x).sin(x)`, that every framework can
    evaluate and differentiate.
    """
    module = type(x).__module__
    if module.startswith("torch"):
        import torch

        return torch
    if module.startswith("jax"):
        import jax.numpy

        return jax.numpy
    return np


def like(value: Any, x: Any) -> Any:
    """A constant of a generic function, in the framework and precision of x."""
    xp = namespace(x)
    return value if xp is np else xp.asarray(value, dtype=x.dtype)


def generic(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a function among the arguments as one that works on the arrays of every framework (see `namespace`)."""
    function.generic = True  # type: ignore[attr-defined]
    return function
