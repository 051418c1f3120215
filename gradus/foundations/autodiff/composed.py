"""What becomes of a NumPy function that has no rule: it is written with those that have one, or known to be constant.

`COMPOSED` writes a function with others; its parts stand in `products`, `fourier`, `reductions`, `differences`, `order`, `norms`,
`elementwise`, `shapes`, `padding`, `created` and `linalg`. `CONSTANT` have the derivative zero almost everywhere, or
give no real numbers. What is in neither is refused by name.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.arguments import fitted, misfit
from gradus.foundations.autodiff.created import CREATED
from gradus.foundations.autodiff.differences import DIFFERENCES
from gradus.foundations.autodiff.elementwise import ELEMENTWISE
from gradus.foundations.autodiff.fourier import FOURIER
from gradus.foundations.autodiff.linalg import LINEAR_ALGEBRA
from gradus.foundations.autodiff.norms import NORMS
from gradus.foundations.autodiff.order import ORDER
from gradus.foundations.autodiff.padding import PADDING
from gradus.foundations.autodiff.products import PRODUCTS
from gradus.foundations.autodiff.reductions import REDUCTIONS
from gradus.foundations.autodiff.rules import RULES
from gradus.foundations.autodiff.shapes import SHAPES
from gradus.text import Text

__all__ = ["ACCUMULATED", "COMPOSED", "CONSTANT", "METHODS", "REDUCED", "composed", "name_of", "unsupported"]

COMPOSED: dict[Any, Callable[..., Any]] = {
    **PRODUCTS,
    **FOURIER,
    **REDUCTIONS,
    **DIFFERENCES,
    **ORDER,
    **NORMS,
    **ELEMENTWISE,
    **SHAPES,
    **PADDING,
    **CREATED,
    **LINEAR_ALGEBRA,
}

CONSTANT = {
    np.sign, np.floor, np.ceil, np.rint, np.trunc, np.fix, np.isfinite, np.isnan, np.isinf, np.signbit, np.equal, np.not_equal,
    np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not, np.logical_xor,
    np.floor_divide, np.spacing, np.shape, np.ndim, np.size, np.result_type, np.isrealobj, np.iscomplexobj, np.isreal,
    np.iscomplex, np.isposinf, np.isneginf, np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition,
    np.searchsorted, np.digitize, np.any, np.all, np.array_equal, np.array_equiv, np.allclose, np.isclose, np.count_nonzero,
    np.nonzero, np.flatnonzero, np.argwhere, np.round, np.around, np.broadcast_shapes, np.isin, np.lexsort, np.linalg.matrix_rank,
    np.diag_indices_from, np.tril_indices_from, np.triu_indices_from,
}  # fmt: skip

METHODS = {
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "clip", "conj", "conjugate", "cumprod", "cumsum", "diagonal",
    "dot", "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "round", "searchsorted", "squeeze", "std", "sum",
    "swapaxes", "take", "trace", "var",
}  # fmt: skip

# what a ufunc's `reduce` and `accumulate` are
REDUCED = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}
ACCUMULATED = {np.add: np.cumsum, np.multiply: np.cumprod}


def composed(function: Any, args: Any, kwargs: Any) -> Any:
    """The NumPy function written with those that have rules.

    Raises:
        GradusError: it has no rule, or an argument is not among those that the tape takes.
    """
    written = COMPOSED.get(function)
    if written is None:
        raise unsupported(name_of(function))
    args, kwargs, out = fitted(function, written, args, kwargs)
    try:
        result = written(*args, **kwargs)
    except GradusError:
        raise
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise misfit(function, written, args, kwargs, error) from error
    return result if out is None else out.become(result)


def name_of(function: Any) -> str:
    """The function's full name; a ufunc from outside NumPy has no module."""
    if isinstance(function, np.ufunc):
        inside = getattr(np, function.__name__, None) is function
        return f"numpy.{function.__name__}" if inside else f"the ufunc {function.__name__}"
    return f"{function.__module__}.{function.__name__}"


def unsupported(name: str) -> GradusError:
    """The error that names the function, and those with a rule whose names are like it."""
    known = sorted({f.__name__ for f in {*RULES, *COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED})
    near = difflib.get_close_matches(name.rpartition(".")[2], known, 3, 0.5)
    like = f", {' and '.join(near)} do" if len(near) > 1 else f", {near[0]} does" if near else ""
    return GradusError(
        Text(
            f"{name} has no derivative rule here{like}; write the function with those of the {len(known)} "
            "in gradus.foundations.autodiff.rules, or add a rule there",
            f"{name} 在此没有求导规则{like}；请用 gradus.foundations.autodiff.rules 中 {len(known)} 个有规则的函数改写，或在那里添加规则",
        )
    )
