"""The arguments of a NumPy call, as the function that stands in for it takes them.

Arguments given by position are bound by NumPy's own order, so that `np.sum(x, 0, float)` is never taken for
`keepdims`. Those that ask for nothing (`out=None`, `dtype=float`, `where=True`) are dropped; the others that the
function does not take are refused by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["fitted", "misfit"]


class _Order(NamedTuple):
    """How the arguments of NumPy's function fit those of the one that is written here."""

    alike: int  # so many first ones stand at the same places in both
    theirs: tuple[str, ...]
    defaults: dict[str, Any]
    ours: frozenset[str]
    everything: bool  # ours takes any keyword


_orders: dict[Any, _Order] = {}


def _order(function: Any, written: Callable[..., Any]) -> _Order:
    if function not in _orders:
        _orders[function] = _compared(function, written)
    return _orders[function]


def _compared(function: Any, written: Callable[..., Any]) -> _Order:
    ours = inspect.signature(written).parameters
    everything = any(p.kind is p.VAR_KEYWORD for p in ours.values())
    names = tuple(n for n, p in ours.items() if p.kind is p.POSITIONAL_OR_KEYWORD)
    try:
        theirs = inspect.signature(function).parameters
    except (TypeError, ValueError):  # written in C, without a signature
        return _Order(len(names), names, {}, frozenset(names), everything)
    open_ended = any(p.kind is p.VAR_POSITIONAL for p in ours.values()) and "out" not in theirs
    if open_ended or any(p.kind is p.VAR_POSITIONAL for p in theirs.values()):
        return _Order(1 << 30, tuple(theirs), _defaults(theirs), frozenset(ours), everything)
    order = tuple(n for n, p in theirs.items() if p.kind is not p.KEYWORD_ONLY)
    pairs = enumerate(zip(order, names, strict=False))
    alike = next((i for i, (a, b) in pairs if a != b), min(len(order), len(names)))
    return _Order(max(alike, 1), order, _defaults(theirs), frozenset(ours), everything)


def _defaults(parameters: Any) -> dict[str, Any]:
    return {n: p.default for n, p in parameters.items() if p.default is not p.empty}


def fitted(function: Any, written: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, Any, Any]:
    """The arguments as `written` takes them, and the array-like into which the result goes, if any.

    Raises:
        GradusError: the result is to be written into a plain array, or an argument is not taken.
    """
    order = _orders.get(function) or _order(function, written)
    if len(args) > order.alike:
        named = dict(zip(order.theirs[order.alike :], args[order.alike :], strict=False))
        args, kwargs = args[: order.alike], {**named, **kwargs}
    if not kwargs or order.ours.issuperset(kwargs):
        return args, kwargs, None
    out = kwargs.get("out")
    rest = {n: a for n, a in kwargs.items() if n != "out" and not _asks_for_nothing(n, a, order)}
    if out is not None:
        out = out[0] if isinstance(out, tuple) and len(out) == 1 else out
        if not hasattr(type(out), "become"):
            raise GradusError(
                Text(
                    f"numpy.{function.__name__} writes into a plain array (out=), where its derivative would be lost; "
                    "use its result instead",
                    f"numpy.{function.__name__} 写入普通数组（out=），导数会在那里丢失；请改用它的返回值",
                )
            )
    unknown = [] if order.everything else [n for n in rest if n not in order.ours]
    if unknown:
        raise GradusError(
            Text(
                f"numpy.{function.__name__} on a tape: got {', '.join(f'{n}={rest[n]!r}' for n in unknown)}; "
                f"it takes {', '.join(sorted(order.ours))}",
                f"梯度带上的 numpy.{function.__name__}：得到 {', '.join(f'{n}={rest[n]!r}' for n in unknown)}；它接受 {'、'.join(sorted(order.ours))}",
            )
        )
    return args, rest, out


def _asks_for_nothing(name: str, value: Any, order: _Order) -> bool:
    """Whether an argument that is not taken is NumPy's default for it, or what the tape does anyway."""
    if value is np._NoValue:
        return True
    if name in order.ours:
        return False
    if name == "dtype":
        return value is None or (value is not object and np.dtype(value) == np.float64)
    if name in ("order", "subok", "copy", "optimize", "overwrite_input", "sorted"):
        return True
    default = order.defaults.get(name, inspect.Parameter.empty)
    return value is default or (
        type(value) is type(default) and isinstance(value, (str, int, float)) and value == default
    )


def misfit(
    function: Any, written: Callable[..., Any], args: Any, kwargs: Any, error: Exception
) -> GradusError:
    """The error for arguments that NumPy's function or ours cannot take."""
    try:
        inspect.signature(written).bind(*args, **kwargs)
    except TypeError as binding:
        takes = ", ".join(inspect.signature(written).parameters)
        return GradusError(
            Text(
                f"numpy.{function.__name__} on a tape: {binding}; it takes {takes}",
                f"梯度带上的 numpy.{function.__name__}：{binding}；它接受 {takes}",
            )
        )
    shapes = ", ".join(str(np.shape(a)) if hasattr(a, "dtype") else repr(a)[:40] for a in args)
    return GradusError(
        Text(
            f"numpy.{function.__name__} of {shapes}: {error}",
            f"numpy.{function.__name__} 作用于 {shapes}：{error}",
        )
    )
