"""Restricted Boltzmann machines in other styles: by logarithms, and all pairs of states in a dictionary."""

import itertools
import math

import numpy as np
import scipy.special


def _refuse(V, k):
    if not ((V == 0) | (V == 1)).all() or k < 1:
        raise ValueError("states are 0 and 1")


# restricted-boltzmann: logarithms throughout, the chain by powers of a matrix, means by one array of statistics
def rbm_logarithms(V, W, b, c, k=1):
    V, W, b, c = (np.asarray(x, float) for x in (V, W, b, c))
    _refuse(V, k)
    n, m = W.shape
    v = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    h = (np.arange(2**m)[:, None] >> np.arange(m)) & 1
    log = np.einsum("vi,ij,hj->vh", v, W, h) + (v @ b)[:, None] + h @ c
    of_v, of_h, L = (scipy.special.logsumexp(log, axis=axis) for axis in (1, 0, None))
    T = np.exp(log - of_v[:, None]) @ np.exp(log - of_h).T
    place = (V @ 2 ** np.arange(n)).round().astype(int)
    data = np.bincount(place, minlength=2**n) / len(V)
    end = data @ np.linalg.matrix_power(T, int(k))
    up = scipy.special.expit(v @ W + c)
    statistics = np.concatenate([(v[:, :, None] * up[:, None]).reshape(2**n, -1), v, up], axis=1)
    parts = []
    for p in (np.exp(of_v - L), end):
        found = (data - p) @ statistics
        parts += [found[: n * m].reshape(n, m), found[n * m : n * m + n], found[n * m + n :]]
    return -of_v[place], L, *parts


# restricted-boltzmann: one pair of states after the other, in a dictionary
def rbm_dictionary(V, W, b, c, k=1):
    _refuse(V, k)
    n, m = W.shape
    pairs = itertools.product(itertools.product((0, 1), repeat=n), itertools.product((0, 1), repeat=m))
    weight = {(v, h): math.exp(v @ W @ h + v @ b + h @ c) for v, h in ((tuple(v), tuple(h)) for v, h in pairs)
              for v, h in [(_Row(v), _Row(h))]}  # fmt: skip
    Z = math.fsum(weight.values())
    of_v, of_h = {}, {}
    for (v, h), w in weight.items():
        of_v[v], of_h[h] = of_v.get(v, 0.0) + w, of_h.get(h, 0.0) + w

    def means(p):
        found = [np.zeros((n, m)), np.zeros(n), np.zeros(m)]
        for (v, h), w in weight.items():
            share = p.get(v, 0.0) * w / of_v[v]
            for part, value in zip(found, (np.outer(v, h), np.array(v), np.array(h)), strict=True):
                part += share * value
        return found

    seen = {}
    for row in V:
        key = _Row(int(x) for x in row)
        seen[key] = seen.get(key, 0.0) + 1 / len(V)
    q = seen
    for _ in range(int(k)):
        hidden, after = {}, {}
        for (v, h), w in weight.items():
            hidden[h] = hidden.get(h, 0.0) + q.get(v, 0.0) * w / of_v[v]
        for (v, h), w in weight.items():
            after[v] = after.get(v, 0.0) + hidden[h] * w / of_h[h]
        q = after
    data, model, end = means(seen), means({v: w / Z for v, w in of_v.items()}), means(q)
    F = np.array([-math.log(of_v[_Row(int(x) for x in row)]) for row in V])
    return (
        F,
        math.log(Z),
        *(x - y for x, y in zip(data, model, strict=True)),
        *(x - y for x, y in zip(data, end, strict=True)),
    )


class _Row(tuple):
    """A state, with the product of arrays."""

    def __matmul__(self, other):
        return np.array(self) @ np.asarray(other)
