"""Restricted Boltzmann machines with the faults that people make."""

from itertools import product

import numpy as np


def _both(V, W, b, c, k, *, down_bias=True, last=True, mean_field=False):
    if not np.isin(V, (0.0, 1.0)).all() or k < 1:
        raise ValueError("states")

    def sigma(x):
        return 1 / (1 + np.exp(-x))

    v, h = (np.array(list(product((0.0, 1.0), repeat=n))) for n in W.shape)
    up, down = sigma(v @ W + c), sigma(h @ W.T + (b if down_bias else 0))
    F = -v @ b - np.log1p(np.exp(v @ W + c)).sum(1)
    L = np.log(np.exp(-F).sum())
    at = [int(np.abs(v - row).sum(1).argmin()) for row in V]
    q = np.bincount(at, minlength=len(v)) / len(V)
    seen, p = q, np.exp(-F - L)
    to_h = np.prod(np.where(h[None] == 1, up[:, None], 1 - up[:, None]), 2)
    to_v = np.prod(np.where(v[None] == 1, down[:, None], 1 - down[:, None]), 2)
    for _ in range(k):
        q = q @ to_h @ to_v

    def means(r):
        return v.T @ (r[:, None] * up), r @ v, r @ up

    data, model, end = means(seen), means(p), means(q)
    if mean_field:
        w = V
        for _ in range(k):
            w = sigma(sigma(w @ W + c) @ W.T + b)
        u = sigma(w @ W + c)
        end = w.T @ u / len(V), w.mean(0), u.mean(0)
    found = [x - y for x, y in zip(data, model, strict=True)] + [
        x - y for x, y in zip(data, end, strict=True)
    ]
    if not last:
        found[3] = V.T @ up[at] / len(V) - end[1][:, None] * end[2]
    return F[at], L, *found


# restricted-boltzmann: probabilities handed on in place of states, which is no Gibbs step
def rbm_mean_field_chain(V, W, b, c, k=1):
    return _both(V, W, b, c, k, mean_field=True)


# restricted-boltzmann: the visible biases left out on the way down
def rbm_no_bias_down(V, W, b, c, k=1):
    return _both(V, W, b, c, k, down_bias=False)


# restricted-boltzmann: the negative mean of the product as a product of means
def rbm_product_of_means(V, W, b, c, k=1):
    return _both(V, W, b, c, k, last=False)


# restricted-boltzmann: sums over the data in place of means
def rbm_sums(V, W, b, c, k=1):
    F, L, *found = _both(V, W, b, c, k)
    return F, L, *(len(V) * part for part in found)
