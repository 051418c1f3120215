"""Which sets of points a class of functions can label in every way, how many labellings it has, and what it says of a loss."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Bool
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.arguments.tensors import tensor
from gradus.text import Text

MOST = 62  # points, one a bit of a whole number


class VCDimension(NamedTuple):
    """How rich a class of labellings is.

    Attributes:
        dimension: size of the largest set of these points that is labelled in all ways.
        shattered: such a set (n), True for its points: the first one in the order of the points.
        patterns: how many labellings of all points there are.
        sauer: what their number cannot exceed with this dimension.
        gap: with the confidence, no function's share of errors is further from its probability of error, for so many samples.

    Example:
        >>> VCDimension(2, [True, True, False], 7, 7, 0.5).dimension
        2
    """

    dimension: Any
    shattered: Any
    patterns: Any
    sauer: Any
    gap: Any


def vc_dimension(
    labellings: Bool[Tensor, "m n"], samples: int = 1000, confidence: float = 0.95
) -> VCDimension:
    r"""The Vapnik–Chervonenkis dimension of a class on n points, a shattered set, and the bound on the gap.

    .. math:: d=\max\{|A|:\text{the functions label }A\text{ in }2^{|A|}\text{ ways}\},\qquad
        \Pi\le\sum_{i=0}^d\binom ni,\qquad
        \text{gap}=\sqrt{\frac8N\Bigl(\ln\sum_{i=0}^d\binom{2N}i+\ln\frac4\delta\Bigr)}

    On all points together a class may be richer than on these: the dimension found is a lower bound for it. The gap takes it for
    the dimension of the class.

    Args:
        labellings: (m, n), one row a function of the class, its labels on the points; True or False, or 0 and 1. n ≤ 62.
        samples: N, for the gap; independent draws.
        confidence: 1 − δ.

    Returns:
        The `VCDimension`; dimension, patterns and sauer are whole numbers, the gap is a float.

    Raises:
        GradusError: labels that are neither, or too many points.

    Cost: O(m) for each set of up to d + 1 points all of whose parts are shattered.

    Source: Vapnik and Chervonenkis 1971; Sauer 1972; Shelah 1972.

    Example:
        >>> import torch
        >>> found = vc_dimension(torch.tensor([[0, 0], [0, 1], [1, 1]]))
        >>> found.dimension, found.shattered.tolist(), found.patterns, found.sauer
        (1, [True, False], 3, 3)
    """
    bits = _checked(labellings)
    n = labellings.shape[1]
    size = whole("samples", samples, least=1, most=2**53)
    delta = 1 - number("confidence", confidence, above=0, below=1)
    codes = (bits << torch.arange(n, device=bits.device)).sum(1).unique()
    dimension, points = _largest_shattered(codes, n)
    shattered = torch.zeros(n, dtype=torch.bool, device=bits.device)
    shattered[list(points)] = True
    return VCDimension(
        dimension=dimension,
        shattered=shattered,
        patterns=len(codes),
        sauer=sum(math.comb(n, i) for i in range(dimension + 1)),
        gap=vc_gap(_log_sauer(2 * size, dimension), size, delta),
    )


def vc_gap(log_patterns: float, samples: int, delta: float) -> float:
    """√(8/N (ln Π(2N) + ln 4/δ))."""
    return math.sqrt(8 / samples * (log_patterns + math.log(4 / delta)))


def _checked(labellings: Any) -> Tensor:
    tensor("labellings", labellings, "m>=1 n>=1", dtype="any", meta=False)
    values = labellings.detach()
    if values.is_complex() or bool(((values != 0) & (values != 1)).any()):
        strange = values[(values != 0) & (values != 1)].flatten()[:1].tolist()
        came = str(strange[0]) if strange else str(values.dtype)
        raise refusal("labellings", ("labels, 0 or 1", "标签，0 或 1"), Text(came, came))
    if values.shape[1] > MOST:
        n = str(values.shape[1])
        raise refusal("labellings", (f"at most {MOST} points", f"至多 {MOST} 个点"), Text(n, n))
    whole_numbers: Tensor = values.long()
    return whole_numbers


def _largest_shattered(codes: Tensor, n: int) -> tuple[int, tuple[int, ...]]:
    """The first of the largest shattered sets: each is made from one that is smaller by its last point."""
    if len(codes) == 2**n:
        return n, tuple(range(n))
    level: list[tuple[int, ...]] = [()]
    while True:
        known = set(level)
        larger = [
            (*points, new)
            for points in level
            for new in range(points[-1] + 1 if points else 0, n)
            if all((*points[:i], *points[i + 1 :], new) in known for i in range(len(points)))
            and _is_shattered(codes, (*points, new))
        ]
        if not larger:
            return len(level[0]), level[0]
        level = larger


def _is_shattered(codes: Tensor, points: tuple[int, ...]) -> bool:
    ways: int = 2 ** len(points)
    if len(codes) < ways:
        return False
    seen = codes & sum(1 << point for point in points)
    return len(seen.unique()) == ways


def _log_sauer(n: int, d: int) -> float:
    """The logarithm of Σ_{i≤d} C(n, i)."""
    return math.log(sum(math.comb(n, i) for i in range(min(d, n) + 1)))
