"""Normal distributions of free numbers, as variational inference fits them: parameters, draws, and the bound with its gradient."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gradus.inference.monte_carlo.target import Target

__all__ = ["FAMILIES", "Estimated", "Gaussian", "Whitened", "estimate"]

FAMILIES = ("mean-field", "full-rank")
AT_ONCE = 2**22  # numbers of draws that are in memory together


class Gaussian(NamedTuple):
    """N(m, L Lᵀ): mean (d), and L: lower triangular (d, d), or for mean field the standard deviations (d)."""

    mean: Tensor
    scale: Tensor

    @property
    def diagonal(self) -> Tensor:
        """Of L."""
        return self.scale if self.scale.ndim == 1 else self.scale.diagonal()

    @property
    def entropy(self) -> Tensor:
        """Of the distribution, in nats."""
        logs: Tensor = self.diagonal.log().sum()
        return logs.add(len(self.mean) / 2 * (1 + math.log(2 * math.pi)))

    def at(self, noise: Tensor) -> Tensor:
        """The draws (n, d) that the noise makes."""
        return self.mean + (noise * self.scale if self.scale.ndim == 1 else noise @ self.scale.mT)

    def log_density(self, noise: Tensor) -> Tensor:
        """At the draws that the noise makes (n)."""
        logs: Tensor = self.diagonal.log().sum()
        squares: Tensor = (noise**2).sum(-1)
        return -(squares / 2 + logs + len(self.mean) / 2 * math.log(2 * math.pi))

    def score(self, noise: Tensor) -> Tensor:
        """−∇ ln q at the draws that the noise makes (n, d)."""
        if self.scale.ndim == 1:
            return noise / self.scale
        found: Tensor = torch.linalg.solve_triangular(self.scale.mT, noise.mT, upper=True)
        return found.mT

    def divergence(self, other: Gaussian) -> float:
        """KL(self‖other), of one family."""
        away = self.mean - other.mean
        if self.scale.ndim == 1:
            ratio, away = self.scale / other.scale, away / other.scale
        else:
            both = torch.linalg.solve_triangular(
                other.scale, torch.cat([self.scale, away[:, None]], 1), upper=False
            )
            ratio, away = both[:, :-1], both[:, -1]
        logs = (other.diagonal.log() - self.diagonal.log()).sum()
        return float((ratio.square().sum() + away.square().sum() - len(away)) / 2 + logs)


class Estimated(NamedTuple):
    """The bound's estimate by some draws: each draw's ln p, the gradients by mean (d) and by scale, as it is given."""

    values: Tensor
    bound: Tensor
    by_mean: Tensor
    by_scale: Tensor


def estimate(target: Target, q: Gaussian, noise: Tensor, sticking: bool = False) -> Estimated:
    """Pathwise, with the entropy in closed form; or, sticking the landing, by ln p − ln q along the draws alone."""
    n, values = len(noise), []
    by_mean, by_scale = torch.zeros_like(q.mean), torch.zeros_like(q.scale)
    for part in noise.split(max(1, AT_ONCE // len(q.mean))):
        found, slopes = target.slope(q.at(part))
        if sticking:
            slopes = slopes + q.score(part)
        values.append(found)
        by_mean = by_mean + slopes.sum(0) / n
        by_scale = by_scale + ((slopes * part).sum(0) if q.scale.ndim == 1 else (slopes.mT @ part).tril()) / n
    if not sticking:
        by_scale = by_scale + (1 / q.diagonal if q.scale.ndim == 1 else (1 / q.diagonal).diag())
    every = torch.cat(values)
    return Estimated(every, every.mean() + q.entropy, by_mean, by_scale)


class Whitened:
    """Parameters of q as one vector, in the coordinates of a first guess N(m₀, L₀L₀ᵀ): q is the guess where they are 0.

    The vector holds (m − m₀) in units of L₀, then ln of the diagonal of L₀⁻¹L, then, for the full rank, what is below the diagonal.
    """

    def __init__(self, guess: Gaussian) -> None:
        self.guess, self.full, self.dimension = guess, guess.scale.ndim == 2, len(guess.mean)
        if self.full:
            d = self.dimension
            self.rows, self.columns = torch.tril_indices(d, d, -1, device=guess.mean.device)

    @property
    def count(self) -> int:
        """Of the parameters."""
        return 2 * self.dimension + (len(self.rows) if self.full else 0)

    def inner(self, vector: Tensor) -> Gaussian:
        """Q in the guess's coordinates."""
        d = self.dimension
        scale = vector[d : 2 * d].exp()
        if self.full:
            scale = scale.diag()
            scale[self.rows, self.columns] = vector[2 * d :]
        return Gaussian(vector[:d], scale)

    def gaussian(self, vector: Tensor) -> Gaussian:
        """Q itself."""
        inner, (mean, scale) = self.inner(vector), self.guess
        if self.full:
            return Gaussian(mean + scale @ inner.mean, scale @ inner.scale)
        return Gaussian(mean + scale * inner.mean, scale * inner.scale)

    def gradient(self, vector: Tensor, found: Estimated) -> Tensor:
        """By the vector, of gradients by mean and scale."""
        inner, scale = self.inner(vector), self.guess.scale
        if not self.full:
            return torch.cat([scale * found.by_mean, scale * found.by_scale * inner.scale])
        by_scale = scale.mT @ found.by_scale
        diagonal = by_scale.diagonal() * inner.diagonal
        return torch.cat([scale.mT @ found.by_mean, diagonal, by_scale[self.rows, self.columns]])
