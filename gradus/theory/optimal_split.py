"""How to split a budget of compute between the size of a model and its data, by a scaling law."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from gradus.arguments import number, refusal
from gradus.text import Text
from gradus.theory.scaling_evidence import Interval
from gradus.theory.scaling_law import FOLLOWED, ScalingLaw, evidence_of

__all__ = ["OptimalSplit", "compute_optimal_split"]

Array = np.ndarray


class OptimalSplit(NamedTuple):
    """The least loss for a budget of compute, and where it is.

    Attributes:
        size: N, the number of parameters.
        tokens: D, the number of samples or tokens.
        loss: there.
        exponent: a = β/(α + β): the best N grows like the compute to the power a, the best D to the power 1 − a.
        size_interval: of N, None for a law without data.
        exponent_interval: of a, None for a law without data.

    Example:
        >>> OptimalSplit(1e9, 2e10, 2.5, 0.5, None, None).exponent
        0.5
    """

    size: float
    tokens: float
    loss: float
    exponent: float
    size_interval: Interval | None
    exponent_interval: Interval | None


def compute_optimal_split(
    law: ScalingLaw, compute: float, *, flops: float = 6.0, confidence: float | None = None
) -> OptimalSplit:
    r"""How large a model to train, and on how much data, for a budget of compute: the least loss along C = 6ND.

    .. math:: N=G\Bigl(\frac C6\Bigr)^{\frac\beta{\alpha+\beta}},\qquad D=\frac1G\Bigl(\frac C6\Bigr)^{\frac\alpha{\alpha+\beta}},\qquad
        G=\Bigl(\frac{\alpha A}{\beta B}\Bigr)^{\frac1{\alpha+\beta}}

    Args:
        law: of two sizes, N first, then D.
        compute: C > 0, floating-point operations of the training.
        flops: operations for each parameter and each token.
        confidence: of the intervals; that of the law unless given.

    Returns:
        The `OptimalSplit`, with intervals where the law was fitted.

    Raises:
        GradusError: a law of another number of sizes.

    Cost: some Newton steps for each interval.

    Source: Hoffmann et al. 2022, equation 4.

    Example:
        >>> law = ScalingLaw(1.8172, (482.01, 2085.43), (0.3478, 0.3658))  # as fitted by Besiroglu et al. 2024
        >>> split = compute_optimal_split(law, 5.76e23)
        >>> round(split.exponent, 3), round(split.tokens / split.size)
        (0.513, 18)
    """
    if not isinstance(law, ScalingLaw) or len(law.exponents) != 2:
        raise refusal("law", ("a ScalingLaw of two sizes", "两种规模的 ScalingLaw"), law, kind=True)
    total, each = number("compute", compute, above=0), number("flops", flops, above=0)
    for name, given in ("compute", total), ("flops", each):
        if not 1e-100 <= given <= 1e100:
            raise refusal(name, ("a number from 1e-100 to 1e100", " 1e-100 到 1e100 之间的数"), given)
    budget = total / each
    level = law.confidence if confidence is None else number("confidence", confidence, above=0, below=1)
    (A, B), (alpha, beta) = law.coefficients, law.exponents
    log_g = (math.log(alpha * A) - math.log(beta * B)) / (alpha + beta)
    a = beta / (alpha + beta)
    log_n = log_g + a * math.log(budget)
    if max(abs(log_n), abs(math.log(budget) - log_n)) > 600:
        came = f"{compute:.3g}"
        raise refusal(
            "compute",
            ("a budget whose best sizes are within range", "最优规模在数值范围内的预算"),
            Text(came, came),
        )
    size, tokens = math.exp(log_n), math.exp(math.log(budget) - log_n)
    loss = float(law.predict([[size, tokens]])[0])
    if law._evidence is None:
        return OptimalSplit(size, tokens, loss, a, None, None)
    evidence = evidence_of(law)
    middle = evidence.law.middle

    def best_size(theta: Array) -> tuple[float, Array]:
        """The logarithm of the best N, and its gradient."""
        _, la, lb, p, q = theta
        if p <= 0 or q <= 0:
            return math.nan, np.zeros(5)
        total, c = p + q, math.log(budget)
        top = math.log(p) + la + p * middle[0] - math.log(q) - lb - q * middle[1] + q * c
        slope = np.array([0, 1, -1, 1 / p + middle[0], c - 1 / q - middle[1]]) / total
        slope[3:] -= top / total**2
        return top / total, slope

    def share(theta: Array) -> tuple[float, Array]:
        p, q = theta[3], theta[4]
        return q / (p + q), np.array([0, 0, 0, -q, p]) / (p + q) ** 2

    low, high = evidence.interval(best_size, FOLLOWED, level)
    ends = evidence.interval(share, 1.0, level)
    return OptimalSplit(
        size,
        tokens,
        loss,
        a,
        (math.exp(low), math.exp(high)),
        (max(float(ends[0]), 0.0), min(float(ends[1]), 1.0)),
    )
