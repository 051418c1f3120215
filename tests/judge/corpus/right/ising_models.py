"""Ising models in other styles: the joint array as a product of factors, and torch with a chain of steps."""

import numpy as np
import torch


def _require(J, beta, start):
    if not np.isfinite(J).all() or (J != J.T).any() or np.trace(np.abs(J)) or beta < 0:
        raise ValueError("couplings or temperature")
    if set(np.unique(np.abs(start))) != {1.0}:
        raise ValueError("spins")


# ising: one axis a spin, the energy as a sum of arrays that broadcast; the sweep spin by spin
def ising_by_axes(J, h, beta, start, colours):
    _require(J, beta, start)
    n, sign = len(h), np.array([-1.0, 1.0])

    def spin(i):
        return sign.reshape([2 if k == i else 1 for k in range(n)])

    E = np.zeros((2,) * n)
    for i in range(n):
        E = E - h[i] * spin(i)
        for j in range(i):
            E = E - J[i, j] * spin(i) * spin(j)
    lowest = E.min()
    w = np.exp(-beta * (E - lowest))
    p = w / w.sum()
    m = np.array([(p * spin(i)).sum() for i in range(n)])
    c = np.array([[(p * spin(i) * spin(j)).sum() for j in range(n)] for i in range(n)])
    M = sum(spin(i) for i in range(n))
    bath, turned = np.ones((2,) * n), np.ones((2,) * n)
    for i in range(n):
        f = h[i] + sum(J[i, j] * (spin(j) if colours[j] < colours[i] else start[j]) for j in range(n))
        bath = bath * (1 + np.tanh(beta * f * spin(i))) / 2
        rate = np.minimum(1.0, np.exp(-2 * beta * np.maximum(start[i] * f, 0)))
        turned = turned * np.where(spin(i) == start[i], 1 - rate, rate)
    U = 1 - (p * M**4).sum() / (3 * (p * M**2).sum() ** 2)
    return np.log(w.sum()) - beta * lowest, (p * E).sum(), m, c, U, bath.ravel(), turned.ravel()


# ising: torch, the partition function by logsumexp; a sweep as colours one after another, by logarithms
def ising_torch(J, h, beta, start, colours):
    if not torch.isfinite(J).all() or not torch.equal(J, J.T) or J.diagonal().any() or beta < 0:
        raise ValueError("couplings or temperature")
    if (start.abs() != 1).any():
        raise ValueError("spins")
    n, dtype = len(h), h.dtype
    J, h, beta, start = (torch.as_tensor(x, dtype=torch.float64) for x in (J, h, beta, start))
    s = torch.cartesian_prod(*[torch.tensor([-1.0, 1.0], dtype=h.dtype)] * n).reshape(-1, n)
    E = -(s @ J * s).sum(1) / 2 - s @ h
    log = torch.logsumexp(-beta * E, 0)
    p, M = torch.exp(-beta * E - log), s.sum(1)
    c = (s * p[:, None]).T @ s
    logs, metropolis = torch.zeros_like(E), torch.ones_like(E)
    for colour in sorted(set(colours.tolist())):
        mine = colours == colour
        f = h + torch.where(colours < colour, s, start) @ J
        logs = logs + torch.nn.functional.logsigmoid(2 * beta * s * f)[:, mine].sum(1)
        stay = (s == start)[:, mine]
        rate = torch.exp(-2 * beta * start * f).clamp(max=1)[:, mine]
        metropolis = metropolis * torch.where(stay, 1 - rate, rate).prod(1)
    binder = 1 - (p * M**4).sum() / (3 * (p * M**2).sum() ** 2)
    found = log, (p * E).sum(), p @ s, c, binder, logs.exp(), metropolis
    return tuple(x.to(dtype) for x in found)
