"""Derivatives by finite differences, and whether two lists of arrays agree."""

import numpy as np


def agree(got, want, scale=0.0):
    size = max(scale, 1.0, *(np.abs(w).max() for w in want))
    assert max(np.abs(g - w).max() for g, w in zip(got, want, strict=True)) <= 1e-12 * size


def differences(f, x, u, h=1e-5):
    """Derivative of f along u, of fourth order."""
    return (8 * (f(x + h * u) - f(x - h * u)) - (f(x + 2 * h * u) - f(x - 2 * h * u))) / (12 * h)
