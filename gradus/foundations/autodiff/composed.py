"""What becomes of a NumPy function that has no rule: it is written with those that have one, or known to be constant.

`COMPOSED` writes a function with others; its parts stand in `products`, `reductions`, `elementwise`, `shapes` and
`linalg`. `CONSTANT` have the derivative zero almost everywhere, or give no real numbers.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.errors import GradusError
from gradus.foundations.autodiff.elementwise import ELEMENTWISE
from gradus.foundations.autodiff.linalg import LINEAR_ALGEBRA
from gradus.foundations.autodiff.products import PRODUCTS
from gradus.foundations.autodiff.reductions import REDUCTIONS
from gradus.foundations.autodiff.rules import RULES
from gradus.foundations.autodiff.shapes import SHAPES

__all__ = ["COMPOSED", "CONSTANT", "METHODS", "REDUCED", "composed", "unsupported"]

COMPOSED: dict[Any, Callable[..., Any]] = {
    **PRODUCTS,
    **REDUCTIONS,
    **ELEMENTWISE,
    **SHAPES,
    **LINEAR_ALGEBRA,
}

CONSTANT = {
    np.sign, np.floor, np.ceil, np.rint, np.trunc, np.fix, np.isfinite, np.isnan, np.isinf, np.signbit, np.equal, np.not_equal,
    np.less, np.less_equal, np.greater, np.greater_equal, np.logical_and, np.logical_or, np.logical_not, np.floor_divide,
    np.heaviside, np.spacing, np.nextafter, np.shape, np.ndim, np.size, np.result_type, np.isrealobj, np.iscomplexobj,
    np.argmax, np.argmin, np.argsort, np.argpartition, np.searchsorted, np.digitize, np.any, np.all, np.array_equal,
    np.allclose, np.isclose, np.count_nonzero, np.nonzero, np.flatnonzero, np.argwhere, np.round, np.broadcast_shapes,
    np.isin, np.lexsort, np.linalg.matrix_rank, np.linalg.cond,
}  # fmt: skip

METHODS = {
    "argmax", "argmin", "argsort", "clip", "conj", "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "prod",
    "ravel", "repeat", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
}  # fmt: skip

# what a ufunc's `reduce` is
REDUCED = {np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min}


def composed(function: Any, args: Any, kwargs: Any) -> Any:
    """The NumPy function written with those that have rules.

    Raises:
        GradusError: it has no rule, or an argument is not among those that the tape takes.
    """
    written = COMPOSED.get(function)
    if written is None:
        raise unsupported(f"{function.__module__}.{function.__name__}".removeprefix("numpy."))
    try:
        return written(*args, **kwargs)
    except TypeError:
        signature = inspect.signature(written)
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            takes = ", ".join(signature.parameters)
            raise GradusError(f"numpy.{function.__name__} on a tape: {error}; it takes {takes}") from None
        raise


def unsupported(name: str) -> GradusError:
    """The error that names the function, and those with a rule whose names are like it."""
    known = sorted({f.__name__ for f in {*RULES, *COMPOSED} if isinstance(f, np.ufunc) or f in COMPOSED})
    near = difflib.get_close_matches(name.rpartition(".")[2], known, 3, 0.5)
    like = f", {' and '.join(near)} do" if len(near) > 1 else f", {near[0]} does" if near else ""
    return GradusError(
        f"numpy.{name} has no derivative rule here{like}; write the function with those of the {len(known)} "
        "in gradus.foundations.autodiff.rules, or add a rule there"
    )
