"""Reverse-mode automatic differentiation of functions written in NumPy, small enough to be read in one sitting.

A `Variable` stands in for an array. NumPy hands it every call (`__array_ufunc__`, `__array_function__`), and each
call that has a derivative is remembered with its inputs. `vjp` then walks the calls backwards, latest first, and adds
to each input its share of the adjoint: the chain rule, once per call. The rules are themselves NumPy; where something
outside is being differentiated too, they run on Variables and are remembered in turn, which gives higher derivatives.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
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
    summed_back,
    take,
    unsupported,
)

__all__ = ["Variable", "grad", "value_and_grad", "vjp"]

_clock = itertools.count()  # numbers the calls, so that "latest first" is a sort


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    r"""The function that gives the gradient of `f`: (∇f)ᵢ = ∂f/∂xᵢ.

    Args:
        f: a function written in NumPy whose result is one number.
        argnums: position of the argument to differentiate by, or several; each an array of any shape, or a list,
            tuple or dict of arrays.

    Raises:
        GradusError: the result is no single number, or `f` calls what has no rule (the error lists what has).

    Cost: a small multiple of one evaluation of `f`, whatever the number of inputs; memory for every intermediate value.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.
    """
    differentiated = value_and_grad(f, argnums)
    return lambda *arguments: differentiated(*arguments)[1]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of `f` and its gradient together; arguments and errors as for `grad`."""
    several = not isinstance(argnums, int)
    chosen = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)

    def differentiated(*arguments: Any) -> tuple[Any, Any]:
        def of_chosen(*x: Any) -> Any:
            replaced = dict(zip(chosen, x, strict=True))
            return f(*[replaced.get(i, a) for i, a in enumerate(arguments)])

        if not all(0 <= i < len(arguments) for i in chosen):
            raise GradusError(
                f"argnums={argnums}: the function was called with {len(arguments)} argument(s), numbered from 0"
            )
        y, pull = vjp(of_chosen, *[arguments[i] for i in chosen])
        if np.shape(y) != ():
            raise GradusError(
                f"grad expects a function whose result is one number, got shape {np.shape(y)}; sum it, or use vjp"
            )
        gradients = pull(1.0)
        return y, gradients if several else gradients[0]

    return differentiated


def vjp(f: Callable[..., Any], *x: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    r"""The value y = f(x), and the pullback that takes an adjoint w of y to wᵀJ, one array per argument.

    The pullback applies v̄ᵢ = Σⱼ v̄ⱼ ∂vⱼ/∂vᵢ, over all j computed from i, to every intermediate value.

    Args:
        f: a function written in NumPy whose result is one array.
        x: its arguments: arrays of any shape, or lists, tuples or dicts of arrays.

    Raises:
        GradusError: the result is no array, the adjoint has another shape, or `f` calls what has no rule.

    Cost: as `grad`, for each call of the pullback.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.
    """
    fresh = [_map(_start, a) for a in x]
    wanted: dict[int, Variable] = {}
    _map(lambda v: wanted.update({v.time: v}), fresh)
    y = _evaluated(f, fresh, wanted)
    if isinstance(y, (tuple, list, dict)):
        raise GradusError(
            f"vjp expects a function whose result is one array, got a {type(y).__name__} of {len(y)}; stack them"
        )
    nodes = _reached(y, wanted)
    # Is something outside being differentiated too, that our arguments or what f refers to were computed from?
    nested = any(v.inputs if v.time in wanted else v.open for v in nodes)

    def pull(w: Any) -> tuple[Any, ...]:
        if np.shape(w) != np.shape(y):
            raise GradusError(
                f"the adjoint has shape {np.shape(w)}, expected that of the result, {np.shape(y)}"
            )
        adjoint = _sweep(nodes, w if isinstance(w, Variable) else np.asarray(w, float), wanted, nested)
        own = (lambda g: g) if nested else (lambda g: np.array(g, subok=True)[()])  # rules may hand on views
        return tuple(_map(lambda v: own(adjoint.get(v.time, np.zeros(v.shape))), a) for a in fresh)

    return (y if nested else _value(y)), pull


def _evaluated(f: Callable[..., Any], fresh: list[Any], wanted: dict[int, Variable]) -> Any:
    """f(*fresh), the wanted variables being open as long as it runs."""
    try:
        for v in wanted.values():
            v.open = True
        return f(*fresh)
    except (TypeError, ValueError) as error:
        # NumPy hides what a Variable says when it is assigned to a part of an array
        if isinstance(error.__cause__, GradusError):
            raise error.__cause__ from None
        raise
    finally:
        for v in wanted.values():
            v.open = False


def _sweep(nodes: list[Variable], w: Any, wanted: dict[int, Variable], nested: bool) -> dict[int, Any]:
    """Adjoints of the wanted variables, by their time; `nodes` come latest first."""
    useful = set(wanted)  # what the wanted ones take part in
    for v in reversed(nodes):
        if any(isinstance(a, Variable) and a.time in useful for a in v.inputs):
            useful.add(v.time)
    adjoint = {v.time: w for v in nodes[:1]}
    for v in nodes:
        if v.time in wanted or v.time not in adjoint:
            continue
        g = adjoint.pop(v.time)
        for i, a in enumerate(v.inputs):
            if isinstance(a, Variable) and a.time in useful:
                share = _share(v, i, g, nested)
                adjoint[a.time] = adjoint[a.time] + share if a.time in adjoint else share
    return adjoint


def _share(v: Variable, i: int, g: Any, nested: bool) -> Any:
    """g·∂v/∂(input i), in the shape of that input; on Variables when the sweep is itself differentiated."""
    y, inputs = (v, v.inputs) if nested else (v.value, tuple(map(_value, v.inputs)))
    rule = RULES[v.function]
    pull = rule[i] if isinstance(rule, tuple) else partial(rule, i)
    return summed_back(pull(g, y, *inputs, **v.options), np.shape(v.inputs[i]))


def _reached(y: Any, wanted: dict[int, Variable]) -> list[Variable]:
    """Every variable that y was computed from, latest first, and nothing behind the wanted ones."""
    found: dict[int, Variable] = {}
    stack = [y]
    while stack:
        v = stack.pop()
        if isinstance(v, Variable) and v.time not in found:
            found[v.time] = v
            stack.extend(() if v.time in wanted else v.inputs)
    return [found[t] for t in sorted(found, reverse=True)]


def _start(x: Any) -> Any:
    return np.positive(x) if isinstance(x, Variable) else Variable(x)


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Variable) else x


def _map(function: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _map(function, v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)([_map(function, v) for v in tree])
    return function(tree)


def _lost(what: str, instead: str) -> GradusError:
    return GradusError(f"a Variable cannot become {what} without losing its derivative; {instead}")


class Variable(NDArrayOperatorsMixin):
    """An array that remembers how it was computed.

    `x += y` gives a new Variable; assignment to a part of one, or of one to a part of an array, is refused.

    Attributes:
        value: the array, float64.
        function, inputs, options: the call that made it; None and () for one that was given.
        time: number of the call.
        open: whether it is an argument of a function that is being evaluated in order to be differentiated.
    """

    __slots__ = ("function", "inputs", "open", "options", "time", "value")
    __hash__ = object.__hash__

    def __init__(self, value: Any, function: Any = None, inputs: Any = (), options: Any = None) -> None:
        if np.asanyarray(value).dtype.kind not in "fiub":
            raise GradusError(f"the tape differentiates real numbers, got {np.asanyarray(value).dtype}")
        self.value = np.asanyarray(value, dtype=float)
        self.function, self.inputs, self.options = function, inputs, options or {}
        self.time, self.open = next(_clock), False

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Variable:
        """The result of a call that has a rule."""
        return Variable(function(*map(_value, inputs), **options), function, inputs, options)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **options: Any) -> Any:
        if out is not None and not isinstance(out[0], Variable):
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
            return ufunc(*map(_value, inputs))
        if ufunc in COMPOSED:
            return COMPOSED[ufunc](*inputs)
        return self.record(ufunc, inputs, {})

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in CONSTANT:
            return function(*_map(_value, args), **_map(_value, kwargs))
        return composed(function, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name in ("shape", "ndim", "size", "dtype"):
            return getattr(self.value, name)
        if name in METHODS:
            return partial(getattr(np, name), self)
        raise AttributeError(f"a Variable has no attribute {name!r}")

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
        """A new Variable of the same value."""
        return np.positive(self)

    def __getitem__(self, index: Any) -> Variable:
        return call(take, self, index=_map(_value, index) if isinstance(index, tuple) else _value(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        raise GradusError("a Variable cannot be changed in part; use np.where, np.stack or np.concatenate")

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise _lost("a plain array", "join several with np.stack")

    def __float__(self) -> float:
        raise _lost("a plain number", "use NumPy's functions, not math's")

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"
