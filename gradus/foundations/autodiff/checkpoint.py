"""Rematerialisation: what the backward pass needs is computed a second time instead of being kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.foundations.autodiff.array_like import ArrayLike
from gradus.foundations.autodiff.call import call
from gradus.foundations.autodiff.tape import vjp
from gradus.foundations.autodiff.tree import mapped
from gradus.foundations.autodiff.variable import Variable
from gradus.text import Text

__all__ = ["checkpoint"]


def checkpoint(f: Callable[..., Any]) -> Callable[..., Any]:
    r"""The same function, of which the tape keeps the arguments and the result alone, and nothing in between.

    When its adjoint is wanted it is evaluated again, with a tape of its own (rematerialisation).

    Args:
        f: a function written in NumPy whose result is one array, and which does the same each time that it is called.

    Raises:
        GradusError: `f` uses what is being differentiated without having it among its arguments.

    Cost: one more evaluation of `f`; memory for its arguments. A chain of n steps in pieces of √n keeps 2√n values.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 12; Chen et al. 2016.

    Example:
        >>> from gradus.foundations.autodiff import grad
        >>> f = checkpoint(lambda x: x * x * x)
        >>> float(grad(f)(2.0))
        12.0
    """
    require_function("f", f, "numpy.exp")

    def rematerialised(*arguments: Any) -> Any:
        leaves: list[Any] = []
        mapped(leaves.append, arguments)
        if any(isinstance(a, ArrayLike) and not isinstance(a, Variable) for a in leaves):
            return f(*arguments)  # forward mode keeps nothing anyway
        places = iter(range(len(leaves)))
        return call(_Rematerialised(f, mapped(lambda _: next(places), arguments)), *leaves)

    return rematerialised


class _Rematerialised:
    """A function whose arguments are listed as leaves, with the rule of `checkpoint`."""

    def __init__(self, f: Callable[..., Any], places: Any) -> None:
        self.f, self.places, self.__name__ = f, places, getattr(f, "__name__", "function")

    def __call__(self, *leaves: Any) -> Any:
        y = self.f(*mapped(lambda place: leaves[place], self.places))
        if isinstance(y, Variable) and not any(isinstance(a, Variable) for a in leaves):
            raise GradusError(
                Text(
                    f"checkpoint({self.__name__}) uses what is being differentiated; make it an argument of the function",
                    f"checkpoint({self.__name__}) 用到了被求导的量；请把它作为函数的参数",
                )
            )
        return y

    def shares(self, g: Any, chosen: list[int], inputs: Sequence[Any]) -> tuple[Any, ...]:
        """The shares of the chosen inputs."""

        def of_chosen(*x: Any) -> Any:
            leaves = dict(enumerate(inputs)) | dict(zip(chosen, x, strict=True))
            return self(*[leaves[i] for i in range(len(inputs))])

        return vjp(of_chosen, *[inputs[i] for i in chosen])[1](g)
