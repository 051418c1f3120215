"""Averages over dropout's masks in other styles: layer by layer with einsum, a module of torch with fixed masks."""

from itertools import product

import numpy as np
import scipy.special
import torch
from torch import nn


# dropout-theory: the masks of the two layers as two axes, by einsum and SciPy's log-sum-exp
def dropout_theory_two_axes(x, W, V, p, q, activation="relu"):
    d, h = W.shape[1], W.shape[0]
    if V.shape[1] != h or x.shape[1] != d or not 0 <= p < 1 or not 0 <= q < 1:
        raise ValueError("shapes or probabilities")
    m1, m2 = (np.array(list(product((0.0, 1.0), repeat=n))) for n in (d, h))
    P1, P2 = ((1 - r) ** m.sum(1) * r ** (m.shape[1] - m.sum(1)) for r, m in ((p, m1), (q, m2)))
    phi = dict(linear=np.positive, relu=lambda u: u * (u > 0), tanh=np.tanh)[activation]
    hidden = phi(np.einsum("aj,nj,hj->anh", m1 / (1 - p), x, W))
    f = np.einsum("bh,anh,kh->abnk", m2 / (1 - q), hidden, V)
    P = P1[:, None] * P2
    mean = np.einsum("ab,abnk->nk", P, f)
    variance = np.einsum("ab,abnk->nk", P, (f - mean) ** 2)
    S = np.zeros_like(mean)
    for axis, (m, r) in enumerate(((m1, p), (m2, q))):
        for b in range(m.shape[1]):
            g, w = np.moveaxis(f, axis, 0), np.moveaxis(P, axis, 0)
            on, off = m[:, b] == 1, m[:, b] == 0
            S += r * (1 - r) * np.einsum("ab,abnk->nk", w[on] + w[off], (g[on] - g[off]) ** 2)
    log_p = scipy.special.log_softmax(f, -1)
    log_g = np.einsum("ab,abnk->nk", P, log_p)
    log_z = scipy.special.logsumexp(log_g, -1)
    G = np.exp(log_g - log_z[:, None])
    d2 = f - mean - (G * (f - mean)).sum(-1, keepdims=True)
    Q = 0.5 * np.einsum("ab,abn->n", P, (G * d2**2).sum(-1))
    return mean, variance, S, phi(x @ W.T) @ V.T, np.einsum("ab,abnk->nk", P, np.exp(log_p)), G, -log_z, Q


class _Fixed(nn.Module):
    def __init__(self, n, p):
        super().__init__()
        self.p, self.mask = p, torch.ones(n)

    def forward(self, x):
        return x * self.mask.to(x) / (1 - self.p) if self.training else x


# dropout-theory: a module of torch, a forward pass for each mask
def dropout_theory_module(x, W, V, p, q, activation="relu"):
    h, d = W.shape
    if V.shape[1] != h or x.shape[1] != d or max(p, q) >= 1:
        raise ValueError("shapes or probabilities")
    first, second = nn.Linear(d, h, bias=False), nn.Linear(h, len(V), bias=False)
    first.weight, second.weight = nn.Parameter(W.clone(), False), nn.Parameter(V.clone(), False)
    drops = _Fixed(d, p), _Fixed(h, q)
    phi = {"linear": nn.Identity(), "relu": nn.ReLU(), "tanh": nn.Tanh()}[activation]
    net = nn.Sequential(drops[0], first, phi, drops[1], second)
    outputs, weights = {}, {}
    for bits in product((0, 1), repeat=d + h):
        drops[0].mask, drops[1].mask = torch.tensor(bits[:d]), torch.tensor(bits[d:])
        outputs[bits] = net.train()(x).double()
        weights[bits] = float(
            np.prod([1 - r if b else r for b, r in zip(bits, [p] * d + [q] * h, strict=True)])
        )
    f, P = torch.stack(list(outputs.values())), torch.tensor(list(weights.values()), dtype=torch.float64)
    mean = torch.tensordot(P, f, 1)
    S = torch.zeros_like(mean)
    for b, r in enumerate([p] * d + [q] * h):
        for bits, w in weights.items():
            if bits[b]:
                S += r * w * (outputs[bits] - outputs[(*bits[:b], 0, *bits[b + 1 :])]) ** 2
    G = mean.softmax(-1)
    c = f - mean - (G * (f - mean)).sum(-1, keepdim=True)
    R = torch.tensordot(P, f.logsumexp(-1), 1) - mean.logsumexp(-1)
    Q = torch.tensordot(P, (G * c**2).sum(-1), 1) / 2
    M = torch.tensordot(P, f.softmax(-1), 1)
    variance = torch.tensordot(P, (f - mean) ** 2, 1)
    return tuple(v.to(x.dtype) for v in (mean, variance, S, net.eval()(x), M, G, R, Q))
