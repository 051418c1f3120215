"""Samples of Bayesian networks given evidence in other styles: all draws of a variable at once, lists and dictionaries."""

import bisect
import itertools
import math

import numpy as np


def _checked(G, tables, likelihoods, u):
    n = len(G)
    if np.linalg.matrix_power((np.asarray(G) != 0).astype(int), n).any() or len(tables) != n:
        raise ValueError("a cycle")
    if any(abs(t.sum(-1) - 1).max() > 1e-3 or t.min() < 0 for t in tables) or any(
        v.min() < 0 for v in likelihoods
    ):
        raise ValueError("tables or likelihoods")
    if u.ndim != 2 or u.shape[1] != n or u.min() < 0 or u.max() >= 1:
        raise ValueError("u")


# bn-sampling: whole columns, with gathers and broadcasting
def sample_by_columns(G, tables, likelihoods, u):
    _checked(G, tables, likelihoods, u)
    G, n, N = np.asarray(G), len(G), len(u)
    x, total, waiting = np.zeros((N, n), np.int64), np.zeros(N), list(range(n))
    while waiting:
        i = next(j for j in waiting if not set(np.flatnonzero(G[:, j])) & set(waiting))
        waiting.remove(i)
        q = np.broadcast_to(
            tables[i][tuple(x[:, np.flatnonzero(G[:, i])].T)] * likelihoods[i], (N, tables[i].shape[-1])
        )
        ends = q.cumsum(1)
        mass = ends[:, -1]
        safe = np.where(mass > 0, mass, 1)
        x[:, i] = np.where(mass > 0, (ends / safe[:, None] <= u[:, i, None]).sum(1), 0)
        with np.errstate(divide="ignore"):
            total = total + np.log(mass)
    if total.max() == -np.inf:
        raise ValueError("nothing has weight")
    top = total.max()
    w = np.exp(total - top)
    v = w / w.sum()
    most = max(t.shape[-1] for t in tables)
    hits = (x[:, :, None] == np.arange(most)) * 1.0  # (N, n, K)
    shares = np.tensordot(v, hits, 1)
    spread = np.tensordot(v**2, (hits - shares) ** 2, 1)
    own = np.arange(most) < np.array([t.shape[-1] for t in tables])[:, None]
    errors = np.where(own, np.sqrt(spread * (N / (N - 1) if N > 1 else np.nan)), 0)
    return x, total, top + math.log(w.mean()), shares, errors, w.sum() ** 2 / (w**2).sum()


# bn-sampling: draw by draw, in dictionaries and plain numbers
def sample_in_dictionaries(G, tables, likelihoods, u):
    _checked(G, tables, likelihoods, u)
    parents = {i: [j for j in range(len(G)) if G[j][i]] for i in range(len(G))}
    drawn, logs = [], []
    for numbers in u:
        state, log = {}, 0.0
        while len(state) < len(parents):
            i = min(j for j in parents if j not in state and all(p in state for p in parents[j]))
            row = tables[i]
            for p in parents[i]:
                row = row[state[p]]
            ends = list(
                itertools.accumulate(float(a) * float(b) for a, b in zip(row, likelihoods[i], strict=True))
            )
            if ends[-1] == 0:
                state[i], log = 0, -math.inf
            else:
                state[i] = bisect.bisect_right([e / ends[-1] for e in ends], float(numbers[i]))
                log += math.log(ends[-1])
        drawn.append([state[i] for i in range(len(G))])
        logs.append(log)
    top, N = max(logs), len(logs)
    if top == -math.inf:
        raise ValueError("no draw has weight")
    w = [math.exp(log - top) for log in logs]
    total = math.fsum(w)
    K = max(t.shape[-1] for t in tables)
    shares, errors = np.zeros((len(G), K)), np.zeros((len(G), K))
    for i, t in enumerate(tables):
        for s in range(t.shape[-1]):
            p = math.fsum(a for a, x in zip(w, drawn, strict=True) if x[i] == s) / total
            square = math.fsum(
                (a / total) ** 2 * ((x[i] == s) - p) ** 2 for a, x in zip(w, drawn, strict=True)
            )
            shares[i, s], errors[i, s] = p, math.sqrt(square * N / (N - 1)) if N > 1 else math.nan
    worth = total**2 / math.fsum(a * a for a in w)
    return np.array(drawn), np.array(logs), top + math.log(total / N), shares, errors, worth
