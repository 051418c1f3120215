"""Normalising flows in other styles: the determinant from a whole Jacobian by autograd, and ranks one after another in NumPy."""

import numpy as np
import torch
from scipy.stats import norm


# normalizing-flow: torch, each point's Jacobian in full, coordinates in the order of their ranks
def flow_by_whole_jacobians(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    d, P = x.shape[-1], 0 if u is None else len(u)
    if S.shape[1:] != (d, d) or any(float(w[k] @ u[k]) <= -1 for k in range(P)):
        raise ValueError("no flow")
    ranks = torch.as_tensor(order)

    def scales(k, p):
        mask = (ranks[k][None, :] < ranks[k][:, None]).to(p)
        return 3 * torch.tanh((a[k] + (S[k] * mask) @ p) / 3), c[k] + (T[k] * mask) @ p

    def there(p):
        for k in range(P):
            p = p + u[k] * torch.tanh(w[k] @ p + b[k])
        for k in range(len(S)):
            s, t = scales(k, p)
            p = (p - t) * torch.exp(-s)
        return p

    def back(p):
        for k in range(len(S) - 1, -1, -1):
            z, p = p, torch.zeros_like(p)
            for _ in range(d):  # a fixed point after as many rounds as ranks
                s, t = scales(k, p)
                p = z * torch.exp(s) + t
        for k in range(P - 1, -1, -1):
            slope, y = w[k] @ u[k], w[k] @ p + b[k]
            with torch.no_grad():
                low, high = y - slope.abs(), y + slope.abs()
                for _ in range(60):
                    middle = (low + high) / 2
                    above = middle + slope * torch.tanh(middle) > y
                    low, high = torch.where(above, low, middle), torch.where(above, middle, high)
            alpha = low
            for _ in range(2):  # the second for second derivatives
                alpha = alpha - (alpha + slope * torch.tanh(alpha) - y) / (1 + slope / torch.cosh(alpha) ** 2)
            p = p - u[k] * torch.tanh(alpha)
        return p

    f, rows = back if inverse else there, x.reshape(-1, d)
    if not len(rows):
        return x.clone(), x[..., 0].clone(), x[..., 0].clone()
    out = torch.func.vmap(f)(rows).reshape(x.shape)
    log_det = torch.linalg.slogdet(torch.func.vmap(torch.func.jacrev(f))(rows))[1].reshape(x.shape[:-1])
    z, sign = (x, -1) if inverse else (out, 1)
    return out, log_det, torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(-1) + sign * log_det


def _halved(slope, y):
    low, high = y - abs(slope), y + abs(slope)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if middle + slope * np.tanh(middle) > y else (middle, high)
    return (low + high) / 2


# normalizing-flow: NumPy, ranks by sorting, the inverse of a ridge by Newton's method inside a bracket
def flow_sorted(x, S, T, a, c, order, u=None, w=None, b=None, inverse=False):
    d = x.shape[-1]
    u, w, b = (np.zeros((0, d)), np.zeros((0, d)), np.zeros(0)) if u is None else (u, w, b)
    if np.any(np.einsum("kd,kd->k", u, w) <= -1) or S.shape[-1] != d:
        raise ValueError("no flow")
    flat, total = x.reshape(-1, d).copy(), np.zeros(int(np.prod(x.shape[:-1], dtype=int)))
    base = norm.logpdf(flat).sum(1)
    ridges, affine = list(zip(u, w, b, strict=True)), list(zip(S, T, a, c, order, strict=True))
    todo = [("r", r) for r in ridges] + [("a", r) for r in affine]
    for kind, layer in todo[::-1] if inverse else todo:
        if kind == "r":
            uk, wk, bk = layer
            slope, y = uk @ wk, flat @ wk + bk
            v = y.copy() if not inverse else np.array([_halved(slope, t) for t in y]).reshape(y.shape)
            flat = flat + (-1 if inverse else 1) * np.tanh(v)[:, None] * uk
            total += (-1 if inverse else 1) * np.log1p(slope / np.cosh(np.clip(v, -300, 300)) ** 2)
            continue
        Sk, Tk, ak, ck, rank = layer
        data = np.zeros_like(flat) if inverse else flat
        new = np.zeros_like(flat)
        for r in np.unique(rank):
            here, before = rank == r, rank < r
            s = 3 * np.tanh((ak[here] + data[:, before] @ Sk[np.ix_(here, before)].T) / 3)
            t = ck[here] + data[:, before] @ Tk[np.ix_(here, before)].T
            if inverse:
                data[:, here] = flat[:, here] * np.exp(s) + t
            else:
                new[:, here] = (flat[:, here] - t) / np.exp(s)
            total += (1 if inverse else -1) * s.sum(1)
        flat = data if inverse else new
    log_prob = base - total if inverse else norm.logpdf(flat).sum(1) + total
    return flat.reshape(x.shape), total.reshape(x.shape[:-1]), log_prob.reshape(x.shape[:-1])
