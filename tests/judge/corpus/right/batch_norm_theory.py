"""Smoothness along the gradient in other styles: PyTorch's functions with torch.func, and NumPy by the Jacobian of a channel."""

import numpy as np
import torch
import torch.nn.functional as F


# batch-norm-theory: functions of PyTorch, the gradient by torch.func
def batch_norm_theory_functional(x, y, W, V, steps, normed=True, noise=None):
    if W.shape[1] != W.shape[2] or len(y) != len(x) or (steps <= 0).any():
        raise ValueError("shapes or steps")
    shifts = torch.zeros(len(W), *x.shape, dtype=x.dtype) if noise is None else noise

    def loss(W):
        h = x
        for A, shift in zip(W, shifts, strict=True):
            z = F.linear(h, A)
            h = F.relu((F.batch_norm(z, None, None, training=True, eps=1e-30) if normed else z) + shift)
        return F.cross_entropy(F.linear(h, V), y)

    both = torch.func.grad_and_value(loss)
    g, start = both(W)
    moved, values = zip(*(both(W - eta * g) for eta in steps), strict=True)
    distances = torch.stack([torch.linalg.vector_norm(m - g) for m in moved])
    return start, g, torch.stack(values), distances, distances / (steps * torch.linalg.vector_norm(g))


def _unit_jacobian(z):
    """The derivative of (z − mean)/deviation, for each column of z: (d, n, n)."""
    n = len(z)
    centred = z - z.mean(0)
    s = np.sqrt((centred**2).mean(0) + 1e-30)
    hat = centred / s
    eye = np.eye(n) - 1 / n
    return hat, (eye[None] - np.einsum("id,jd->dij", hat, hat) / n) / s[:, None, None]


# batch-norm-theory: NumPy, with the whole Jacobian of each normalised unit
def batch_norm_theory_jacobians(x, y, W, V, steps, normed=True, noise=None):
    if W.shape[1] != W.shape[2] or len(y) != len(x) or min(steps) <= 0:
        raise ValueError("shapes or steps")
    n = len(x)

    def slope(W):
        h, tape = x, []
        for layer, A in enumerate(W):
            z, J = h @ A.T, None
            if normed:
                z, J = _unit_jacobian(z)
            if noise is not None:
                z = z + noise[layer]
            tape.append((h, J, z))
            h = z.clip(0)
        f = h @ V.T
        p = np.exp(f - f.max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        value = np.mean(np.logaddexp.reduce(f, 1) - f[range(n), y])
        p[range(n), y] -= 1
        back, g = p @ V / n, []
        for (h, J, z), A in zip(tape[::-1], W[::-1], strict=True):
            back = np.where(z > 0, back, 0)
            if J is not None:
                back = np.einsum("dij,id->jd", J, back)
            g.append(back.T @ h)
            back = back @ A
        return value, np.array(g[::-1])

    value, g = slope(W)
    there = [slope(W - eta * g) for eta in steps]
    distances = np.array([np.sqrt(((m - g) ** 2).sum()) for _, m in there])
    return value, g, np.array([v for v, _ in there]), distances, distances / steps / np.sqrt((g**2).sum())
