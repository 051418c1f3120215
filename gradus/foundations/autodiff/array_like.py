"""What NumPy takes for an array while a derivative is computed: it sees every call, and hands it to `record`."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.composed import (
    COMPOSED,
    CONSTANT,
    METHODS,
    REDUCED,
    composed,
    unsupported,
)
from gradus.foundations.autodiff.rules import RULES, take

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

    A comparison gives a plain array and may be branched on. Without `become`, `x += y` gives a new one, and writing
    to a part is refused.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    value: Any
    level = 0  # of several in one call, the one of the highest level records it

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """The result of a call of `function`, a key of `RULES`."""
        raise NotImplementedError

    def become(self, y: Any) -> Any:
        """What `x += …` leaves in x."""
        return y

    def constant(self, value: Any) -> Any:
        """A new array beside this one, of which nothing is a derivative."""
        return value

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None and not isinstance(out[0], ArrayLike):
            raise GradusError(
                f"numpy.{ufunc.__name__} writes into a plain array; write a = a + b for a += b, or see traceable"
            )
        if method == "reduce" and ufunc in REDUCED:
            result = COMPOSED[REDUCED[ufunc]](*inputs, **{"axis": 0, **options})
        elif method == "outer" and ufunc.nin == 2:
            a, b = inputs
            result = ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b, **options)
        elif method == "accumulate" and ufunc is np.add:
            result = COMPOSED[np.cumsum](*inputs, **{"axis": 0, **options})
        elif method != "__call__" or options:
            name = (ufunc.__name__, *(method.strip("_"),) * (method != "__call__"), *options)
            raise unsupported(" ".join(name))
        elif ufunc in CONSTANT:
            result = ufunc(*_without(inputs))
        elif ufunc in COMPOSED:
            result = COMPOSED[ufunc](*inputs)
        elif ufunc in RULES:
            result = call(ufunc, *inputs)
        else:
            raise unsupported(ufunc.__name__)
        return result if out is None else out[0].become(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in CONSTANT:
            return function(*_without(args), **_without(kwargs))
        if function is np.einsum:
            kwargs.pop("optimize", None)
        return composed(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return partial(getattr(np, name), self)
        raise AttributeError(f"an array that is being differentiated has no attribute {name!r}")

    shape = property(lambda self: np.shape(self.value))
    ndim = property(lambda self: np.ndim(self.value))
    size = property(lambda self: np.size(self.value))
    dtype = property(lambda self: self.value.dtype)
    T = property(lambda self: np.transpose(self))
    real = property(lambda self: np.real(self))
    imag = property(lambda self: np.imag(self))

    def reshape(self, *shape: Any, order: str = "C") -> Any:
        """The same entries in another shape."""
        return np.reshape(self, shape[0] if len(shape) == 1 else shape, order=order)  # type: ignore[call-overload]

    def transpose(self, *axes: Any) -> Any:
        """The axes permuted; reversed unless given."""
        return np.transpose(self, axes[0] if len(axes) == 1 else axes or None)

    def copy(self, order: str = "C") -> Any:
        """A new one of the same value."""
        return np.positive(self)

    def flatten(self) -> Any:
        """A copy with one axis."""
        return np.positive(np.ravel(self))

    def item(self) -> Any:
        """The only entry."""
        return np.reshape(self, ())

    def astype(self, dtype: Any, copy: bool = True) -> Any:
        """A copy; the plain values where the type is one of whole numbers."""
        return np.positive(self) if np.dtype(dtype).kind in "fc" else self.value.astype(dtype)

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

    def __int__(self) -> int:
        return int(self.value)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _lost("a plain array", "join several with np.stack, or see traceable")

    def __float__(self) -> float:
        raise _lost("a plain number", "use NumPy's functions, not math's, or see traceable")
