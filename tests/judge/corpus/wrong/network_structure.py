"""Structures of highest score, with the faults that people make."""

import itertools
import math

import numpy as np


def _learn(x, k, G, price=None, entropy_of=None, tree=None):
    x, k, n, N = np.asarray(x), [int(r) for r in k], len(k), len(x)
    if np.linalg.matrix_power((np.asarray(G) != 0).astype(int), n).any() or x.min() < 0 or (x >= k).any():
        raise ValueError("a cycle, or a state that is none")

    def H(*own):
        if not own:
            return 0.0
        times = np.unique(x[:, list(own)], axis=0, return_counts=True)[1]
        p = times / N
        return float(-(p * (entropy_of or np.log)(p)).sum())

    price = price or (lambda q, r, parents: 0.5 * math.log(N) * q * (r - 1))

    def score(i, parents):
        gap = H(*parents, i) - H(*parents)
        return -N * gap - price(math.prod(k[p] for p in parents), k[i], parents)

    sets = {}
    for i in range(n):
        others = [j for j in range(n) if j != i]
        sets[i] = {p: score(i, p) for r in range(n) for p in itertools.combinations(others, r)}
    highest, E = -np.inf, np.zeros((n, n))
    for order in itertools.permutations(range(n)):
        total, arrows = 0.0, np.zeros((n, n))
        for place, i in enumerate(order):
            open_ = {p: s for p, s in sets[i].items() if set(p) <= set(order[:place])}
            top = max(open_.values())
            total += top
            for p, s in open_.items():
                if s > top - 1e-8:
                    arrows[list(p), i] = 1
        if total > highest + 1e-8:
            highest, E = total, arrows
        elif total > highest - 1e-8:
            E = np.maximum(E, arrows)
    weights = {e: H(e[0]) + H(e[1]) - H(*e) for e in itertools.combinations(range(n), 2)}
    T, part, told = np.zeros((n, n)), list(range(n)), 0.0
    for e in sorted(weights, key=lambda e: (tree or (lambda w, e: -w))(weights[e], e)):
        if part[e[0]] != part[e[1]]:
            T[e] = T[e[::-1]] = 1
            part = [part[e[0]] if c == part[e[1]] else c for c in part]
            told += weights[e]
    own = np.array([score(i, tuple(np.flatnonzero(np.asarray(G)[:, i]))) for i in range(n)])
    return own, highest, E, T, N * (told - sum(H(i) for i in range(n)))


# bn-structure: maximum likelihood, every arrow welcome
def learn_by_likelihood(x, k, G):
    return _learn(x, k, G, price=lambda q, r, parents: 0.0)


# bn-structure: AIC, sold as BIC
def learn_by_aic(x, k, G):
    return _learn(x, k, G, price=lambda q, r, parents: q * (r - 1))


# bn-structure: parameters of several parents added, not multiplied
def learn_with_sums(x, k, G):
    return _learn(
        x,
        k,
        G,
        price=lambda q, r, parents: (
            0.5 * math.log(len(x)) * max(1, sum(int(k[p]) for p in parents)) * (r - 1)
        ),
    )


# bn-structure: the penalty counts arrows, not parameters
def learn_with_arrows_counted(x, k, G):
    return _learn(x, k, G, price=lambda q, r, parents: 0.5 * math.log(len(x)) * len(parents))


# bn-structure: entropies in bits against a penalty in nats
def learn_in_bits(x, k, G):
    return _learn(x, k, G, entropy_of=np.log2)


# bn-structure: the tree of the smallest informations
def learn_smallest_tree(x, k, G):
    return _learn(x, k, G, tree=lambda w, e: w)


# bn-structure: arrows from earlier variables to later ones alone
def learn_in_order(x, k, G):
    own, highest, E, T, log = _learn(x, k, G)
    return own, highest, np.triu(np.maximum(E, E.T)), T, log


# bn-structure: the criterion of the statisticians, −2 BIC
def learn_minus_twice(x, k, G):
    own, highest, E, T, log = _learn(x, k, G)
    return -2 * own, -2 * highest, E, T, log
