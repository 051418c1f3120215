"""What NumPy takes for an array while a derivative is computed: it sees every call, and hands it to `record`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradus.errors import GradusError
from gradus.foundations.autodiff_rules import (
    COMPOSED,
    CONSTANT,
    METHODS,
    RULES,
    call,
    composed,
    take,
    unsupported,
)

__all__ = ["ArrayLike", "value_of"]


def value_of(x: Any) -> Any:
    """The array behind an array-like; anything else as it is."""
    return x.value if isinstance(x, ArrayLike) else x


def _without(arguments: Any) -> Any:
    """Arguments in which each array-like is replaced by its value."""
    if isinstance(arguments, dict):
        return {k: _without(v) for k, v in arguments.items()}
    if isinstance(arguments, (list, tuple)):
        return type(arguments)([_without(v) for v in arguments])
    return value_of(arguments)


def _lost(what: str, instead: str) -> GradusError:
    return GradusError(
        f"what is being differentiated cannot become {what} without losing its derivative; {instead}"
    )


class ArrayLike(NDArrayOperatorsMixin):
    """An array that NumPy's functions, operators and indexing apply to; `record` says what a call gives.

    `x += y` gives a new one; assignment to a part of one, or of one to a part of an array, is refused.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    value: Any
    level = 0  # of several in one call, the one of the highest level records it

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of a call of `function`, a key of `RULES`."""
        raise NotImplementedError

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None and not isinstance(out[0], ArrayLike):
            raise GradusError(f"numpy.{ufunc.__name__} writes into a plain array; write a = a + b for a += b")
        if (
            method != "__call__"
            or options
            or not any(ufunc in known for known in (RULES, COMPOSED, CONSTANT))
        ):
            raise unsupported(
                " ".join([ufunc.__name__, *(method.strip("_"),) * (method != "__call__"), *options])
            )
        if ufunc in CONSTANT:
            return ufunc(*_without(inputs))
        if ufunc in COMPOSED:
            return COMPOSED[ufunc](*inputs)
        return call(ufunc, *inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in CONSTANT:
            return function(*_without(args), **_without(kwargs))
        return composed(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self.value, name)
        if name in METHODS:
            return partial(getattr(np, name), self)
        raise AttributeError(f"an array that is being differentiated has no attribute {name!r}")

    @property
    def T(self) -> Any:
        """All axes in reverse order."""
        return np.transpose(self)

    def reshape(self, *shape: Any) -> Any:
        """The same entries in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape)

    def transpose(self, *axes: Any) -> Any:
        """The axes permuted; reversed unless given."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def copy(self) -> Any:
        """A new one of the same value."""
        return np.positive(self)

    def __getitem__(self, index: Any) -> Any:
        return call(take, self, index=_without(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise GradusError(
            "what is being differentiated cannot be changed in part; use np.where, np.stack or np.concatenate"
        )

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _lost("a plain array", "join several with np.stack")

    def __float__(self) -> float:
        raise _lost("a plain number", "use NumPy's functions, not math's")
