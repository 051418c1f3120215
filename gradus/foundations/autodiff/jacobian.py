"""The Jacobian of a function written in NumPy, by forward or by reverse mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from gradus.arguments import array, choice
from gradus.arguments import function as require_function
from gradus.foundations.autodiff.dual import jvp
from gradus.foundations.autodiff.tape import vjp

__all__ = ["jacobian"]


def jacobian(
    f: Callable[..., Any], x: Float[np.ndarray, ...], mode: Literal["forward", "reverse"] | None = None
) -> Float[np.ndarray, ...]:
    r"""All the partial derivatives: J[i, j] = ∂fᵢ/∂xⱼ.

    Args:
        f: a function written in NumPy, of one array, whose result is one array.
        x: its argument, of any shape.
        mode: "forward" gives a column for each input, "reverse" a row for each output; unless given, whichever
            needs fewer passes.

    Returns:
        The derivatives, of shape (*shape of f(x), *shape of x): m × n for vectors.

    Raises:
        GradusError: an unknown mode, a result that is no array, or a call that has no rule.

    Cost: min(m, n) passes, each a small multiple of one evaluation of `f`.

    Source: Griewank and Walther 2008, Evaluating Derivatives, ch. 3.

    Example:
        >>> import numpy as np
        >>> jacobian(lambda x: np.stack([x[0] * x[1], x[0] ** 2]), np.array([3.0, 5.0])).tolist()
        [[5.0, 3.0], [6.0, 0.0]]
    """
    require_function("f", f, "numpy.exp")
    choice("mode", mode, (None, "forward", "reverse"))
    x = array("x", x)
    y, pull = vjp(f, x)
    m, n = np.size(y), x.size
    if mode == "forward" or (mode is None and n < m):
        columns = [np.ravel(jvp(f, x, u.reshape(x.shape))[1]) for u in np.eye(n)]
        return np.array(columns).reshape(n, m).T.reshape((*np.shape(y), *x.shape))
    rows = [np.ravel(pull(w.reshape(np.shape(y)))[0]) for w in np.eye(m)]
    return np.array(rows).reshape((*np.shape(y), *x.shape))
