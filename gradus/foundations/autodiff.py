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

from gradus.errors import GradusError
from gradus.foundations.array_like import ArrayLike, value_of
from gradus.foundations.autodiff_rules import RULES, applied, summed_back

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
    if isinstance(y, ArrayLike) and not isinstance(y, Variable):
        raise GradusError(
            "grad and vjp cannot run inside jvp; put the jvp inside, grad(lambda x: jvp(f, x, u)[1])"
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
        return tuple(_map(lambda v: _owned(adjoint.get(v.time, np.zeros(v.shape))), a) for a in fresh)

    return (y if nested else value_of(y)), pull


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
    y, inputs = (v, v.inputs) if nested else (v.value, tuple(map(value_of, v.inputs)))
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


def _owned(g: Any) -> Any:
    """A copy, since rules may hand on views; a Variable is never written to."""
    return g if isinstance(g, Variable) else np.array(g, subok=True)[()]


def _map(function: Callable[[Any], Any], tree: Any) -> Any:
    if isinstance(tree, dict):
        return {k: _map(function, v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)([_map(function, v) for v in tree])
    return function(tree)


class Variable(ArrayLike):
    """An array that remembers how it was computed.

    Attributes:
        value: the array, float64.
        function, inputs, options: the call that made it; None and () for one that was given.
        time: number of the call.
        open: whether it is an argument of a function that is being evaluated in order to be differentiated.
    """

    __slots__ = ("function", "inputs", "open", "options", "time", "value")

    def __init__(self, value: Any, function: Any = None, inputs: Any = (), options: Any = None) -> None:
        if np.asanyarray(value).dtype.kind not in "fiub":
            raise GradusError(f"the tape differentiates real numbers, got {np.asanyarray(value).dtype}")
        self.value = np.asanyarray(value, dtype=float)
        self.function, self.inputs, self.options = function, inputs, options or {}
        self.time, self.open = next(_clock), False

    def record(self, function: Any, inputs: tuple[Any, ...], options: dict[str, Any]) -> Variable:
        """The result of a call that has a rule."""
        return Variable(applied(function, [value_of(a) for a in inputs], options), function, inputs, options)

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"
