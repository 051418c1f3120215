"""The density of a spectrum by stochastic Lanczos quadrature."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from gradus.arguments import number, whole
from gradus.arguments.tensors import tensor
from gradus.theory.krylov import Krylov
from gradus.theory.symmetric_operator import SymmetricOperator, random_vector, symmetric_operator


class SpectralDensity(NamedTuple):
    """Where the eigenvalues of a matrix lie: points of mass, whose sum is 1.

    Attributes:
        nodes: Ritz values of all probes.
        weights: their shares of the eigenvalues.
        probes: how many random vectors they come from.
        size: n of the matrix.

    Example:
        >>> import torch
        >>> density = SpectralDensity(torch.tensor([0.0, 4.0]), torch.tensor([0.75, 0.25]), 1, 8)
        >>> float(density.trace), float(density.cumulative(torch.tensor([1.0])))
        (8.0, 0.75)
    """

    nodes: Any
    weights: Any
    probes: int
    size: int

    @property
    def trace(self) -> Tensor:
        """N Σ w θ: an estimate of the trace from the same products, unbiased over random directions."""
        total: Tensor = self.size * (self.weights * self.nodes).sum()
        return total

    def cumulative(self, points: Float[Tensor, " m"]) -> Float[Tensor, " m"]:
        """The share of the eigenvalues that are ≤ each point (m,).

        Raises:
            GradusError: no finite points.
        """
        at = tensor("points", points, "m", finite=True, meta=False).to(self.nodes)
        shares: Tensor = ((self.nodes <= at[:, None]) * self.weights).sum(1)
        return shares

    def curve(self, points: Float[Tensor, " m"], width: float) -> Float[Tensor, " m"]:
        """The density at each point (m,), every node widened to a normal distribution of this standard deviation.

        Raises:
            GradusError: no finite points, or a width that is not positive.
        """
        at = tensor("points", points, "m", finite=True, meta=False).to(self.nodes)
        sigma = number("width", width, above=0)
        bells = torch.exp(-(((at[:, None] - self.nodes) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))
        height: Tensor = bells @ self.weights
        return height


def spectral_density(
    matrix: Float[Tensor, "n n"] | SymmetricOperator, *, probes: int = 5, steps: int = 80, seed: int = 0
) -> SpectralDensity:
    r"""The density of the eigenvalues, as points of mass, by stochastic Lanczos quadrature.

    .. math:: \frac1n\sum_{i=1}^n\delta_{\lambda_i}\approx\frac1p\sum_{l=1}^p\sum_{j=1}^kw_j^{(l)}\delta_{\theta_j^{(l)}}

    Each probe's quadrature is exact for polynomials up to degree 2k − 1 of its own spectral measure, whose mean over normal
    probes of length 1 is the density.

    Args:
        matrix: H, symmetric (n, n), or a `Curvature`.
        probes: p, random directions.
        steps: k, products for each; at most n are made.
        seed: of the directions.

    Raises:
        GradusError: no symmetric matrix, or products that are not finite.

    Cost: p k products, O(p n k²) besides; O(n k) memory.

    Source: Golub and Welsch 1969; Ghorbani, Krishnan and Xiao 2019; Ubaru, Chen and Saad 2017 for the error.

    Example:
        >>> import torch
        >>> density = spectral_density(torch.diag(torch.tensor([1.0] * 90 + [7.0] * 10)), probes=20)
        >>> round(float(density.weights.sum()), 5), 0.85 < float(density.cumulative(torch.tensor([4.0]))) < 0.95
        (1.0, True)
    """
    operator = symmetric_operator("matrix", matrix)
    p, k = whole("probes", probes, least=1), whole("steps", steps, least=1)
    generator = torch.Generator().manual_seed(whole("seed", seed, least=0, most=2**63 - 1))
    nodes, weights = [], []
    for _ in range(p):
        krylov = Krylov(operator, random_vector(operator, generator))
        for _ in range(k):
            if not krylov.grow():
                break
        values, vectors, _ = krylov.ritz()
        nodes.append(values)
        weights.append(vectors[0] ** 2 / p)
    return SpectralDensity(torch.cat(nodes), torch.cat(weights), p, operator.shape[0])
