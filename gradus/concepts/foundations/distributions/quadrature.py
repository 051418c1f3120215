"""Quadrature over the support of a distribution: points and weights, panel by panel."""

from typing import NamedTuple

import numpy as np

PANELS, NODES = 64, 16


class Grid(NamedTuple):
    """Points x and weights w, both (panels, points), with Σ w f(x) = ∫ f; `ends` are where the panels end."""

    x: np.ndarray
    w: np.ndarray
    ends: np.ndarray

    def as_integers(self):
        """The same grid with outcomes that may serve as indices."""
        return Grid(self.x.astype(int), self.w, self.ends.astype(int))


def panels(low, high, of=None):
    """Gauss–Legendre on equal panels of t ∈ [low, high]; `of` maps t to x and dx/dt, the identity unless given."""
    u, weight = np.polynomial.legendre.leggauss(NODES)
    edges = np.linspace(low, high, PANELS + 1)
    half = np.diff(edges)[:, None] / 2
    t, w = edges[:-1, None] + half * (1 + u), half * weight
    if of is None:
        return Grid(t, w, edges[1:])
    x, slope = of(t)
    return Grid(x, w * slope, of(edges[1:])[0])


def counts(low, high):
    """Every integer from low to high, each its own panel of weight 1."""
    k = np.arange(low, high + 1.0)
    return Grid(k[:, None], np.ones((k.size, 1)), k)


def exponential(t):
    """The map x = eᵗ, which takes (0, ∞) to the line and smooths powers at 0."""
    return np.exp(t), np.exp(t)


def logistic(t):
    """The map x = 1/(1 + e⁻ᵗ), which takes (0, 1) to the line."""
    x = 1 / (1 + np.exp(-t))
    return x, np.exp(-t) * x * x


def size_of(grid):
    """How many terms a sum over the grid has."""
    return grid.w.size
