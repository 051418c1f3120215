"""Parameters of Bayesian networks from cases, with the faults that people make."""

import itertools

import numpy as np


def _checked(G, x, start, alpha):
    G = np.asarray(G)
    if np.linalg.matrix_power((G != 0).astype(int), len(G)).any() or np.min(alpha) < 0:
        raise ValueError("a cycle, or negative pseudo-counts")
    if any(abs(t.sum(-1) - 1).max() > 1e-3 for t in start) or (x >= [t.shape[-1] for t in start]).any():
        raise ValueError("rows or states")
    return [[*np.flatnonzero(G[:, i]).tolist(), i] for i in range(len(G))]


def _em(G, x, start, alpha, steps, complete=None, shares=None, prior=True):
    families = _checked(G, x, start, alpha)
    k = [t.shape[-1] for t in start]
    states = list(itertools.product(*map(range, k)))
    tables, history = [np.array(t) for t in start], []
    for step in range(int(steps) + 1):
        p = np.array(
            [np.prod([tables[i][tuple(s[a] for a in f)] for i, f in enumerate(families)]) for s in states]
        )
        counts = [np.zeros(t.shape) for t in tables]
        log = 0.0
        for case in x:
            open_ = np.array([all(c in (-1, a) for c, a in zip(case, s, strict=True)) for s in states])
            mass = p * open_
            if not mass.sum() > 0:
                raise ValueError("a case that cannot be")
            log += np.log(mass.sum())
            mass = mass / mass.sum() if complete is None else complete(mass, case)
            for s, m in zip(states, mass, strict=True):
                for count, f in zip(counts, families, strict=True):
                    count[tuple(s[a] for a in f)] += m
        if prior:
            log += sum(a * np.log(t).sum() for a, t in zip(alpha, tables, strict=True) if a > 0)
        history.append(log)
        if step < steps:
            tables = [(shares or _shares)(c, a) for c, a in zip(counts, alpha, strict=True)]
    return (*tables, np.array(history))


def _shares(count, a):
    mass = count + a
    total = mass.sum(-1, keepdims=True)
    return np.where(total > 0, mass / np.where(total > 0, total, 1), 1 / count.shape[-1])


# bn-parameters: each incomplete case is left out
def fit_whole_cases(G, x, start, alpha, steps):
    return _em(G, x, start, alpha, steps, lambda mass, case: mass / mass.sum() * (case >= 0).all())


# bn-parameters: hard assignment of the missing values
def fit_hard(G, x, start, alpha, steps):
    return _em(G, x, start, alpha, steps, lambda mass, case: (np.arange(len(mass)) == mass.argmax()) * 1.0)


# bn-parameters: every completion that fits a case counts as much
def fit_evenly(G, x, start, alpha, steps):
    return _em(G, x, start, alpha, steps, lambda mass, case: (mass > 0) / (mass > 0).sum())


# bn-parameters: pseudo-counts in the numerator only, so that rows exceed 1
def fit_numerator_only(G, x, start, alpha, steps):
    def shares(count, a):
        total = count.sum(-1, keepdims=True)
        return (count + a) / np.where(total > 0, total, 1)

    return _em(G, x, start, alpha, steps, shares=shares)


# bn-parameters: the posterior's mode in place of its mean
def fit_mode(G, x, start, alpha, steps):
    return _em(
        G, x, start, alpha, steps, shares=lambda c, a: _shares(np.maximum(c + min(a, 1) * (a - 1), 0), 0)
    )


# bn-parameters: the history leaves out the prior
def fit_without_prior_in_history(G, x, start, alpha, steps):
    return _em(G, x, start, alpha, steps, prior=False)


# bn-parameters: rows without a case are zeros
def fit_zero_rows(G, x, start, alpha, steps):
    def shares(count, a):
        total = (count + a).sum(-1, keepdims=True)
        return (count + a) / np.where(total > 0, total, 1)

    return _em(G, x, start, alpha, min(int(steps), 1), shares=shares)
