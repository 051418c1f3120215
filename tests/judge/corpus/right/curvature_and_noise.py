"""Kronecker factors, range tests and noise scales, written in other ways."""

import numpy as np
import torch


# kfac: NumPy, by solving, without an inverse
def kfac_solves(a, g, gradient, damping=1e-3):
    if len(a) == 0:
        raise ValueError("no samples")
    A, S = a.T @ a / len(a), g.T @ g / len(g)
    a_size, s_size = np.mean(np.diag(A)), np.mean(np.diag(S))
    pi = np.sqrt(a_size) / np.sqrt(s_size) if a_size > 0 and s_size > 0 else 1.0
    root = np.sqrt(damping)
    half = np.linalg.solve(S + root / pi * np.eye(len(S)), gradient)
    return np.linalg.solve(A + pi * root * np.eye(len(A)), half.T).T


# kfac: torch, in the eigenvectors of the factors
def kfac_by_eigenvectors(a, g, gradient, damping=1e-3):
    A, S = a.mT @ a / a.shape[0], g.mT @ g / g.shape[0]
    a_size, s_size = A.diagonal().mean(), S.diagonal().mean()
    pi = (a_size.sqrt() / s_size.sqrt()) if a_size > 0 and s_size > 0 else torch.ones((), dtype=a.dtype)
    values_a, U = torch.linalg.eigh(A)
    values_s, V = torch.linalg.eigh(S)
    root = damping**0.5
    scale = (values_s + root / pi)[:, None] * (values_a + root * pi)[None, :]
    if damping == 0 and (
        values_a.min() <= 1e-12 * values_a.max() or values_s.min() <= 1e-12 * values_s.max()
    ):
        raise ValueError("singular without damping")
    return V @ (V.mT @ gradient @ U / scale) @ U.mT


# step-size-search: NumPy, all averages at once
def step_by_weights(alpha, losses, beta=0.9):
    losses = np.asarray(losses, float)
    if len(alpha) != len(losses):
        raise ValueError("as many step sizes as losses")
    n = len(losses) if np.isfinite(losses).all() else int(np.argmin(np.isfinite(losses)))
    age = np.subtract.outer(np.arange(n), np.arange(n))
    weights = np.where(age >= 0, np.power(float(beta), np.maximum(age, 0)), 0.0)
    smooth = weights @ losses[:n] / weights.sum(1)
    for t in range(10, n):
        lowest = smooth[9:t].min()
        if lowest > 0 and smooth[t] > 4 * lowest:
            smooth = smooth[:t]
            break
    m = int(np.argmin(smooth))
    h = np.flatnonzero(smooth[:m] > (smooth[9] + smooth[m]) / 2)[-1] + 1
    return float(np.exp((np.log(alpha[h]) + np.log(alpha[m])) / 2))


# large-batch: NumPy, from the norms of single gradients and of their mean
def noise_scale_of_norms(g):
    if g.ndim != 2 or len(g) < 2:
        raise ValueError("two rows or more")
    n = len(g)
    small, big = np.mean(np.sum(g**2, axis=1)), np.sum(np.mean(g, axis=0) ** 2)
    trace = max((small - big) / (1 - 1 / n), 0.0)
    square = (n * big - small) / (n - 1)
    return trace, square, trace / square if square > 0 else np.inf


# large-batch: torch, by the covariance
def noise_scale_by_covariance(g):
    if g.dim() != 2 or g.shape[0] < 2:
        raise ValueError("two rows or more")
    trace = g.var(dim=0, correction=1).sum()
    square = g.mean(dim=0).square().sum() - trace / g.shape[0]
    return trace, square, torch.where(square > 0, trace / square, torch.full_like(trace, float("inf")))
