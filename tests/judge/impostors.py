"""The universal impostors: from any definition, functions that are right where a weak test looks, and wrong."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.frameworks.structure import flatten

Function = Callable[..., Any]


def mapped(change: Callable[[np.ndarray], Any], result: Any) -> Any:
    """The change of each array or number in a result of arrays."""
    if isinstance(result, (tuple, list)):
        return tuple(mapped(change, part) for part in result)
    return change(np.asarray(result))


def key_of(arguments: dict[str, Any], describe: Callable[[np.ndarray], Any]) -> tuple:
    """Of every argument what `describe` tells of an array, and the name or the value of anything else."""
    parts: list[Any] = []
    for value in arguments.values():
        for leaf in flatten(value):
            if isinstance(leaf, (np.ndarray, np.generic)):
                parts.append(describe(np.asarray(leaf)))
            else:
                parts.append(getattr(leaf, "__qualname__", None) or repr(leaf))
    return tuple(parts)


def zeros(f: Function) -> Function:
    """Zeros of the right shape."""
    return lambda **a: mapped(np.zeros_like, f(**a))


def constant(f: Function) -> Function:
    """One half everywhere, or 1 where whole numbers are due."""
    return lambda **a: mapped(lambda r: np.full_like(r, 0.5 if r.dtype.kind == "f" else 1), f(**a))


def remembered_by(describe: Callable[[np.ndarray], Any]) -> Callable[[Function], Function]:
    """The first result for all inputs of which `describe` tells the same."""

    def impostor(f: Function) -> Function:
        memory: dict[tuple, Any] = {}

        def remembered(**a: Any) -> Any:
            key = key_of(a, describe)
            if key not in memory:
                memory[key] = f(**a)
            return memory[key]

        return remembered

    return impostor


def ten_calls(f: Function) -> Function:
    """Right for its first ten calls, then a thousandth too large (whole numbers: one more)."""
    calls = [0]

    def tired(**a: Any) -> Any:
        calls[0] += 1
        result = f(**a)
        if calls[0] <= 10:
            return result
        return mapped(_off, result)

    return tired


SMALL = 12


def small_inputs(f: Function) -> Function:
    """Right as long as no axis and no number of steps is longer than twelve, then as after ten calls."""

    def tired(**a: Any) -> Any:
        leaves = [leaf for value in a.values() for leaf in flatten(value)]
        sizes = [n for v in leaves if isinstance(v, np.ndarray) for n in v.shape]
        sizes += [n for n in leaves if isinstance(n, (int, np.integer)) and not isinstance(n, bool)]
        return f(**a) if max(sizes, default=0) <= SMALL else mapped(_off, f(**a))

    return tired


def _off(r: np.ndarray) -> np.ndarray:
    """A thousandth too large; whole numbers one more."""
    return r * 1.001 if r.dtype.kind == "f" else r + 1 if r.dtype.kind in "iu" else ~r


def half(f: Function) -> Function:
    """Every result is rounded to float16 (what is whole stays)."""
    return lambda **a: mapped(
        lambda r: r.astype(np.float16).astype(r.dtype) if r.dtype.kind == "f" else r, f(**a)
    )


def broadcasting(f: Function) -> Function:
    """A leading axis of length 1 too many."""
    return lambda **a: mapped(lambda r: r[None], f(**a))


CHANGED: list[tuple[np.ndarray, np.ndarray]] = []


def put_back() -> None:
    """What `changing` changed is as before: some of it may be a constant of a page, which other tests read."""
    while CHANGED:
        leaf, before = CHANGED.pop()
        leaf[...] = before


def changing(f: Function) -> Function:
    """The right result, and the first array of numbers among the arguments is changed afterwards."""

    def impostor(**a: Any) -> Any:
        result = mapped(np.array, f(**a))
        for leaf in [v for value in a.values() for v in flatten(value)]:
            if (
                isinstance(leaf, np.ndarray)
                and leaf.dtype.kind in "fi"
                and leaf.flags.writeable
                and leaf.size
            ):
                CHANGED.append((leaf, leaf.copy()))
                leaf[...] = leaf * 0.5 if leaf.dtype.kind == "f" else leaf + 1
                break
        return result

    return impostor


def echo(f: Function) -> Function:
    """Numbers of the first argument that has any, in the right shape."""

    def impostor(**a: Any) -> Any:
        numbers = next((np.ravel(v) for value in a.values() for v in flatten(value) if isinstance(v, np.ndarray) and v.size), np.ones(1))  # fmt: skip
        return mapped(lambda r: np.resize(numbers, r.shape).astype(r.dtype), f(**a))

    return impostor


IMPOSTORS: dict[str, Callable[[Function], Function]] = {
    "zeros": zeros,
    "constant": constant,
    "echo": echo,
    "remembered by shape": remembered_by(lambda x: (x.shape, x.dtype.str)),
    "remembered by its first entry": remembered_by(lambda x: (x.shape, x.ravel()[:1].tobytes())),
    "remembered by address": remembered_by(lambda x: (x.shape, x.__array_interface__["data"][0])),
    "right for ten calls": ten_calls,
    "right for small inputs": small_inputs,
    "float16 inside": half,
    "a shape that broadcasts": broadcasting,
    "changes its input": changing,
}


def impostor_of(definition: Function, name: str) -> Function:
    """The named impostor of a definition, with the definition's own signature."""
    made = IMPOSTORS[name](definition)
    signature = inspect.signature(definition)

    @functools.wraps(definition)
    def called(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return made(**bound.arguments)

    return called


def applies(name: str, arguments: dict[str, Any], results: list[np.ndarray]) -> bool:
    """Whether the named impostor is wrong at all: whole numbers stay in float16, only arrays can be changed, numbers have no size."""
    if name == "float16 inside":
        return any(r.dtype.kind in "fc" for r in results)
    leaves = [leaf for value in arguments.values() for leaf in flatten(value)]
    if name in ("right for small inputs", "remembered by its first entry"):
        return any(np.ndim(v) for v in leaves)  # a number is its first entry
    return name != "changes its input" or any(
        isinstance(v, np.ndarray) and v.dtype.kind in "fi" for v in leaves
    )
