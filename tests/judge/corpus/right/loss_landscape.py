"""Slices and curves of the loss in other styles: all points at once in NumPy, de Casteljau, a model of torch."""

import numpy as np
import torch
from torch.func import functional_call


# loss-landscape: every point at once by einsum, the curve by de Casteljau's halving of polygons
def landscape_at_once(x, y, P, g, a, t):
    t = np.asarray(t)
    if len(P) < 2 or (t < 0).any() or (t > 1).any():
        raise ValueError("two networks, and t from 0 to 1")

    def losses(thetas):
        z = np.einsum("np,khp->knh", x, thetas[..., :-2]) + thetas[:, None, :, -2]
        return ((np.einsum("knh,kh->kn", np.clip(z, 0, None), thetas[..., -1]) - y) ** 2).mean(1)

    theta = P[0]
    with np.errstate(invalid="ignore", divide="ignore"):
        rows = np.nan_to_num(g[:, :-2] / np.linalg.norm(g[:, :-2], axis=1, keepdims=True))
        last = np.nan_to_num(g[:, -1] / np.linalg.norm(g[:, -1]))
    d = np.c_[rows * np.linalg.norm(theta[:, :-2], axis=1, keepdims=True), np.zeros(len(g)), last * np.linalg.norm(theta[:, -1])]  # fmt: skip
    points = np.repeat(np.asarray(P, float)[:, None], len(t), 1)
    while len(points) > 1:
        points = points[:-1] + t[:, None, None] * (points[1:] - points[:-1])
    path, ends = losses(points[0]), losses(P[[0, -1]])
    above = path - ends[0] - t * (ends[1] - ends[0])
    return losses(theta + np.multiply.outer(a, d)), path, np.r_[ends, np.maximum(above.max(), 0)]


# loss-landscape: a module of torch, called with other weights
def landscape_torch(x, y, P, g, a, t):
    if len(P) < 2 or bool(((t < 0) | (t > 1)).any()) or g.shape != P.shape[1:]:
        raise ValueError("two networks, a draw of their shape, and t from 0 to 1")
    p, h = x.shape[1], P.shape[1]
    net = torch.nn.Sequential(torch.nn.Linear(p, h), torch.nn.ReLU(), torch.nn.Linear(h, 1, bias=False)).to(
        P.dtype
    )

    def named(theta):
        return {"0.weight": theta[:, :p], "0.bias": theta[:, p], "2.weight": theta[:, p + 1][None]}

    def loss(weights):
        return torch.nn.functional.mse_loss(functional_call(net, weights, (x,))[:, 0], y)

    theta, draw = named(P[0]), named(g)
    d = {}
    for name, w in theta.items():
        if w.dim() == 1:
            d[name] = torch.zeros_like(w)
            continue
        size = draw[name].norm(dim=1, keepdim=True)
        d[name] = torch.where(size > 0, draw[name] * w.norm(dim=1, keepdim=True) / size.clamp(min=1e-30), 0)
    with torch.no_grad():
        slices = torch.stack([loss({name: w + s * d[name] for name, w in theta.items()}) for s in a])
        binomial = torch.distributions.Binomial(len(P) - 1, t.double()).log_prob
        shares = torch.stack(
            [binomial(torch.tensor(float(k), dtype=torch.float64)) for k in range(len(P))], 1
        ).exp()
        path = torch.stack([loss(named((s.to(P.dtype)[:, None, None] * P).sum(0))) for s in shares])
        first, last = loss(theta), loss(named(P[-1]))
        barrier = (path - (1 - t) * first - t * last).max().clamp(min=0)
    return slices, path, torch.stack([first, last, barrier])
