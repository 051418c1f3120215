"""Quasi-Newton, proximal and interior-point methods, with the faults that people make."""

import math

import numpy as np


# bfgs: the factors stand the wrong way round
def bfgs_transposed(H, s, y):
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(s, y)
    return V.T @ H @ V + rho * np.outer(s, s)


# bfgs: the step's own term is not scaled
def bfgs_unscaled(H, s, y):
    rho = 1 / (s @ y)
    V = np.eye(len(s)) - rho * np.outer(y, s)
    return V.T @ H @ V + np.outer(s, s)


# bfgs: the update of the Hessian itself
def bfgs_direct(H, s, y):
    Hs = H @ s
    return H - np.outer(Hs, Hs) / (s @ Hs) + np.outer(y, y) / (s @ y)


def _path_following(P, q, A, b, steps, slope=1.0, shrink=0.1):
    """Newton's method on the central path, all unknowns at once."""
    m, n = A.shape
    x, s, z = np.zeros(n), np.maximum(b, 1.0), np.ones(m)
    for _ in range(4 * steps):
        mu = shrink * (s @ z) / m if shrink else 1e-2
        rest = np.concatenate([slope * P @ x + q + A.T @ z, A @ x + s - b, s * z - mu])
        if np.abs(rest).max() < 1e-13 or np.abs(rest).max() > 1e12:
            break
        K = np.block(
            [
                [slope * P, np.zeros((n, m)), A.T],
                [A, np.eye(m), np.zeros((m, m))],
                [np.zeros((m, n)), np.diag(z), np.diag(s)],
            ]
        )
        d = np.linalg.solve(K, -rest)
        ratios = np.concatenate([-d[n : n + m] / s, -d[n + m :] / z])
        a = 0.9 / max(0.9, ratios.max())
        x, s, z = x + a * d[:n], s + a * d[n : n + m], z + a * d[n + m :]
    return x, z


# interior-point: the slope of ½ xᵀPx taken for 2 Px
def interior_double_slope(P, q, A, b, steps=60):
    return _path_following(P, q, A, b, steps, slope=2.0)


# interior-point: the barrier stays at one hundredth
def interior_one_barrier(P, q, A, b, steps=60):
    return _path_following(P, q, A, b, steps, shrink=0)


# interior-point: the minimiser without constraints, cut off row by row
def interior_cut(P, q, A, b, steps=60):
    x = -np.linalg.pinv(P) @ q
    for row, most in zip(A, b, strict=True):
        x = x - max(0.0, row @ x - most) / (row @ row) * row
    return x, np.maximum(-np.linalg.pinv(A.T) @ (P @ x + q), 0)


# lbfgs: the second loop runs from the newest pair, too
def lbfgs_same_order(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    r = gamma * q
    for k in reversed(range(len(S))):
        r = r + (a[k] - (Y[k] @ r) / (S[k] @ Y[k])) * S[k]
    return r


# lbfgs: gamma is left out
def lbfgs_without_gamma(S, Y, g, gamma):
    q, a = g, {}
    for k in reversed(range(len(S))):
        a[k] = (S[k] @ q) / (S[k] @ Y[k])
        q = q - a[k] * Y[k]
    for k in range(len(S)):
        q = q + (a[k] - (Y[k] @ q) / (S[k] @ Y[k])) * S[k]
    return q


# lbfgs: the direction in place of the product
def lbfgs_negative(S, Y, g, gamma):
    H = gamma * np.eye(len(g))
    for s, y in zip(S, Y, strict=True):
        V = np.eye(len(g)) - np.outer(y, s) / (s @ y)
        H = V.T @ H @ V + np.outer(s, s) / (s @ y)
    return -H @ g


# proximal: the threshold is λ, whatever the step
def proximal_threshold(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, ahead, t = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(prox(ahead - alpha * gradient(ahead), 1.0))
        new = (1 + math.sqrt(1 + 4 * t * t)) / 2
        ahead = path[-1] + (t - 1) / new * (path[-1] - path[-2]) if accelerated else path[-1]
        t = new
    return np.stack(path)


# proximal: the acceleration is left out
def proximal_plain(gradient, prox, theta0, steps, alpha, accelerated=False):
    path = [theta0]
    for _ in range(steps):
        path.append(prox(path[-1] - alpha * gradient(path[-1]), alpha))
    return np.stack(path)


# proximal: FISTA's sequence is used one step too early
def proximal_early(gradient, prox, theta0, steps, alpha, accelerated=False):
    path, ahead, t = [theta0], theta0, 1.0
    for _ in range(steps):
        path.append(prox(ahead - alpha * gradient(ahead), alpha))
        t = (1 + math.sqrt(1 + 4 * t * t)) / 2
        factor = (t - 1) / ((1 + math.sqrt(1 + 4 * t * t)) / 2) if accelerated else 0.0
        ahead = path[-1] + factor * (path[-1] - path[-2])
    return np.stack(path)
