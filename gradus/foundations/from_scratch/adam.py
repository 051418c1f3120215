"""One step of Adam on a dict of arrays: the definition of the page `adam`, without its trajectory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Moments:
    """Running means of the gradient and of its square, and the number of steps taken."""

    m: dict[str, np.ndarray]
    v: dict[str, np.ndarray]
    t: int = 0

    @classmethod
    def zeros(cls, parameters: dict[str, np.ndarray]) -> Moments:
        """Before the first step."""
        m, v = ({k: np.zeros_like(p) for k, p in parameters.items()} for _ in range(2))
        return cls(m, v)


def adam_step(
    parameters: dict[str, np.ndarray], gradient: dict[str, np.ndarray], moments: Moments, alpha: float
) -> tuple[dict[str, np.ndarray], Moments]:
    r"""θ − α m̂ / (√v̂ + ε), with m̂ = m/(1 − β₁ᵗ), v̂ = v/(1 − β₂ᵗ).

    Returns:
        The new parameters and the new moments.

    Source: kingma2015adam, algorithm 1.
    """
    t = moments.t + 1
    m = {k: BETA1 * moments.m[k] + (1 - BETA1) * g for k, g in gradient.items()}
    v = {k: BETA2 * moments.v[k] + (1 - BETA2) * g**2 for k, g in gradient.items()}
    new = {
        k: p - alpha * (m[k] / (1 - BETA1**t)) / (np.sqrt(v[k] / (1 - BETA2**t)) + EPSILON)
        for k, p in parameters.items()
    }
    return new, Moments(m, v, t)
