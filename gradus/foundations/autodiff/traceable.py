"""Functions that fill arrays of their own, made fit for the tape without a change to their source.

`np.zeros(3)` gives NumPy's own array, into which nothing that is being differentiated can be written. `traceable` runs
a function, and what it calls by name in its own package, with a `np` and a `math` of ours: new floating-point arrays
are Variables, `np.array` joins Variables, `math.exp` and its like are NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, CellType, CodeType, FunctionType
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.special import erf, erfc, lgamma
from gradus.foundations.autodiff.variable import Step, Variable
from gradus.text import Text

__all__ = ["traceable"]


def traceable(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function with new arrays that may hold what is being differentiated: `grad(traceable(f))`.

    Args:
        f: a function written in Python; what it calls by name in its own package is made traceable too.

    Cost: some microseconds, once; every operation on a new array is one on a Variable.
    """
    return _copy(f, {}, {}) if isinstance(f, FunctionType) else f


def _copy(f: FunctionType, worlds: dict[int, dict[str, Any]], copies: dict[int, Any]) -> FunctionType:
    """The function with other global names; `worlds` holds those of each module, `copies` what has been copied."""
    if id(f) in copies:
        return copies[id(f)]
    world = worlds.setdefault(id(f.__globals__), dict(f.__globals__))
    cells = tuple(CellType() for _ in f.__closure__ or ())
    copy = FunctionType(f.__code__, world, f.__name__, f.__defaults__, cells)
    copy.__kwdefaults__ = f.__kwdefaults__
    copies[id(f)] = copy
    package = f.__module__.partition(".")[0]

    def replaced(value: Any) -> Any:
        if value is np or value is math:
            return _NUMPY if value is np else _MATH
        if isinstance(value, BuiltinFunctionType) and value.__module__ == "math":
            return getattr(_MATH, value.__name__)
        if isinstance(value, FunctionType) and value.__module__.partition(".")[0] == package:
            return _copy(value, worlds, copies)
        if type(value) in (list, tuple):
            return type(value)(map(replaced, value))
        return {k: replaced(v) for k, v in value.items()} if type(value) is dict else value

    for name in set(_names(f.__code__)) & set(f.__globals__):
        world[name] = replaced(f.__globals__[name])
    for cell, old in zip(cells, f.__closure__ or (), strict=True):
        cell.cell_contents = replaced(old.cell_contents)
    return copy


def _names(code: CodeType) -> Iterator[str]:
    """The global names that a function refers to, and the functions within it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _writable(value: Any) -> Any:
    """A new array of floating-point numbers as a Variable, into which can be written."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "fc":
        return Variable.of(Step(value))
    return value


def _holds(value: Any) -> bool:
    """Whether something that is being traced is in nested lists."""
    if isinstance(value, (list, tuple)):
        return any(map(_holds, value))
    return isinstance(value, ArrayLike)


def _array(
    object: Any, dtype: Any = None, *, copy: Any = True, order: Any = "K", subok: bool = False, ndmin: int = 0
) -> Any:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        return np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin)
    if isinstance(object, ArrayLike):
        return np.reshape(np.positive(object), (1,) * (ndmin - np.ndim(object)) + np.shape(object))
    if not _holds(object):
        return _writable(np.array(object, dtype, copy=copy, order=order, subok=subok, ndmin=ndmin))
    return _array(np.stack([_array(o) for o in object]), ndmin=ndmin)


def _asarray(a: Any, dtype: Any = None, **kwargs: Any) -> Any:
    if isinstance(a, ArrayLike) and (dtype is None or np.dtype(dtype).kind in "fc"):
        return a
    return _array(a, dtype) if _holds(a) else np.asarray(a, dtype, **kwargs)


def _full(shape: Any, fill_value: Any, dtype: Any = None, **options: Any) -> Any:
    if isinstance(fill_value, ArrayLike) and (dtype is None or np.dtype(dtype).kind in "fc"):
        return np.positive(np.broadcast_to(fill_value, shape))
    return _writable(np.full(shape, fill_value, dtype, **options))


def _vectorize(pyfunc: Callable[..., Any], otypes: Any = None, **options: Any) -> Callable[..., Any]:
    def entry_by_entry(*arrays: Any, **named: Any) -> Any:
        if not any(isinstance(a, ArrayLike) for a in (*arrays, *named.values())):
            return np.vectorize(pyfunc, otypes, **options)(*arrays, **named)
        if (
            named
            or set(options) - {"doc", "cache"}
            or (otypes and any(np.dtype(t).kind not in "fc" for t in otypes))
        ):
            raise GradusError(
                Text(
                    "numpy.vectorize on a tape: expected a function of arrays by position, and no otypes but float, "
                    f"got {', '.join([*named, *options, *(['otypes'] if otypes else [])])}",
                    f"梯度带上的 numpy.vectorize：应为按位置接受数组的函数，otypes 只能为 float，得到 {'、'.join([*named, *options, *(['otypes'] if otypes else [])])}",
                )
            )
        shape = np.broadcast_shapes(*map(np.shape, arrays))
        spread = [np.broadcast_to(a, shape) for a in arrays]
        entries = [pyfunc(*[a[index] for a in spread]) for index in np.ndindex(shape)]
        if any(isinstance(e, (tuple, list)) for e in entries):
            raise GradusError(
                Text(
                    "numpy.vectorize on a tape: expected a function with one result, got several",
                    "梯度带上的 numpy.vectorize：函数应有一个结果，得到多个",
                )
            )
        return np.reshape(np.stack(entries), shape) if entries else np.zeros(shape)

    return entry_by_entry


def _total(x: Any) -> Any:
    terms = list(x)
    return sum(terms) if _holds(terms) else math.fsum(terms)


def _product(x: Any, *, start: Any = 1) -> Any:
    factors = list(x)
    return np.prod(_array(factors)) * start if _holds(factors) else math.prod(factors, start=start)


def _new(name: str) -> Callable[..., Any]:
    return lambda *args, **kwargs: _writable(getattr(np, name)(*args, **kwargs))


class _Namespace:
    """A module some of whose names are others."""

    def __init__(self, module: Any, names: dict[str, Any]) -> None:
        self._module = module
        self.__dict__.update(names)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def _of_numbers(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    plain = getattr(math, name)
    return lambda *a: function(*a) if any(isinstance(v, ArrayLike) for v in a) else plain(*a)


_NUMPY = _Namespace(
    np,
    {name: _new(name) for name in ("zeros", "ones", "empty", "eye", "identity", "zeros_like", "ones_like", "empty_like", "full_like", "copy", "tri", "vander")}
    | {"array": _array, "asarray": _asarray, "asanyarray": _asarray, "full": _full, "vectorize": _vectorize},
)  # fmt: skip

_MATH = _Namespace(
    math,
    {
        name: _of_numbers(name, getattr(np, numpy))
        for name, numpy in {
            "sqrt": "sqrt", "cbrt": "cbrt", "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log1p": "log1p", "log2": "log2", "log10": "log10",
            "sin": "sin", "cos": "cos", "tan": "tan", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
            "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
            "copysign": "copysign", "fmod": "fmod", "degrees": "degrees", "radians": "radians", "ldexp": "ldexp", "pow": "power", "fabs": "absolute", "isfinite": "isfinite", "isnan": "isnan", "isinf": "isinf",
        }.items()
        if hasattr(math, name)
    }
    | {
        "log": _of_numbers("log", lambda x, base=math.e: np.log(x) if base == math.e else np.log(x) / np.log(base)),
        "erf": _of_numbers("erf", lambda x: call(erf, x)),
        "erfc": _of_numbers("erfc", lambda x: call(erfc, x)),
        "lgamma": _of_numbers("lgamma", lambda x: call(lgamma, x)),
        "gamma": _of_numbers("gamma", lambda x: np.exp(call(lgamma, x))),
        "hypot": _of_numbers("hypot", lambda *x: np.linalg.norm(np.stack(x)) if x else 0.0),
        "dist": lambda p, q: np.linalg.norm(_array(p) - _array(q)) if _holds((p, q)) else math.dist(p, q),
        "prod": _product,
        "fsum": _total,
    },
)  # fmt: skip
