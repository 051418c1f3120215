"""Reverse mode through a long chain of steps in little memory: states that were not kept are computed again."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from gradus.arguments import choice, duck, real_array, refusal, whole
from gradus.arguments import function as require_function
from gradus.errors import GradusError
from gradus.text import Text

__all__ = ["binomial_evaluations", "reverse_chain"]


def reverse_chain(
    step: Callable[[Any], Any],
    pullback: Callable[[Any, Any], Any],
    x: Any,
    x_bar: Any,
    n: int,
    checkpoints: int,
    schedule: str = "even",
) -> Any:
    r"""The adjoint of :math:`x_0` in the chain :math:`x_k=F(x_{k-1})`, k = 1 … n, from that of :math:`x_n`.

    Args:
        step: F, which must do the same each time that it is called.
        pullback: `(x, x_bar) -> x_bar F'(x)`.
        x: the state x₀, an array of any shape.
        x_bar: the adjoint of xₙ, of that shape.
        n: length of the chain.
        checkpoints: how many states are kept at most, x₀ among them.
        schedule: "even", every ⌈n/c⌉-th state is kept and the states of one piece beside them; "binomial", the fewest
            evaluations of `step` that c states in all allow.

    Raises:
        GradusError: n or checkpoints below 1, an unknown schedule, x and x_bar of different shapes, or a pullback that
            gives no array of the state's shape.

    Cost: even, c + n/c states (2√n at c = √n) and less than 2n evaluations; binomial, c states and r·n evaluations at
        most for a chain of n ≤ C(c + r, c) steps.

    Source: Griewank 1992; Griewank and Walther 2000, algorithm 799; Chen et al. 2016.

    Example:
        >>> square, pullback = lambda x: x * x, lambda x, bar: 2 * x * bar
        >>> slope = reverse_chain(square, pullback, 1.1, 1.0, n=3, checkpoints=2)
        >>> round(float(slope), 6), round(8 * 1.1**7, 6)  # x⁸ by three squarings
        (15.589737, 15.589737)
    """
    require_function("step", step, "numpy.square")
    require_function("pullback", pullback, "lambda x, x_bar: 2 * x * x_bar")
    n, checkpoints = whole("n", n, least=1), whole("checkpoints", checkpoints, least=1)
    choice("schedule", schedule, ("even", "binomial"))
    x, x_bar = _state("x", x), _state("x_bar", x_bar)
    if not (duck(x) or duck(x_bar)):
        x_bar = _beside(x, x_bar)
    if np.shape(x) != np.shape(x_bar):
        raise GradusError(
            Text(
                f"x_bar: expected the shape of x, {np.shape(x)}, got {np.shape(x_bar)}",
                f"x_bar：形状应与 x 相同，即 {np.shape(x)}，得到 {np.shape(x_bar)}",
            )
        )
    inner, pullback = step, _with_result(pullback)
    step = lambda x: _state("step", inner(x))  # noqa: E731
    if schedule == "even":
        return _even(step, pullback, x, x_bar, n, -(-n // checkpoints))
    return _binomial(step, pullback, x, x_bar, n, checkpoints)


def _state(name: str, value: Any) -> Any:
    """A state: an array (a list becomes one), a number, or what another framework has for an array."""
    if (
        duck(value)
        or isinstance(value, (float, np.generic))
        or (hasattr(value, "shape") and not isinstance(value, np.ndarray))
    ):
        return value
    numbers = real_array(name, value)
    return numbers.astype(float) if numbers.dtype.kind == "O" else numbers


def _beside(x: Any, x_bar: Any) -> Any:
    """The adjoint in the framework of the state."""
    if isinstance(x, (float, np.ndarray, np.generic)):
        return x_bar if isinstance(x_bar, (float, np.generic)) else real_array("x_bar", x_bar)
    if type(x_bar) is not type(x):
        raise refusal(
            "x_bar", (f"{type(x).__name__} as x", f"与 x 相同的 {type(x).__name__}"), x_bar, kind=True
        )
    return x_bar


def _with_result(pullback: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """The pullback, which is refused where it gives nothing or another shape."""

    def checked(x: Any, x_bar: Any) -> Any:
        share = pullback(x, x_bar)
        if share is None or np.shape(share) != np.shape(x):
            got = "None; is a `return` missing?" if share is None else f"shape {np.shape(share)}"
            raise GradusError(
                Text(
                    f"pullback: expected an adjoint of the state's shape, {np.shape(x)}, got {got}",
                    f"pullback：伴随量的形状应与状态相同，即 {np.shape(x)}，得到 {got}",
                )
            )
        return _state("pullback", share)

    return checked


def binomial_evaluations(n: int, checkpoints: int) -> int:
    """The fewest evaluations of the step that the adjoint of n steps needs with so many states kept.

    They are r·n − C(c + r, r − 1), r being the least number with C(c + r, c) ≥ n.

    Raises:
        GradusError: n or checkpoints below 1.

    Source: Griewank and Walther 2000.

    Example:
        >>> [binomial_evaluations(100, c) for c in (2, 5, 10, 100)]
        [845, 316, 222, 99]
    """
    n, checkpoints = whole("n", n, least=1), whole("checkpoints", checkpoints, least=1)
    r = _sweeps(n, checkpoints)
    return r * n - math.comb(checkpoints + r, r - 1) if r else 0


def _sweeps(n: int, checkpoints: int) -> int:
    """r, the least number with C(c + r, c) ≥ n: no step is evaluated more often."""
    r = 0
    while math.comb(checkpoints + r, checkpoints) < n:
        r += 1
    return r


def _even(step: Any, pullback: Any, x: Any, x_bar: Any, n: int, length: int) -> Any:
    starts = range(0, n, length)
    stored = [x]
    for _ in starts[1:]:
        for _ in range(length):
            x = step(x)
        stored.append(x)
    del x
    for start in reversed(starts):
        states = [stored.pop()]
        for _ in range(min(length, n - start) - 1):
            states.append(step(states[-1]))
        while states:
            x_bar = pullback(states.pop(), x_bar)
    return x_bar


def _binomial(step: Any, pullback: Any, x: Any, x_bar: Any, n: int, checkpoints: int) -> Any:
    """A stack of kept states, each with the number of steps behind it that are still to be pulled back."""
    stack = [(x, n)]
    while stack:
        x, left = stack.pop()
        if left == 1:
            x_bar = pullback(x, x_bar)
            continue
        length = _split(left, checkpoints - len(stack))
        stack.append((x, length))
        for _ in range(length):
            x = step(x)
        stack.append((x, left - length))
    return x_bar


def _split(n: int, checkpoints: int) -> int:
    """An optimal distance to the next kept state: r − 1 sweeps suffice before it, r after it."""
    if checkpoints == 1:
        return n - 1
    r = _sweeps(n, checkpoints)
    least_after = math.comb(checkpoints + r - 2, checkpoints - 1)
    return max(1, min(math.comb(checkpoints + r - 1, checkpoints), n - least_after))
