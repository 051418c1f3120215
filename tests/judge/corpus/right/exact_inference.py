"""Sums over all states of a graphical model in other styles: einsum, plain Python dictionaries, torch."""

import itertools
import math

import networkx as nx
import numpy as np
import torch


def _known(tables, evidence):
    sizes = [max(f.shape[i] for f in tables) for i in range(tables[0].ndim)]
    known = {}
    for i, x in evidence:
        if not 0 <= x < sizes[i] or known.setdefault(int(i), int(x)) != x:
            raise ValueError("no such state, or two")
    return sizes, known


def _width(tables, order, known):
    graph = nx.Graph()
    graph.add_nodes_from(range(tables[0].ndim))
    for f in tables:
        scope = [i for i, k in enumerate(f.shape) if k > 1 and i not in known]
        graph.add_edges_from(itertools.combinations(scope, 2))
    width = 0
    for i in order:
        around = list(graph[i])
        width = max(width, len(around))
        graph.add_edges_from(itertools.combinations(around, 2))
        graph.remove_node(i)
    return width


# variable-elimination: one einsum over all factors, which contracts along its own path; the width from a graph
def elimination_by_einsum(tables, query, order, evidence=()):
    _, known = _known(tables, evidence)
    operands = []
    for f in tables:
        scope = [i for i, k in enumerate(f.shape) if k > 1]
        place = tuple(known.get(i, slice(None)) if f.shape[i] > 1 else 0 for i in range(f.ndim))
        operands += [f[place], [i for i in scope if i not in known]]
    answer = np.einsum(*operands, [query], optimize=True)
    if not answer.sum() > 0:
        raise ValueError("impossible")
    return answer / answer.sum(), answer.sum(), _width(tables, order, known)


# variable-elimination: factors as dictionaries from states to numbers, bucket by bucket
def elimination_with_dictionaries(tables, query, order, evidence=()):
    sizes, known = _known(tables, evidence)
    factors = []
    for f in tables:
        scope = tuple(i for i, k in enumerate(f.shape) if k > 1 and i not in known)
        values = {}
        for x in itertools.product(*(range(sizes[i]) for i in scope)):
            at = {**known, **dict(zip(scope, x, strict=True))}
            values[x] = float(f[tuple(at[i] if k > 1 else 0 for i, k in enumerate(f.shape))])
        factors.append((scope, values))
    width = 0
    for i in [i for i in order if i not in known]:
        bucket = [f for f in factors if i in f[0]]
        factors = [f for f in factors if i not in f[0]]
        scope = tuple(sorted({j for f in bucket for j in f[0]} - {i}))
        width = max(width, len(scope))
        made = {}
        for x in itertools.product(*(range(sizes[j]) for j in scope)):
            terms = []
            for state in range(sizes[i]):
                at = {i: state, **dict(zip(scope, x, strict=True))}
                terms.append(math.prod(values[tuple(at[j] for j in names)] for names, values in bucket))
            made[x] = sum(terms)
        factors.append((scope, made))
    answer = np.array(
        [math.prod(v[(x,) if scope else ()] for scope, v in factors) for x in range(sizes[query])]
    )
    if not answer.sum() > 0:
        raise ValueError("impossible")
    return answer / answer.sum(), answer.sum(), width


# variable-elimination: torch, in logarithms, with logsumexp for the sum
def elimination_in_logarithms(tables, query, order, evidence=()):
    known = {}
    n = tables[0].ndim
    sizes = [max(f.shape[i] for f in tables) for i in range(n)]
    for i, x in evidence:
        i, x = int(i), int(x)
        if not 0 <= x < sizes[i] or known.setdefault(i, x) != x:
            raise ValueError("no such state, or two")
    logs = []
    for f in tables:
        f = f.log()
        for i, x in known.items():
            f = f.narrow(i, x, 1) if f.shape[i] > 1 else f
        logs.append(f)
    width = 0
    for i in map(int, order):
        here = [f for f in logs if f.shape[i] > 1]
        if not here:
            continue
        product = sum(here)
        width = max(width, sum(k > 1 for k in product.shape) - 1)
        logs = [f for f in logs if f.shape[i] == 1] + [product.logsumexp(i, keepdim=True)]
    answer = sum(logs).expand([sizes[i] if i == query else 1 for i in range(n)]).reshape(-1)
    total = answer.logsumexp(0)
    if total == -torch.inf:
        raise ValueError("impossible")
    return (answer - total).exp(), total.exp(), width


def _tree(tables, clusters, edges, evidence):
    """What every junction tree asks for: sizes, findings, and a networkx tree that is checked."""
    sizes, known = _known(tables, evidence)
    graph = nx.Graph()
    graph.add_nodes_from(range(len(clusters)))
    graph.add_edges_from((int(c), int(d)) for c, d in edges)
    if not nx.is_tree(graph) or len(edges) != graph.number_of_edges():
        raise ValueError("no tree")
    for i in range(len(sizes)):
        holding = [c for c in graph if clusters[c][i]]
        if holding and not nx.is_connected(graph.subgraph(holding)):
            raise ValueError("no running intersection")
    for f in tables:
        if not any(all(row[i] for i, k in enumerate(f.shape) if k > 1) for row in clusters):
            raise ValueError("a factor without a home")
    return sizes, known, graph


# junction-tree: no messages at all: the joint, summed for each cluster
def junction_tree_by_the_joint(tables, clusters, edges, evidence=()):
    sizes, known, _ = _tree(tables, clusters, edges, evidence)
    joint = np.ones(sizes)
    for f in tables:
        joint = joint * f
    for i, x in known.items():
        joint = joint * np.eye(sizes[i])[x].reshape([-1 if j == i else 1 for j in range(len(sizes))])
    if not joint.sum() > 0:
        raise ValueError("impossible")
    away = [tuple(int(i) for i in np.flatnonzero(~np.asarray(row, bool))) for row in clusters]
    return tuple(joint.sum(a, keepdims=True) / joint.sum() for a in away), joint.sum()


# junction-tree: as Hugin does it: tables on clusters and separators, updated by quotients, 0/0 = 0
def junction_tree_of_hugin(tables, clusters, edges, evidence=()):
    sizes, known, graph = _tree(tables, clusters, edges, evidence)
    n, rows = len(sizes), np.asarray(clusters, bool)
    phi = [np.ones([k if r[i] else 1 for i, k in enumerate(sizes)]) for r in rows]
    for f in tables:
        phi[next(c for c, r in enumerate(rows) if all(r[i] for i in range(n) if f.shape[i] > 1))] *= f
    for i, x in known.items():
        phi[next(c for c, r in enumerate(rows) if r[i])] *= np.eye(sizes[i])[x].reshape(
            [-1 if j == i else 1 for j in range(n)]
        )
    between = {frozenset(e): 1.0 for e in graph.edges}

    def absorb(to, since):
        shared = rows[to] & rows[since]
        fresh = phi[since].sum(tuple(np.flatnonzero(~shared)), keepdims=True)
        old = np.broadcast_to(between[frozenset((to, since))], fresh.shape)
        phi[to] = phi[to] * np.divide(fresh, old, out=np.zeros_like(fresh), where=old > 0)
        between[frozenset((to, since))] = fresh

    outwards = list(nx.bfs_edges(graph, 0))
    for parent, child in reversed(outwards):
        absorb(parent, child)
    for parent, child in outwards:
        absorb(child, parent)
    Z = phi[0].sum()
    if not Z > 0:
        raise ValueError("impossible")
    return tuple(p / Z for p in phi), Z


# map: the joint in torch, its largest entry found in the flattened array
def most_probable_in_torch(tables, summed=(), evidence=()):
    n = tables[0].ndim
    joint = tables[0]
    for f in tables[1:]:
        joint = joint * f
    known = {}
    for i, x in evidence:
        i, x = int(i), int(x)
        if not 0 <= x < joint.shape[i] or known.setdefault(i, x) != x:
            raise ValueError("no such state, or two")
        mask = torch.zeros(joint.shape[i], dtype=joint.dtype)
        mask[x] = 1
        joint = joint * mask.reshape([-1 if j == i else 1 for j in range(n)])
    total = joint.sum()
    if not total > 0:
        raise ValueError("impossible")
    away = [int(i) for i in summed]
    table = joint.sum(away, keepdim=True) if away else joint
    alike = (table >= table.max() * (1 - 1e-6 if table.dtype == torch.float32 else 1 - 1e-12)).nonzero()
    states = torch.unravel_index(table.flatten().argmax(), table.shape)
    marked = torch.tensor([len(alike[:, i].unique()) > 1 for i in range(n)])
    return (
        torch.tensor([-1 if i in away else int(x) for i, x in enumerate(states)]),
        table.max() / total,
        marked,
    )


# map: branch and bound over the states, in logarithms, in plain Python
def most_probable_by_search(tables, summed=(), evidence=()):
    sizes, known = _known(tables, evidence)
    away = {int(i) for i in summed}
    wanted = [i for i in range(len(sizes)) if i not in away]
    found = []
    total = 0.0
    for y in itertools.product(*(([known[i]] if i in known else range(sizes[i])) for i in wanted)):
        weight = 0.0
        for z in itertools.product(*(range(sizes[i]) for i in sorted(away))):
            at = {**dict(zip(wanted, y, strict=True)), **dict(zip(sorted(away), z, strict=True))}
            weight += math.prod(
                f[tuple(at[i] if k > 1 else 0 for i, k in enumerate(f.shape))] for f in tables
            )
        total += weight
        found.append((weight, y))
    if not total > 0:
        raise ValueError("impossible")
    best = max(w for w, _ in found)
    alike = [y for w, y in found if w >= best * (1 - 1e-12)]
    states, tied = np.full(len(sizes), -1), np.zeros(len(sizes), bool)
    for k, i in enumerate(wanted):
        states[i], tied[i] = alike[-1][k], len({y[k] for y in alike}) > 1
    return states, best / total, tied
