"""Reverse-mode automatic differentiation of functions written in NumPy.

A `Variable` stands in for an array, and remembers the calls that made it as `Step`s (`variable`). `vjp` runs the
function on Variables, and its pullback walks the steps backwards (`sweep`). The rules are themselves NumPy; where
something outside is being differentiated too, they run on Variables and are remembered in turn, which gives higher
derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradus.arguments import function as require_function
from gradus.arguments import real_or_duck, whole
from gradus.errors import GradusError
from gradus.foundations.autodiff.accumulation import owned
from gradus.foundations.autodiff.array_like import ArrayLike, result_of, value_of
from gradus.foundations.autodiff.sweep import adjoints, steps_to
from gradus.foundations.autodiff.tree import mapped
from gradus.foundations.autodiff.variable import Step, Variable, floating
from gradus.text import Text

__all__ = ["grad", "value_and_grad", "vjp"]


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
    require_function("f", f, "numpy.sum")
    _check_positions(argnums)
    several = not isinstance(argnums, int)
    chosen = tuple(argnums) if isinstance(argnums, Sequence) else (argnums,)

    def differentiated(*arguments: Any) -> tuple[Any, Any]:
        def of_chosen(*x: Any) -> Any:
            replaced = dict(zip(chosen, x, strict=True))
            return f(*[replaced.get(i, a) for i, a in enumerate(arguments)])

        if not all(0 <= i < len(arguments) for i in chosen):
            raise GradusError(
                Text(
                    f"argnums={argnums}: the function was called with {len(arguments)} argument(s), numbered from 0",
                    f"argnums={argnums}：调用函数时给了 {len(arguments)} 个参数，从 0 开始编号",
                )
            )
        y, pull = vjp(of_chosen, *[arguments[i] for i in chosen])
        if np.shape(y) != ():
            raise GradusError(
                Text(
                    f"grad expects a function whose result is one number, got shape {np.shape(y)}; sum it, or use vjp",
                    f"grad 需要结果为一个数的函数，得到形状 {np.shape(y)}；请求和，或用 vjp",
                )
            )
        if np.iscomplexobj(y):
            raise GradusError(
                Text(
                    "grad expects a function whose result is one real number, got a complex one",
                    "grad 需要结果为一个实数的函数，得到复数",
                )
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
        GradusError: the result is no array of numbers, the adjoint has another shape, or `f` calls what has no rule.

    Cost: as `grad`, for each call of the pullback.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.

    Example:
        >>> import numpy as np
        >>> y, pullback = vjp(lambda x: x * x, np.array([1.0, 2.0]))
        >>> pullback(np.array([1.0, 10.0]))[0].tolist()
        [2.0, 40.0]
    """
    require_function("f", f, "numpy.exp")
    leaves = [mapped(_leaf, a) for a in x]
    starts: list[Step] = []
    mapped(lambda v: starts.append(v.step), leaves)
    arguments = [mapped(lambda v: Variable.of(v.step), a) for a in leaves]  # f may write into these
    y = result_of(_evaluated(f, arguments, starts), "vjp")
    _refuse_dual(y)
    wanted = {s.time for s in starts}
    steps = steps_to(y, wanted)
    # Is something outside being differentiated too, that our arguments or what f refers to were computed from?
    nested = any(s.inputs if s.time in wanted else s.open for s in steps)

    def pull(w: Any) -> tuple[Any, ...]:
        if np.shape(w) != np.shape(y):
            raise GradusError(
                Text(
                    f"the adjoint has shape {np.shape(w)}, expected that of the result, {np.shape(y)}",
                    f"伴随量的形状为 {np.shape(w)}，应与结果相同，即 {np.shape(y)}",
                )
            )
        if not isinstance(w, ArrayLike) and np.asanyarray(w).dtype.kind not in "fciub":
            raise GradusError(
                Text(
                    f"the adjoint: expected an array of numbers, got {w!r:.60}",
                    f"伴随量应为数值数组，得到 {w!r:.60}",
                )
            )
        adjoint = adjoints(steps, w if isinstance(w, Variable) else floating(w), wanted, nested)
        handed_out = {id(w)}
        return tuple(mapped(lambda v: owned(adjoint.get(v.step), v.shape, handed_out), a) for a in leaves)

    return (y if nested else value_of(y)), pull


def _check_positions(argnums: Any) -> None:
    places = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    for place in places:
        whole("argnums", place)
    if not places or len(set(places)) != len(places):
        raise GradusError(
            Text(
                f"argnums: expected positions that differ, at least one, got {argnums!r}",
                f"argnums：应为互不相同的位置，至少一个，得到 {argnums!r}",
            )
        )


def _evaluated(f: Callable[..., Any], arguments: list[Any], starts: list[Step]) -> Any:
    """f(*arguments), the steps that they start from being open as long as it runs."""
    try:
        for s in starts:
            s.open = True
        return f(*arguments)
    except (IndexError, TypeError, ValueError) as error:
        # NumPy hides what a Variable says when it is assigned to a part of an array
        if isinstance(error.__cause__, GradusError):
            raise error.__cause__ from None
        raise
    finally:
        for s in starts:
            s.open = False


def _leaf(x: Any) -> Any:
    """A new Variable to differentiate by; a Variable of somebody else's is one more step of theirs."""
    _refuse_dual(x)
    x = real_or_duck("x", x)
    v: Any = np.positive(x) if isinstance(x, Variable) else Variable(x)
    v.step.live = True
    return v


def _refuse_dual(x: Any) -> None:
    if isinstance(x, ArrayLike) and not isinstance(x, Variable):
        raise GradusError(
            Text(
                "grad and vjp cannot run inside jvp; put the jvp inside, grad(lambda x: jvp(f, x, u)[1])",
                "grad 与 vjp 不能在 jvp 内部运行；请把 jvp 放在里面：grad(lambda x: jvp(f, x, u)[1])",
            )
        )
