"""Averages over dropout's masks with the faults that people make."""

from itertools import product

import numpy as np
import torch


def _masks(d, h, p, q):
    bits = np.array(list(product([0, 1], repeat=d + h)))
    r = np.r_[np.full(d, p), np.full(h, q)]
    return bits, np.where(bits == 1, 1 - r, r).prod(1), r


def _phi(activation):
    return {"linear": lambda u: u, "relu": lambda u: np.maximum(u, 0), "tanh": np.tanh}[activation]


def _softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def _lse(z):
    top = z.max(-1)
    return top + np.log(np.exp(z - top[..., None]).sum(-1))


def _all(f, P, bits, r, scaled, mean=None):
    mean = np.tensordot(P, f, 1) if mean is None else mean
    d, bound = f - mean, np.zeros_like(mean)
    for b in range(len(r)):
        one = bits[:, b] == 1
        bound = bound + r[b] * (1 - r[b]) * np.tensordot(P[one] / (1 - r[b]), (f[one] - f[~one]) ** 2, 1)
    G = _softmax(mean)
    Q = P @ (G * (d - (G * d).sum(-1, keepdims=True)) ** 2).sum(-1) / 2
    M = np.tensordot(P, _softmax(f), 1)
    return mean, np.tensordot(P, d**2, 1), bound, scaled, M, G, P @ _lse(f) - _lse(mean), Q


# dropout-theory: a thousand drawn masks, as in Monte Carlo dropout, where all are asked for
def dropout_theory_drawn(x, W, V, p, q, activation="relu"):
    rng, phi = np.random.default_rng(0), _phi(activation)
    m1, m2 = rng.random((1000, 1, x.shape[1])) >= p, rng.random((1000, 1, len(W))) >= q
    f = (m2 * phi((m1 * x / (1 - p)) @ W.T) / (1 - q)) @ V.T
    bits, _, r = _masks(x.shape[1], len(W), p, q)
    exact = (
        bits[:, None, x.shape[1] :] / (1 - q) * phi((bits[:, None, : x.shape[1]] / (1 - p) * x) @ W.T)
    ) @ V.T
    found = list(_all(exact, _masks(x.shape[1], len(W), p, q)[1], bits, r, phi(x @ W.T) @ V.T))
    found[0], found[1] = f.mean(0), f.var(0)
    return tuple(found)


# dropout-theory: p is the probability of being left, as in the paper
def dropout_theory_share_left(x, W, V, p, q, activation="relu"):
    phi, n = _phi(activation), x.shape[1]
    bits, P, r = _masks(n, len(W), 1 - p, 1 - q)
    keep = max(p, 1e-9), max(q, 1e-9)
    f = (bits[:, None, n:] / keep[1] * phi((bits[:, None, :n] / keep[0] * x) @ W.T)) @ V.T
    return _all(f, P, bits, r, phi(x @ W.T) @ V.T)


# dropout-theory: the hidden mask inside the activation, whose scale tanh then bends
def dropout_theory_inside_the_activation(x, W, V, p, q, activation="relu"):
    phi, n = _phi(activation), x.shape[1]
    bits, P, r = _masks(n, len(W), p, q)
    f = phi(bits[:, None, n:] / (1 - q) * ((bits[:, None, :n] / (1 - p) * x) @ W.T)) @ V.T
    return _all(f, P, bits, r, phi(x @ W.T) @ V.T)


# dropout-theory: the spread around evaluation is sold as the variance
def dropout_theory_around_evaluation(x, W, V, p, q, activation="relu"):
    phi, n = _phi(activation), x.shape[1]
    bits, P, r = _masks(n, len(W), p, q)
    f = (bits[:, None, n:] / (1 - q) * phi((bits[:, None, :n] / (1 - p) * x) @ W.T)) @ V.T
    scaled = phi(x @ W.T) @ V.T
    found = list(_all(f, P, bits, r, scaled))
    found[1] = np.tensordot(P, (f - scaled) ** 2, 1)
    return tuple(found)


# dropout-theory: the softmax of evaluation for the geometric mean, behind a ReLU too
def dropout_theory_softmax_of_evaluation(x, W, V, p, q, activation="relu"):
    phi, n = {"linear": lambda u: u, "relu": torch.relu, "tanh": torch.tanh}[activation], x.shape[1]
    bits, P, r = _masks(n, len(W), p, q)
    m, weights = torch.as_tensor(bits, dtype=x.dtype)[:, None], torch.as_tensor(P, dtype=x.dtype)
    f = (m[..., n:] / (1 - q) * phi((m[..., :n] / (1 - p) * x) @ W.T)) @ V.T
    scaled = phi(x @ W.T) @ V.T
    found = list(_all(f.numpy(), weights.numpy(), bits, r, scaled.numpy()))
    found[5] = torch.softmax(scaled, -1).numpy()
    return tuple(torch.as_tensor(v) for v in found)
