"""Parameters of Bayesian networks from cases in other styles: einsum over all cases at once, and counting in dictionaries."""

import collections
import itertools
import math

import numpy as np


def _checked(G, x, start, alpha):
    G = np.asarray(G)
    if np.linalg.matrix_power((G != 0).astype(int), len(G)).any() or np.min(alpha) < 0:
        raise ValueError("a cycle, or negative pseudo-counts")
    if any(abs(t.sum(-1) - 1).max() > 1e-3 for t in start) or (x >= [t.shape[-1] for t in start]).any():
        raise ValueError("rows or states")
    return [[*np.flatnonzero(G[:, i]).tolist(), i] for i in range(len(G))]


# bn-parameters: all cases at once, an axis of cases beside those of the variables
def fit_einsum(G, x, start, alpha, steps):
    families, n = _checked(G, x, start, alpha), len(start)
    open_ = []
    for i, t in enumerate(start):
        code = np.asarray(x)[:, i, None]
        open_.append(((code == np.arange(t.shape[-1])) | (code < 0)) * 1.0)
    tables, history = [np.array(t) for t in start], []
    while True:
        operands = [piece for t, f in zip(tables, families, strict=True) for piece in (t, f)]
        operands += [piece for i, o in enumerate(open_) for piece in (o, [n, i])]
        mass = np.einsum(*operands, list(range(n + 1)))  # (states …, cases)
        total = mass.reshape(-1, len(x)).sum(0)
        if total.min() <= 0:
            raise ValueError("a case that cannot be")
        prior = sum(a * np.log(t).sum() for a, t in zip(alpha, tables, strict=True) if a > 0)
        history.append(np.log(total).sum() + prior)
        if len(history) > steps:
            return (*tables, np.array(history))
        weights = (mass / total).sum(-1)
        for i, f in enumerate(families):
            count = np.einsum(weights, list(range(n)), f) + alpha[i]
            rest = count.sum(-1, keepdims=True)
            tables[i] = np.divide(count, rest, out=np.full(count.shape, 1 / count.shape[-1]), where=rest > 0)


# bn-parameters: cases that are alike counted together, and completions in a dictionary
def fit_counters(G, x, start, alpha, steps):
    families = _checked(G, x, start, alpha)
    k = [t.shape[-1] for t in start]
    kinds = collections.Counter(map(tuple, np.asarray(x).tolist()))
    tables, history = [np.array(t, float) for t in start], []
    for step in range(int(steps) + 1):
        expected, log = collections.Counter(), 0.0
        for case, times in kinds.items():
            options = [range(n) if c < 0 else [c] for c, n in zip(case, k, strict=True)]
            chances = {}
            for s in itertools.product(*options):
                chances[s] = math.prod(
                    float(t[tuple(s[a] for a in f)]) for t, f in zip(tables, families, strict=True)
                )
            total = math.fsum(chances.values())
            if total == 0:
                raise ValueError("a case that cannot be")
            log += times * math.log(total)
            for s, p in chances.items():
                expected[s] += times * p / total
        for a, t in zip(alpha, tables, strict=True):
            if a > 0:
                log += float(a) * float(np.log(t).sum())
        history.append(log)
        if step == steps:
            break
        for i, f in enumerate(families):
            count = np.full(tables[i].shape, float(alpha[i]))
            for s, m in expected.items():
                count[tuple(s[a] for a in f)] += m
            for row in np.ndindex(count.shape[:-1]):
                total = count[row].sum()
                count[row] = count[row] / total if total > 0 else 1 / k[i]
            tables[i] = count
    return (*tables, np.array(history))
