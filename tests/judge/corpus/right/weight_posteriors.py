"""Bayesian networks in other styles: PyTorch's distributions and derivatives, and the function-space form of Laplace's approximation."""

import math

import numpy as np
import torch
from torch.distributions import Categorical, Normal, kl_divergence
from torch.func import jacrev, vmap


# bayesian-network-nn: distributions of PyTorch, derivatives by torch.func
def bnn_torch(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    mu, sigma, eps, x, new = (torch.as_tensor(a) for a in (mu, sigma, eps, x, new))
    y, d, n = torch.as_tensor(y), x.shape[1], len(x)
    total = n if total is None else total
    if total < n or not (sigma > 0).all():
        raise ValueError("expected positive deviations, and a batch out of the data")

    def net(w, x):
        if not hidden:
            return x @ w.view(-1, d).T
        return (x @ w[: hidden * d].view(hidden, d).T).tanh() @ w[hidden * d :].view(-1, hidden).T

    def likelihood(f):
        return (
            Categorical(logits=f, validate_args=True)
            if noise is None
            else Normal(f[..., 0], math.sqrt(noise))
        )

    kl = kl_divergence(Normal(mu, sigma), Normal(0 * mu, prior + 0 * mu)).sum()
    w = mu + sigma * eps
    fit = torch.stack([likelihood(net(v, x)).log_prob(y).sum() for v in w]).mean()
    f = torch.stack([net(v, new) for v in w])
    if noise is None:
        each = Categorical(logits=f)
        mean = each.probs.mean(0)
        H = Categorical(mean).entropy()
        said = mean, H, H - each.entropy().mean(0)
    else:
        said = f.mean(0), f[..., 0].var(0, correction=0) + noise, f[..., 0].var(0, correction=0)

    def jacobian(x):
        return vmap(jacrev(lambda w, s: net(w, s[None])[0]), (None, 0))(mu, x)

    out, J, K = net(mu, x), jacobian(x), jacobian(new)
    p = out.softmax(-1)
    bend = (
        torch.diag_embed(p) - p[:, :, None] * p[:, None]
        if noise is None
        else torch.ones(n, 1, 1, dtype=x.dtype) / noise
    )
    A = (J.mT @ bend @ J).sum(0) + torch.eye(len(mu), dtype=x.dtype) / prior**2
    at = likelihood(out).log_prob(y).sum() + Normal(0 * mu, prior + 0 * mu).log_prob(mu).sum()
    evidence = at + len(mu) / 2 * math.log(2 * math.pi) - torch.logdet(A) / 2
    return n / total * kl - fit, *said, evidence, K @ torch.linalg.solve(A, K.mT)


# bayesian-network-nn: Laplace's approximation by the kernel of the outputs, no matrix of the weights
def bnn_kernel(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    n, d = x.shape
    if sigma.min() <= 0 or (total is not None and total < n):
        raise ValueError("deviations above 0, no more samples than there are")

    def layers(w):
        return (
            (None, w.reshape(-1, d))
            if hidden == 0
            else (w[: hidden * d].reshape(hidden, d), w[hidden * d :].reshape(-1, hidden))
        )

    def out(w, x):
        U, V = layers(w)
        return np.einsum("kh,nh->nk", V, x if U is None else np.tanh(np.einsum("hd,nd->nh", U, x)))

    def slopes(x):
        U, V = layers(mu)
        k = len(V)
        if U is None:
            return np.einsum("kc,nd->nkcd", np.eye(k), x).reshape(len(x), k, -1)
        a = np.tanh(x @ U.T)
        inner = np.einsum("kh,nh,nd->nkhd", V, 1 - a * a, x).reshape(len(x), k, -1)
        return np.concatenate([inner, np.einsum("kc,nh->nkch", np.eye(k), a).reshape(len(x), k, -1)], 2)

    def log_softmax(f):
        m = f.max(-1, keepdims=True)
        return f - m - np.log(np.exp(f - m).sum(-1, keepdims=True))

    def logs(f):
        if noise is None:
            return log_softmax(f)[np.arange(n), y].sum()
        return -0.5 * (np.square(y - f[:, 0]) / noise + np.log(2 * np.pi * noise)).sum()

    ratio = sigma / prior
    kl = 0.5 * (ratio**2 + (mu / prior) ** 2 - 1 - 2 * np.log(ratio)).sum()
    draws = [mu + sigma * e for e in eps]
    F = kl * (1.0 if total is None else n / total) - sum(logs(out(w, x)) for w in draws) / len(draws)
    f = np.array([out(w, new) for w in draws])
    if noise is None:
        q = np.exp(log_softmax(f))
        mean = q.mean(0)
        H = -(mean * np.log(mean)).sum(-1)
        said = mean, H, (q * (log_softmax(f) - np.log(mean))).sum(-1).mean(0)
    else:
        off = ((f - f.mean(0)) ** 2).mean(0)[:, 0]
        said = f.mean(0), noise + off, off
    here = out(mu, x)
    k = here.shape[1]
    J, K = slopes(x).reshape(n * k, -1), slopes(new)
    p = np.exp(log_softmax(here))
    L = np.zeros((n * k, n * k))
    for i in range(n):
        L[i * k : (i + 1) * k, i * k : (i + 1) * k] = (
            np.eye(1) / noise if noise is not None else np.diag(p[i]) - np.outer(p[i], p[i])
        )
    # (JᵀLJ + I/s²)⁻¹ = s²I − s⁴ Jᵀ L (I + s² J Jᵀ L)⁻¹ J
    s2 = prior**2
    M = np.eye(n * k) + s2 * J @ J.T @ L
    middle = L @ np.linalg.inv(M)
    C = s2 * np.einsum("mkp,mlp->mkl", K, K) - s2**2 * np.einsum("mka,ab,mlb->mkl", K @ J.T, middle, K @ J.T)
    evidence = logs(here) - mu @ mu / (2 * s2) - np.linalg.slogdet(M)[1] / 2
    return F, *said, evidence, C
