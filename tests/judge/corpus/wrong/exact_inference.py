"""Sums over all states of a graphical model with the faults that people make."""

import itertools

import numpy as np


def _known(tables, evidence):
    sizes = [max(f.shape[i] for f in tables) for i in range(tables[0].ndim)]
    known = {}
    for i, x in evidence:
        if not 0 <= x < sizes[i] or known.setdefault(int(i), int(x)) != x:
            raise ValueError("no such state, or two")
    return sizes, known


def _put_in(tables, known):
    return [
        f[
            tuple(
                slice(known[i], known[i] + 1) if i in known and f.shape[i] > 1 else slice(None)
                for i in range(f.ndim)
            )
        ]
        for f in tables
    ]


def _joint(tables, known, sizes):
    joint = np.ones([1 if i in known else k for i, k in enumerate(sizes)])
    for f in _put_in(tables, known):
        joint = joint * f
    return joint


def _width(tables, order, known):
    near = {i: set() for i in range(tables[0].ndim)}
    for f in tables:
        scope = [i for i, k in enumerate(f.shape) if k > 1 and i not in known]
        for a, b in itertools.permutations(scope, 2):
            near[a].add(b)
    width = 0
    for i in order:
        around = near.pop(i)
        width = max(width, len(around))
        for a in around:
            near[a] = (near[a] | around) - {a, i}
    return width


def _answer(joint, query, tables, order, known, width=None):
    p = joint.sum(tuple(i for i in range(joint.ndim) if i != query))
    if not p.sum() > 0:
        raise ValueError("impossible")
    return p / p.sum(), p.sum(), _width(tables, order, known) if width is None else width


# variable-elimination: the width without the fill-in: the most neighbours in the graph as given
def elimination_width_without_fill_in(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    near = {i: set() for i in range(len(sizes))}
    for f in tables:
        scope = [i for i, k in enumerate(f.shape) if k > 1 and i not in known]
        for a, b in itertools.permutations(scope, 2):
            near[a].add(b)
    width, gone = 0, set()
    for i in order:
        width = max(width, len(near[i] - gone))
        gone.add(i)
    return _answer(_joint(tables, known, sizes), query, tables, order, known, width)


# variable-elimination: soft floor: a little probability is added so that nothing is ever impossible
def elimination_with_a_floor(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    joint = _joint([f + 1e-9 for f in tables], known, sizes)
    return _answer(joint, query, tables, order, known)


# variable-elimination: P(e) forgotten: the posterior is right, and the evidence has probability 1
def elimination_without_the_evidence_probability(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    p, _, width = _answer(_joint(tables, known, sizes), query, tables, order, known)
    return p, 1.0, width


# variable-elimination: findings as a likelihood of 0.99 against 0.01
def elimination_with_softened_findings(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    joint = _joint(tables, {}, sizes)
    for i, x in known.items():
        weight = np.full(sizes[i], 0.01)
        weight[x] = 0.99
        joint = joint * weight.reshape([-1 if j == i else 1 for j in range(joint.ndim)])
    p = joint.sum(tuple(i for i in range(joint.ndim) if i != query))
    if not p.sum() > 0:
        raise ValueError("impossible")
    return p / p.sum(), p.sum(), _width(tables, order, known)


# variable-elimination: the joint probability P(x, e) returned for the posterior
def elimination_not_normalised(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    p, Z, width = _answer(_joint(tables, known, sizes), query, tables, order, known)
    return p * Z, Z, width


def _checked(tables, clusters, edges, evidence):
    """A tree in order, with its findings; else an error."""
    sizes, known = _known(tables, evidence)
    rows, pairs = np.asarray(clusters, bool), [tuple(map(int, e)) for e in edges]
    parts = {c: c for c in range(len(rows))}
    for c, d in pairs:
        if parts[c] == parts[d]:
            raise ValueError("no tree")
        parts = {k: parts[d] if p == parts[c] else p for k, p in parts.items()}
    if len(set(parts.values())) > 1:
        raise ValueError("not joined")
    for i in range(len(sizes)):
        if rows[:, i].any() and rows[:, i].sum() - sum(rows[c, i] and rows[d, i] for c, d in pairs) != 1:
            raise ValueError("no running intersection")
    homes = []
    for f in tables:
        scope = [i for i, k in enumerate(f.shape) if k > 1]
        fits = [c for c in range(len(rows)) if rows[c, scope].all()]
        if not fits:
            raise ValueError("a factor without a home")
        homes.append(fits[0])
    joint = np.ones(sizes)
    for f in tables:
        joint = joint * f
    for i, x in known.items():
        joint = joint * np.eye(sizes[i])[x].reshape([-1 if j == i else 1 for j in range(len(sizes))])
    if not joint.sum() > 0:
        raise ValueError("impossible")
    return sizes, known, rows, pairs, homes, joint


# junction-tree: beliefs left as they come, P(x_c, e) for P(x_c | e)
def junction_tree_not_normalised(tables, clusters, edges, evidence=()):
    _, _, rows, _, _, joint = _checked(tables, clusters, edges, evidence)
    return tuple(joint.sum(tuple(np.flatnonzero(~r)), keepdims=True) for r in rows), joint.sum()


# junction-tree: no messages: each cluster multiplies the factors that it was given
def junction_tree_without_messages(tables, clusters, edges, evidence=()):
    sizes, _, rows, _, homes, joint = _checked(tables, clusters, edges, evidence)
    phi = [np.ones([k if r[i] else 1 for i, k in enumerate(sizes)]) for r in rows]
    for f, home in zip(tables, homes, strict=True):
        phi[home] = phi[home] * f
    return tuple(p / p.sum() for p in phi), joint.sum()


# junction-tree: clusters as if independent: the product of the posteriors of their variables
def junction_tree_of_products(tables, clusters, edges, evidence=()):
    sizes, _, rows, _, _, joint = _checked(tables, clusters, edges, evidence)
    each = [
        joint.sum(tuple(j for j in range(joint.ndim) if j != i), keepdims=True) / joint.sum()
        for i in range(len(sizes))
    ]
    beliefs = []
    for r in rows:
        product = np.ones([1] * len(sizes))
        for i in np.flatnonzero(r):
            product = product * each[i]
        beliefs.append(product)
    return tuple(beliefs), joint.sum()


# junction-tree: the findings are put in after the passes: each belief is cut and scaled by itself
def junction_tree_with_late_findings(tables, clusters, edges, evidence=()):
    sizes, known, rows, _, _, joint = _checked(tables, clusters, edges, evidence)
    free = _checked(tables, clusters, edges, ())[-1]
    beliefs = []
    for r in rows:
        belief = free.sum(tuple(np.flatnonzero(~r)), keepdims=True)
        for i, x in known.items():
            if r[i]:
                belief = belief * np.eye(sizes[i])[x].reshape(
                    [-1 if j == i else 1 for j in range(len(sizes))]
                )
        beliefs.append(belief / belief.sum())
    return tuple(beliefs), joint.sum()


def _posterior(tables, evidence):
    sizes, known = _known(tables, evidence)
    joint = _joint(tables, {}, sizes)
    for i, x in known.items():
        joint = joint * np.eye(sizes[i])[x].reshape([-1 if j == i else 1 for j in range(len(sizes))])
    if not joint.sum() > 0:
        raise ValueError("impossible")
    return joint / joint.sum()


def _largest(table, away):
    best = table.max()
    alike = np.argwhere(table >= best * (1 - 1e-12))
    return (
        np.array([-1 if i in away else x for i, x in enumerate(alike[0])]),
        best,
        (alike != alike[0]).any(0),
    )


# map: the largest by the logarithm's absolute value
def explanation_by_absolute_logarithms(tables, summed=(), evidence=()):
    posterior = _posterior(tables, evidence).sum(tuple(int(i) for i in summed), keepdims=True)
    with np.errstate(divide="ignore"):
        size = np.where(posterior > 0, np.abs(np.log(posterior)), -1.0)
    states, _, tied = _largest(np.exp(size - size.max()), {int(i) for i in summed})
    return states, posterior.max(), tied


# map: marginal MAP by the maximum over everything: max for the sum
def marginal_map_by_maxima(tables, summed=(), evidence=()):
    away = tuple(int(i) for i in summed)
    return _largest(_posterior(tables, evidence).max(away, keepdims=True), set(away))


# map: the vector of modes of the max-marginals, right but where there are ties
def explanation_from_max_marginals(tables, summed=(), evidence=()):
    away = {int(i) for i in summed}
    table = _posterior(tables, evidence).sum(tuple(away), keepdims=True)
    n = table.ndim
    each = [table.max(tuple(j for j in range(n) if j != i)) for i in range(n)]
    _, best, tied = _largest(table, away)
    last = [len(m) - 1 - int((m >= best * (1 - 1e-12))[::-1].argmax()) for m in each]
    states = [
        -1 if i in away else last[i] if i % 2 else int((each[i] >= best * (1 - 1e-12)).argmax())
        for i in range(n)
    ]
    return np.array(states), best, tied


# map: iterated conditional modes from the vector of modes: a local maximum
def explanation_by_local_search(tables, summed=(), evidence=()):
    away = {int(i) for i in summed}
    table = _posterior(tables, evidence).sum(tuple(away), keepdims=True)
    n = table.ndim
    at = [int(table.sum(tuple(j for j in range(n) if j != i)).argmax()) for i in range(n)]
    for _ in range(10):
        for i in range(n):
            at[i] = int(table[tuple(slice(None) if j == i else a for j, a in enumerate(at))].argmax())
    return (
        np.array([-1 if i in away else a for i, a in enumerate(at)]),
        table[tuple(at)],
        _largest(table, away)[2],
    )
