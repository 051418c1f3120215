"""The Fréchet distance that infinitely many samples would have, with an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import number, refusal, whole
from gradus.generative.metrics.features import pair
from gradus.generative.metrics.frechet import moments, parts_of_distance
from gradus.text import Text

__all__ = ["FrechetLimit", "frechet_limit"]


@dataclass(frozen=True)
class FrechetLimit:
    """Squared Fréchet distance that infinitely many samples would have, by a straight line in 1/N.

    Attributes:
        value: where the line meets 1/N = 0; chance may put it below 0.
        standard_error: of the value, by leaving out a group of samples at a time.
        interval: that holds the true value with the probability `confidence`, approximately.
        confidence: of the interval.
        distances: mean distance with all samples, with halves, with thirds, … of both sets.
        slope: of the line: what each doubling, tripling … of 1/N adds.

    Example:
        >>> FrechetLimit(1.0, 0.1, (0.8, 1.2), 0.95, (1.1, 1.2), 0.1)
        FrechetLimit(1 ± 0.1, 95 % in [0.8, 1.2]; 1.1 with all samples)
    """

    value: float
    standard_error: float
    interval: tuple[float, float]
    confidence: float
    distances: tuple[float, ...]
    slope: float

    def __repr__(self) -> str:
        low, high = self.interval
        all_of_them = f"{self.distances[0]:.4g} with all samples"
        return f"FrechetLimit({self.value:.4g} ± {self.standard_error:.2g}, {100 * self.confidence:g} % in [{low:.4g}, {high:.4g}]; {all_of_them})"


def frechet_limit(
    a: Float[Tensor, "n d"],
    b: Float[Tensor, "m d"],
    *,
    parts: int = 4,
    groups: int = 10,
    confidence: float = 0.95,
    seed: int = 0,
) -> FrechetLimit:
    r"""The Fréchet distance freed of its bias in the number of samples: a line in 1/N, followed to 0.

    .. math:: \bar D_j\approx D_\infty+j\,s,\qquad j=1,\dots,\text{parts}

    Both sets, in random order, are cut into j parts, and :math:`\bar D_j` is the mean distance of part with part: so 1/N is j times
    as large for both, and both biases vanish at j = 0. The error is the jackknife's, which leaves out one group of samples
    of both sets at a time and extrapolates anew; the interval takes Student's t.

    Args:
        a: features (n, d).
        b: features (m, d).
        parts: up to how many each set is cut into, 2 at least.
        groups: of the jackknife, 3 at least.
        confidence: of the interval.
        seed: of the order.

    Returns:
        A `FrechetLimit`.

    Raises:
        GradusError: NaN or ∞, other dimensions, or too few samples: the smallest part of what the jackknife leaves must have more than 2 d, for only far above d is the bias a straight
            line in 1/N.

    Cost: (groups + 1) parts (parts + 1)/2 Fréchet distances.

    Source: Chong and Forsyth 2020, who cut the generated set only; here both are.

    Example:
        >>> import torch
        >>> g = torch.Generator().manual_seed(0)
        >>> found = frechet_limit(torch.randn(400, 2, generator=g), torch.randn(400, 2, generator=g))
        >>> found.interval[0] < 0 < found.interval[1]
        True
    """
    x, y = pair("a", a, "b", b)
    parts = whole("parts", parts, least=2, most=1000)
    groups = whole("groups", groups, least=3, most=10**6)
    number("confidence", confidence, above=0, below=1)
    seed = whole("seed", seed, least=0, most=2**63 - 1)
    for name, z in (("a", x), ("b", y)):
        left = len(z) - -(-len(z) // groups)
        if left // parts <= 2 * z.shape[1]:
            raise refusal(
                name,
                (
                    f"more than 2 d = {2 * z.shape[1]} samples in the smallest part",
                    f"最小的一份多于 2d = {2 * z.shape[1]} 个样本",
                ),
                Text(f"{left // parts} of {len(z)}", f"{len(z)} 个中的 {left // parts} 个"),
                ("give more samples, or fewer parts", "请给出更多样本，或减少 parts"),
            )
    order = torch.Generator().manual_seed(seed)
    x, y = (z[torch.randperm(len(z), generator=order).to(z.device)] for z in (x, y))
    distances = _by_parts(x, y, parts)
    value, slope = _line(distances)
    left_out = []
    for g in range(groups):
        p, q = (z[torch.arange(len(z), device=z.device) % groups != g] for z in (x, y))
        left_out.append(_line(_by_parts(p, q, parts))[0])
    mean = math.fsum(left_out) / groups
    error = math.sqrt((groups - 1) / groups * math.fsum((v - mean) ** 2 for v in left_out))
    from scipy.special import stdtrit

    half = error * float(stdtrit(groups - 1, (1 + confidence) / 2))
    return FrechetLimit(
        value, error, (value - half, value + half), float(confidence), tuple(distances), slope
    )


def _by_parts(x: Tensor, y: Tensor, parts: int) -> list[float]:
    """Mean distance of part with part, for 1, 2, … parts."""
    found = []
    for j in range(1, parts + 1):
        pairs = zip(x.tensor_split(j), y.tensor_split(j), strict=True)
        found.append(math.fsum(sum(parts_of_distance(moments(p), moments(q))) for p, q in pairs) / j)
    return found


def _line(distances: list[float]) -> tuple[float, float]:
    """Height at 0 and slope of the line through the values at 1, 2, …, by least squares."""
    n = len(distances)
    middle = (n + 1) / 2
    slope = math.fsum((j - middle) * v for j, v in enumerate(distances, 1)) / (n * (n * n - 1) / 12)
    return math.fsum(distances) / n - slope * middle, slope
