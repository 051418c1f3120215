"""Matrices and exact arithmetic that the pages on linear systems share."""

import math
from fractions import Fraction
from itertools import permutations

import numpy as np


def hilbert(n):
    """h_ij = 1/(i+j+1): positive definite, and its condition number grows like e^{3.5 n}."""
    i = np.arange(n)
    return 1.0 / (i[:, None] + i + 1)


def with_spectrum(rng, eigenvalues):
    """A random symmetric matrix with these eigenvalues."""
    Q = np.linalg.qr(rng.standard_normal((len(eigenvalues), len(eigenvalues))))[0]
    A = Q * eigenvalues @ Q.T
    return (A + A.T) / 2


def exact_solution(A, b):
    """The solution in rational arithmetic, by elimination without a single rounding."""
    n = len(A)
    W = [[Fraction(float(v)) for v in (*row, c)] for row, c in zip(A, b, strict=True)]
    for j in range(n):
        i = next(i for i in range(j, n) if W[i][j])
        W[j], W[i] = W[i], W[j]
        W[j] = [v / W[j][j] for v in W[j]]
        for i in (i for i in range(n) if i != j and W[i][j]):
            W[i] = [v - W[i][j] * w for v, w in zip(W[i], W[j], strict=True)]
    return np.array([float(row[n]) for row in W])


def wilkinson(n):
    """1 on the diagonal and in the last column, −1 below: pivoting exchanges nothing, the last column doubles each step."""
    A = np.eye(n) - np.tril(np.ones((n, n)), -1)
    A[:, -1] = 1.0
    return A


def tiny_pivot(delta=1e-20):
    return np.array([[delta, 1.0], [1.0, 1.0]])


def positive_definite(rng, n):
    B = rng.standard_normal((n, n))
    return B @ B.T + 0.5 * np.eye(n)


def determinant(M):
    """The sum over all permutations, in exact integers."""
    total = 0
    for order in permutations(range(len(M))):
        inversions = sum(order[i] > order[j] for i in range(len(M)) for j in range(i + 1, len(M)))
        total += (-1) ** inversions * math.prod(int(M[i, j]) for i, j in enumerate(order))
    return total
