"""What NumPy takes for an array while a derivative is computed: it sees every call, and hands it to `record`."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from gradus.errors import GradusError
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.composed import (
    ACCUMULATED,
    COMPOSED,
    CONSTANT,
    METHODS,
    REDUCED,
    composed,
    name_of,
    unsupported,
)
from gradus.foundations.autodiff.rules import RULES, take
from gradus.text import Text

__all__ = ["ArrayLike", "NoAttribute", "result_of", "value_of"]


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
        Text(
            f"what is being differentiated cannot become {what} without losing its derivative; {instead}",
            f"被求导的量不能变为 {what}，否则会丢失导数；{instead}",
        )
    )


def result_of(y: Any, who: str) -> Any:
    """The result of a function that is differentiated, if it is one array of numbers.

    Raises:
        GradusError: it is several arrays, None, text or another thing without a derivative.
    """
    if isinstance(y, ArrayLike) or (type(y) is np.ndarray and y.dtype.kind in "fciub"):
        return y
    if y is None:
        raise GradusError(
            Text(
                f"f: {who} expects a function whose result is one array, got None; is a `return` missing?",
                f"f：{who} 需要结果为一个数组的函数，得到 None；是否漏了 `return`？",
            )
        )
    if isinstance(y, (tuple, list, dict)):
        raise GradusError(
            Text(
                f"f: {who} expects a function whose result is one array, got a {type(y).__name__} of {len(y)}; stack them",
                f"f：{who} 需要结果为一个数组的函数，得到含 {len(y)} 项的 {type(y).__name__}；请将其堆叠",
            )
        )
    if np.asanyarray(y).dtype.kind not in "fciub":
        raise GradusError(
            Text(
                f"f: {who} expects a function whose result is one array of numbers, got {y!r:.60}",
                f"f：{who} 需要结果为一个数值数组的函数，得到 {y!r:.60}",
            )
        )
    return y


# of these `reduce` gives truth values; the others hand on the first entry
TRUTHS = {np.logical_and, np.logical_or, np.logical_xor}


class NoAttribute(GradusError, AttributeError):
    """An attribute of NumPy's arrays that an array-like lacks."""


def _of_call(ufunc: Any, inputs: Any) -> Any:
    """What a call of a ufunc without a rule of its own gives."""
    try:
        if ufunc in CONSTANT:
            return ufunc(*_without(inputs))
        return COMPOSED[ufunc](*[np.asarray(a) if type(a) in (list, tuple) else a for a in inputs])
    except TypeError as error:
        raise GradusError(
            Text(f"numpy.{ufunc.__name__}: {error}", f"numpy.{ufunc.__name__}：{error}")
        ) from error


def _of_method(ufunc: Any, method: str, inputs: Any, options: dict[str, Any]) -> Any:
    """What a ufunc's reduce, accumulate or outer gives; at and reduceat have no rule, and no option of a call has one."""
    if method in ("reduce", "accumulate"):
        others = REDUCED if method == "reduce" else ACCUMULATED
        if ufunc in others:
            return composed(others[ufunc], inputs, {"axis": 0, **options})
        if ufunc in TRUTHS:
            return getattr(ufunc, method)(*_without(inputs), **_without(options))
    if method == "outer" and ufunc.nin == 2 and not options:
        a, b = inputs
        return ufunc(np.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)
    raise unsupported(" ".join((name_of(ufunc), *(method,) * (method != "__call__"), *options)))


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
        if out is not None and not (isinstance(out[0], ArrayLike) and len(out) == 1):
            raise GradusError(
                Text(
                    f"numpy.{ufunc.__name__} writes into a plain array; write a = a + b for a += b, or see traceable",
                    f"numpy.{ufunc.__name__} 写入普通数组；请把 a += b 写成 a = a + b，或参见 traceable",
                )
            )
        if method != "__call__" or options:
            result = _of_method(ufunc, method, inputs, options)
        elif ufunc in COMPOSED or ufunc in CONSTANT:
            result = _of_call(ufunc, inputs)
        elif ufunc in RULES:
            if list in (kinds := [*map(type, inputs)]) or tuple in kinds:
                inputs = tuple(np.asarray(a) if type(a) in (list, tuple) else a for a in inputs)
            result = call(ufunc, *inputs)
        else:
            raise unsupported(name_of(ufunc))
        return result if out is None else out[0].become(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in CONSTANT:
            return function(*_without(args), **_without(kwargs))
        return composed(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in METHODS:
            return partial(getattr(np, name), self)
        if hasattr(np.ndarray, name):
            raise NoAttribute(
                Text(
                    f"an array that is being differentiated has no {name}(), which would lose its derivative or has no rule; "
                    f"it has the methods {', '.join(sorted(METHODS))}",
                    f"被求导的数组没有 {name}()：它会丢失导数，或没有求导规则；可用的方法有 {'、'.join(sorted(METHODS))}",
                )
            )
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

    def item(self, *index: Any) -> Any:
        """The only entry, or the one at the index."""
        if not index:
            return np.reshape(self, ())
        where = index[0] if len(index) == 1 else index
        return self[where] if isinstance(where, tuple) else np.ravel(self)[where]

    def tolist(self) -> Any:
        """Nested lists of the entries, which are still being differentiated."""
        return [a.tolist() for a in self] if self.ndim else self

    def compress(self, condition: Any, axis: Any = None) -> Any:
        """The parts along an axis where the condition is true."""
        return np.compress(condition, self, axis)

    def sort(self, axis: int = -1, kind: Any = None) -> None:
        """Sorts the entries in place."""
        self[...] = np.sort(self, axis=axis)

    def fill(self, value: Any) -> None:
        """Gives each entry the value."""
        self[...] = value

    def astype(self, dtype: Any, copy: bool = True, **options: Any) -> Any:
        """A copy; the plain values where the type is one of whole numbers or truth values."""
        kind = np.dtype(dtype).kind
        if kind not in "fcbiu":
            raise _lost(f"an array of {np.dtype(dtype)}", "keep it one of numbers")
        return np.positive(self) if kind in "fc" else self.value.astype(dtype)

    def __getitem__(self, index: Any) -> Any:
        return call(take, self, index=_without(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise GradusError(
            Text(
                "what is being differentiated cannot be changed in part; use np.where, np.stack or np.concatenate",
                "被求导的量不能部分修改；请用 np.where、np.stack 或 np.concatenate",
            )
        )

    def __iter__(self) -> Any:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __int__(self) -> int:
        return int(self.value)

    __trunc__ = __int__

    def __floor__(self) -> int:
        return math.floor(self.value)

    def __ceil__(self) -> int:
        return math.ceil(self.value)

    def __round__(self, ndigits: int | None = None) -> Any:
        return int(np.round(self.value)) if ndigits is None else np.round(self.value, ndigits)

    def __index__(self) -> int:
        raise _lost("an index or a whole number", "write int(x), or x.astype(int) for an array of them")

    def __format__(self, spec: str) -> str:
        if spec:
            raise _lost("text", f"to print it write f'{{x.value:{spec}}}'")
        return repr(self)

    def as_integer_ratio(self) -> Any:
        """Refused: `statistics` and `fractions` compute with whole numbers."""
        raise _lost("a ratio of whole numbers", "use NumPy's functions, not those of statistics or fractions")

    def __complex__(self) -> complex:
        raise _lost("a plain number", "multiply by 1j, or add 0j")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _lost("a plain array", "join several with np.stack, or see traceable")

    def __float__(self) -> float:
        raise _lost("a plain number", "use NumPy's functions, not math's, or see traceable")
