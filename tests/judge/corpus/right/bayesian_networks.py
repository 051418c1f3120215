"""Joints of Bayesian networks, and d-separation, in other styles: einsum, broadcasting, dictionaries."""

import itertools

import numpy as np


def _checked(G, tables, do):
    G, n = np.asarray(G), len(G)
    if n != len(tables) or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("a cycle, or another number of tables")
    for i, t in enumerate(tables):
        want = tuple(tables[j].shape[-1] for j in np.flatnonzero(G[:, i]))
        if t.shape[:-1] != want or t.min() < 0 or not np.allclose(t.sum(-1), 1, atol=1e-3):
            raise ValueError(f"table {i}")
    if do is not None and any(not -1 <= s < t.shape[-1] for s, t in zip(do, tables, strict=True)):
        raise ValueError("no such state")


# bayesian-network: one einsum over all tables
def joint_einsum(G, tables, do=None):
    _checked(G, tables, do)
    operands = []
    for i, t in enumerate(tables):
        if do is not None and do[i] >= 0:
            operands += [np.eye(t.shape[-1])[do[i]], [i]]
        else:
            operands += [t, [*np.flatnonzero(np.asarray(G)[:, i]).tolist(), i]]
    return np.einsum(*operands, list(range(len(tables))))


# bayesian-network: state by state along a topological order, in a dictionary
def joint_by_states(G, tables, do=None):
    _checked(G, tables, do)
    G, n = np.asarray(G), len(tables)
    order = sorted(
        range(n),
        key=lambda i: int((np.linalg.matrix_power(np.eye(n, dtype=int) + (G != 0), n) > 0)[:, i].sum()),
    )
    laws = {(): 1.0}
    for step, i in enumerate(order):
        longer = {}
        for known, p in laws.items():
            state = dict(zip(order[:step], known, strict=True))
            row = tables[i][tuple(state[j] for j in np.flatnonzero(G[:, i]))]
            if do is not None and do[i] >= 0:
                row = [float(s == do[i]) for s in range(len(row))]
            longer |= {(*known, s): p * q for s, q in enumerate(row)}
        laws = longer
    joint = np.zeros([t.shape[-1] for t in tables])
    for states, p in laws.items():
        joint[tuple(states[order.index(i)] for i in range(n))] = p
    return joint


# bayesian-network: sums of logarithms, zeros among them
def joint_in_logarithms(G, tables, do=None):
    _checked(G, tables, do)
    k = [t.shape[-1] for t in tables]
    total = np.zeros(k)
    for i, t in enumerate(tables):
        axes = [*np.flatnonzero(np.asarray(G)[:, i]), i]
        if do is not None and do[i] >= 0:
            t, axes = (np.arange(k[i]) == do[i]).astype(float), [i]
        spread = np.transpose(t, np.argsort(axes)).reshape([k[a] if a in axes else 1 for a in range(len(k))])
        with np.errstate(divide="ignore"):
            total = total + np.log(spread)
    return np.exp(total)


def _refuse(G, x, y, z):
    if (
        np.linalg.matrix_power((np.asarray(G) != 0).astype(int), len(G)).any()
        or ((x != 0) & (y != 0) | (x != 0) & (z != 0) | (y != 0) & (z != 0)).any()
    ):
        raise ValueError("a cycle, or sets that overlap")


# d-separation: the moral graph of the ancestors, with dictionaries of neighbours
def separated_by_moral_graph(G, x, y, z):
    _refuse(G, x, y, z)
    parents = {j: {int(i) for i in np.flatnonzero(np.asarray(G)[:, j])} for j in range(len(G))}
    kept, waiting = set(), [int(v) for v in np.flatnonzero((x != 0) | (y != 0) | (z != 0))]
    while waiting:
        v = waiting.pop()
        if v not in kept:
            kept.add(v)
            waiting += parents[v]
    near = {v: set() for v in kept}
    for v in kept:
        for a, b in itertools.combinations({v, *parents[v]}, 2):
            near[a].add(b)
            near[b].add(a)
    known = {int(v) for v in np.flatnonzero(z)}
    met = {int(v) for v in np.flatnonzero(x)}
    while True:
        more = set().union(*(near[v] for v in met)) - known | met
        if more == met:
            return not any(y[v] for v in met)
        met = more


# d-separation: two boolean vectors, met from above and from below, until nothing changes
def separated_by_two_vectors(G, x, y, z):
    _refuse(G, x, y, z)
    A, known = np.asarray(G) != 0, np.asarray(z) != 0
    opened = known.copy()
    for _ in range(len(A)):
        opened |= (A & opened).any(1)
    below, above = np.asarray(x) != 0, np.zeros(len(A), bool)  # met from a child, from a parent
    for _ in range(2 * len(A)):
        ups = (below & ~known) | (above & opened)
        downs = (below | above) & ~known
        below, above = below | A[:, ups].any(1), above | A[downs].any(0)
    return not ((below | above) & (np.asarray(y) != 0)).any()
