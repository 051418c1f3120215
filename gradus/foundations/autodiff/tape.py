"""Reverse-mode automatic differentiation of functions written in NumPy, small enough to be read in one sitting.

A `Variable` stands in for an array. NumPy hands it every call (`__array_ufunc__`, `__array_function__`), and each
call that has a derivative is remembered as a `Step` with its inputs (`variable`). `vjp` then walks the steps backwards, latest
first, and adds to each input its share of the adjoint: the chain rule, once per call. The rules are themselves NumPy;
where something outside is being differentiated too, they run on Variables and are remembered in turn, which gives
higher derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike, value_of
from gradus.foundations.autodiff.rules import RULES, summed_back, take, taken_once
from gradus.foundations.autodiff.variable import Step, Variable, floating

__all__ = ["Step", "Variable", "grad", "mapped", "pulled_back", "value_and_grad", "vjp"]


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    r"""The function that gives the gradient of `f`: (∇f)ᵢ = ∂f/∂xᵢ.

    Args:
        f: a function written in NumPy whose result is one number.
        argnums: position of the argument to differentiate by, or several; each an array of any shape, or a list,
            tuple or dict of arrays.

    Raises:
        GradusError: the result is no single number, or `f` calls what has no rule (the error lists what has).

    Cost: a small multiple of one evaluation of `f`, whatever the number of inputs; memory for every intermediate value
    (see `checkpoint`).

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.

    Example:
        >>> import numpy as np
        >>> grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0])).tolist()
        [2.0, 4.0]
    """
    differentiated = value_and_grad(f, argnums)
    return lambda *arguments: differentiated(*arguments)[1]


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """The function that gives the value of `f` and its gradient together; arguments and errors as for `grad`.

    Example:
        >>> value, gradient = value_and_grad(lambda x: x**3)(2.0)
        >>> float(value), float(gradient)
        (8.0, 12.0)
    """
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
        if np.iscomplexobj(y):
            raise GradusError("grad expects a function whose result is one real number, got a complex one")
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

    Example:
        >>> import numpy as np
        >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
        >>> pullback(np.array([1.0, 10.0]))[0].tolist()
        [2.0, 40.0]
    """
    fresh = [mapped(_start, a) for a in x]
    starts: list[Step] = []
    mapped(lambda v: starts.append(v.step), fresh)
    arguments = [mapped(lambda v: Variable.of(v.step), a) for a in fresh]  # f may write into these
    y = _evaluated(f, arguments, starts)
    if isinstance(y, (tuple, list, dict)):
        raise GradusError(
            f"vjp expects a function whose result is one array, got a {type(y).__name__} of {len(y)}; stack them"
        )
    if isinstance(y, ArrayLike) and not isinstance(y, Variable):
        raise GradusError(
            "grad and vjp cannot run inside jvp; put the jvp inside, grad(lambda x: jvp(f, x, u)[1])"
        )
    wanted = {s.time for s in starts}
    steps = _reached(y, wanted)
    # Is something outside being differentiated too, that our arguments or what f refers to were computed from?
    nested = any(s.inputs if s.time in wanted else s.open for s in steps)

    def pull(w: Any) -> tuple[Any, ...]:
        if np.shape(w) != np.shape(y):
            raise GradusError(
                f"the adjoint has shape {np.shape(w)}, expected that of the result, {np.shape(y)}"
            )
        adjoint = _adjoints(steps, w if isinstance(w, Variable) else floating(w), wanted, nested)
        taken = {id(w)}
        return tuple(mapped(lambda v: _owned(adjoint.get(v.step.time), v.shape, taken), a) for a in fresh)

    return (y if nested else value_of(y)), pull


def _evaluated(f: Callable[..., Any], arguments: list[Any], starts: list[Step]) -> Any:
    """f(*arguments), the steps that they start from being open as long as it runs."""
    try:
        for s in starts:
            s.open = True
        return f(*arguments)
    except (TypeError, ValueError) as error:
        # NumPy hides what a Variable says when it is assigned to a part of an array
        if isinstance(error.__cause__, GradusError):
            raise error.__cause__ from None
        raise
    finally:
        for s in starts:
            s.open = False


def _adjoints(steps: list[Step], w: Any, wanted: set[int], nested: bool) -> dict[int, Any]:
    """Adjoints of the wanted steps, by their time; `steps` come latest first."""
    useful = set(wanted)  # what the wanted ones take part in
    for s in reversed(steps):
        if any(isinstance(a, Step) and a.time in useful for a in s.inputs):
            useful.add(s.time)
    useful_inputs = {
        s.time: [i for i, a in enumerate(s.inputs) if isinstance(a, Step) and a.time in useful]
        for s in steps
        if s.time not in wanted
    }
    try:
        with np.errstate(invalid="raise"):
            return _sweep(steps, w, useful_inputs, nested)
    except FloatingPointError:  # such as 0·∞, where np.where did not choose what overflows
        with np.errstate(all="ignore"):
            return _sweep(steps, w, useful_inputs, nested, careful=True)


def _sweep(
    steps: list[Step], w: Any, useful: dict[int, list[int]], nested: bool, careful: bool = False
) -> dict[int, Any]:
    adjoint = {s.time: w for s in steps[:1]}
    own: set[int] = set()  # whose adjoint is an array of ours alone, to be added to in place
    for s in steps:
        if not useful.get(s.time) or s.time not in adjoint:
            continue
        g, chosen = adjoint.pop(s.time), useful[s.time]
        if s.function is take and s.inputs[0].time in own and taken_once(s.options["index"]):
            adjoint[s.inputs[0].time][s.options["index"]] += (
                g  # no array of zeros for each part that was taken
            )
            continue
        for i, share in zip(chosen, _shares(s, g, chosen, nested), strict=True):
            if careful and isinstance(s.function, np.ufunc):  # an adjoint of 0: the entry does not matter
                share = np.where(np.equal(g, 0), 0.0, share)
            a = s.inputs[i]
            share = _fitted(share, a.value)
            old = adjoint.get(a.time)
            if old is None:
                adjoint[a.time] = share
            elif a.time in own and old.dtype == share.dtype:
                old += share
                continue
            else:
                adjoint[a.time] = old + share
            if (
                not nested
                and (s.function is take or old is not None)
                and isinstance(adjoint[a.time], np.ndarray)
            ):
                own.add(a.time)
    return adjoint


def _shares(s: Step, g: Any, chosen: list[int], nested: bool) -> Iterable[Any]:
    """g·∂s/∂(input i) for each chosen i; on Variables when the sweep is itself differentiated."""
    seen = Variable.of if nested else lambda a: a.value
    inputs = [seen(a) if isinstance(a, Step) else a for a in s.inputs]
    if hasattr(s.function, "shares"):  # it brings its own rule, for all inputs at once
        return s.function.shares(g, chosen, inputs)
    rule, y = RULES[s.function], seen(s)
    by = rule if isinstance(rule, tuple) else [partial(rule, i) for i in range(len(inputs))]
    return (by[i](g, y, *inputs, **s.options) for i in chosen)


def pulled_back(s: Step, i: int) -> Callable[[Any], Any]:
    """The map g ↦ g·∂s/∂(input i), through this one call; as in a sweep, 0·∞ is 0: the entry does not matter."""

    def pulled(g: Any) -> Any:
        with np.errstate(all="ignore"):
            share = next(iter(_shares(s, g, [i], False)))
        if isinstance(s.function, np.ufunc) and not np.isfinite(share).all():
            share = np.where(np.equal(g, 0), 0.0, share)
        return np.asarray(_fitted(share, s.inputs[i].value))

    return pulled


def _fitted(share: Any, a: Any) -> Any:
    """The share in the shape of the input, and real if the input is."""
    share = share if hasattr(share, "dtype") else np.asarray(share)
    if a.dtype.kind == "f" and share.dtype.kind == "c":
        share = np.real(share)
    return share if share.shape == a.shape else summed_back(share, a.shape)


def _reached(y: Any, wanted: set[int]) -> list[Step]:
    """Every step that y was computed from, latest first, and nothing behind the wanted ones."""
    found: dict[int, Step] = {}
    stack: list[Any] = [y.step] if isinstance(y, Variable) else []
    while stack:
        s = stack.pop()
        if isinstance(s, Step) and s.time not in found:
            found[s.time] = s
            stack.extend(() if s.time in wanted else s.inputs)
    return [found[t] for t in sorted(found, reverse=True)]


def _start(x: Any) -> Any:
    v: Any = np.positive(x) if isinstance(x, Variable) else Variable(x)
    v.step.live = True
    return v


def _owned(g: Any, shape: tuple[int, ...], taken: set[int]) -> Any:
    """An array of the caller's own: rules may hand on views, or one array to several inputs. Nobody writes to a Variable."""
    if g is None:
        return np.zeros(shape)
    if isinstance(g, Variable):
        return g
    if isinstance(g, np.ndarray) and (not g.flags.owndata or id(g) in taken):
        g = np.array(g, subok=True)
    taken.add(id(g))
    return g if np.ndim(g) else g[()]


def mapped(function: Callable[[Any], Any], tree: Any) -> Any:
    """The tree of lists, tuples and dicts with the function of each leaf in its place."""
    if isinstance(tree, dict):
        return {k: mapped(function, v) for k, v in tree.items()}
    if isinstance(tree, (list, tuple)):
        return type(tree)([mapped(function, v) for v in tree])
    return function(tree)
