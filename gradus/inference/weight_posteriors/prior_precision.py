"""The evidence of Laplace's approximation as a function of the prior's precision, and where it is greatest."""

from __future__ import annotations

import math

from torch import Tensor

from gradus.arguments import refusal
from gradus.text import Text

__all__ = ["best_precision", "log_evidence"]

BISECTIONS = 200


def log_evidence(eigenvalues: Tensor, square: float, precision: float) -> float:
    """−δ‖w‖²/2 − ½ Σ ln(1 + λ/δ): what the prior and its volume add to the log-likelihood at the weights."""
    return -precision * square / 2 - float((eigenvalues / precision).log1p().sum()) / 2


def best_precision(eigenvalues: Tensor, square: float) -> float:
    """The root of δ‖w‖² = Σ λ/(λ + δ), by bisection of ln δ: the left side rises, the right side falls.

    Raises:
        GradusError: all weights are 0 or the data bend nothing: the evidence has no maximum.
    """
    largest = float(eigenvalues.max())
    if square <= 0 or largest <= 0:
        without = Text(
            "weights that are all 0" if square <= 0 else "outputs that no weight moves",
            "全为 0 的权重" if square <= 0 else "不随权重变化的输出",
        )
        mend = ("give a number", "请给出一个数")
        raise refusal(
            "prior_precision",
            ("a number, as the evidence has no maximum", "一个数，因为证据没有最大值"),
            without,
            mend,
        )
    # γ(δ) is at most p, and at least λ/(λ + δ) of the largest eigenvalue
    high = math.log(len(eigenvalues) / square)
    low = min(high, math.log(min(largest, 0.5 / square))) - 1.0
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        delta = math.exp(middle)
        determined = float((eigenvalues / (eigenvalues + delta)).sum())
        low, high = (middle, high) if determined > delta * square else (low, middle)
        if high - low < 1e-14:
            break
    return math.exp((low + high) / 2)
