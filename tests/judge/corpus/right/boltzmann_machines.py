"""Restricted Boltzmann machines in other styles: autograd, and all pairs of states in a dictionary."""

import itertools
import math

import numpy as np
import torch


def _refuse(V, k):
    if not ((V == 0) | (V == 1)).all() or k < 1:
        raise ValueError("states are 0 and 1")


# restricted-boltzmann: the gradient by autograd, the chain by powers of a matrix
def rbm_autograd(V, W, b, c, k=1):
    _refuse(V, k)
    V = torch.as_tensor(V)
    W, b, c = (torch.tensor(np.asarray(x), requires_grad=True) for x in (W, b, c))
    v, h = (
        torch.cartesian_prod(*[torch.tensor([0.0, 1.0], dtype=V.dtype)] * n).reshape(-1, n) for n in W.shape
    )

    def energy(x):
        return -x @ b - torch.nn.functional.softplus(x @ W + c).sum(-1)

    L = torch.logsumexp(-energy(v), 0)
    exact = torch.autograd.grad(-energy(V).mean() - L, (W, b, c), retain_graph=True)
    pair = (v @ W @ h.T + (v @ b)[:, None] + h @ c).detach()
    T = torch.softmax(pair, 1) @ torch.softmax(pair, 0).T
    q = (V[:, None] == v).all(-1).double().mean(0) @ torch.linalg.matrix_power(T, int(k))
    short = torch.autograd.grad(-energy(V).mean() + q @ energy(v), (W, b, c))
    return energy(V).detach(), L.detach(), *exact, *short


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
