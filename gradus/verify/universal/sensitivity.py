"""How much rounding may move a result: the number of terms in its sums, and its sensitivity to its arguments.

The tolerance of "equals its definition" is not guessed. An implementation is accepted when its error is no larger
than that of a backward-stable algorithm: rounding of relative size c·n·ε in the data, which moves the result by
c·n·ε·(|f| + κ), where κ is the definition's own sensitivity to relative perturbations of its arguments, measured at
each case. In bfloat16 n is replaced by √n, the growth of rounding errors that behave like random signs
(Higham and Mary, 2019).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from gradus.frameworks.structure import flatten, map_arrays
from gradus.page import Arguments, Concept, Symbol

C = 8.0  # operations per term of a sum, generously: products, sums, an exponential of a few units in the last place
DELTA = 2.0**-26  # relative size of the perturbations that measure sensitivity
REFUSALS = (ValueError, TypeError, RuntimeError, IndexError, AssertionError, ArithmeticError, KeyError)


def parts(result: Any) -> list[np.ndarray]:
    """A result as a list of arrays."""
    return [np.asarray(leaf) for leaf in flatten(result)]


def symbol_of(concept: Concept, argument: str) -> Symbol:
    """The argument's row of the symbol table."""
    return next(s for s in concept.symbols if s.argument == argument)


def terms_of(concept: Concept, arguments: Arguments) -> int:
    """n, the length of the longest sum behind one entry of a result."""
    if concept.longest_sum is not None:
        return concept.longest_sum
    shapes = [np.shape(v) for v in flatten(arguments) if isinstance(v, np.ndarray)]
    return max([2, *[max(s, default=1) for s in shapes]])


def perturbed(value: Any, delta: float, rng: np.random.Generator) -> Any:
    """The value with relative perturbations of size δ."""

    def of_array(x: np.ndarray) -> np.ndarray:
        if x.dtype.kind != "f":
            return x
        return x * (1 + delta * rng.choice([-1.0, 1.0], x.shape) * rng.uniform(0.5, 1, x.shape))

    return map_arrays(of_array, value)


def largest(result: np.ndarray) -> float:
    """The largest finite absolute entry, 0 where there is none."""
    return float(np.abs(result[np.isfinite(result)]).max(initial=0.0))


def sensitivity(
    concept: Concept, arguments: Arguments, results: list[np.ndarray], draws: int = 2
) -> list[float]:
    """|f| + κ per result, κ = max over a few random patterns σ of |f(x(1+δσ)) − f(x)|/δ.

    Where a result is exactly 0 and does not move, terms of size 1 may have cancelled: log 1, or log n! − log n!.
    """
    kappa = [0.0] * len(results)
    rng = np.random.default_rng(0)
    for _ in range(draws):
        shaken = {k: perturbed(v, DELTA, rng) for k, v in arguments.items()}
        try:
            near = parts(concept.definition(**shaken))
        except REFUSALS:
            continue
        for i, (a, b) in enumerate(zip(near, results, strict=True)):
            if a.shape == b.shape and b.dtype.kind == "f":
                difference = np.abs(a - b)[np.isfinite(a) & np.isfinite(b)]
                kappa[i] = max(kappa[i], float(difference.max(initial=0.0)) / DELTA)
    return [largest(r) + k or 1.0 for r, k in zip(results, kappa, strict=True)]
