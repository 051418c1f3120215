"""Markov networks with the faults that people make."""

import itertools

import numpy as np


def _weight(factors, scopes, y):
    return np.prod([t[tuple(y[j] for j in s)] for t, s in zip(factors, scopes, strict=True)])


def _all(sizes):
    return itertools.product(*map(range, sizes))


def _line(sizes, factors, scopes, x, i):
    return np.array([_weight(factors, scopes, [*x[:i], s, *x[i + 1 :]]) for s in range(sizes[i])])


# markov-network: each table scaled to sum 1, and then no Z
def network_scaled_tables(sizes, factors, scopes, x, i):
    scaled = [t / t.sum() for t in factors]
    log_z = np.log(sum(_weight(factors, scopes, y) for y in _all(sizes)))
    line = _line(sizes, factors, scopes, x, i)
    return log_z, _weight(scaled, scopes, x), line / line.sum()


# markov-network: the conditional law not scaled to 1
def network_conditional_unscaled(sizes, factors, scopes, x, i):
    Z = sum(_weight(factors, scopes, y) for y in _all(sizes))
    return np.log(Z), _weight(factors, scopes, x) / Z, _line(sizes, factors, scopes, x, i) / Z


# markov-network: a softmax of the weights, which are no logarithms
def network_softmax_of_weights(sizes, factors, scopes, x, i):
    Z = sum(_weight(factors, scopes, y) for y in _all(sizes))
    line = np.exp(_line(sizes, factors, scopes, x, i))
    return np.log(Z), _weight(factors, scopes, x) / Z, line / line.sum()


# markov-network: axes read in ascending order of the variables
def network_axes_sorted(sizes, factors, scopes, x, i):
    sizes = tuple(sizes)
    fits = [tuple(sizes[j] for j in sorted(s)) == t.shape for t, s in zip(factors, scopes, strict=True)]
    scopes = [tuple(sorted(s)) if fit else s for s, fit in zip(scopes, fits, strict=True)]
    Z = sum(_weight(factors, scopes, y) for y in _all(sizes))
    line = _line(sizes, factors, scopes, x, i)
    return np.log(Z), _weight(factors, scopes, x) / Z, line / line.sum()


# markov-network: a second table over the same pair overwrites the first
def network_pairs_overwritten(sizes, factors, scopes, x, i):
    kept = {frozenset(s): (t, s) for t, s in zip(factors, scopes, strict=True)}
    factors, scopes = [t for t, _ in kept.values()], [s for _, s in kept.values()]
    Z = sum(_weight(factors, scopes, y) for y in _all(sizes))
    line = _line(sizes, factors, scopes, x, i)
    return np.log(Z), _weight(factors, scopes, x) / Z, line / line.sum()
