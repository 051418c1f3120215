"""The covariance of all chains together, gathered step by step, and a factor of it."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["PooledCovariance"]

LEAST = 10  # points before a covariance is made of them


class PooledCovariance:
    """The mean and the covariance, or the variances, of the points of all chains.

    Attributes:
        count: how many points were gathered.
        mean: of them (d).
    """

    def __init__(self, like: Tensor, dense: bool) -> None:
        self._dense = dense
        self.count = 0
        self.mean = torch.zeros_like(like)
        self._products = torch.outer(self.mean, self.mean) if dense else self.mean.clone()

    def gather(self, x: Tensor) -> None:
        """Points more (chains, d): Welford's update, for all at once."""
        before = self.mean
        self.count += len(x)
        self.mean = before + (x - before).sum(0) / self.count
        left, right = x - before, x - self.mean
        self._products = self._products + (left.T @ right if self._dense else (left * right).sum(0))

    def factor(self) -> Tensor | None:
        """Standard deviations (d), or F with F Fᵀ the covariance (d d); None where a coordinate has not moved yet."""
        if self.count < LEAST:
            return None
        covariance = self._products / (self.count - 1)
        diagonal = covariance.diagonal() if self._dense else covariance
        if not bool((diagonal > 0).all()) or not bool(torch.isfinite(covariance).all()):
            return None
        root = diagonal.sqrt()
        if not self._dense:
            return root
        weight = self.count / (self.count + len(root) + 5.0)  # towards the diagonal where there are few draws
        correlation = weight * (covariance + covariance.T) / 2 / (root[:, None] * root)
        correlation.diagonal().fill_(1.0)
        factor, failed = torch.linalg.cholesky_ex(correlation)
        return root if bool(failed) else root[:, None] * factor
