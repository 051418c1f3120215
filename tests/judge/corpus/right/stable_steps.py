"""Largest stable steps, written in other ways."""

import numpy as np
import torch


# sharpness: NumPy, the root of the inverse of P by a change of parameters, the inverse steps added up
def stable_step_by_inverses(H, P, beta=0.0, nesterov=False):
    if not 0 <= beta < 1 or len(H) == 0 or not np.isfinite(H).all():
        raise ValueError("momentum in [0, 1), a batch, finite Hessians")
    root = np.diag(P**-0.5)
    each = [root @ h @ root for h in H]
    mean = sum(each) / len(each)
    lam, U = np.linalg.eigh((mean + mean.T) / 2)
    top, u = lam[-1], U[:, -1]
    along = np.array([u @ h @ u for h in each])
    spread = ((along - along.mean()) ** 2).sum() / len(along)
    if top <= 0:
        return np.inf, top, spread
    r = spread / top**2
    if nesterov:
        a = (1 + r) * beta * (1 + 2 * beta)
        b = (1 + r) * (1 + beta) - 2 * beta * (1 + 2 * beta)
        c = 2 * (1 - beta**2)
        root_ = np.sqrt(b * b + 4 * a * c)
        x = 2 * c / (b + root_) if b > 0 else (root_ - b) / (2 * a)
        return x / top, top, spread
    return 2 * (1 - beta**2) / (top * (1 - beta + r * (1 + beta))), top, spread


# sharpness: torch, singular vectors of a shifted matrix
def stable_step_in_torch(H, P, beta=0.0, nesterov=False):
    if not 0 <= beta < 1 or len(H) == 0 or not bool(torch.isfinite(H).all()):
        raise ValueError("momentum in [0, 1), a batch, finite Hessians")
    scaled = H * P.rsqrt()[None, :, None] * P.rsqrt()[None, None, :]
    lam, U = torch.linalg.eigh(scaled.mean(0))
    u, top = U[:, -1], lam[-1]
    spread = torch.einsum("i,mij,j->m", u, scaled, u).var(correction=0)
    if top <= 0:
        return torch.full_like(top, torch.inf), top, spread
    r = spread / top**2
    if not nesterov:
        return 1 / (top / (2 + 2 * beta) + spread / top / (2 - 2 * beta)), top, spread
    square, linear, last = (
        (1 + r) * beta * (1 + 2 * beta),
        (1 + r) * (1 + beta) - 2 * beta * (1 + 2 * beta),
        2 * (1 - beta**2),
    )
    wide = torch.sqrt(linear**2 + 4 * square * last)
    x = torch.where(linear > 0, 2 * last / (linear + wide), (wide - linear) / (2 * square + (square == 0)))
    return x / top, top, spread
