"""Joints of Bayesian networks, and d-separation, with the faults that people make."""

import numpy as np


def _product(G, tables, do=None):
    G, n = np.asarray(G), len(G)
    if n != len(tables) or np.linalg.matrix_power((G != 0).astype(int), n).any():
        raise ValueError("a cycle, or another number of tables")
    k = [t.shape[-1] for t in tables]
    P = np.ones(k)
    for i, t in enumerate(tables):
        axes = [*np.flatnonzero(G[:, i]), i]
        if t.ndim != len(axes) or t.min() < 0 or abs(t.sum(-1) - 1).max() > 1e-3:
            raise ValueError(f"table {i}")
        if do is not None and do[i] >= 0:
            t, axes = np.eye(k[i])[do[i]], [i]
        P = P * np.transpose(t, np.argsort(axes)).reshape([k[a] if a in axes else 1 for a in range(n)])
    return P


# bayesian-network: the tables' axes are taken to be the variables in order, so that a child before its parent is misread
def joint_axes_by_number(G, tables, do=None):
    G, k = np.asarray(G), [t.shape[-1] for t in tables]
    _product(G, tables, do)
    P = np.ones(k)
    for i, t in enumerate(tables):
        axes = [*np.flatnonzero(G[:, i]), i]
        if do is not None and do[i] >= 0:
            t, axes = np.eye(k[i])[do[i]], [i]
        P = P * np.reshape(t, [k[a] if a in axes else 1 for a in range(len(k))])
    return P


# bayesian-network: an intervention is computed as a condition
def joint_conditioned(G, tables, do=None):
    P = _product(G, tables)
    if do is not None:
        for i, s in enumerate(do):
            if s >= 0:
                P = P * (np.arange(P.shape[i]) == s).reshape([-1 if a == i else 1 for a in range(P.ndim)])
        P = P / P.sum()
    return P


# bayesian-network: of several interventions only the first is carried out
def joint_first_intervention(G, tables, do=None):
    if do is not None and (do >= 0).any():
        first = np.flatnonzero(do >= 0)[0]
        do = np.where(np.arange(len(do)) == first, do, -1)
    return _product(G, tables, do)


# bayesian-network: several parents act one by one, and their tables are averaged
def joint_parents_apart(G, tables, do=None):
    G, k = np.asarray(G), [t.shape[-1] for t in tables]
    P = _product(G, tables, do)
    parents = [np.flatnonzero(G[:, i]) for i in range(len(k))]
    if max(map(len, parents)) < 2:
        return P
    P = np.ones(k)
    for i, t in enumerate(tables):
        if do is not None and do[i] >= 0:
            rows = [(np.eye(k[i])[do[i]], [i])]
        else:
            rows = [
                (t.mean(tuple(a for a in range(len(parents[i])) if a != b)), [p, i])
                for b, p in enumerate(parents[i])
            ] or [(t, [i])]
        mean = 0.0
        for table, axes in rows:
            mean = mean + np.transpose(table, np.argsort(axes)).reshape(
                [k[a] if a in axes else 1 for a in range(len(k))]
            ) / len(rows)
        P = P * mean
    return P


# bayesian-network: rounded to six decimals, as files have them
def joint_of_six_decimals(G, tables, do=None):
    return _product(G, [np.round(t, 6) for t in tables], do)


# bayesian-network: normalised by the largest probability
def joint_relative(G, tables, do=None):
    P = _product(G, tables, do)
    return P / P.max()


def _ways(G, x, y, z, passes):
    """Whether no trail from x to y passes at each of its variables."""
    G, z = np.asarray(G) != 0, np.asarray(z) != 0
    n = len(G)
    below = np.linalg.matrix_power(np.eye(n, dtype=int) + G, n) > 0
    if (
        np.linalg.matrix_power(G.astype(int), n).any()
        or ((x != 0) & (y != 0)).any()
        or (((x != 0) | (y != 0)) & z).any()
    ):
        raise ValueError("a cycle, or sets that overlap")

    def trails(trail):
        if y[trail[-1]]:
            yield trail
        for v in np.flatnonzero(G[trail[-1]] | G[:, trail[-1]]):
            if v not in trail:
                yield from trails([*trail, v])

    for start in np.flatnonzero(x):
        for t in trails([start]):
            if all(passes(G, below, z, a, b, c) for a, b, c in zip(t, t[1:], t[2:], strict=False)):
                return False
    return True


# d-separation: a collider is opened by a child of it, not by a grandchild
def separated_children_alone(G, x, y, z):
    def passes(G, below, z, a, b, c):
        return z[b] or (G[b] & z).any() if G[a, b] and G[c, b] else not z[b]

    return _ways(G, x, y, z, passes)


# d-separation: every known descendant of whatever variable opens it, a known chain too
def separated_descendants_everywhere(G, x, y, z):
    def passes(G, below, z, a, b, c):
        if G[a, b] and G[c, b]:
            return (below[b] & z).any()
        return not z[b] or (below[b] & z).sum() > 1

    return _ways(G, x, y, z, passes)


# d-separation: the answer is turned round: true where a trail is open
def separated_is_connected(G, x, y, z):
    def passes(G, below, z, a, b, c):
        return (below[b] & z).any() if G[a, b] and G[c, b] else not z[b]

    return not _ways(G, x, y, z, passes)


# d-separation: rows and columns confused: arrows are read backwards
def separated_backwards(G, x, y, z):
    def passes(G, below, z, a, b, c):
        return (below[b] & z).any() if G[a, b] and G[c, b] else not z[b]

    return _ways(np.asarray(G).T, x, y, z, passes)


# d-separation: in the moral graph the children of a common parent are joined, not the parents of a common child
def separated_children_joined(G, x, y, z):
    _ways(G, x, y, z, lambda *_: False)
    A = np.asarray(G)
    n = len(A)
    kept = (np.linalg.matrix_power(np.eye(n, dtype=int) + A, n) @ (x + y + z)) > 0
    moral = A + A.T + A.T @ A
    free = kept & (np.asarray(z) == 0)
    ways = np.linalg.matrix_power(np.eye(n, dtype=int) + (moral * np.outer(free, free) != 0), n) > 0
    return not (ways & np.outer(np.asarray(x) > 0, np.asarray(y) > 0)).any()
