"""Joints of Bayesian networks, and d-separation, in other styles: einsum, broadcasting, dictionaries."""

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
