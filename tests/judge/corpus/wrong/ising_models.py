"""Ising models with the faults that people make."""

import itertools

import numpy as np


def _parts(J, h, beta, energy):
    s = np.array(list(itertools.product((-1.0, 1.0), repeat=len(h))))
    E = energy(s)
    w = np.exp(-beta * (E - E.min()))
    p, M = w / w.sum(), s.sum(1)
    log = np.log(w.sum()) - beta * E.min()
    return s, log, p @ E, p @ s, (s * p[:, None]).T @ s, 1 - (p @ M**4) / (3 * (p @ M**2) ** 2)


def _swept(J, h, beta, start, colours, s, rule):
    out = np.ones(len(s))
    for i in range(len(h)):
        seen = np.where(colours < colours[i], s, start)
        x = 2 * beta * (h[i] + seen @ J[i])
        if rule == "bath":
            out *= 1 / (1 + np.exp(-np.clip(s[:, i] * x, -700, 700)))
        else:
            turn = np.minimum(1, np.exp(-np.clip(start[i] * x, -700, 700)))
            out *= np.where(s[:, i] == start[i], 1 - turn, turn)
    return out


# ising: the energy sums over the neighbours of each spin, while the weights of the sweeps are right
def ising_neighbours_of_each(J, h, beta, start, colours):
    parts = _parts(J, h, beta, lambda s: -np.einsum("ki,ij,kj->k", s, J, s) - s @ h)
    return *parts[1:], *(_swept(J, h, beta, start, colours, parts[0], r) for r in ("bath", "metropolis"))


# ising: the sweep looks at the old lattice only, as a convolution over the whole of it does
def ising_by_convolution(J, h, beta, start, colours):
    parts = _parts(J, h, beta, lambda s: -0.5 * np.einsum("ki,ij,kj->k", s, J, s) - s @ h)
    rules = ("bath", "metropolis")
    return *parts[1:], *(_swept(J, h, beta, start, 0 * colours, parts[0], r) for r in rules)


# ising: spins 0 and 1 in place of -1 and 1, as in a binary quadratic program
def ising_of_bits(J, h, beta, start, colours):
    def energy(s):
        b = (s + 1) / 2
        return -0.5 * np.einsum("ki,ij,kj->k", b, J, b) - b @ h

    parts = _parts(J, h, beta, energy)
    return *parts[1:], *(_swept(J, h, beta, start, colours, parts[0], r) for r in ("bath", "metropolis"))


# ising: the cost of a turn without its 2
def ising_cost_without_two(J, h, beta, start, colours):
    parts = _parts(J, h, beta, lambda s: -0.5 * np.einsum("ki,ij,kj->k", s, J, s) - s @ h)
    rules = ("bath", "metropolis")
    return *parts[1:], *(_swept(J, h, beta / 2, start, colours, parts[0], r) for r in rules)
