"""Markov networks in other styles: elimination by einsum in torch, all cliques counted, energies."""

import itertools
import math

import numpy as np
import torch


# markov-network: torch, one einsum over all tables; the conditional from the joint slice
def network_einsum(sizes, factors, scopes, x, i):
    operands = []
    for table, scope in zip(factors, scopes, strict=True):
        operands += [table, list(scope)]
    for j, k in enumerate(sizes):
        operands += [torch.ones(k, dtype=factors[0].dtype), [j]]
    joint = torch.einsum(*operands, list(range(len(sizes))))
    at = tuple(int(s) for s in x)
    line = joint[tuple(slice(None) if j == i else s for j, s in enumerate(at))]
    return joint.sum().log(), joint[at] / joint.sum(), line / line.sum()


# markov-network: all tables counted in the conditional: those without the variable cancel
def network_all_cliques(sizes, factors, scopes, x, i):
    def weight(y):
        return math.prod(float(t[tuple(y[j] for j in s)]) for t, s in zip(factors, scopes, strict=True))

    Z = math.fsum(weight(y) for y in itertools.product(*(range(k) for k in sizes)))
    line = [weight([s if j == i else int(v) for j, v in enumerate(x)]) for s in range(sizes[i])]
    return math.log(Z), weight([int(v) for v in x]) / Z, [w / math.fsum(line) for w in line]


# markov-network: energies, Z by logsumexp over an array of all of them
def network_energies(sizes, factors, scopes, x, i):
    energy = np.zeros(sizes)
    own = np.zeros(sizes[i])
    for table, scope in zip(factors, scopes, strict=True):
        with np.errstate(divide="ignore"):
            log = np.log(table)
        energy = energy - log.transpose(np.argsort(scope)).reshape(
            [k if j in scope else 1 for j, k in enumerate(sizes)]
        )
        if i in scope:
            own = own + log[tuple(slice(None) if j == i else x[j] for j in scope)]
    low = energy.min()
    log_z = -low + np.log(np.exp(low - energy).sum())
    weights = np.exp(own - own.max())
    return log_z, np.exp(-energy[tuple(x)] - log_z), weights / weights.sum()
