"""Calls of a JAX function through compiled programs, one for each shape, in place of a kernel for each operation and shape.

The function itself runs at every call, on tracers; so what it remembers, raises or counts shows as in a plain call. What
it computes is compiled once and found again by its text and its constants. The options of the compiler leave out what a
plain call does not do either: to rewrite formulas, which may save one that overflows, and to keep intermediate results
in a wider type.

What cannot be traced is called as it is written from then on; so is a function whose program differs, beyond rounding,
from its plain call on the first inputs of each kind and dtype. A call with a function among its inputs that may remember
its own calls, such as a gradient that tells its rows in turn, is made as it is written, and once.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np
from jax.errors import UnexpectedTracerError
from jax.extend.core import ClosedJaxpr, Jaxpr

from gradus.frameworks.calls import Calls
from gradus.frameworks.remembering import may_remember

#: Few passes, for a program runs a handful of times; none that changes what is computed.
OPTIONS = {
    "xla_backend_optimization_level": 0,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
    "xla_disable_hlo_passes": "algsimp",
    "xla_allow_excess_precision": False,
}
# Equations; beyond, as of a loop in Python, the kernels of single operations are soon all there.
LARGEST = 300
# Calls on one shape, after which plain ones are tried: kernels do not cost more than so much tracing.
OFTEN = 64
VARIANTS = 4  # programs that differ in their constants alone, before these are taken for a state
ROUNDING = 256.0  # spacings of the largest entry by which a program may differ from the plain call
_ADDRESS = re.compile(r"0x[0-9a-f]+")


class _AsWritten(Exception):
    """The inputs are better handed to the function itself."""


class CompiledPrograms(Calls):
    """The calls of one function; see the module."""

    def __init__(self) -> None:
        self.leaked = self.trusted = False
        self._given_up = self._traced = False
        self._kinds: set[tuple[Any, ...]] = set()
        self._as_written: set[tuple[Any, ...]] = set()
        self._seconds = 0.0  # of the latest call of a program
        self._asked: Counter[tuple[Any, ...]] = Counter()
        self._programs: dict[tuple[Any, ...], dict[bytes, Any]] = {}

    def __call__(self, function: Callable[[Any], Any], inputs: Any, kind: str = "values") -> Any:
        """The function's result: see `Calls`."""
        leaves, tree = jax.tree.flatten(inputs)
        arrays = [leaf for leaf in leaves if isinstance(leaf, jax.Array)]
        traced = any(isinstance(a, jax.core.Tracer) for a in arrays)
        if self._given_up or not arrays or traced or any(map(may_remember, leaves)):
            return self._plain(function, inputs)
        signature = (kind, *map(_described, leaves))
        if signature in self._as_written:
            return self._plain(function, inputs)
        self._asked[signature] += 1
        if self._asked[signature] in (OFTEN, OFTEN + 1):  # the first compiles
            return self._timed(function, inputs, signature)
        first = (kind, *sorted({str(a.dtype) for a in arrays}))
        if first not in self._kinds:
            return self._beside_plain(function, inputs, signature, first)
        try:
            return self._compiled(function, leaves, tree, signature)
        except _AsWritten:
            self._as_written.add(signature)
            return self._plain(function, inputs)
        except Exception:  # its own error, if it is one, comes again
            result = self._plain(function, inputs)
            self._given_up = True
            return result

    def confirm(self, confirmed: bool) -> None:
        """See `Calls`."""
        self.trusted = True
        self._given_up |= not confirmed

    def _plain(self, function: Callable[[Any], Any], inputs: Any) -> Any:
        try:
            return function(inputs)
        except UnexpectedTracerError:
            self.leaked = self._traced
            raise

    def _timed(self, function: Callable[[Any], Any], inputs: Any, signature: tuple[Any, ...]) -> Any:
        """The plain result; the last of them tells which way is faster on the shape."""
        begun = time.perf_counter()
        result = self._plain(function, inputs)
        if self._asked[signature] > OFTEN and time.perf_counter() - begun < self._seconds:
            self._as_written.add(signature)
        return result

    def _beside_plain(
        self, function: Callable[[Any], Any], inputs: Any, signature: tuple[Any, ...], first: tuple[Any, ...]
    ) -> Any:
        """The plain result, after which programs are used for the kind if its program gives the same."""
        result = self._plain(function, inputs)
        self._kinds.add(first)
        self._as_written.add(signature)
        leaves, tree = jax.tree.flatten(inputs)
        try:
            self._given_up |= not agree(result, self._compiled(function, leaves, tree, signature))
        except _AsWritten:
            pass
        except Exception:
            self._given_up = True
        return result

    def _compiled(
        self, function: Callable[[Any], Any], leaves: list[Any], tree: Any, signature: tuple[Any, ...]
    ) -> Any:
        """The result by a program, compiled unless the function has computed the same before."""
        begun = time.perf_counter()
        structure: list[Any] = []

        def run(*arrays: Any) -> list[Any]:
            given = iter(arrays)
            own = [next(given) if isinstance(leaf, jax.Array) else leaf for leaf in leaves]
            results, shape = jax.tree.flatten(function(jax.tree.unflatten(tree, own)))
            structure[:] = [shape, [None if isinstance(r, jax.Array) else r for r in results]]
            return [r for r in results if isinstance(r, jax.Array)]

        arrays = [leaf for leaf in leaves if isinstance(leaf, jax.Array)]
        self._traced = True
        traced = jax.jit(run).trace(*arrays)
        text, constants = identity(traced.jaxpr)
        programs = self._programs.setdefault((signature, text), {})
        if constants not in programs:
            if len(programs) == VARIANTS:
                raise _AsWritten
            programs[constants] = traced.lower().compile(compiler_options=OPTIONS)
        computed = iter(programs[constants](*arrays))
        shape, results = structure
        self._seconds = time.perf_counter() - begun
        return jax.tree.unflatten(shape, [next(computed) if r is None else r for r in results])


def _described(leaf: Any) -> Any:
    """Shape and dtype of an array; the words of anything else."""
    return (leaf.shape, str(leaf.dtype), leaf.weak_type) if isinstance(leaf, jax.Array) else repr(leaf)[:200]


def identity(program: ClosedJaxpr) -> tuple[str, bytes]:
    """What tells a program from others of its shapes: its text, and a digest of its constants.

    Raises:
        _AsWritten: a program would not be cheaper, or would not do what the function does.
    """
    if program.effects or not 1 < sum(1 for _ in _equations(program.jaxpr)) <= LARGEST:
        raise _AsWritten
    text = _ADDRESS.sub("", str(program))
    if "callback" in text:
        raise _AsWritten
    digest = hashlib.sha256()
    for constant in _constants(program):
        array = np.asarray(constant)
        digest.update(f"{array.dtype}{array.shape}".encode() + array.tobytes())
    return text, digest.digest()


def _constants(program: ClosedJaxpr) -> Iterator[Any]:
    yield from program.consts
    for equation in _equations(program.jaxpr):
        for part in _parts(equation):
            if isinstance(part, ClosedJaxpr):
                yield from part.consts


def _equations(jaxpr: Jaxpr) -> Iterator[Any]:
    for equation in jaxpr.eqns:
        yield equation
        for part in _parts(equation):
            if isinstance(part, (ClosedJaxpr, Jaxpr)):
                yield from _equations(part.jaxpr if isinstance(part, ClosedJaxpr) else part)


def _parts(equation: Any) -> Iterator[Any]:
    for value in equation.params.values():
        yield from value if isinstance(value, (tuple, list)) else (value,)


def agree(a: Any, b: Any) -> bool:
    """Whether two results have one structure and, up to rounding, the same entries."""
    shape: Any = jax.tree.structure(a)
    if shape != jax.tree.structure(b):
        return False
    return all(map(_equal, jax.tree.leaves(a), jax.tree.leaves(b)))


def _equal(a: Any, b: Any) -> bool:
    if not isinstance(a, jax.Array) or not isinstance(b, jax.Array):
        return type(a) is type(b) and bool(np.array_equal(a, b))
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype.kind in "biu":
        return bool(np.array_equal(x, y))
    spacing = float(jax.numpy.finfo(a.dtype).eps)
    x, y = (z.astype(np.complex128 if z.dtype.kind == "c" else np.float64) for z in (x, y))
    size = float(np.abs(x[np.isfinite(x)]).max(initial=0.0))
    return bool(np.allclose(x, y, rtol=0, atol=ROUNDING * spacing * size, equal_nan=True))
