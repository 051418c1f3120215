"""Gaussian processes in other styles: by PyTorch and triangles, by JAX, and one observation after the other."""

import math

import numpy as np
import torch


# gaussian-process: Cholesky in PyTorch, leave-one-out from the inverse
def gp_torch(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("one observation a point")
    X, y, Z = torch.as_tensor(X), torch.as_tensor(y), torch.as_tensor(Z)

    def k(x, z):
        return a**2 * torch.exp(-(x[:, None] - z[None]).square().sum(-1) / (2 * ell**2)) + b**2 * x @ z.T

    low, info = torch.linalg.cholesky_ex(k(X, X) + noise * torch.eye(len(X), dtype=X.dtype))
    if info > 0:
        raise ValueError("not positive definite")
    alpha = torch.cholesky_solve(y[:, None], low)[:, 0]
    half = torch.linalg.solve_triangular(low, k(X, Z), upper=False)
    L = -y @ alpha / 2 - low.diagonal().log().sum() - len(y) / 2 * math.log(2 * math.pi)
    inverse = torch.cholesky_inverse(low).diagonal()
    return k(X, Z).T @ alpha, k(Z, Z) - half.T @ half, L, y - alpha / inverse, 1 / inverse


def _sequential(X, y, Z, noise, k):
    """Conditions on one observation after the other: the mean and covariance of all points of X and Z."""
    both = np.concatenate([X, Z])
    m, V, L = np.zeros(len(both)), k(both, both), 0.0
    for i in range(len(X)):
        s = V[i, i] + noise
        if not s > 1e-14 * k(X[i : i + 1], X[i : i + 1])[0, 0]:
            raise ValueError("nothing new")
        e, c = y[i] - m[i], V[:, i].copy()
        L -= (e * e / s + np.log(2 * np.pi * s)) / 2
        m, V = m + c * e / s, V - np.outer(c, c) / s
    return m[len(X) :], V[len(X) :, len(X) :], L


# gaussian-process: by rank-one updates, and refits for leave-one-out
def gp_updates(X, y, Z, noise, a=1.0, ell=1.0, b=0.0):
    if len(X) != len(y) or noise < 0:
        raise ValueError("one observation a point")

    def k(x, z):
        return a**2 * np.exp(-((x[:, None] - z[None]) ** 2).sum(-1) / (2 * ell**2)) + b**2 * x @ z.T

    m, V, L = _sequential(X, y, Z, noise, k)
    kept = [np.arange(len(X)) != i for i in range(len(X))]
    left = [_sequential(X[j], y[j], X[~j], noise, k) for j in kept]
    return m, V, L, np.array([p[0][0] for p in left]), np.array([p[1][0, 0] + noise for p in left])
