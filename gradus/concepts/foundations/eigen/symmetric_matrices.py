"""Symmetric matrices, random or with chosen eigenvalues."""

import numpy as np


def symmetric(rng, n):
    B = rng.standard_normal((n, n))
    return (B + B.T) / 2


def rotated(rng, values):
    """A symmetric matrix with the given eigenvalues, in a random basis, and that basis."""
    Q = np.linalg.qr(rng.standard_normal((len(values), len(values))))[0]
    A = Q * values @ Q.T
    return (A + A.T) / 2, Q
