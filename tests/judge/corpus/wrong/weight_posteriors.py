"""Bayesian networks with the faults that people make."""

import numpy as np


def _net(w, x, h):
    d = x.shape[1]
    if not h:
        return x @ w.reshape(-1, d).T
    return np.tanh(x @ w[: h * d].reshape(h, d).T) @ w[h * d :].reshape(-1, h).T


def _softmax(f):
    e = np.exp(f - f.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _entropy(p):
    return -(p * np.log(np.where(p > 0, p, 1))).sum(-1)


def _log_p(f, y, noise):
    if noise is None:
        top = f.max(-1, keepdims=True)
        return (f - top - np.log(np.exp(f - top).sum(-1, keepdims=True)))[np.arange(len(y)), y].sum()
    return (-((y - f[:, 0]) ** 2) / (2 * noise) - np.log(2 * np.pi * noise) / 2).sum()


def _slopes(w, x, h, t=1e-6):
    return np.stack([(_net(w + e, x, h) - _net(w - e, x, h)) / (2 * t) for e in t * np.eye(len(w))], -1)


def _all(
    mu, sigma, eps, x, y, new, hidden, total, prior, noise, share=None, bend=1.0, inner=False, ridge=None
):
    N = len(x) if total is None else total
    if len(x) > N or (sigma <= 0).any():
        raise ValueError("sizes")
    w = mu + sigma * eps
    kl = (np.log(prior / sigma) + (sigma**2 + mu**2) / (2 * prior**2) - 0.5).sum()
    fit = np.mean([_log_p(_net(v, x, hidden), y, noise) for v in w])
    F = (len(x) / N if share is None else share(len(x), N)) * kl - fit
    f = np.stack([_net(v, new, hidden) for v in w])
    if noise is None:
        p = _softmax(f)
        H, known = _entropy(p.mean(0)), _entropy(p).mean(0)
        said = p.mean(0), H, known if inner else H - known
    else:
        spread = f.var(0)[:, 0]
        said = f.mean(0), spread + noise, spread
    out, J, K = _net(mu, x, hidden), _slopes(mu, x, hidden), _slopes(mu, new, hidden)
    q = _softmax(out)
    L = (
        np.ones((len(x), 1, 1)) / noise
        if noise is not None
        else q[:, :, None] * np.eye(q.shape[1]) - q[:, :, None] * q[:, None]
    )
    P = np.eye(len(mu)) / prior**2 if ridge is None else ridge(prior) * np.eye(len(mu))
    A = bend * np.einsum("nka,nkl,nlb->ab", J, L, J) + P
    evidence = (
        _log_p(out, y, noise)
        - mu @ mu / (2 * prior**2)
        - len(mu) * np.log(prior)
        - np.linalg.slogdet(A)[1] / 2
    )
    return F, *said, evidence, K @ np.linalg.inv(A) @ K.transpose(0, 2, 1)


# bayesian-network-nn: the divergence divided by the number of samples beside a sum over the batch
def bnn_kl_over_n(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    return _all(mu, sigma, eps, x, y, new, hidden, total, prior, noise, share=lambda n, N: 1 / N)


# bayesian-network-nn: the whole divergence in every batch
def bnn_whole_kl(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    return _all(mu, sigma, eps, x, y, new, hidden, total, prior, noise, share=lambda n, N: 1.0)


# bayesian-network-nn: the expected entropy given out as what is due to the weights
def bnn_expected_entropy(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    return _all(mu, sigma, eps, x, y, new, hidden, total, prior, noise, inner=True)


# bayesian-network-nn: the curvature of half of the squared error, without the noise, and twice that of the cross-entropy
def bnn_twice_the_curvature(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    return _all(mu, sigma, eps, x, y, new, hidden, total, prior, noise, bend=2.0 if noise is None else noise)


# bayesian-network-nn: the prior's variance taken for its precision
def bnn_variance_for_precision(mu, sigma, eps, x, y, new, hidden=0, total=None, prior=1.0, noise=None):
    return _all(mu, sigma, eps, x, y, new, hidden, total, prior, noise, ridge=lambda s: s**2)
