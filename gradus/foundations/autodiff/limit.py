"""A derivative where the chain rule gives 0·∞, as the limit of the derivatives nearby: ∛x³ has the slope 1 at 0.

The steps that were recorded are run again beside the point, in three directions and their opposites. Where the
derivatives there agree, they are the derivative (by the mean value theorem); where they do not, it stays NaN. Where
the ∞ is an overflow, as in 1/(1 + e⁻ˣ) at −1000, the steps are run again at the point itself with the longer exponents
of `np.longdouble`, where the machine has them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from gradus.foundations.autodiff.call import applied
from gradus.foundations.autodiff.variable import Step

__all__ = ["with_limits"]

DIRECTIONS = 3
AGREEMENT = 1e-9
BESIDE_ZERO = 1e-100


def with_limits(
    steps: Sequence[Step],
    wanted: set[int],
    gradients: dict[int, Any],
    differentiated: Callable[[Sequence[Step]], Any],
) -> dict[int, Any]:
    """The gradients by the wanted steps, with limits in place of NaN where there are limits.

    Args:
        steps: of the computation, latest first.
        wanted: the times of those that are differentiated by.
        gradients: by the wanted steps, NaN where the chain rule has no answer.
        differentiated: gives the gradients for steps like these.
    """
    starts = {s.time: s for s in steps if s.time in wanted}
    if not all(np.all(np.isfinite(s.value)) for s in starts.values()):
        return gradients
    gradients = _in_longer_range(steps, starts, gradients, differentiated)
    missing = any(np.any(np.isnan(g)) for g in gradients.values())
    return (
        _limits(steps, starts, gradients, differentiated)
        if missing and np.all(np.isfinite(steps[0].value))
        else gradients
    )


def _in_longer_range(
    steps: Sequence[Step],
    starts: dict[int, Step],
    gradients: dict[int, Any],
    differentiated: Callable[[Sequence[Step]], Any],
) -> dict[int, Any]:
    """The gradients with those that overflow alone has made NaN."""
    if np.finfo(np.longdouble).maxexp <= np.finfo(float).maxexp:
        return gradients
    try:
        longer = differentiated(_run_again(steps, {t: np.longdouble(s.value) for t, s in starts.items()}))
    except TypeError:  # linear algebra knows no long numbers
        return gradients
    return {t: np.where(np.isnan(g), np.asarray(longer[t], float), g) for t, g in gradients.items()}


def _limits(
    steps: Sequence[Step],
    starts: dict[int, Step],
    gradients: dict[int, Any],
    differentiated: Callable[[Sequence[Step]], Any],
) -> dict[int, Any]:
    """The gradients with the limits of those nearby."""
    rng = np.random.default_rng(0)
    nearby: dict[int, list[Any]] = {t: [] for t in gradients}
    for _ in range(DIRECTIONS):
        signs = {t: rng.choice([-1.0, 1.0], np.shape(s.value)) for t, s in starts.items()}
        directions = {t: sign * rng.uniform(0.5, 1.0, np.shape(sign)) for t, sign in signs.items()}
        for side in (1, -1):
            beside = {t: _beside(s.value, side * directions[t]) for t, s in starts.items()}
            for t, g in differentiated(_run_again(steps, beside)).items():
                nearby[t].append(g)
    return {t: _agreed(g, nearby[t]) for t, g in gradients.items()}


def _beside(x: Any, direction: Any) -> Any:
    """A few roundings away from x, and far less from 0."""
    return x + direction * np.where(np.equal(x, 0), BESIDE_ZERO, 8 * np.spacing(np.absolute(x)))


def _run_again(steps: Sequence[Step], beside: dict[int, Any]) -> list[Step]:
    """The same steps, latest first, from other starts; what the program chose by comparing stays chosen."""
    again: dict[int, Step] = {}
    for s in reversed(steps):
        if s.time in beside or not s.inputs:
            copy = Step(beside.get(s.time, s.value))
        else:
            inputs = [again.get(a.time, a) if isinstance(a, Step) else a for a in s.inputs]
            value = applied(
                s.function, [a.value if isinstance(a, Step) else a for a in inputs], s.options or {}
            )
            copy = Step(np.asanyarray(value), s.function, inputs, s.options)
            copy.function, copy.inputs = s.function, inputs
        copy.time, copy.live = s.time, s.live
        again[s.time] = copy
    return list(reversed(again.values()))


def _agreed(g: Any, nearby: list[Any]) -> Any:
    values = np.stack([np.asarray(n) for n in nearby])
    middle = values.mean(axis=0)
    spread = np.absolute(values - middle).max(axis=0)
    agree = spread <= AGREEMENT * np.maximum(np.absolute(middle), 1.0)  # not where one of them is NaN
    return np.where(np.isnan(g) & agree, middle, g)
