"""JAX, and what is written on it (Optax, Equinox)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.files import cache_folder
from gradus.frameworks.base import Framework
from gradus.frameworks.calls import Calls
from gradus.page.not_applicable import NotApplicable
from gradus.text import Text

KEPT = 256 * 2**20  # bytes of compiled kernels; the oldest go first


class Jax(Framework):
    """JAX on the processor, in float64 where the claim is about float64."""

    name = "jax"
    title = "JAX"
    packages = ("jax", "jaxlib", "optax")
    precisions = ("float64", "float32", "bfloat16")
    widens_its_own = True
    differentiates = True
    compiles = True

    def is_array(self, value: Any) -> bool:
        """Whether the value is an array, or stands for one while JAX traces a function."""
        return self.loaded and isinstance(value, sys.modules["jax"].Array)

    def from_numpy(self, array: np.ndarray, dtype: str) -> Any:
        """The array as JAX's."""
        import jax
        import jax.numpy as jnp

        kind = array.dtype
        if kind.kind == "f":
            kind = np.dtype(jnp.bfloat16 if dtype == "bfloat16" else dtype)
        # cast and copied by NumPy, and put as it is: JAX would compile the cast, and the copy, for every shape
        with np.errstate(all="ignore"):
            return jax.device_put(array.astype(kind))

    def from_host(self, source: Callable[[], Any], x: Any) -> Any:
        """What the source tells; where x is traced, whenever the traced function runs, as an array like x."""
        import jax
        from jax.experimental import io_callback

        if not isinstance(x, jax.core.Tracer):
            return super().from_host(source, x)
        told = jax.ShapeDtypeStruct(x.shape, x.dtype)
        return io_callback(
            lambda: np.broadcast_to(np.asarray(source(), x.dtype), x.shape), told, ordered=True
        )

    def namespace(self) -> Any:
        """`jax.numpy`."""
        import jax.numpy

        return jax.numpy

    def full_precision(self) -> contextlib.AbstractContextManager[Any]:
        """With `jax_enable_x64`, as long as the context lasts."""
        import jax

        context: contextlib.AbstractContextManager[Any] = jax.enable_x64(True)
        return context

    def environment(self) -> dict[str, str]:
        """What it compiles is kept for the next time: each operation is compiled for each shape, which takes nearly all the time.

        A kernel is found again by what it computes, not by the user's code; so nothing of that is remembered.
        """
        try:
            folder = cache_folder("jax")
        except GradusError:  # no cache can be had: it compiles anew
            return {}
        return {
            "JAX_COMPILATION_CACHE_DIR": str(folder),
            "JAX_COMPILATION_CACHE_MAX_SIZE": str(KEPT),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
        }

    def lacks_kernel(self, error: Exception) -> bool:
        """Whether it refuses the precision itself, as JAX's factorisations do in 16 bits."""
        return "Unsupported dtype" in str(error)

    def compiled(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """`jax.jit` of the function."""
        import jax

        return jax.jit(function)

    def calls(self) -> Calls:
        """By a compiled program for each shape; see `gradus.frameworks.jax_programs`."""
        from gradus.frameworks.jax_programs import CompiledPrograms

        return CompiledPrograms()

    def vjp(
        self,
        function: Callable[[dict[str, Any]], Sequence[Any]],
        arguments: Mapping[str, Any],
        cotangents: Sequence[Any],
        wanted: tuple[str, ...],
    ) -> dict[str, Any]:
        """By `jax.vjp`; see `Framework.vjp`."""
        import jax
        import jax.numpy as jnp

        def of_wanted(chosen: dict[str, Any]) -> Sequence[Any]:
            return function({**arguments, **chosen})

        results, pull = jax.vjp(of_wanted, {n: arguments[n] for n in wanted})
        weights = [jnp.asarray(w, r.dtype).reshape(r.shape) for w, r in zip(cotangents, results, strict=True)]
        (gradients,) = pull(weights)
        by_name: dict[str, Any] = gradients
        return by_name

    def peak_memory(self, call: Callable[[], Any]) -> int:
        """Not told on the processor."""
        raise NotApplicable(
            Text(
                "JAX does not tell the memory of one call on the processor",
                "JAX 无法给出一次调用在处理器上的内存",
            )
        )
