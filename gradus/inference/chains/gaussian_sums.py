"""Moments of weighted vectors, gathered part by part."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["GaussianSums"]

Array = np.ndarray[Any, np.dtype[Any]]


class GaussianSums:
    """Weights, first and second moments about the means of before, so that little cancels."""

    def __init__(self, means: Array, diagonal: bool) -> None:
        self.means, self.diagonal = means, diagonal
        states, d = means.shape
        self.weights, self.first = np.zeros(states), np.zeros((states, d))
        self.second = np.zeros((states, d) if diagonal else (states, d, d))

    def add(self, values: Array, posterior: Array) -> None:
        """Values (N, d) with posterior (N, K)."""
        self.weights += posterior.sum(0)
        for k, mean in enumerate(self.means):
            apart = values - mean
            weighted = posterior[:, k, None] * apart
            self.first[k] += weighted.sum(0)
            self.second[k] += (weighted * apart).sum(0) if self.diagonal else weighted.T @ apart

    def moments(self, otherwise: Array) -> tuple[Array, Array]:
        """Means and covariances; of a state of no weight, as they were."""
        means, covariances = self.means.copy(), otherwise.copy()
        for k in np.flatnonzero(self.weights > 0):
            shift = self.first[k] / self.weights[k]
            means[k] += shift
            square = shift**2 if self.diagonal else np.outer(shift, shift)
            covariances[k] = self.second[k] / self.weights[k] - square
        if not self.diagonal:
            covariances = (covariances + covariances.transpose(0, 2, 1)) / 2
        return means, covariances
