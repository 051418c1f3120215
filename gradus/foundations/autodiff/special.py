"""The functions of Python's `math` that NumPy lacks, on arrays, with their derivatives."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["SPECIAL_RULES", "digamma", "erf", "erfc", "lgamma"]


def erf(a: Any) -> Any:
    """The error function."""
    return np.vectorize(math.erf, otypes=[float])(a)


def erfc(a: Any) -> Any:
    """One minus the error function, without cancellation."""
    return np.vectorize(math.erfc, otypes=[float])(a)


def lgamma(a: Any) -> Any:
    """The logarithm of |Γ(a)|."""
    return np.vectorize(math.lgamma, otypes=[float])(a)


# B₂ₙ/2n
_BERNOULLI = (1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132, -691 / 32760, 1 / 12, -3617 / 8160)


def digamma(a: Any) -> Any:
    """The derivative of log Γ: ψ(z) = ψ(z + 8) − Σ 1/(z + k), the asymptotic series there, reflection below ½.

    Source: Abramowitz and Stegun 1964, §6.3.
    """
    low = np.less(a, 0.5)
    z = np.where(low, 1 - a, a)
    shifted, far = 0.0 * z, z + 8
    for k in range(8):
        shifted = shifted - 1 / (z + k)
    series, power = 0.0 * z, 1.0 + 0.0 * z
    for b in _BERNOULLI:
        power = power / (far * far)
        series = series - b * power
    psi = shifted + np.log(far) - 0.5 / far + series
    return np.where(low, psi - np.pi / np.tan(np.pi * np.where(low, a, 0.25)), psi)


def _bell(g: Any, y: Any, a: Any) -> Any:
    return g * (2 / math.sqrt(math.pi)) * np.exp(-a * a)


SPECIAL_RULES: dict[Any, Any] = {
    erf: (_bell,),
    erfc: (lambda g, y, a: -_bell(g, y, a),),
    lgamma: (lambda g, y, a: g * digamma(a),),
}
