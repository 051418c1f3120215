"""JAX, and what is written on it (Optax, Equinox)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.frameworks.base import Framework
from gradus.page.evidence import NotApplicable


class Jax(Framework):
    """JAX on the processor, in float64 where the claim is about float64."""

    name = "jax"
    title = "JAX"
    packages = ("jax", "jaxlib", "optax")
    precisions = ("float64", "float32", "bfloat16")
    differentiates = True

    def is_array(self, value: Any) -> bool:
        """Whether the value is an array, or stands for one while JAX traces a function."""
        return self.loaded and isinstance(value, sys.modules["jax"].Array)

    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array as JAX's."""
        import jax.numpy as jnp

        return jnp.asarray(array, getattr(jnp, dtype) if array.dtype.kind == "f" else None)

    def namespace(self) -> Any:
        """`jax.numpy`."""
        import jax.numpy

        return jax.numpy

    def full_precision(self) -> contextlib.AbstractContextManager[Any]:
        """With `jax_enable_x64`, as long as the context lasts."""
        import jax

        return jax.enable_x64(True)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`jax.jit` of the function."""
        import jax

        return jax.jit(function)

    def vjp(
        self,
        function: Callable[[dict[str, Any]], Sequence[Any]],
        arguments: Mapping[str, Any],
        cotangents: Sequence[np.ndarray],
        wanted: tuple[str, ...],
    ) -> dict[str, np.ndarray]:
        """By `jax.vjp`; see `Framework.vjp`."""
        import jax
        import jax.numpy as jnp

        def of_wanted(chosen: dict[str, Any]) -> Sequence[Any]:
            return function({**arguments, **chosen})

        results, pull = jax.vjp(of_wanted, {n: arguments[n] for n in wanted})
        weights = [jnp.asarray(w, r.dtype).reshape(r.shape) for w, r in zip(cotangents, results, strict=True)]
        (gradients,) = pull(weights)
        return {n: np.asarray(g, np.float64) for n, g in gradients.items()}

    def peak_memory(self, call: Callable[[], Any]) -> int:
        """Not told on the processor."""
        raise NotApplicable("JAX does not tell the memory of one call on the processor")
