"""Structures of highest BIC in other styles: sets of variables from the sink up, and orders in dictionaries."""

import collections
import itertools
import math

import numpy as np


def _checked(x, k, G):
    if np.linalg.matrix_power((np.asarray(G) != 0).astype(int), len(k)).any():
        raise ValueError("a cycle")
    if np.min(x) < 0 or (np.asarray(x) >= k).any():
        raise ValueError("a state that is none")


# bn-structure: dynamic programming over sets of variables, by joint entropies
def learn_by_sinks(x, k, G):
    _checked(x, k, G)
    n, N = len(k), len(x)
    H = {0: 0.0}
    for m in range(1, 2**n):
        own = np.flatnonzero([m >> j & 1 for j in range(n)])
        _, times = np.unique(x[:, own], axis=0, return_counts=True)
        H[m] = math.log(N) - float(times @ np.log(times)) / N

    def score(i, m):
        q = math.prod(int(k[j]) for j in range(n) if m >> j & 1)
        return -N * (H[m | 1 << i] - H[m]) - math.log(N) / 2 * q * (int(k[i]) - 1)

    def parts(m):
        part = m
        while True:
            yield part
            if not part:
                return
            part = (part - 1) & m

    best = {
        0: (0.0, np.zeros((n, n)))
    }  # of each set of variables: the highest score, and all arrows of its best graphs
    for m in range(1, 2**n):
        options = []
        for sink in (j for j in range(n) if m >> j & 1):
            rest = m & ~(1 << sink)
            below, arrows = best[rest]
            options += [(below + score(sink, p), arrows, sink, p) for p in parts(rest)]
        top = max(o[0] for o in options)
        E = np.zeros((n, n))
        for total, arrows, sink, p in options:
            if total > top - 1e-8:
                E = np.maximum(E, arrows)
                E[[j for j in range(n) if p >> j & 1], sink] = 1
        best[m] = top, E
    T, joined = np.zeros((n, n)), {0}  # Prim's method
    told = 0.0
    while len(joined) < n:
        gain, a, b = max(
            (H[1 << a] + H[1 << b] - H[1 << a | 1 << b], a, b)
            for a in joined
            for b in range(n)
            if b not in joined
        )
        T[a, b] = T[b, a] = 1
        joined.add(b)
        told += gain
    own = np.array([score(i, sum(1 << j for j in range(n) if G[j][i])) for i in range(n)])
    return own, best[2**n - 1][0], best[2**n - 1][1], T, N * (told - sum(H[1 << i] for i in range(n)))


# bn-structure: counting in dictionaries, parents among those that come before in each order, and all spanning trees
def learn_in_dictionaries(x, k, G):
    _checked(x, k, G)
    n, N = len(k), len(x)
    rows = [tuple(r) for r in np.asarray(x).tolist()]

    def fit(i, parents):
        pairs = collections.Counter((tuple(r[p] for p in parents), r[i]) for r in rows)
        above = collections.Counter(tuple(r[p] for p in parents) for r in rows)
        return math.fsum(c * math.log(c / above[j]) for (j, _), c in pairs.items())

    def score(i, parents):
        return fit(i, parents) - 0.5 * math.log(N) * math.prod(int(k[p]) for p in parents) * (int(k[i]) - 1)

    local = {}
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            local |= {(i, frozenset(p)): score(i, p) for p in itertools.combinations(others, size)}
    found = []
    for order in itertools.permutations(range(n)):
        total, arrows = 0.0, set()
        for place, i in enumerate(order):
            fitting = {p: s for (j, p), s in local.items() if j == i and p <= set(order[:place])}
            top = max(fitting.values())
            total += top
            arrows |= {(a, i) for p, s in fitting.items() if s >= top - 1e-8 for a in p}
        found.append((total, arrows))
    highest, E = max(total for total, _ in found), np.zeros((n, n))
    for total, arrows in found:
        if total >= highest - 1e-8:
            for a, b in arrows:
                E[a, b] = 1
    single = [fit(i, ()) for i in range(n)]
    gain = {(a, b): fit(b, (a,)) - single[b] for a, b in itertools.combinations(range(n), 2)}
    trees = []
    for edges in itertools.combinations(gain, n - 1):
        reached = {0}
        for _ in edges:
            reached |= {v for e in edges if set(e) & reached for v in e}
        if len(reached) == n:
            trees.append((sum(gain[e] for e in edges), edges))
    weight, edges = max(trees)
    T = np.zeros((n, n))
    for a, b in edges:
        T[a, b] = T[b, a] = 1
    own = np.array([score(i, tuple(np.flatnonzero(np.asarray(G)[:, i]))) for i in range(n)])
    return own, highest, E, T, weight + sum(single)
