"""Fidelity and variety of generated features, told apart by nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import refusal, whole
from gradus.generative.metrics.features import pair, pieces

__all__ = ["DensityCoverage", "PrecisionRecall", "density_coverage", "precision_recall"]


@dataclass(frozen=True)
class PrecisionRecall:
    """How much of what was generated looks real, and how much of what is real can be generated.

    Attributes:
        precision: share of the generated features within reach of a real one.
        recall: share of the real features within reach of a generated one.
        k: the neighbour whose distance is the reach.

    Example:
        >>> PrecisionRecall(0.9, 0.5, 3)
        PrecisionRecall(precision 0.9, recall 0.5, k = 3)
    """

    precision: float
    recall: float
    k: int

    def __repr__(self) -> str:
        return f"PrecisionRecall(precision {self.precision:.4g}, recall {self.recall:.4g}, k = {self.k})"


@dataclass(frozen=True)
class DensityCoverage:
    """Precision and recall that one outlier cannot raise: both by the reach of the real features.

    Attributes:
        density: mean number of real features whose reach holds a generated one, over k; may exceed 1, and is 1 on average
            for equal distributions.
        coverage: share of the real features whose reach holds a generated one.
        expected_coverage: its mean for equal distributions without ties, whatever they are.
        k: the neighbour whose distance is the reach.

    Example:
        >>> DensityCoverage(0.9, 0.8, 0.97, 5)
        DensityCoverage(density 0.9, coverage 0.8 (0.97 for equal distributions), k = 5)
    """

    density: float
    coverage: float
    expected_coverage: float
    k: int

    def __repr__(self) -> str:
        equal = f"{self.expected_coverage:.4g} for equal distributions"
        return f"DensityCoverage(density {self.density:.4g}, coverage {self.coverage:.4g} ({equal}), k = {self.k})"


def precision_recall(
    real: Float[Tensor, "n d"], generated: Float[Tensor, "m d"], k: int = 3
) -> PrecisionRecall:
    r"""Precision and recall of generated features by the balls about each feature that reach to its k-th neighbour.

    .. math:: \text{precision}=\frac1m\sum_j\bigl[\exists i:\lVert y_j-x_i\rVert\le r_k(x_i)\bigr],\qquad
        \text{recall}=\frac1n\sum_i\bigl[\exists j:\lVert x_i-y_j\rVert\le r_k(y_j)\bigr]

    r_k(x) is the distance from x to its k-th nearest neighbour in its own set, itself not counted. One outlier has a ball that
    may hold everything: `density_coverage` is made for that.

    Args:
        real: features x (n > k, d).
        generated: features y (m > k, d).
        k: the neighbour.

    Returns:
        A `PrecisionRecall`.

    Raises:
        GradusError: k or fewer samples, NaN or ∞, other dimensions.

    Cost: O((n² + m² + n m) d) time; distances in blocks of bounded size.

    Source: Kynkäänniemi et al. 2019.

    Example:
        >>> import torch
        >>> real = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
        >>> precision_recall(real, real[:3], k=1)  # one of two modes is missing
        PrecisionRecall(precision 1, recall 0.5, k = 1)
    """
    x, y = _checked(real, generated, k)
    x_reach, y_reach = _reach(x, k), _reach(y, k)
    precision = torch.cat([_within(y[rows], x, x_reach).any(1) for rows in pieces(len(y), 4 * len(x))])
    recall = torch.cat([_within(x[rows], y, y_reach).any(1) for rows in pieces(len(x), 4 * len(y))])
    return PrecisionRecall(int(precision.sum()) / len(y), int(recall.sum()) / len(x), int(k))


def density_coverage(
    real: Float[Tensor, "n d"], generated: Float[Tensor, "m d"], k: int = 5
) -> DensityCoverage:
    r"""Density and coverage of generated features by the balls about the real ones.

    .. math:: \text{density}=\frac1{km}\sum_{i,j}\bigl[\lVert y_j-x_i\rVert\le r_k(x_i)\bigr],\qquad
        \text{coverage}=\frac1n\sum_i\bigl[\exists j:\lVert y_j-x_i\rVert\le r_k(x_i)\bigr]

    For equal distributions without ties the coverage is
    :math:`1-\prod_{l=1}^k\frac{n-l}{n+m-l}` on average: below 1, so compare with it.

    Args:
        real: features x (n > k, d).
        generated: features y (m > k, d).
        k: the neighbour.

    Returns:
        A `DensityCoverage`.

    Raises:
        GradusError: k or fewer samples, NaN or ∞, other dimensions.

    Cost: O((n² + n m) d) time; distances in blocks of bounded size.

    Source: Naeem et al. 2020.

    Example:
        >>> import torch
        >>> real = torch.tensor([[0.0], [1.0], [2.0], [10.0], [11.0], [12.0]])
        >>> density_coverage(real, real[:3], k=1).coverage
        0.5
    """
    x, y = _checked(real, generated, k)
    reach = _reach(x, k)
    balls, held = 0, torch.zeros(len(x), dtype=torch.bool, device=x.device)
    for rows in pieces(len(y), 4 * len(x)):
        inside = _within(y[rows], x, reach)
        balls += int(inside.sum())
        held |= inside.any(0)
    missed = 1.0
    for step in range(1, k + 1):
        missed *= (len(x) - step) / (len(x) + len(y) - step)
    return DensityCoverage(balls / (k * len(y)), int(held.sum()) / len(x), 1 - missed, int(k))


def _checked(real: Tensor, generated: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """In the widest precision, about their common mean."""
    x, y = pair("real", real, "generated", generated)
    whole("k", k, least=1)
    for name, z in (("real", x), ("generated", y)):
        if len(z) <= k:
            raise refusal(
                name,
                (f"more than k = {k} samples", f"多于 k = {k} 个样本"),
                z,
                ("give more, or a smaller k", "请给出更多样本，或减小 k"),
            )
    return x, y


def _squares(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Squared distances of rows with rows by one product, and how far rounding may have moved each."""
    middle = y.mean(0)
    x, y = x - middle, y - middle
    sizes = x.square().sum(1)[:, None] + y.square().sum(1)
    return sizes - 2 * (x @ y.mT), 4 * (x.shape[1] + 8) * torch.finfo(x.dtype).eps * sizes


def _reach(x: Tensor, k: int) -> Tensor:
    """Squared distance to the k-th nearest of the others, from differences."""
    found = []
    for rows in pieces(len(x), 4 * len(x)):
        near, _ = _squares(x[rows], x)
        own = torch.arange(rows.start, rows.stop, device=x.device)
        near[own - rows.start, own] = torch.inf
        index = near.topk(k, dim=1, largest=False).indices
        exact = torch.stack([_apart(x[rows], x[i]) for i in index.unbind(1)])
        found.append(exact.max(0).values)
    return torch.cat(found)


def _within(x: Tensor, centres: Tensor, reach: Tensor) -> Tensor:
    """Whether each row lies in each ball, edges included; where rounding could decide, the distance is taken from differences."""
    squares, error = _squares(x, centres)
    inside = squares <= reach
    doubtful = ((squares - reach).abs() <= error + 8 * torch.finfo(x.dtype).eps * reach).nonzero()
    for some in doubtful.split(max(1, 2**22 // x.shape[1])):
        i, j = some.unbind(1)
        inside[i, j] = _apart(x[i], centres[j]) <= reach[j]
    return inside


def _apart(x: Tensor, y: Tensor) -> Tensor:
    return (x - y).square().sum(1)
