"""Predicted training curves in other styles: parameters of a linear model, powers of a matrix, modes in PyTorch."""

import numpy as np
import torch


# lazy-training: NumPy, powers of one matrix that moves training and test outputs together
def lazy_by_powers(K, y, f, alpha, steps, k, g):
    n, m = len(y), len(g)
    step = np.block([[np.eye(n) - alpha * K, np.zeros((n, m))], [-alpha * k, np.eye(m)]])
    state = np.concatenate([f - y, g])
    rows = np.stack([np.linalg.matrix_power(step, t) @ state for t in range(steps + 1)])
    return rows[:, :n] + y, rows[:, n:]


# lazy-training: PyTorch, mode by mode, the test outputs by sums of powers
def lazy_by_modes(K, y, f, alpha, steps, k, g):
    lam, Q = torch.linalg.eigh(K)
    left = (1 - alpha * lam) ** torch.arange(steps + 1, dtype=K.dtype)[:, None]
    done = torch.cat([torch.zeros_like(left[:1]), left[:-1].cumsum(0)]) * alpha
    errors = Q.mT @ (f - y)
    return y + (left * errors) @ Q.mT, g - (done * errors) @ (k @ Q).mT


# lazy-training: PyTorch, coefficients of the kernel's columns instead of outputs
def lazy_by_coefficients(K, y, f, alpha, steps, k, g):
    a = torch.zeros_like(y)
    F, G = [f], [g]
    for _ in range(steps):
        a = a + alpha * (y - F[-1])
        F.append(f + K @ a)
        G.append(g + k @ a)
    return torch.stack(F), torch.stack(G)
