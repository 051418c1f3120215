"""Predicted training curves with a slip: of time, of start, of scale, of mode."""

import numpy as np
import torch


def descent(K, y, f, alpha, steps, k, g):
    F, G = [f], [g]
    for _ in range(steps):
        error = F[-1] - y
        F, G = [*F, F[-1] - alpha * (K @ error)], [*G, G[-1] - alpha * (k @ error)]
    return np.stack(F), np.stack(G)


# lazy-training: PyTorch, the matrix exponential: gradient flow where steps are meant
def lazy_by_exponential(K, y, f, alpha, steps, k, g):
    K, y, f, k, g = (torch.as_tensor(v) for v in (K, y, f, k, g))
    pinv = torch.linalg.pinv(K, hermitian=True)
    left = [torch.linalg.matrix_exp(-alpha * t * K) for t in range(steps + 1)]
    F = torch.stack([y + E @ (f - y) for E in left])
    G = torch.stack([g - k @ pinv @ (f - y - E @ (f - y)) for E in left])
    return F.numpy(), G.numpy()


# lazy-training: the eigenvalues ascend, the errors are taken for descending ones
def lazy_modes_in_two_orders(K, y, f, alpha, steps, k, g):
    lam, Q = np.linalg.eigh(K)
    t = np.arange(steps + 1)[:, None]
    left = (1 - alpha * lam[::-1]) ** t
    r = Q.T @ (f - y)
    F = y + (left * r) @ Q.T
    return F, g - np.cumsum(np.concatenate([0 * F[:1], alpha * (F[:-1] - y)]), 0) @ k.T


# lazy-training: the gradient's sign: the error grows
def lazy_ascent(K, y, f, alpha, steps, k, g):
    return descent(K, y, f, -alpha, steps, k, g)


# lazy-training: kernel regression at once, the test outputs at their end from the first step on
def lazy_at_the_end(K, y, f, alpha, steps, k, g):
    F, G = descent(K, y, f, alpha, steps, k, g)
    end = g + k @ np.linalg.pinv(K) @ (y - f)
    return F, np.concatenate([G[:1], np.repeat(end[None], steps, 0)])


# lazy-training: a jitter on the kernel, for the sake of its inverse
def lazy_with_jitter(K, y, f, alpha, steps, k, g):
    return descent(K + 1e-3 * np.eye(len(y)), y, f, alpha, steps, k, g)


# lazy-training: one sample a step, in turn
def lazy_one_sample_a_step(K, y, f, alpha, steps, k, g):
    F, G = [f], [g]
    for t in range(steps):
        j = t % len(y)
        error = F[-1][j] - y[j]
        F, G = [*F, F[-1] - alpha * K[:, j] * error], [*G, G[-1] - alpha * k[:, j] * error]
    return np.stack(F), np.stack(G)
